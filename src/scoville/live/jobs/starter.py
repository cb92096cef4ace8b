"""A first model out of the data that is there: proposed, and tried on the leads before anybody sees it.

In: the store. Out: the model's text, how many leads each of its rules would touch, and how many would stand in which
stage. Run as a job by the worker; asked for by the first run. Nothing is saved or published.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scoville.data.keep import literal, quoted
from scoville.data.recognise import recognise
from scoville.data.workspace import Settings
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError
from scoville.live.queries.outcome_counts import outcome_totals
from scoville.live.store.settings import read_settings
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.tables import EVENTS, FILE, LEADS, OUTCOMES, PEOPLE
from scoville.starter import starter_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from scoville.live.store.opening import Store
    from scoville.live.workbench.bench import Bench, Column

    Told = Callable[[float | None, str], None]

_MOST_LEADS = 100_000  # of whom the model is made
_MOST_TRIED = 5_000  # on whom its rules are tried: a share is then right to about one in a hundred
_MOST_PROPERTIES = 12
_TYPES = {"number": "::DOUBLE", "yes or no": "::BOOLEAN"}
_NOBODY = "there are no leads yet: send what people do, or import a file, and come back"


def run_starter(store: Store, asked: Mapping[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """Propose a model. `asked` is empty.

    Gives: text; name; leads, and `tried` of them; `rules` as section, name, leads of those tried whom it touches;
    `stages` by name; `newest_at`, when the newest event happened, null without events.
    Raises: DataError when there are no leads, or nothing that a score could rest on.
    """
    del asked
    bench = workbench_of(store).bench_now(now, told)
    if not bench.leads:
        raise DataError(_NOBODY)
    told(None, "Looking at what is known")
    text = _proposed(bench, _outcomes_of(store), now)
    told(None, "Trying the model")
    newest = max((one.last_at for one in bench.events), default=None)
    return {"text": text, **_tried(bench, text), "newest_at": newest.isoformat() if newest is not None else None}


def _outcomes_of(store: Store) -> set[str]:
    """Names of events that say how a lead ended: what is only known at the end gives no points."""
    with store.reading() as connection:
        mapped = read_settings(connection).outcomes
        return {*mapped, *mapped.values(), *outcome_totals(connection)}


def _proposed(bench: Bench, outcomes: set[str], now: datetime) -> str:
    """The text of the model, as `scoville init` would write it for files of the same content."""
    with TemporaryDirectory(prefix="scoville-starter-") as folder, closing(DuckDB()) as engine:
        bench.attach(engine)
        given = {}
        for kind, query in _relations(bench, outcomes):
            path = Path(folder, f"{kind}.parquet")
            engine.run(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")
            given[kind] = str(path)
        found = recognise(engine.place, [], Settings(), now=now, given=given)
        return starter_model(found).replace("leads.parquet", "your leads").replace("events.parquet", "their events")


def _relations(bench: Bench, outcomes: set[str]) -> Iterator[tuple[str, str]]:
    """Leads, events and outcomes with one value in each cell; of very many leads, some that are chosen evenly."""
    every = -(-bench.leads // _MOST_LEADS)
    some = f"WHERE hash(lead_id) % {every} = 0"
    chosen = "".join(f", l.{one.held}{_TYPES.get(one.kind, '')} AS {quoted(one.name)}" for one in _said(bench))
    yield "leads", f"SELECT p.id AS lead_id{chosen} FROM {LEADS} l JOIN {PEOPLE} p USING (lead_id) {some}"  # noqa: S608
    if any(one.event not in outcomes for one in bench.events):
        read = "".join(
            f", json_extract_string(e.properties, {literal(_path(name))}) AS {quoted(name)}"
            for name in _properties(bench)
        )
        columns = f"p.id AS lead_id, e.event, e.occurred_at{read}"
        deeds = f"{some} AND e.event NOT IN ({', '.join(map(literal, sorted(outcomes)))})"
        yield "events", f"SELECT {columns} FROM {EVENTS} e JOIN {PEOPLE} p USING (lead_id) {deeds}"  # noqa: S608
    if bench.engine.connection.cursor().execute(f"SELECT 1 FROM {OUTCOMES} LIMIT 1").fetchone():  # noqa: S608
        yield (
            "outcomes",
            f"SELECT p.id AS lead_id, o.outcome, o.at FROM {FILE}.outcomes o JOIN {PEOPLE} p USING (lead_id) {some}",  # noqa: S608
        )


def _said(bench: Bench) -> list[Column]:
    """Traits that somebody said. Of names that differ in capitals alone the first is kept: a table cannot hold both."""
    named: dict[str, Column] = {}
    for column in bench.columns:
        if not column.is_derived and column.name.casefold() != "lead_id":
            named.setdefault(column.name.casefold(), column)
    return [*named.values()]


def _properties(bench: Bench) -> list[str]:
    taken = {"lead_id", "event", "occurred_at"}
    names = [one.name for one in bench.properties_of("*", most=1) if one.name.casefold() not in taken]
    return [*{name.casefold(): name for name in reversed(names[:_MOST_PROPERTIES])}.values()]


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _tried(bench: Bench, text: str) -> dict[str, Any]:
    """What the model would say of the leads."""
    side = bench.sides.of(text)
    with bench.cursor() as cursor:
        stages = dict(cursor.execute(f"SELECT stage, count(*) FROM {side.table} GROUP BY 1").fetchall())  # noqa: S608
        chosen = f"SELECT lead_id FROM {side.table} ORDER BY hash(lead_id) LIMIT {_MOST_TRIED}"  # noqa: S608 - ours
        some = [lead for (lead,) in cursor.execute(chosen).fetchall()]
    touched: Counter[tuple[str, str]] = Counter()
    for row in bench.sides.contributions(side, some):
        touched[row["section"], row["rule"]] += bool(row["points"])
    sections = {"fit": side.model.fit.rules, "engagement": side.model.engagement.rules}
    rules = [
        {"section": section, "name": rule.name, "leads": touched[section, rule.name]}
        for section, of in sections.items()
        for rule in of
    ]
    named = {stage.name: stages.get(stage.name, 0) for stage in side.model.stages}
    return {"name": side.model.name, "leads": bench.leads, "tried": len(some), "rules": rules, "stages": named}

"""What leads did -> amounts and numbers for each row: decayed sums, counts in windows, days since, sums.

In: a history, its rows, names of events that leak. Out: what there is to ask about, and its figures, one kind of event
at a time. Called by `candidates`.

Which events meet which name and condition is what the plan itself says: all that is asked is one model, and its step
`met` is run once. Ages, windows and weights are those of plan/hits.py and plan/terms.py, written as one aggregate over
met events joined to the rows, since a plan knows one instant and rows have many.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scoville.data.columns import snake_case
from scoville.data.keep import literal, quoted
from scoville.data.recognise.signals import PAGE_COLUMNS
from scoville.learn.tried.naming import ANY
from scoville.learn.tried.origins import Counted, Decayed, Happening, Recent, Summed
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.hits import JSON_COLUMN
from scoville.plan.terms import MICROSECONDS_PER_DAY
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence, Sized

    from numpy.typing import NDArray

    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.history import History
    from scoville.learn.tried.origins import Origin

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Did = Decayed | Counted | Recent | Summed

ROWS = "learn_rows"
HALF_LIVES_DAYS = (7.0, 14.0, 30.0, 45.0, 60.0, 90.0, 180.0)
WINDOWS_DAYS = (7.0, 30.0, 90.0)
SUM_WINDOWS_DAYS = (30.0, 90.0)
MOST_NAMES = 30
ENOUGH_LEADS, ENOUGH_SHARE, LEAST_LEADS = 50, 0.005, 10
MOST_VALUES, VALUES_EACH = 20, 3  # a property with more different values is no kind; so many of them are asked about
PATHS_EACH = 12  # of first parts of paths: what is read tells more than other properties do
NEARLY_ALL = 0.95  # of the leads with the event, from which a value of a property says no more than the event
_OWN = ("lead_id", "event", "occurred_at", "event_id", JSON_COLUMN)
_IS_PATH, _SUMMABLE = 0.8, 0.2  # shares of the events of a name: that begin with `/`; that have the number
_KEYS_AT_MOST = 30  # of a JSON column
_SAMPLE = 50_000  # events by which properties are known
_KNOWN_EVENTS = (  # of the training rows, up to the last one of each lead
    "events e JOIN (SELECT lead_id, max(as_of) AS as_of FROM learn_rows WHERE is_train GROUP BY 1) l "
    "ON e.lead_id = l.lead_id AND e.occurred_at <= l.as_of"
)


class WithEvents(Protocol):
    """A history or a run: what has the events, and the table `learn_rows`, in an engine."""

    @property
    def engine(self) -> DuckDB:
        """Where the tables are."""


@dataclass(frozen=True)
class Asked:
    """Events of one kind, and the numbers of theirs that can be summed up."""

    of: Happening
    sums: tuple[str, ...] = ()


def asked_about(history: History, never: Collection[str]) -> list[Asked]:
    """Kinds of events that enough leads of the training rows did, the most common names first.

    Names, each with the common values of its properties; every event together only where all of them may be used.
    """
    reach = _reach(history)
    asked = [Asked(Happening(ANY))] if len(reach) > 1 and not _are_some(history, never) else []
    reach = {name: leads for name, leads in reach.items() if name not in never}
    for name, leads in list(reach.items())[:MOST_NAMES]:
        known = _Properties(history, name)
        asked.append(Asked(Happening(name), known.sums()))
        asked += [Asked(of, ()) for of in known.kinds(_enough(history), leads)]
    return asked


def figures(history: WithEvents, rows: Sized, asked: Sequence[Asked]) -> Iterator[tuple[Asked, dict[Origin, Floats]]]:
    """For each kind of events its figures, one value per row: 0 for none, NaN for the days since none."""
    if not asked:
        return
    places = _keep_met(history, asked, ROWS)
    for number, one in enumerate(asked):
        found = _of_events(history, rows, places[str(number)], one.of)
        for what in one.sums:
            found |= _of_numbers(history, rows, places[f"{number} {what}"], one.of, what)
        yield one, found
    history.engine.run("DROP TABLE learn_met")


def figures_of(history: WithEvents, rows: int, origins: Sequence[Did], table: str = ROWS) -> list[Floats]:
    """The figures of some origins, for each row of a table with row_no (from 0), lead_id, lead_no and as_of."""
    asked = [Asked(one.of, (one.what,) if isinstance(one, Summed) else ()) for one in origins]
    places = _keep_met(history, asked, table) if asked else {}
    found = []
    for number, (origin, one) in enumerate(zip(origins, asked, strict=True)):
        rule = places[" ".join([str(number), *one.sums])]
        found.append(_aggregated(history, rows, rule, [origin], table)[origin])
    if asked:
        history.engine.run("DROP TABLE learn_met")
    return found


def ages(history: WithEvents, kinds: Sequence[Happening], table: str) -> list[tuple[Ints, Floats]]:
    """For each kind of events: the row and the age in days of every event that a row of a table knows."""
    if not kinds:
        return []
    places = _keep_met(history, [Asked(of) for of in kinds], table)
    found = []
    for number in range(len(kinds)):
        known = history.engine.arrow(_ages_of(places[str(number)], table))
        age = known["age"].to_numpy().astype(np.float64) / MICROSECONDS_PER_DAY
        found.append((known["row_no"].to_numpy().astype(np.int64), age))
    history.engine.run("DROP TABLE learn_met")
    return found


# Which events


def _leads(history: History) -> int:
    count = history.engine.arrow("SELECT count(DISTINCT lead_no) AS n FROM learn_rows WHERE is_train")["n"][0].as_py()
    return int(count)


def _enough(history: History) -> float:
    return max(LEAST_LEADS, min(ENOUGH_LEADS, ENOUGH_SHARE * _leads(history)))


def _are_some(history: History, never: Collection[str]) -> bool:
    """Whether there are events that may not be used; the outcome itself is not among those of open leads."""
    names = history.engine.arrow("SELECT DISTINCT event FROM events")["event"].to_pylist()
    return any(name in never and name not in history.won for name in names)


def _reach(history: History) -> dict[str, int]:
    """How many leads of the training rows did it by their last row, for each name that enough of them did."""
    found = history.engine.arrow(
        f"SELECT e.event, count(DISTINCT e.lead_id) AS leads FROM {_KNOWN_EVENTS} "  # noqa: S608
        f"GROUP BY 1 HAVING leads >= {_enough(history)} ORDER BY leads DESC, e.event"
    ).to_pylist()
    return {row["event"]: row["leads"] for row in found}


class _Properties:
    """The properties of the events of one name, as seen in those of leads of the training rows."""

    def __init__(self, history: History, name: str) -> None:
        self.engine, self.name = history.engine, name
        columns = self.engine.columns("events")
        self.engine.run(
            "CREATE OR REPLACE TEMP TABLE learn_sample AS "  # noqa: S608 - our own tables
            f"SELECT e.* FROM {_KNOWN_EVENTS} WHERE e.event = {literal(name)} "
            f"ORDER BY hash(e.lead_id, e.occurred_at) LIMIT {_SAMPLE}"
        )
        self.texts = {one: quoted(one) for one, kind in columns.items() if one not in _OWN and kind.is_string()}
        self.numbers = {one: quoted(one) for one, kind in columns.items() if one not in _OWN and kind.is_numeric()}
        if JSON_COLUMN in columns:
            self._read_json()

    def _read_json(self) -> None:
        keys = self.engine.arrow(
            f"SELECT key, count(*) AS n FROM (SELECT unnest(json_keys(try_cast({JSON_COLUMN} AS JSON))) AS key "  # noqa: S608
            f"FROM learn_sample) GROUP BY 1 ORDER BY n DESC, key LIMIT {_KEYS_AT_MOST}"
        )["key"].to_pylist()
        for key in keys:
            if key not in self.texts and re.fullmatch(r"\w+", key):
                text = f"json_extract_string(try_cast({JSON_COLUMN} AS JSON), {literal(key)})"
                share = self._share(f"try_cast({text} AS DOUBLE) IS NOT NULL", f"{text} IS NOT NULL")
                if share >= NEARLY_ALL:
                    self.numbers[key] = f"try_cast({text} AS DOUBLE)"
                else:
                    self.texts[key] = text

    def _share(self, holds: str, of: str = "true") -> float:
        found = self.engine.arrow(
            f"SELECT avg(({holds})::INT) FILTER ({of}) AS share FROM learn_sample"  # noqa: S608 - our own expressions
        )["share"][0].as_py()
        return found or 0.0

    def sums(self) -> tuple[str, ...]:
        """Numbers that a good part of the events have, and not all the same: the most common first, at most two."""
        found = []
        for name, column in self.numbers.items():
            row = self.engine.arrow(
                f"SELECT avg(({column} IS NOT NULL)::INT) AS filled, min({column}) < max({column}) AS varies, "  # noqa: S608
                f"min({column}) >= 0 AS is_amount FROM learn_sample"
            ).to_pylist()[0]
            if row["filled"] is not None and row["filled"] >= _SUMMABLE and row["varies"] and row["is_amount"]:
                found.append((-row["filled"], name))
        return tuple(name for _, name in sorted(found)[:2])

    def kinds(self, enough: float, leads: int) -> list[Happening]:
        """Common values of texts with few, but for numbers, or the first parts of paths; the best-populated ones."""
        paths: list[tuple[int, str, Happening]] = []
        texts: list[tuple[int, str, Happening]] = []
        for name, column in self.texts.items():
            is_path = self._share(f"starts_with({column}, '/')", f"{column} IS NOT NULL") >= _IS_PATH
            is_path = is_path and bool(PAGE_COLUMNS.match(snake_case(name)))
            value = f"coalesce(nullif(regexp_extract(trim({column}), '^/[^/?#]+'), ''), '/')" if is_path else column
            rows = self.engine.arrow(
                "SELECT arg_max(value, (n, value)) AS value, count(DISTINCT lead_id) AS leads FROM "  # noqa: S608
                f"(SELECT lead_id, trim({value}) AS value, count(*) OVER (PARTITION BY trim({value})) AS n "
                f"FROM learn_sample WHERE regexp_matches({column}, '[^-+0-9.\\s]')) GROUP BY lower(value) "
                f"ORDER BY leads DESC, 1 LIMIT {MOST_VALUES + 1}"
            ).to_pylist()
            if len(rows) <= MOST_VALUES or is_path:
                for row in rows:
                    below = is_path and row["value"] != "/"
                    of = Happening(self.name, (name, row["value"]), below)
                    if enough <= row["leads"] < NEARLY_ALL * leads:
                        (paths if is_path else texts).append((-row["leads"], row["value"], of))
        return [
            of
            for found, most in ((paths, PATHS_EACH), (texts, VALUES_EACH))
            for *_, of in sorted(found, key=lambda one: one[:2])[:most]
        ]


# What they come to


def _keep_met(history: WithEvents, asked: Sequence[Asked], table: str) -> Mapping[str, int]:
    """The table `learn_met` of events that meet what is asked: lead_no, rule, occurred_at, measure."""
    engine = history.engine
    rules = []
    for number, one in enumerate(asked):
        events = {"event": one.of.event} | ({} if one.of.when is None else {"when": one.of.when})
        rules.append({"name": str(number), **events, "points": 1, "decay": "none"})
        rules += [
            {"name": f"{number} {what}", **events, "sum": {"of": what, "bands": [{"from": 1, "points": 1}]}}
            for what in one.sums
        ]
    model = Model.from_dict({"scoville": 1, "name": "What they did", "engagement": {"rules": rules}})
    plan = compile_plan(model, columns_of(engine, with_events=True))
    parts = []
    for step in ("met", "any_met"):
        if step in plan.relations:
            measure = "measure" if step == "met" and any(one.sums for one in asked) else "NULL::DOUBLE"
            parts.append(
                f"SELECT p.lead_no, m.rule, m.occurred_at, {measure} AS measure "  # noqa: S608 - our own steps
                f"FROM ({plan.sql(step, engine.dialect)}) m JOIN learn_leads p USING (lead_id)"
            )
    engine.run(f"CREATE OR REPLACE TEMP TABLE learn_leads AS SELECT DISTINCT lead_id, lead_no FROM {table}")  # noqa: S608
    engine.run(f"CREATE OR REPLACE TEMP TABLE learn_met AS {' UNION ALL '.join(parts)} ORDER BY rule, lead_no")
    engine.run("DROP TABLE learn_leads")
    return {entry.rule.name: entry.number for entry in plan.ledger.events}


def _of_events(history: WithEvents, rows: Sized, rule: int, of: Happening) -> dict[Origin, Floats]:
    wanted: list[Origin] = [Decayed(of, days) for days in (*HALF_LIVES_DAYS, None)]
    wanted += [Counted(of, days) for days in (*WINDOWS_DAYS, None)]
    return _aggregated(history, len(rows), rule, [*wanted, Recent(of)], ROWS)


def _of_numbers(history: WithEvents, rows: Sized, rule: int, of: Happening, what: str) -> dict[Origin, Floats]:
    wanted = [Summed(of, what, days) for days in (*SUM_WINDOWS_DAYS, None)]
    return _aggregated(history, len(rows), rule, wanted, ROWS)


def _how(origin: Did) -> str:
    """The aggregate over the events of a row that gives a figure."""
    if isinstance(origin, Recent):
        return f"min(age) / {MICROSECONDS_PER_DAY}"
    if isinstance(origin, Decayed):
        if origin.half_life_days is None:
            return "count(*)"
        return f"sum(exp(-({math.log(2)!r} * (age / {_us(origin.half_life_days)}))))"
    what = "sum(measure)" if isinstance(origin, Summed) else "count(*)"
    return what if origin.within_days is None else f"{what} FILTER (age < {_us(origin.within_days)})"


def _us(days: float) -> int:
    return round(days * MICROSECONDS_PER_DAY)


def _aggregated(
    history: WithEvents, rows: int, rule: int, wanted: Sequence[Origin], table: str
) -> dict[Origin, Floats]:
    """One aggregate for each row over the events that a rule met, up to the instant of the row."""
    read = ", ".join(f"coalesce({_how(one)}, 0)::DOUBLE AS v{place}" for place, one in enumerate(wanted))  # type: ignore[arg-type]
    found = history.engine.arrow(
        f"SELECT row_no, {read} FROM ({_ages_of(rule, table)}) GROUP BY row_no"  # noqa: S608 - our own tables
    )
    at = found["row_no"].to_numpy()
    columns: dict[Origin, Floats] = {}
    for place, origin in enumerate(wanted):
        column = np.full(rows, np.nan if isinstance(origin, Recent) else 0.0)
        column[at] = found[f"v{place}"].to_numpy()
        columns[origin] = column
    return columns


def _ages_of(rule: int, table: str) -> str:
    """For each row the events that a rule met by its instant: age in microseconds, and what is summed up of them."""
    return (
        "SELECT r.row_no, date_diff('microsecond', m.occurred_at, r.as_of) AS age, m.measure "  # noqa: S608
        f"FROM learn_met m JOIN {table} r ON m.lead_no = r.lead_no AND m.occurred_at <= r.as_of WHERE m.rule = {rule}"
    )

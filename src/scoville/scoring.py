"""Leads and events in, scores and contributions out: the plan meets the data.

In: a Model and whatever holds the data (files, data frames). Out: a `ScoreRun`. Called by the command line and by
notebooks.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from scoville.data.lists import read_lists
from scoville.data.load import Loaded, load
from scoville.data.quality import Notice
from scoville.data.traits import DERIVED
from scoville.data.workspace import Workspace
from scoville.display import ranking_html
from scoville.engines.duckdb import DuckDB
from scoville.engines.last_run import LastRun, Made, open_last_run
from scoville.errors import ModelError, UsageError
from scoville.model.checks import DISQUALIFIED
from scoville.model.load import Model
from scoville.model.misfits import find_misfits
from scoville.plan.assume import assumed_columns
from scoville.plan.carried import rules_that_ask_for_age
from scoville.plan.compile import Columns, Plan, compile_plan
from scoville.plan.ledger import ledger_of
from scoville.words import counted, day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from ibis import DataType

    from scoville.data.quality import Quality
    from scoville.engines.engine import Engine
    from scoville.errors import Problem

# What both outputs rest on: worked out once when contributions are wanted too.
_SHARED_STEPS = ("event_points", "segment_points", "sums")
# Where memory is short each of these is worked out by itself, a part of the leads at a time, down to the output.
_STEPS_IN_PARTS = {"contributions": (*_SHARED_STEPS, "contributions")}
_SCORES_IN_PARTS = ("weighed", "ranks", "scores")  # for any other output
_SHOWN_LEADS = 10  # in a notebook
_LONG_AGO = timedelta(days=60)  # two of the usual half-lives: what is left is a quarter
_INSTANT = "write it like 2026-01-31 or 2026-01-31T18:00:00+01:00"
# The order of the rows of each output: best first, and no two rows that could stand either way round. Texts in braces.
_ORDER = {
    "scores": "rank, disqualified_by IS NOT NULL, fit + engagement DESC, {lead_id}",
    "contributions": "{lead_id}, {section}, points DESC, {rule}",
    "account_scores": "rank, {account}",
}
_TEXTS = ("lead_id", "section", "rule", "account")


class ScoreRun:
    """The result of one scoring: scores, contributions and the quality of the data, for one model and one as_of.

    Tables come in the kind of frame that the leads came in (pandas, Polars, Arrow, Ibis); Arrow for files. Each is
    made when first asked for. `as_of` is naive UTC.
    """

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        as_of: datetime,
        quality: Quality,
        like: object,
        lists: Mapping[str, Sequence[str]] | None = None,
        last: LastRun | None = None,
    ) -> None:
        self.engine = engine
        self.plan = plan
        self.model = plan.model
        self.as_of = as_of
        self.quality = quality
        self.lists = lists or {}  # the user's own additions
        self.last = last  # the run that this one carries on, and its file
        self._like = like
        self._made: list[str] = []
        self._bound = engine.bound
        self._parts = _parts_of(engine, plan, quality)

    @property
    def duckdb(self) -> DuckDB:
        """The engine, for what only DuckDB does. Raises: UsageError for another one."""
        if not isinstance(self.engine, DuckDB):
            raise UsageError(
                f"this works on DuckDB alone so far, not on {self.engine.dialect}: export the tables to Parquet, and "
                "name the files instead"
            )
        return self.engine

    @cached_property
    def scores(self) -> Any:  # noqa: ANN401 - the caller's own kind of frame
        """One row per lead, best first: the columns of `tables.SCORES`."""
        return self._frame(self._output("scores"))

    @cached_property
    def contributions(self) -> Any:  # noqa: ANN401 - as above
        """One row per lead and rule: the columns of `tables.CONTRIBUTIONS`. They add up to the score."""
        return self._frame(self._output("contributions"))

    @cached_property
    def accounts(self) -> Any:  # noqa: ANN401 - as above
        """One row per account, best first: the columns of `tables.ACCOUNT_SCORES`.

        Raises: UsageError for a model without `accounts`.
        """
        return self._frame(self._output("account_scores"))

    @cached_property
    def rejects(self) -> Any:  # noqa: ANN401 - as above
        """Rows that were kept aside: relation, reason, and the row as JSON text."""
        return self._frame(self.engine.arrow(self.sql("rejects")))

    def share(self) -> None:
        """Work out once what scores and contributions both rest on; worth it when both are wanted."""
        self._hold({*_SHARED_STEPS})

    def hold_totals(self) -> None:
        """Work out once what leads did, which the scores rest on and the next run carries on."""
        self._hold({*self.plan.totals})

    def _hold(self, wanted: set[str]) -> None:
        steps = [step for step in self.plan.rests_on("scores", "contributions") if step in wanted - {*self._made}]
        if self._parts > 1:
            self.duckdb.materialise(self.plan, steps, self._made, parts=self._parts)
        else:
            self.engine.materialise(self.plan, steps, self._made)
        self._made += steps

    def _hold_first(self, output: str) -> None:
        """Hold what an output rests on where it has to be: it would be worked out again, or not fit into memory."""
        if output in (*self._made, "rejects"):
            return
        if self._parts > 1:
            self._hold({*_STEPS_IN_PARTS.get(output, _SCORES_IN_PARTS)})
        elif self.engine.works_out_again:
            self.share()

    def sql(self, output: str, order: str | None = None) -> str:
        """The query for an output over the tables of this run."""
        if output == "account_scores" and self.model.accounts is None:
            message = f"the model '{self.model.name}' has no accounts; add `accounts: {{by: company_domain}}` to it"
            raise UsageError(message)
        self._check_is_bound()
        self._hold_first(output)
        given = [*self._made, "rejects"]
        is_made = output in given
        plain = f'SELECT * FROM "{output}"'  # noqa: S608 - names of our own steps
        query = plain if is_made else self.plan.sql(output, self.engine.dialect, given=given)
        return f"SELECT * FROM ({query}) q ORDER BY {order}" if order else query  # noqa: S608 - likewise

    def keep(self, output: str) -> None:
        """Hold an output as a table, so that later questions about it run at once."""
        self._check_is_bound()
        query = self.sql(output)
        if output not in self._made:
            self.engine.keep(output, query)
            self._made.append(output)

    def beside(self, columns: pa.Table) -> None:
        """Put further columns beside the scores: `columns` has lead_id and others. Files and frames then have them."""
        self.keep("scores")
        with self.duckdb.registered(columns) as source:
            self.duckdb.run(
                "CREATE OR REPLACE TEMP TABLE scores AS SELECT s.*, b.* EXCLUDE (lead_id) FROM scores s "  # noqa: S608
                f"LEFT JOIN {source} b USING (lead_id)"
            )

    def beside_kept(self, name: str, columns: Sequence[str]) -> None:
        """The same with columns of a table that the engine keeps: it has lead_id and them."""
        self.keep("scores")
        wanted = "".join(f', b."{column}"' for column in columns)
        self.engine.keep(
            "scores",
            f'SELECT s.*{wanted} FROM scores s LEFT JOIN "{name}" b ON b.lead_id = s.lead_id',  # noqa: S608
        )

    def write(self, output: str, target: str | Path) -> None:
        """Write one output: see `write_all`."""
        self.write_all({output: target})

    def write_all(self, targets: Mapping[str, str | Path]) -> None:
        """Write `scores`, `contributions`, `account_scores` or `rejects`, each to its target.

        On DuckDB a target is a .csv, .parquet or .jsonl file, which appears whole or not at all. On a warehouse it is
        a table there; all of them appear together, or none.
        """
        self.engine.write_all({str(target): self.sql(name, self._order(name)) for name, target in targets.items()})

    def leave(self) -> None:
        """Leave to the next run what this one added up, in the file that `since` named: after the results are written.

        Raises: UsageError for a run without `since`; DataError when the file cannot be written.
        """
        if self.last is None:
            raise UsageError("this run leaves nothing to the next; name a file for it: score(..., since='last.duckdb')")
        self._check_is_bound()
        self.last.leave(self.duckdb, self.plan, self.as_of, self._made)

    def top(self, count: int = 10, traits: Sequence[str] = ()) -> pa.Table:
        """The best `count` leads as an Arrow table, with some of their traits beside the score."""
        self.keep("scores")
        wanted = [f's."{name}"' for name in self.engine.columns("scores")] + [f'l."{name}"' for name in traits]
        best = f"SELECT *, row_number() OVER (ORDER BY {self._order('scores')}) AS place FROM scores"  # noqa: S608
        return self.engine.arrow(
            f"SELECT {', '.join(wanted)} FROM ({best}) s JOIN leads l ON l.lead_id = s.lead_id "  # noqa: S608
            f"WHERE s.place <= {int(count)} ORDER BY s.place"
        )

    def counts(self) -> dict[str, Any]:
        """How many leads there are in all and in each stage, from the highest stage to the lowest."""
        self.keep("scores")
        rows = self.engine.arrow("SELECT stage, count(*) AS leads FROM scores GROUP BY stage").to_pylist()
        found = {row["stage"]: row["leads"] for row in rows}
        names = [*(stage.name for stage in reversed(self.model.stages)), DISQUALIFIED]
        return {"leads": sum(found.values()), "stages": {name: found[name] for name in names if name in found}}

    def lead_columns(self, wanted: Sequence[str]) -> list[str]:
        """Those of some columns that the leads have."""
        known = self.engine.columns("leads")
        return [name for name in wanted if name in known]

    def _check_is_bound(self) -> None:
        if self._bound != self.engine.bound:
            raise UsageError("another run has used this engine since; give each run an engine of its own")

    def _output(self, name: str) -> pa.Table:
        return self.engine.arrow(self.sql(name, self._order(name)))

    def _order(self, output: str) -> str | None:
        """How the rows of an output stand, by the bytes of their texts; null where it does not matter."""
        texts = {column: self.engine.sort_key(column) for column in _TEXTS}
        return _ORDER[output].format(**texts) if output in _ORDER else None

    def _frame(self, table: pa.Table) -> Any:  # noqa: ANN401 - the caller's own kind of frame
        return as_kind_of(table, self._like)

    def __repr__(self) -> str:
        """`<ScoreRun of First model d99382ecdc5b as of 2026-06-01 00:00 UTC>`."""
        return f"<ScoreRun of {self.model.name} {self.model.version} as of {self.as_of:%Y-%m-%d %H:%M} UTC>"

    def _repr_html_(self) -> str:
        return ranking_html(self.model, self.as_of, self.top(_SHOWN_LEADS).to_pylist(), self.quality)


def _parts_of(engine: Engine, plan: Plan, quality: Quality) -> int:
    """Into how many parts the leads are dealt for DuckDB's memory; other engines see to theirs."""
    leads = quality.relation("leads")
    return engine.parts(plan, leads.used) if isinstance(engine, DuckDB) and leads is not None else 1


def score(  # noqa: PLR0913 - what to score, and how to read it
    model: Model | str | Path,
    leads: object,
    events: object | None = None,
    *,
    as_of: date | str | None = None,
    accounts: object | None = None,
    adjustments: object | None = None,
    maps: Sequence[str] = (),
    workspace: Workspace | None = None,
    engine: Engine | None = None,
    since: str | Path | None = None,
) -> ScoreRun:
    """Score leads by a model, as of an instant.

    `leads`, `events` and `accounts` are paths (CSV, JSON Lines, Parquet, globs, `file.duckdb::table`), tables of the
    engine, or frames (pandas, Polars, Arrow, Ibis, a list of dicts). The traits of accounts stand beside each lead as
    `account.NAME`. `adjustments` are points given by hand: lead_id, points, perhaps reason, created_at and expires_at.
    `as_of` defaults to now; naive instants are UTC. `maps` names columns as on the command line:
    `leads.lead_id=Prospect ID`. `since` is the file that the last run left (DuckDB): only events after it are read, and
    the scores are those of a full run; without such a file all are read. `ScoreRun.leave` writes it for the next run.

    Raises: ModelError, DataError, PlanError, EngineError, UsageError.
    Example: `score("model.yaml", leads_frame, events_frame, as_of="2026-01-31").scores`
    """
    model = read_model(model)
    instant = as_instant(as_of)
    engine = engine if engine is not None else DuckDB()
    workspace = (workspace if workspace is not None else Workspace()).with_maps(maps)
    accounts = accounts if accounts is not None else workspace.accounts.source
    adjustments = adjustments if adjustments is not None else workspace.adjustments.source
    if since is not None:
        return _carried_on(model, leads, events, instant, workspace, engine, (accounts, adjustments), Path(since))
    loaded = load(
        engine.place, leads, events, workspace=workspace, as_of=instant, accounts_source=accounts,
        adjustments_source=adjustments,
    )  # fmt: skip
    columns = checked_columns(model, engine, with_events=loaded.has_events)
    plan = compile_plan(model, replace(columns, has_adjustments=loaded.adjustments is not None))
    lists = read_lists(workspace.lists)
    engine.bind(plan, instant, lists)
    said = replace(loaded.quality, notices=(*loaded.quality.notices, *_silences(model, engine, loaded, instant)))
    return ScoreRun(engine, plan, instant, said, leads, lists)


def _carried_on(  # noqa: PLR0913, PLR0917
    model: Model,
    leads: object,
    events: object | None,
    as_of: datetime,
    workspace: Workspace,
    engine: Engine,
    others: tuple[object | None, object | None],
    path: Path,
) -> ScoreRun:
    """Score with events after the last run alone, carrying on what it left in the file `path`."""
    if not isinstance(engine, DuckDB):
        raise UsageError(
            f"`since` works on DuckDB alone so far, not on {engine.dialect}: leave it out, to read all events"
        )
    if events is None:
        raise UsageError("`since` carries on what leads did: name the events too")
    made = Made(model.version, _reading(workspace), rules_that_ask_for_age(ledger_of(model)))
    last = open_last_run(engine, path, made, as_of)
    loaded = load(
        engine.place, leads, events, workspace=workspace, as_of=as_of, accounts_source=others[0],
        adjustments_source=others[1], since=last.since(engine),
    )  # fmt: skip
    columns = checked_columns(model, engine, with_events=True)
    columns = replace(columns, has_adjustments=loaded.adjustments is not None)
    plan, lists = compile_plan(model, columns, is_carried=True), read_lists(workspace.lists)
    engine.bind(plan, as_of, lists)
    last.carry(engine)
    anew = [Notice("events", None, f"all were read: {last.why_anew}")] if last.why_anew else []
    said = replace(loaded.quality, notices=(*loaded.quality.notices, *anew))
    run = ScoreRun(engine, plan, as_of, said, leads, lists, last)
    run.hold_totals()
    return run


def _reading(workspace: Workspace) -> str:
    """How events are read, as a short text that another way of reading does not have."""
    settings = workspace.settings
    said = (replace(settings, placeholders=frozenset()), sorted(settings.placeholders))
    columns = (sorted(workspace.leads.columns.items()), sorted(workspace.events.columns.items()))
    return hashlib.sha256(repr((said, columns)).encode()).hexdigest()[:16]


def _silences(model: Model, engine: Engine, loaded: Loaded, as_of: datetime) -> Iterator[Notice]:
    """What makes a score low without anybody having done anything wrong: no events, or only old ones."""
    rules = len(ledger_of(model).events)
    if not loaded.has_events:
        if rules:
            yield Notice("events", None, f"there are none, so {counted(rules, 'rule')} about behaviour saw nothing")
        return
    newest = engine.arrow("SELECT max(occurred_at) AS at FROM events").to_pylist()[0]["at"]
    if rules and newest is not None and as_of - newest > _LONG_AGO:
        days = (as_of - newest).days
        yield Notice(
            "events", "occurred_at",
            f"the newest is of {day(newest)}, {days:,} days before as_of: what it gave has faded. To score as of then: "
            f"as_of {newest + timedelta(days=1):%Y-%m-%d}",
        )  # fmt: skip


def read_model(model: Model | str | Path) -> Model:
    """A model, or the file of one. Raises: ModelError, UsageError."""
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, Path)):
        return Model.load(model)
    found = type(model).__name__
    raise UsageError(f"a model is a Model or the path of its file, not a {found}; Model.from_dict takes plain values")


def plan_for(model: Model, leads: object | None, events: object | None = None, *, workspace: Workspace) -> Plan:
    """The plan of a model for the columns of some files.

    Without files, for the columns that the model itself speaks of.
    """
    if leads is None:
        return compile_plan(model, assumed_columns(model))
    engine = DuckDB()
    loaded = load(
        engine.place, leads, events, workspace=workspace, as_of=None, accounts_source=workspace.accounts.source
    )
    return compile_plan(model, columns_of(engine, with_events=loaded.has_events))


def misfits(
    model: Model, leads: object, events: object | None = None, *, workspace: Workspace, engine: Engine | None = None
) -> list[Problem]:
    """What the model reads and the data do not have, each with its place in the model file."""
    engine = engine if engine is not None else DuckDB()
    loaded = load(
        engine.place, leads, events, workspace=workspace, as_of=None, accounts_source=workspace.accounts.source
    )
    names = None
    if loaded.has_events:
        rows = engine.arrow("SELECT event, count(*) AS n FROM events GROUP BY event").to_pylist()
        names = {row["event"]: row["n"] for row in rows}
    return _misfits(model, columns_of(engine, with_events=loaded.has_events), names)


def _misfits(model: Model, columns: Columns, event_names: Mapping[str, int] | None = None) -> list[Problem]:
    leads, events = _named_types(columns.leads), _named_types(columns.events)
    return find_misfits(model, leads, events, event_names, derived=DERIVED)


def _named_types(columns: Mapping[str, DataType | str] | None) -> dict[str, str] | None:
    return None if columns is None else {name: str(kind) for name, kind in columns.items()}


def checked_columns(model: Model, engine: Engine, *, with_events: bool) -> Columns:
    """The columns of a run's tables, once they have all that the model reads. Raises: ModelError with every misfit."""
    columns = columns_of(engine, with_events=with_events)
    if problems := [problem for problem in _misfits(model, columns) if problem.kind == "error"]:
        raise ModelError(problems)
    return columns


def columns_of(engine: Engine, *, with_events: bool) -> Columns:
    """The columns of the tables `leads` and `events` of a run."""
    return Columns(engine.columns("leads"), engine.columns("events") if with_events else None)


def as_instant(as_of: object) -> datetime:
    """An instant as naive UTC; None is now, a date is its first moment, a naive one is UTC already.

    Raises: UsageError for text that is not ISO 8601, and for what is no date at all.
    """
    if as_of is None:
        return datetime.now(UTC).replace(tzinfo=None)
    if isinstance(as_of, str):
        as_of = _read_instant(as_of)
    if isinstance(as_of, date) and not isinstance(as_of, datetime):
        as_of = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 - UTC without saying so
    if not isinstance(as_of, datetime) or as_of != as_of:  # noqa: PLR0124 - only a NaT differs from itself
        raise UsageError(f"as_of {as_of!r} is not a date or instant; {_INSTANT}")
    if as_of.tzinfo is None:
        return as_of
    try:
        return as_of.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise UsageError(f"as_of {as_of.isoformat()} lies beyond the calendar in UTC; {_INSTANT}") from None


def _read_instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"as_of '{text}' is not a date or instant; {_INSTANT}") from None


def as_kind_of(table: pa.Table, like: object) -> Any:  # noqa: ANN401 - the caller's own kind of frame
    """An Arrow table as the kind of frame that `like` is; a list of dicts for a list; Arrow for anything else."""
    if isinstance(like, (list, tuple)):
        return table.to_pylist()
    module = type(like).__module__.partition(".")[0]
    if module == "ibis":
        import ibis  # noqa: PLC0415 - only when the caller has it in hand

        return ibis.memtable(table)
    if module in ("pandas", "polars"):
        frame: Any = nw.from_native(like)
        made = nw.from_arrow(table, backend=frame.implementation)
        return made.lazy().to_native() if isinstance(frame, nw.LazyFrame) else made.to_native()
    return table

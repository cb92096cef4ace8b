"""What a run leaves to the next one, in a file of its own, so that events are read once and not at every run.

In: the file of the last run, if there is one. Out: what it saw and added up, as tables of this session; and the file
anew, once the results of this run are written. Called by `scoring.py`.

The file is a DuckDB database: `run` (one row: when, by which model, read how), `seen`, `totals`, `hits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from scoville.data.keep import literal
from scoville.data.seen import SEEN, Earlier, Since
from scoville.engines.beside import written_beside
from scoville.errors import UsageError
from scoville.plan.carried import CARRIED_HITS, CARRIED_TABLES, CARRIED_TOTALS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scoville.engines.duckdb import DuckDB
    from scoville.plan.compile import Plan

_FORMAT = 1
_LAST, _NEXT = "last_run", "next_run"
_TABLES = {"totals": CARRIED_TOTALS, "hits": CARRIED_HITS, "seen": SEEN}


@dataclass(frozen=True)
class Made:
    """What must be the same in both runs for one to carry on the other: the model, and how events are read."""

    model_version: str
    reading: str
    ask_for_age: tuple[str, ...] = ()  # rules for which every event must be read, whatever was carried on


@dataclass(frozen=True)
class LastRun:
    """The last run of a file: `as_of` is its instant; null where this run begins anew, and `why_anew` says why."""

    path: Path
    made: Made
    as_of: datetime | None
    why_anew: str | None

    def since(self, engine: DuckDB) -> Since:
        """What cleaning needs to know of it."""
        if self.as_of is None:
            return Since(None)
        return Since(Earlier(self.as_of, engine.place.keep_view_from_sql("last_seen", f"FROM {_LAST}.seen")))

    def carry(self, engine: DuckDB) -> None:
        """Make the tables `carried_totals` and `carried_hits`, without the leads that are read anew or are gone."""
        for name, table in zip(CARRIED_TABLES, ("totals", "hits"), strict=True):
            if self.as_of is None:
                engine.place.keep_empty(name, _TABLES[table])
                continue
            engine.run(
                f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {_LAST}.{table} "  # noqa: S608 - our own names
                "WHERE lead_id IN (SELECT lead_id FROM leads) AND lead_id NOT IN (SELECT lead_id FROM anew)"
            )

    def leave(self, engine: DuckDB, plan: Plan, as_of: datetime, given: list[str]) -> None:
        """Write the file of this run in the place of the last one: whole, or not at all."""
        with written_beside(self.path) as beside:
            engine.run(f"ATTACH {literal(str(beside))} AS {_NEXT} (READ_WRITE)")
            try:
                for table, query in _left(plan, engine.dialect, given).items():
                    engine.run(f"CREATE TABLE {_NEXT}.{table} AS {query}")
                engine.run(
                    f"CREATE TABLE {_NEXT}.run AS SELECT {_FORMAT} AS format, "
                    f"TIMESTAMP {literal(str(as_of))} AS as_of, {literal(self.made.model_version)} AS model_version, "
                    f"{literal(self.made.reading)} AS reading"
                )
            finally:
                engine.run(f"DETACH {_NEXT}")
            if self.as_of is not None:
                engine.run(f"DETACH {_LAST}")


def open_last_run(engine: DuckDB, path: Path, made: Made, as_of: datetime) -> LastRun:
    """The run that left this file; without one, or where it cannot be carried on, the reason to begin anew.

    Raises: UsageError for a file that no run left: it would be overwritten.
    """
    if not path.exists():
        first = f"there is no {path} yet: a first run, which reads every event"
        return LastRun(path, made, None, _asks_for_age(made) or first)
    try:
        engine.connection.execute(f"ATTACH {literal(str(path))} AS {_LAST} (READ_ONLY)")
        format_, then, version, reading = engine.connection.execute(
            f"SELECT format, as_of, model_version, reading FROM {_LAST}.run"  # noqa: S608 - our own name
        ).fetchall()[0]
    except (duckdb.Error, IndexError):
        message = f"{path} is not what a run with 'since' left, and would be overwritten; name another file"
        raise UsageError(message) from None
    why = _why_anew(made, as_of, format_, then, Made(version, reading))
    if why is not None:
        engine.run(f"DETACH {_LAST}")
    return LastRun(path, made, None if why else then, why)


def _why_anew(made: Made, as_of: datetime, format_: int, then: datetime, before: Made) -> str | None:
    if asks := _asks_for_age(made):
        return asks
    if format_ != _FORMAT:
        return "another version of Scoville left it"
    if before.model_version != made.model_version:
        return f"the model has changed since ({before.model_version} was it then)"
    if before.reading != made.reading:
        return "events are read in another way than then (columns, dates, placeholders or merging)"
    if as_of < then:
        return f"it is of {then:%Y-%m-%d %H:%M} UTC, which is later than this run"
    return None


def _asks_for_age(made: Made) -> str | None:
    if not made.ask_for_age:
        return None
    rules = ", ".join(f"'{name}'" for name in made.ask_for_age)
    return f"a condition of {rules} asks how old a property is, which changes with time for every event"


def _left(plan: Plan, dialect: str, given: list[str]) -> dict[str, str]:
    """A query for each table of the file."""
    queries = {"seen": "FROM seen_now"}
    for table, step in (("totals", "left_totals"), ("hits", "left_hits")):
        if step in plan.relations:
            queries[table] = plan.sql(step, dialect, given=given)
        else:
            queries[table] = f"FROM {CARRIED_TABLES[table == 'hits']}"  # a model without rules about events
    return queries

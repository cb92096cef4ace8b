"""DuckDB runs a plan: embedded, the default engine.

In: a Plan, whose inputs stand as tables in one connection. Out: tables and files. Called by `scoring.py`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from ibis.backends.sql.datatypes import DuckDBType

from scoville.data.in_duckdb import InDuckDB
from scoville.data.keep import literal
from scoville.data.traits import LOOKUPS
from scoville.engines.beside import FORMATS, check_ending, refuse_targets, written_beside
from scoville.engines.in_parts import FINER, FOR_ALL_LEADS, in_parts, parts_needed
from scoville.errors import DataError, EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import ibis
    import pyarrow as pa

    from scoville.plan.compile import Plan


class DuckDB:
    """One DuckDB connection with the tables of one run.

    `database` is a file, which is only read, or ":memory:".
    Raises: EngineError when the file is not there, is no DuckDB database, or is locked; UsageError for a memory limit
    that is not a size.
    """

    dialect = "duckdb"
    works_out_again = False

    def __init__(
        self, database: str = ":memory:", *, memory_limit: str | None = None, threads: int | None = None
    ) -> None:
        self.connection = _connected(database)
        self.connection.execute(
            "SET TimeZone = 'UTC'; SET enable_progress_bar = false; SET preserve_insertion_order = false"
        )
        if memory_limit is not None:
            self._limit_memory(memory_limit)
        if threads is not None:
            self.connection.execute(f"SET threads = {int(threads)}")
        self.place = InDuckDB(self.connection)
        self.bound = 0  # how many runs its tables have served; they hold the last one

    def _limit_memory(self, size: str) -> None:
        try:
            self.connection.execute(f"SET memory_limit = {literal(size)}")
            is_some = self._memory_limit_bytes() > 0
        except duckdb.Error:
            is_some = False
        if not is_some:
            raise UsageError(f"the memory limit '{size}' is not a size; write it like 4GB or 512MB")

    def _memory_limit_bytes(self) -> int:
        limit = self.connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
        return int(limit[0][0])

    def columns(self, table: str) -> Mapping[str, ibis.DataType]:
        """Names and Ibis types of a temporary table's columns, in their order."""
        rows = self.connection.execute(f'DESCRIBE temp.main."{table}"').fetchall()
        return {name: DuckDBType.from_string(kind) for name, kind, *_ in rows}

    def bind_as_of(self, as_of: datetime) -> None:
        """Make the one-row table `as_of`; naive UTC."""
        self.connection.execute("CREATE OR REPLACE TEMP TABLE as_of AS SELECT ?::TIMESTAMP AS as_of", [as_of])

    def bind(self, plan: Plan, as_of: datetime, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make `as_of` and the lists that the plan looks things up in; `leads` and `events` stand there already.

        `as_of` is naive UTC. `extra` holds the user's own additions to the lists.
        """
        self.bound += 1
        self.bind_as_of(as_of)
        self.bind_lists(plan, extra)

    def bind_lists(self, plan: Plan, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make the lists alone: for a second plan about the same leads, at the same instant."""
        for name in plan.lookups:
            rows = LOOKUPS[name].rows(extra or {})
            with self.registered(rows) as source:
                self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM {source}')

    @contextlib.contextmanager
    def registered(self, rows: pa.Table) -> Iterator[str]:
        """Arrow rows under a name that SQL can read, for a moment."""
        self.connection.register("scoville_rows", rows)
        try:
            yield "scoville_rows"
        finally:
            self.connection.unregister("scoville_rows")

    def keep(self, name: str, query: str) -> None:
        """Run a query now and hold its rows as a temporary table."""
        self.run(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {query}')

    def materialise(self, plan: Plan, steps: Sequence[str], given: Sequence[str] = (), *, parts: int = 1) -> None:
        """Run steps of the plan, each into a temporary table of its name, so that later ones read it.

        `given` names steps that stand there already. With `parts` leads are worked out a part at a time.
        """
        done = list(given)
        for step in steps:
            query = plan.sql(step, self.dialect, given=done)
            if parts == 1 or step in FOR_ALL_LEADS:
                self.keep(step, query)
            else:
                self._keep_in_parts(step, query, plan.reads(step, done), parts)
            done.append(step)

    def _keep_in_parts(self, step: str, query: str, read: Iterable[str], parts: int) -> None:
        dealt = [table for table in sorted(read) if "lead_id" in self.columns(table)]
        first, *others = in_parts(query, dealt, parts if "events" in dealt else parts * FINER)
        self.keep(step, first)
        for further in others:
            self.run(f'INSERT INTO temp.main."{step}" {further}')

    def parts(self, plan: Plan, leads: int) -> int:
        """Into how many parts so many leads have to be dealt for the memory that this connection may use."""
        return parts_needed(leads, len(plan.ledger.events), self._memory_limit_bytes())

    def drop(self, steps: Sequence[str]) -> None:
        """Forget steps that `materialise` made."""
        for step in steps:
            self.run(f'DROP TABLE temp.main."{step}"')

    def run(self, sql: str) -> None:
        """Execute a statement for its effect."""
        with _explained():
            self.connection.execute(sql)

    def arrow(self, sql: str) -> pa.Table:
        """Rows of a query as an Arrow table."""
        with _explained():
            return self.connection.sql(sql).to_arrow_table()

    def sort_key(self, column: str) -> str:
        """A column of text as ORDER BY takes it: DuckDB sorts by bytes."""
        return f'"{column}"'

    def likeness(self, column: str, text: str) -> str:
        """How alike a column and a text are, from 0 to 1."""
        return f'jaro_winkler_similarity(lower("{column}"), {literal(text.strip().lower())})'

    def check_targets(self, targets: Sequence[str], sources: Sequence[str | None]) -> None:
        """Nothing is written over what is read, nor twice to one place, nor where there is no place.

        Raises: UsageError for the first that would be.
        """
        refuse_targets([Path(target) for target in targets], sources)

    def write_all(self, queries: Mapping[str, str]) -> None:
        """Write each query to its file: see `write`."""
        for target, query in queries.items():
            self.write(query, Path(target))

    def write(self, sql: str, path: Path) -> None:
        """Write rows of a query to a file by its ending: .csv, .parquet or .jsonl. Beside it first, then renamed.

        Raises: UsageError for another ending; DataError when the disk is full or the folder cannot be written.
        """
        check_ending(path)
        options = FORMATS[path.suffix.lower()]
        with written_beside(path) as beside, _explained():
            try:
                self.connection.execute(f"COPY ({sql}) TO {literal(str(beside))} ({options})")
            except duckdb.IOException as error:
                raise DataError(f"cannot write {path}: {_io_reason(error)}") from None

    def close(self) -> None:
        """End the connection; its temporary tables are gone."""
        self.connection.close()


def _connected(database: str) -> duckdb.DuckDBPyConnection:
    """A connection; to a file for reading only: a wrong name makes no file, and other readers are not locked out.

    In memory, what does not fit goes to the folder for temporary files (TMPDIR), not to the current one.
    """
    if database == ":memory:":
        spill = Path(tempfile.gettempdir(), f"scoville-{secrets.token_hex(8)}")  # DuckDB makes it when it is needed
        return duckdb.connect(database, config={"temp_directory": str(spill)})
    if not Path(database).is_file():
        beside = database.removeprefix("/")
        near = f" Did you mean duckdb://{beside}, without the third slash?" if Path(beside).is_file() else ""
        raise EngineError(
            f"there is no DuckDB database {database}; name a file, or use duckdb:// for memory alone.{near}"
        )
    try:
        try:
            return duckdb.connect(database, read_only=True)
        except duckdb.ConnectionException:
            return duckdb.connect(database)  # open for writing elsewhere in this process: both must open it alike
    except duckdb.Error as error:
        raise EngineError(f"cannot open the DuckDB database {database}: {_first_line(error)}") from None


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """DuckDB's own errors as ours, with what a user can do about them."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        message = (
            f"DuckDB ran out of memory: {_first_line(error)}. Give it more with --memory-limit, "
            "or a disk with room for its temporary files"
        )
        raise EngineError(message) from None
    except duckdb.IOException as error:
        message = f"DuckDB could not read or write: {_first_line(error)}"
        raise EngineError(message) from None
    except duckdb.Error as error:
        message = f"DuckDB could not run the plan: {_first_line(error)}"
        raise EngineError(message) from error


def _io_reason(error: Exception) -> str:
    """What the system said, out of DuckDB's message around it, and what to do when the disk is full."""
    if "No space left" in str(error):
        return "the disk is full. Free some space, or write to another folder; nothing half-written was left behind"
    said = re.search(r'"exception_message":"(.*?)","errno"', str(error))
    return said[1].replace('\\"', "'") if said else _first_line(error)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

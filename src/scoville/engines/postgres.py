"""PostgreSQL runs a plan where the tables are: nothing but the summary and the best leads come here.

In: a Plan, whose inputs stand as temporary tables and views of one session. Out: tables of the database. Called by
`scoring.py`. One run is one transaction: it sees every table as it was when it began, and what it writes appears
together, at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import ibis
import pyarrow as pa

from scoville.data.keep import literal
from scoville.data.traits import LOOKUPS
from scoville.engines.without_password import without_password
from scoville.errors import EngineError, UsageError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.types.numeric import NumericLoader
except ModuleNotFoundError as missing:
    raise UsageError("PostgreSQL is an extra: pip install 'scoville[postgres]'") from missing

from scoville.data.in_postgres import InPostgres
from scoville.data.said_by_postgres import explained
from scoville.engines.postgres_targets import checked_targets, write_all
from scoville.spelling.postgres import IS_JSON, READ_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg.abc import Buffer

    from scoville.plan.compile import Plan

_OLDEST = 130000  # generated columns and the rest of what a plan needs; older ones get no repairs any more
# The session: instants in UTC, as everywhere here. Compiling a query of a plan takes longer than running it.
# A server from 14 on looks now and then whether we still are there, and gives up a query that nobody waits for.
_SESSION = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET jit = off;
SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
"""
# What PostgreSQL has no word for that does not stop at a wrong text.
_HELPERS = f"""
CREATE FUNCTION pg_temp.{IS_JSON}(given text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN PERFORM given::jsonb; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE FUNCTION pg_temp.{READ_TIME}(given text, format text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN RETURN to_timestamp(given, format)::timestamp; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$
"""
# What an address may leave open.
_UNTOLD = {"connect_timeout": "10", "client_encoding": "utf8", "application_name": "scoville"}
_TYPES = {16: pa.bool_(), 20: pa.int64(), 21: pa.int64(), 23: pa.int64(), 700: pa.float64(), 701: pa.float64(),
          1700: pa.float64(), 1082: pa.date32(), 1114: pa.timestamp("us"), 1184: pa.timestamp("us", "UTC")}  # fmt: skip


class _Number(NumericLoader):
    """Sums of whole numbers are decimals in PostgreSQL: as the numbers that other engines give."""

    def load(self, data: Buffer) -> Any:  # noqa: ANN401 - the base class gives decimals
        """A whole number, else a float."""
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class Postgres:
    """One session of a server with the tables of one run.

    `url` is `postgres://user:password@host:5432/database`, with the options of libpq after a `?`; what it leaves out
    comes from the variables PGHOST, PGPASSWORD ... and from ~/.pgpass.
    Raises: EngineError when the server does not answer, or does not let the user in; never with the password.
    """

    dialect = "postgres"
    works_out_again = False

    def __init__(self, url: str) -> None:
        self.connection = _connected(url)
        self.place = InPostgres(self.connection)
        self.bound = 0
        self.place.execute(_SESSION)
        self.place.execute(_HELPERS)
        self.connection.commit()  # these are of the session; now the run begins

    def columns(self, table: str) -> Mapping[str, ibis.DataType]:
        """Names and Ibis types of the columns of a temporary table or view, in their order."""
        known = self.place.schemas.get(table)
        if known is not None:
            return dict(known.items())
        found = self.arrow(f"SELECT * FROM {self.place.name(table)} LIMIT 0").schema  # noqa: S608 - quoted
        return dict(ibis.Schema.from_pyarrow(found).items())

    def bind(self, plan: Plan, as_of: datetime, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make `as_of` (naive UTC) and the lists that the plan looks things up in."""
        self.bound += 1
        # a view, for tables of a session keep a query from being run by several processes
        self.run(f"CREATE OR REPLACE TEMP VIEW as_of AS SELECT CAST({literal(str(as_of))} AS timestamp) AS as_of")
        for name in plan.lookups:
            self.place.put(name, LOOKUPS[name].rows(extra or {}))
            self.run(f"ANALYZE {self.place.name(name)}")

    def keep(self, name: str, query: str) -> None:
        """Run a query now and hold its rows as a temporary table."""
        self.place.keep_rows(name, query)

    def materialise(self, plan: Plan, steps: Sequence[str], given: Sequence[str] = ()) -> None:
        """Run steps of the plan, each kept under its name, so that later ones read it."""
        done = list(given)
        for step in steps:
            self.keep(step, plan.sql(step, self.dialect, given=done))
            done.append(step)

    def run(self, statement: str) -> None:
        """Execute a statement for its effect."""
        self.place.execute(statement)

    def arrow(self, query: str) -> pa.Table:
        """Rows of a small answer as an Arrow table."""
        cursor = self.place.execute(query)
        rows = cursor.fetchall()
        columns = cursor.description or ()
        schema = pa.schema([(column.name, _TYPES.get(column.type_code, pa.string())) for column in columns])
        arrays = [pa.array([_shown(row[i]) if field.type == pa.string() else row[i] for row in rows], field.type)
                  for i, field in enumerate(schema)]  # fmt: skip
        return pa.Table.from_arrays(arrays, schema=schema)

    def sort_key(self, column: str) -> str:
        """A column of text as ORDER BY takes it to sort by bytes."""
        return f'"{column}" COLLATE "C"'

    def likeness(self, column: str, text: str) -> str:
        """How many first letters a column shares with a text."""
        wanted = text.strip().lower()
        starts = [literal(wanted[:length]) for length in range(len(wanted), 0, -1)]
        cases = " ".join(
            f'WHEN starts_with(lower("{column}"), {start}) THEN {len(starts) - i}' for i, start in enumerate(starts)
        )
        return f"CASE {cases} ELSE 0 END" if cases else "0"

    def check_targets(self, targets: Sequence[str], sources: Sequence[str | None]) -> None:
        """Whether results can be written to tables of these names. Raises: UsageError, EngineError."""
        with explained():
            checked_targets(self.place, targets, sources)

    def write_all(self, queries: Mapping[str, str]) -> None:
        """Write each query to its table; all of them appear together when the transaction ends."""
        with explained():
            write_all(self.place, queries)

    def close(self) -> None:
        """End the session; what it kept is gone."""
        self.connection.close()

    def __enter__(self) -> Self:
        """For `with Postgres(url) as engine`."""
        return self

    def __exit__(self, *_: object) -> None:
        """As `close`."""
        self.close()


def connected(url: str) -> Postgres:
    """The engine behind an address: see `Postgres`."""
    return Postgres(url)


def _connected(url: str) -> psycopg.Connection[Any]:
    try:
        told = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        told = {}
    if not told or _has_odd_signs(url):
        raise EngineError(
            f"{without_password(url)} is no address that PostgreSQL understands: it is "
            "postgres://user:password@host:5432/database, where other signs are written as in %40 for @"
        )
    try:
        connection = psycopg.connect(make_conninfo("", **{**_UNTOLD, **told}))
    except psycopg.OperationalError as error:
        raise EngineError(_not_connected(url, error)) from None
    connection.prepare_threshold = None  # a pool between us may give each transaction another connection
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.adapters.register_loader("numeric", _Number)
    if connection.info.server_version < _OLDEST:
        version = connection.info.parameter_status("server_version")
        connection.close()
        raise EngineError(f"PostgreSQL {version} is too old; 13 and newer run a plan")
    return connection


def _has_odd_signs(url: str) -> bool:
    """Whether a password would be taken for a host, and shown as one."""
    return any(sign in url.partition("://")[2].rpartition("@")[0] for sign in "@/?#[]")


def _not_connected(url: str, error: psycopg.Error) -> str:
    """Why there is no session, without the password, and what to do."""
    said = " ".join(str(error).split())
    shown, refused = without_password(url), said.rpartition("FATAL: ")[2].strip()
    if "authentication failed" in said or "no password supplied" in said:
        return (
            f"{shown} did not accept this user or password. Give it as postgres://user:password@host/database, in the "
            "variable PGPASSWORD, or in ~/.pgpass"
        )
    if "FATAL: " in said:
        return f"{shown} did not let us in: {refused}. Check the names in the address"
    reason = said.partition(" Is the server running")[0].rstrip(".")
    return f"{shown} does not answer: {reason}. Is the server running, and may this machine reach it?"


def _shown(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)

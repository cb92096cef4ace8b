"""Results into tables of a PostgreSQL database: all of them appear at once, or none.

New tables are made and filled beside the old ones, then renamed into their places; a reader sees the old rows or the
new ones, and waits for the rename alone. Indexes, constraints, grants and the comment of the old table go over to the
new one. Where more hangs on the old table, such as a view, its rows are replaced in place, in the same transaction.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from scoville.data.suggest import did_you_mean, listed
from scoville.engines.beside import FORMATS
from scoville.engines.postgres_standing import Standing, hand_over, standing_on
from scoville.errors import EngineError, UsageError
from scoville.tables import ACCOUNT_SCORES, CONTRIBUTIONS, SCORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg

    from scoville.data.in_postgres import InPostgres

_NAME = re.compile(r'^(?:(?P<schema>"(?:[^"]|"")+"|[^".]+)\.)?(?P<table>"(?:[^"]|"")+"|[^".]+)$')
_LONGEST_NAME = 63
# Columns of an old table that results have too, such as lead_id: with fewer than half of them, it is some other table.
_OURS = frozenset(name for relation in (SCORES, CONTRIBUTIONS, ACCOUNT_SCORES) for name in relation.names()) | {
    "probability", "boosted_probability", "boosted_reasons", "blended_probability", "relation", "reason", "row",
}  # fmt: skip
_LIKE_RESULTS = 0.5
# A long report that reads the old table keeps it from being renamed, and who asks after us waits behind us: so we ask
# for moments, and let others pass between them.
_WAITS_S, _RESTS_S, _TRIES = 2, 1, 200

# What hangs on a table and would not go over to another one of its name.
_HANGING = """
SELECT 'the view ' || v.oid::regclass
  FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
   AND d.refobjid = %(table)s AND v.oid <> %(table)s
UNION SELECT 'a foreign key of ' || conrelid::regclass FROM pg_constraint WHERE confrelid = %(table)s AND contype = 'f'
UNION SELECT 'the trigger ' || tgname FROM pg_trigger WHERE tgrelid = %(table)s AND NOT tgisinternal
UNION SELECT 'row security' FROM pg_class WHERE oid = %(table)s AND relrowsecurity
UNION SELECT 'a publication' FROM pg_publication_rel WHERE prrelid = %(table)s
UNION SELECT 'partitions' FROM pg_inherits WHERE inhparent = %(table)s OR inhrelid = %(table)s
UNION SELECT 'partitions' FROM pg_class WHERE oid = %(table)s AND relkind = 'p'
"""
_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


@dataclass(frozen=True)
class Target:
    """Schema and name of a table to write, as the database has them."""

    schema: str
    table: str

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.schema}.{self.table}"

    def quoted(self, con: psycopg.Connection[Any]) -> str:
        """As SQL has it."""
        return sql.Identifier(self.schema, self.table).as_string(con)


# --- before the work begins ------------------------------------------------------------------------------------------


def checked_targets(place: InPostgres, names: Sequence[str], sources: Sequence[str | None]) -> list[Target]:
    """Tables that may be written, in the order of their names.

    Raises: UsageError for a name that is none, a schema that is not there, a table that is read in this run, named
    twice, somebody else's, or holds something else than results.
    """
    targets = [_target(place, name) for name in names]
    read = {found for source in sources if source is not None and (found := place.address(source))}
    for i, target in enumerate(targets):
        if (target.schema, target.table) in read:
            raise UsageError(f"{target} is read in this run and would be replaced; name another table to write to")
        if target in targets[:i]:
            raise UsageError(f"{target} is named for two outputs; give each its own table")
        _check_right(place.con, target)
    return targets


def _target(place: InPostgres, name: str) -> Target:
    if name.lower().endswith(tuple(FORMATS)) or "/" in name:
        raise UsageError(
            f"{name} is a file; with a PostgreSQL engine results go to tables, such as -o scores. For a file: "
            r"psql -c '\copy scores to scores.csv csv header'"
        )
    parts = _NAME.match(name.strip())
    if parts is None:
        raise UsageError(f"'{name}' is no name of a table; write table or schema.table, with quotes around odd names")
    schema, table = _unquoted(parts["schema"]), _unquoted(parts["table"])
    if len(table.encode()) > _LONGEST_NAME:
        raise UsageError(f"'{table}' is too long for a name in PostgreSQL: at most {_LONGEST_NAME} bytes")
    return Target(schema or _own_schema(place.con), table)


def _unquoted(part: str | None) -> str:
    """A name as SQL reads it: small letters without quotes."""
    if part is None:
        return ""
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()


def _own_schema(con: psycopg.Connection[Any]) -> str:
    found = _one(con, "SELECT current_schema()")
    if found is None:
        raise UsageError("this user has no schema of its own to write to; name one: -o schema.table")
    return str(found)


def _check_right(con: psycopg.Connection[Any], target: Target) -> None:
    schemas = [row[0] for row in con.execute("SELECT nspname FROM pg_namespace").fetchall()]
    if target.schema not in schemas:
        own = [name for name in schemas if not name.startswith("pg_") and name != "information_schema"]
        raise UsageError(
            f"there is no schema {target.schema}.{did_you_mean(target.schema, own)} Schemas: {listed(own)}"
        )
    if not _one(con, "SELECT has_schema_privilege(%s, 'CREATE')", target.schema):
        user = con.info.user
        raise EngineError(
            f"{user} may not make tables in the schema {target.schema}. Name another (-o schema.table), or ask its "
            f"owner: GRANT CREATE ON SCHEMA {target.schema} TO {user}"
        )
    old = _oid(con, target)
    if old is None:
        return
    kind = _one(con, "SELECT relkind FROM pg_class WHERE oid = %s", old)
    if kind not in {"r", "p"}:
        raise UsageError(f"{target} is there already and is no table; name another one to write to")
    if not _one(con, "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s", old):
        raise EngineError(
            f"{target} belongs to another user, so {con.info.user} may not replace it; name another table"
        )
    columns = list(_columns(con, old))
    if sum(name in _OURS for name in columns) < _LIKE_RESULTS * len(columns):
        raise UsageError(
            f"{target} is there already and holds something else (columns {listed(columns)}). Name another table, or "
            "drop this one first"
        )


# --- writing ---------------------------------------------------------------------------------------------------------


def write_all(place: InPostgres, queries: Mapping[str, str]) -> None:
    """Write the rows of each query to its table, and end the transaction: now they are there.

    Raises: UsageError for a table that holds something else; EngineError where readers hold one for minutes.
    """
    con = place.con
    targets = dict(zip(checked_targets(place, list(queries), ()), queries.values(), strict=True))
    filled = {target: _filled(con, target, query) for target, query in targets.items()}
    for target in sorted(filled, key=str):  # one order, so that two runs never wait for each other
        _put_in_place(con, target, filled[target])
    con.commit()


def _filled(con: psycopg.Connection[Any], target: Target, query: str) -> Target:
    """A new table beside the old one, with the rows of the query."""
    new = Target(target.schema, f"scoville_{secrets.token_hex(6)}")
    con.execute(_sql(f"CREATE TABLE {new.quoted(con)} AS {query}"))
    return new


def _put_in_place(con: psycopg.Connection[Any], target: Target, new: Target) -> None:
    if _oid(con, target) is not None:
        _lock(con, target)
    old = _oid(con, target)  # again: another run may have put its own there while we waited
    if old is None:
        con.execute(_sql(f"ALTER TABLE {new.quoted(con)} RENAME TO {_quoted(con, target.table)}"))
        _analyse(con, target)
        return
    hanging = [row[0] for row in con.execute(_sql(_HANGING), {"table": old}).fetchall()]
    if hanging:
        _replace_rows(con, target, new, hanging)
    else:
        _swap(con, target, new, old)
    _analyse(con, target)


def _lock(con: psycopg.Connection[Any], target: Target) -> None:
    """Have the old table alone, without making others wait long."""
    for _ in range(_TRIES):
        try:
            with con.transaction():
                con.execute(_sql(f"SET LOCAL lock_timeout = '{_WAITS_S}s'"))
                con.execute(_sql(f"LOCK TABLE {target.quoted(con)} IN ACCESS EXCLUSIVE MODE"))
                con.execute("SET LOCAL lock_timeout = DEFAULT")
        except errors.LockNotAvailable:
            time.sleep(_RESTS_S)
        else:
            return
    raise EngineError(
        f"somebody has read or written {target} for {_TRIES * (_WAITS_S + _RESTS_S) // 60} minutes, so it could not be "
        "replaced; the old rows are in place. Run again, or look into pg_stat_activity"
    )


def _swap(con: psycopg.Connection[Any], target: Target, new: Target, old: int) -> None:
    """The new table takes the name of the old one, and what stood on it."""
    made, name = new.quoted(con), target.quoted(con)
    standing = standing_on(con, old)
    for one in standing:
        _put_on(con, target, one, made)
    hand_over(con, old, made)
    con.execute(_sql(f"DROP TABLE {name}"))
    con.execute(_sql(f"ALTER TABLE {made} RENAME TO {_quoted(con, target.table)}"))
    for one in standing:
        con.execute(_sql(one.renamed(con, target.schema, name)))


def _put_on(con: psycopg.Connection[Any], target: Target, one: Standing, made: str) -> None:
    try:
        con.execute(_sql(one.on(con, made)))
    except (errors.IntegrityError, errors.UndefinedColumn) as error:
        raise EngineError(
            f"the new rows do not fit the {one.kind.lower()} {one.name} of {target}: "
            f"{one.definition}. Change it or drop it; the old rows are in place"
        ) from error


def _replace_rows(con: psycopg.Connection[Any], target: Target, new: Target, hanging: Iterable[str]) -> None:
    """Other rows in the same table, where a new table would lose what hangs on it."""
    columns, given = _columns(con, _oid(con, target)), _columns(con, _oid(con, new))
    if columns.keys() != given.keys():
        differ = listed(sorted(columns.keys() ^ given.keys()))
        raise EngineError(
            f"{target} needs other columns than it has ({differ}), and cannot be made anew because of "
            f"{listed(list(hanging))}. Drop that first, or write to another table; the old rows are in place"
        )
    names = ", ".join(_quoted(con, name) for name in columns)
    con.execute(_sql(f"DELETE FROM {target.quoted(con)}"))  # noqa: S608 - quoted
    rows = f"SELECT {names} FROM {new.quoted(con)}"  # noqa: S608 - quoted
    con.execute(_sql(f"INSERT INTO {target.quoted(con)} ({names}) {rows}"))
    con.execute(_sql(f"DROP TABLE {new.quoted(con)}"))


def _analyse(con: psycopg.Connection[Any], target: Target) -> None:
    con.execute(_sql(f"ANALYZE {target.quoted(con)}"))


# --- questions to the catalogue --------------------------------------------------------------------------------------


def _oid(con: psycopg.Connection[Any], target: Target) -> int | None:
    found = _one(con, "SELECT to_regclass(%s)::oid", target.quoted(con))
    return None if found is None else int(found)


def _columns(con: psycopg.Connection[Any], table: int | None) -> dict[str, str]:
    return dict(con.execute(_COLUMNS, [table]).fetchall())


def _one(con: psycopg.Connection[Any], query: str, *values: object) -> Any:  # noqa: ANN401 - whatever is asked for
    row = con.execute(_sql(query), values).fetchone()
    return row[0] if row is not None else None


def _quoted(con: psycopg.Connection[Any], name: str) -> str:
    return sql.Identifier(name).as_string(con)


def _sql(text: str) -> sql.SQL:
    """Our own text, with names that went through `Identifier`."""
    return sql.SQL(text)

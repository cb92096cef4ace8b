"""What stands on a table of results and goes over to the one that takes its place: indexes, constraints, grants ..."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from psycopg import sql

if TYPE_CHECKING:
    import psycopg

# Indexes that are not there for a constraint, and constraints; those of NOT NULL come with the primary key.
_STANDING = """
SELECT c.relname, CASE WHEN i.indisunique THEN 'UNIQUE INDEX' ELSE 'INDEX' END,
       split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %(table)s AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)
UNION ALL SELECT conname, 'CONSTRAINT', pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = %(table)s AND contype IN ('p', 'u', 'c', 'x', 'f')
"""
_GRANTS = """
SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
       a.is_grantable
FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = %s AND a.grantee <> c.relowner
"""
_OWNER = "SELECT pg_get_userbyid(relowner), obj_description(oid, 'pg_class') FROM pg_class WHERE oid = %s"


@dataclass(frozen=True)
class Standing:
    """An index or a constraint. While the old table has its name, the new one's has another."""

    name: str
    kind: Literal["UNIQUE INDEX", "INDEX", "CONSTRAINT"]
    definition: str
    for_now: str = field(default_factory=lambda: f"scoville_{secrets.token_hex(6)}")

    def on(self, con: psycopg.Connection[Any], table: str) -> str:
        """The statement that makes it on another table."""
        made = sql.Identifier(self.for_now).as_string(con)
        if self.kind == "CONSTRAINT":
            return f"ALTER TABLE {table} ADD CONSTRAINT {made} {self.definition}"
        return f"CREATE {self.kind} {made} ON {table} USING {self.definition}"

    def renamed(self, con: psycopg.Connection[Any], schema: str, table: str) -> str:
        """The statement that gives it its own name."""
        name = sql.Identifier(self.name).as_string(con)
        if self.kind == "CONSTRAINT":
            return f"ALTER TABLE {table} RENAME CONSTRAINT {sql.Identifier(self.for_now).as_string(con)} TO {name}"
        return f"ALTER INDEX {sql.Identifier(schema, self.for_now).as_string(con)} RENAME TO {name}"


def standing_on(con: psycopg.Connection[Any], table: int) -> list[Standing]:
    """Indexes and constraints of a table, by its oid."""
    return [Standing(*row) for row in con.execute(_STANDING, {"table": table}).fetchall()]


def hand_over(con: psycopg.Connection[Any], old: int, made: str) -> None:
    """Grants, comment and owner of a table, by its oid, to another one."""
    for privilege, grantee, may_grant in con.execute(_GRANTS, [old]).fetchall():
        option = " WITH GRANT OPTION" if may_grant else ""
        con.execute(sql.SQL(f"GRANT {privilege} ON {made} TO {grantee}{option}"))
    owner, comment = con.execute(_OWNER, [old]).fetchall()[0]
    if comment is not None:
        con.execute(sql.SQL(f"COMMENT ON TABLE {made} IS {sql.Literal(comment).as_string(con)}"))
    if owner != con.info.user:
        con.execute(sql.SQL(f"ALTER TABLE {made} OWNER TO {sql.Identifier(owner).as_string(con)}"))

"""What `scoville sql` reads in a warehouse: the tables of the user, and which of their columns is which of ours."""

from __future__ import annotations

from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.data.columns import resolve_columns
from scoville.data.sources import open_source
from scoville.engines.duckdb import DuckDB
from scoville.errors import UsageError
from scoville.plan.script import Source, table_name
from scoville.scoring import plan_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.data.workspace import RelationSettings, Workspace
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

_ENDINGS = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst", ".xlsx"}


def plan_over(model: Model, leads: str | None, events: str | None, workspace: Workspace) -> Plan:
    """The plan for the columns of files; for tables, and without either, for what the model itself speaks of.

    Raises: UsageError for a file beside a table.
    """
    named = [one for one in (leads, events) if one is not None]
    if not any(map(is_file, named)):
        return plan_for(model, None, workspace=workspace)
    if not all(map(is_file, named)):
        raise UsageError(
            f"{leads} and {events}: one is a file, the other a table of the warehouse. Name two files, whose columns "
            "are then expected in tables `leads` and `events`; or two tables"
        )
    return plan_for(model, leads, events, workspace=workspace)


def source_of(relation: str, named: str | None, settings: RelationSettings, dialect: str) -> Source:
    """The table of one relation: as named, else of the relation's own name. Columns as in the file, or as mapped."""
    if named is None:
        return Source(relation, settings.columns)
    if is_file(named):
        return Source(relation, _columns_of_file(relation, named, settings))
    return Source(table_name(named, dialect), settings.columns)


def is_file(named: str) -> bool:
    """Whether a name is that of a file; else it is that of a table, such as crm.contacts."""
    path = Path(named).expanduser()
    looks_like_one = has_magic(named) or "/" in named or "\\" in named or "::" in named
    return looks_like_one or path.suffix.lower() in _ENDINGS or path.exists()


def _columns_of_file(relation: str, named: str, settings: RelationSettings) -> Mapping[str, str]:
    raw = open_source(DuckDB().place, named, relation=relation, delimiter=settings.delimiter)
    return resolve_columns(relation, raw.name, raw.table.columns, settings.columns).names

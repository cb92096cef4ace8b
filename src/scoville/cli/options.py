"""Options that several verbs share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_DATA = "Data"
_FILES = "CSV, JSON Lines, Parquet, a glob, FILE.duckdb::TABLE, or a table of the engine"

ModelPath = Annotated[Path, typer.Argument(metavar="MODEL", help="The model file (YAML).", show_default=False)]
Leads = Annotated[
    str | None,
    typer.Option(
        "--leads", "-l", metavar="FILE", help=f"Who they are: {_FILES}.", rich_help_panel=_DATA, show_default=False
    ),
]
Events = Annotated[
    str | None,
    typer.Option(
        "--events", "-e", metavar="FILE", help=f"What they did: {_FILES}.", rich_help_panel=_DATA, show_default=False
    ),
]
Outcomes = Annotated[
    str | None,
    typer.Option(
        "--outcomes", "-O", metavar="FILE", rich_help_panel=_DATA, show_default=False,
        help="What became of them: lead_id, at, perhaps outcome and value. Default: events named by --won.",
    ),
]  # fmt: skip
OutcomeColumn = Annotated[
    str | None,
    typer.Option(
        "--outcome-column", metavar="COLUMN", rich_help_panel=_DATA, show_default=False,
        help="A column of leads that says who won (yes, 1, or --won). It has no dates, so this is not point in time.",
    ),
]  # fmt: skip
Won = Annotated[
    list[str] | None,
    typer.Option(
        "--won", metavar="NAME", rich_help_panel=_DATA, show_default=False,
        help="Outcome that counts; may be repeated; default: won.",
    ),
]  # fmt: skip
Horizon = Annotated[str, typer.Option(metavar="TIME", help="How far ahead an outcome counts, such as 90d.")]
Snapshots = Annotated[
    str, typer.Option(metavar="WHEN", help="monthly, weekly, or dates such as 2026-01-01,2026-04-01.")
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map", "-m", metavar="RELATION.COLUMN=NAME",
        help='Which column is which, such as leads.lead_id="Prospect ID". May be repeated.',
        rich_help_panel=_DATA, show_default=False,
    ),
]  # fmt: skip
WorkspacePath = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", metavar="FILE", rich_help_panel=_DATA, show_default=False,
        help="Where files and columns are named once for all; default: scoville.toml here, when there is one.",
    ),
]  # fmt: skip
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="Score as of this instant (ISO 8601); default: now.", show_default=False
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="URL",
        help="duckdb:// in memory, or duckdb://FILE to read its tables.",
        rich_help_panel="Machine",
    ),
]
AnyEngine = Annotated[
    str,
    typer.Option(
        "--engine", metavar="URL", rich_help_panel="Machine",
        help="Where the tables are: duckdb:// in memory, duckdb://FILE, postgres://USER@HOST/DATABASE, or "
        "spark://HOST:7077.",
    ),
]  # fmt: skip
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit", metavar="SIZE", rich_help_panel="Machine", show_default=False,
        help="Most memory to use, such as 4GB; beyond it the disk helps out.",
    ),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of a table.")]

"""`scoville sql`: the plan as SQL, to read, to run elsewhere, or as models of a dbt project."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.options import Maps, ModelPath, WorkspacePath

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from scoville.data.workspace import Workspace
    from scoville.plan.compile import Plan
    from scoville.plan.dbt import Project


class Dialect(StrEnum):
    """SQL dialects that the plan is printed in."""

    duckdb = "duckdb"
    postgres = "postgres"
    snowflake = "snowflake"
    bigquery = "bigquery"
    databricks = "databricks"
    spark = "spark"
    clickhouse = "clickhouse"
    trino = "trino"


class Output(StrEnum):
    """What the SQL gives."""

    scores = "scores"
    contributions = "contributions"
    account_scores = "account_scores"


_TABLE = "A table of the warehouse, such as crm.contacts, or a file that has its columns"


def sql(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Annotated[
        str | None,
        typer.Option(
            "--leads", "-l", metavar="TABLE", help=f"Who they are. {_TABLE}; default: leads.",
            rich_help_panel="Data", show_default=False,
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            "--events", "-e", metavar="TABLE", help="What they did, likewise; default: events.",
            rich_help_panel="Data", show_default=False,
        ),
    ] = None,
    output: Annotated[Output, typer.Option(help="What the SQL gives.")] = Output.scores,
    dialect: Annotated[Dialect, typer.Option(help="Dialect to print.")] = Dialect.duckdb,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Write this instant into the SQL; default: the time it runs.",
            show_default=False,
        ),
    ] = None,
    dbt: Annotated[
        Path | None,
        typer.Option(
            "--dbt", metavar="FOLDER", show_default=False,
            help="Write models, descriptions and tests into a dbt project instead. A table with a dot in its name is "
            "then a source, one without a model of the project.",
        ),
    ] = None,
    lists: Annotated[
        Path | None,
        typer.Option(
            "--lists", metavar="FOLDER", show_default=False,
            help="Write the lists that the SQL looks things up in as CSV files, to load beside your tables.",
        ),
    ] = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
) -> None:  # fmt: skip
    """Print the plan as one readable SELECT over your tables, or write it into a dbt project.

    It begins with your tables under the names and types of the model: casts and ids without blanks around them. Which
    column is which say --map and scoville.toml. Without a file, a column is text or a number by the way the model
    compares it. Nothing is run.

    Example: scoville sql model.yaml --leads crm.contacts --events web.events --dialect snowflake
    """
    from scoville.cli.output import print_sql
    from scoville.cli.warehouse import plan_over, source_of
    from scoville.data.workspace import load_workspace
    from scoville.errors import UsageError
    from scoville.model.load import Model
    from scoville.plan.dbt import Project
    from scoville.scoring import as_instant

    if dbt is not None and as_of is not None:
        raise UsageError("--as-of and --dbt: models of dbt take the instant from the variable scoville_as_of")
    checked = Model.load(model)
    known = load_workspace(workspace).with_maps(maps or ())
    leads, events = leads or known.leads.source, events or known.events.source
    plan = plan_over(checked, leads, events, known)
    tables = {
        "leads": source_of("leads", leads, known.leads, dialect.value),
        "events": source_of("events", events, known.events, dialect.value),
    }
    if lists is not None:
        _write_all(lists, _lists(plan, known))
    if dbt is not None:
        _write_project(dbt, Project(plan, dialect.value, **tables), known)
    elif lists is None:
        instant = as_instant(as_of) if as_of is not None else None
        print_sql(plan.script(output.value, dialect.value, as_of=instant, **tables))


def _write_project(folder: Path, project: Project, workspace: Workspace) -> None:
    from scoville.cli.output import print_next
    from scoville.plan.dbt import dbt_files, seed_of

    seeds = {f"seeds/{seed_of(name)}": text for name, text in _lists(project.plan, workspace).items()}
    _write_all(folder, {**dbt_files(project), **seeds})
    load = "dbt seed && " if seeds else ""
    print_next(("run and test the models, in your dbt project", f"{load}dbt build --select '{project.name}_*'"))


def _lists(plan: Plan, workspace: Workspace) -> dict[str, str]:
    """Lists as CSV with the user's own additions, by the names of their files."""
    from scoville.data.lists import read_lists
    from scoville.data.traits import LOOKUPS

    extra = read_lists(workspace.lists)
    return {f"{name}.csv": _csv(LOOKUPS[name].rows(extra)) for name in plan.lookups}


def _csv(table: pa.Table) -> str:
    """Rows with a header; nothing for null, true and false in small letters, as warehouses load them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in row.values()])
    return text.getvalue()


def _write_all(folder: Path, texts: Mapping[str, str]) -> None:
    from scoville.cli.output import print_written

    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print_written(path)

"""`scoville sql`: the plan as SQL, to read or to run elsewhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scoville.cli.options import Events, Leads, Maps, ModelPath, WorkspacePath


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


def sql(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
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
    maps: Maps = None,
    workspace: WorkspacePath = None,
) -> None:
    """Print the plan as one readable SELECT over tables `leads` and `events`.

    The columns come from --leads and --events; without them, a column is text or a number by the way the model
    compares it. Columns have the names that the model uses.

    Example: scoville sql model.yaml --leads leads.csv --events events.csv --dialect snowflake
    """
    from scoville.cli.output import print_sql
    from scoville.data.workspace import load_workspace
    from scoville.model.load import Model
    from scoville.scoring import as_instant, plan_for

    checked = Model.load(model)
    known = load_workspace(workspace).with_maps(maps or ())
    plan = plan_for(checked, leads or known.leads.source, events or known.events.source, workspace=known)
    instant = as_instant(as_of) if as_of is not None else None
    print_sql(plan.script(output.value, dialect.value, as_of=instant))

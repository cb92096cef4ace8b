"""`scoville figures`: what leads cost and bring, how fast they move, and what the open ones should bring next."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from scoville.cli.options import (
    Engine,
    Events,
    Horizon,
    Json,
    Leads,
    Maps,
    MemoryLimit,
    ModelPath,
    OutcomeColumn,
    Outcomes,
    Snapshots,
    Won,
    WorkspacePath,
)


class By(StrEnum):
    """What the table of groups is by."""

    source = "source"
    month = "month"


Touch = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", show_default=False,
        help="Event or outcome that is the first touch by sales, such as call_made; default: accepted, contacted.",
    ),
]  # fmt: skip
Grouping = Annotated[
    By | None,
    typer.Option("--by", help="Table by source or by month of creation; default: source, where there is one."),
]
ForecastFrom = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", show_default=False,
        help="Forecast from this instant (ISO 8601); default: where the data end.",
    ),
]  # fmt: skip


def figures(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    touch: Touch = None,
    by: Grouping = None,
    horizon: Horizon = "90d",
    snapshots: Snapshots = "monthly",
    as_of: ForecastFrom = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Say what leads cost and bring, how long they take, and what the open ones should bring next.

    Costs come from the column `cost` of leads, revenue from the column `value` of outcomes, groups from `source` and
    `created_at`. The forecast is checked against the past in the same run.

    Example: scoville figures model.yaml --leads leads.csv --events events.csv --outcomes outcomes.csv --by month
    """
    from scoville.cli.figures_shown import print_figures, print_forecast
    from scoville.cli.output import out, print_json
    from scoville.cli.past import instant, length, past_of, progress_of
    from scoville.evidence.business.forecast import forecast
    from scoville.evidence.business.money import business_figures
    from scoville.model.load import Model

    checked = Model.load(model)
    ahead, begin = length(horizon, "--horizon"), instant(as_of, "--as-of") if as_of is not None else None
    with progress_of("scoring the past") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        plan = history.plan(checked)
        panel = history.panel(plan, ahead, snapshots, progress, with_today=begin is None)
        business, coming = business_figures(history, plan, panel, touch=touch), forecast(history, plan, panel, begin)
    if json:
        told = {"model": checked.name, "model_version": checked.version}
        print_json({**told, "figures": business.to_dict(), "forecast": coming.to_dict()})
        return
    out().print(f"[bold]{escape(checked.name)}[/bold] {checked.version}")
    print_figures(business, by.value if by else "source" if business.by_source else "month")
    print_forecast(coming)

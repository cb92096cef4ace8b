"""`scoville threshold`: where to put the line? From capacity, a wanted rate or reach, or money."""

from __future__ import annotations

from typing import Annotated

import typer

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

_WISH = "What the line is for"
_wish = {"rich_help_panel": _WISH, "show_default": False}

Capacity = Annotated[
    float | None,
    typer.Option("--capacity", metavar="LEADS", help="At most so many new leads a week.", **_wish),
]
Reps = Annotated[
    float | None,
    typer.Option("--reps", metavar="N", help="The same by people: so many who call, with --calls.", **_wish),
]
Calls = Annotated[
    float | None,
    typer.Option("--calls", metavar="N", help="How many new leads each of them calls in a week.", **_wish),
]
Precision = Annotated[
    str | None,
    typer.Option("--precision", metavar="SHARE", help="At least this share buys: 20% or 0.2 is 1 in 5.", **_wish),
]
Recall = Annotated[
    str | None,
    typer.Option("--recall", metavar="SHARE", help="Reach at least this share of all who buy, such as 80%.", **_wish),
]
Cost = Annotated[
    float | None,
    typer.Option("--cost", metavar="MONEY", help="What working one lead costs: the most money, with --value.", **_wish),
]
Value = Annotated[
    float | None,
    typer.Option(
        "--value", metavar="MONEY", help="What a win brings, with --cost; default: the mean value of outcomes.", **_wish
    ),
]
Last = Annotated[int, typer.Option("--last-customers", metavar="N", help="How many of the last buyers to look at.")]
SectionName = Annotated[
    str,
    typer.Option("--section", metavar="NAME", help="Draw the line through the score, or through fit or engagement."),
]
Weeks = Annotated[int, typer.Option("--weeks", metavar="N", help="How many weeks to look at; with weekly snapshots.")]


def threshold(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    capacity: Capacity = None,
    reps: Reps = None,
    calls: Calls = None,
    precision: Precision = None,
    recall: Recall = None,
    cost: Cost = None,
    value: Value = None,
    last_customers: Last = 50,
    section: SectionName = "score",
    horizon: Horizon = "90d",
    snapshots: Snapshots = "weekly",
    weeks: Weeks = 26,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Where to put the line: which score grants what you wish, and what it would have meant in past weeks.

    Leads count once, in the week in which they first reach the line. Without a wish, you see what each line trades and
    those worth a look. Exits 1 when a wish cannot be met.

    Example: scoville threshold model.yaml --leads leads.csv --events events.csv --outcomes outcomes.csv --capacity 40
    """
    from scoville.cli.lines import print_thresholds
    from scoville.cli.output import print_json
    from scoville.cli.past import length, past_of, progress_of, share
    from scoville.errors import UsageError
    from scoville.evidence.lines.threshold import section_named, thresholds
    from scoville.evidence.lines.wishes import Wishes
    from scoville.model.load import Model

    if value is not None and cost is None:
        raise UsageError("--value goes with --cost: say what working one lead costs, too")
    good = share(precision, "--precision") if precision is not None else None
    reach = share(recall, "--recall") if recall is not None else None
    wishes = Wishes(_a_week(capacity, reps, calls), good, reach, cost, value, last_customers)
    through = section_named(section)
    checked = Model.load(model)
    with progress_of("scoring the past") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        found = thresholds(
            history, history.plan(checked), wishes,
            section=through, horizon=length(horizon, "--horizon"), snapshots=snapshots, weeks=weeks, progress=progress,
        )  # fmt: skip
    if json:
        print_json(found.to_dict())
    else:
        print_thresholds(found)
    if not found.all_met and wishes.any_given:
        raise typer.Exit(1)


def _a_week(capacity: float | None, reps: float | None, calls: float | None) -> float | None:
    """New leads a week that can be called, said either way."""
    from scoville.errors import UsageError

    if (reps is None) != (calls is None):
        raise UsageError("--reps and --calls go together, such as --reps 4 --calls 25 for 100 leads a week")
    if reps is None or calls is None:
        return capacity
    if capacity is not None:
        raise UsageError("give either --capacity, or --reps and --calls")
    return reps * calls

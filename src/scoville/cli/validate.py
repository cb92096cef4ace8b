"""`scoville validate`: is the score worth believing? A backtest on the model's own past."""

from __future__ import annotations

from pathlib import Path
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

WriteProbability = Annotated[
    bool,
    typer.Option(
        "--write-probability",
        help="Write what share of leads with a score convert into MODEL, as its `probability`; all else in it stays.",
    ),
]

Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE.html", show_default=False,
        help="Write all of it as one web page to read, print and pass on; it needs nothing else.",
    ),
]  # fmt: skip

ModelDate = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", show_default=False,
        help="Since when the model is in use; an old one is to be reviewed (30 days), re-tuned (90) or distrusted.",
    ),
]  # fmt: skip
Details = Annotated[bool, typer.Option("--details", help="Print all figures, not only what they come to.")]


def validate(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    horizon: Horizon = "90d",
    snapshots: Snapshots = "monthly",
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    report: Report = None,
    write_probability: WriteProbability = False,  # noqa: FBT002 - a flag
    model_date: ModelDate = None,
    details: Details = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Test a model on its own past: does it rank, does conversion rise with the score, which rules earn their place?

    Each snapshot scores the leads that were open then with what was known then, and asks who converted within the
    horizon. Exits 1 when the score does not predict.

    Example: scoville validate model.yaml --leads leads.csv --events events.csv --outcomes outcomes.csv
    """
    from scoville.cli.evidence import print_evidence
    from scoville.cli.output import print_json, print_written
    from scoville.cli.past import instant, length, past_of, progress_of
    from scoville.engines.beside import refuse_overwriting
    from scoville.evidence.backtest import evidence_of
    from scoville.evidence.probability import check_writable, write_measured
    from scoville.model.load import Model

    checked = Model.load(model)
    since = instant(model_date, "--model-date") if model_date is not None else None
    if write_probability:
        check_writable(model)
    if report is not None:
        from scoville.evidence.report import check_report_place, write_report

        check_report_place(report)
        refuse_overwriting([report], [str(model), leads, events, outcomes])
    with progress_of("scoring the past") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        plan = history.plan(checked)
        panel = history.panel(plan, length(horizon, "--horizon"), snapshots, progress, with_today=True)
        evidence = evidence_of(history, plan, panel, since)
    if json:
        print_json(evidence.to_dict())
    else:
        print_evidence(evidence, details=details)
    if write_probability:
        print_written(write_measured(model, checked, evidence, panel, history.won))
    if report is not None:
        write_report(evidence, report)
        print_written(f"wrote {report}")
    if not evidence.predicts:
        raise typer.Exit(1)

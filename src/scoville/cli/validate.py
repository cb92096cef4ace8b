"""`scoville validate`: is the score worth believing? A backtest on the model's own past."""

from __future__ import annotations

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
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Test a model on its own past: does it rank, does conversion rise with the score, which rules earn their place?

    Each snapshot scores the leads that were open then with what was known then, and asks who converted within the
    horizon. Exits 1 when the score does not predict.

    Example: scoville validate model.yaml --leads leads.csv --events events.csv --outcomes outcomes.csv
    """
    from scoville.cli.evidence import print_evidence
    from scoville.cli.output import print_json
    from scoville.cli.past import length, past_of, progress_of
    from scoville.evidence.backtest import evidence_of
    from scoville.model.load import Model

    checked = Model.load(model)
    with progress_of("scoring the past") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        plan = history.plan(checked)
        evidence = evidence_of(history, plan, history.panel(plan, length(horizon, "--horizon"), snapshots, progress))
    if json:
        print_json(evidence.to_dict())
    else:
        print_evidence(evidence)
    if not evidence.predicts:
        raise typer.Exit(1)

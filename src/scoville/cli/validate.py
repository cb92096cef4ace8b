"""`scoville validate`: is the score worth believing? A backtest on the model's own past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.options import Engine, Events, Json, Leads, Maps, MemoryLimit, ModelPath, WorkspacePath

if TYPE_CHECKING:
    from datetime import timedelta

_DATA = "Data"


def validate(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            "--outcomes",
            "-O",
            metavar="FILE",
            rich_help_panel=_DATA,
            show_default=False,
            help="What became of them: lead_id, at, perhaps outcome and value. Default: events named by --won.",
        ),
    ] = None,
    outcome_column: Annotated[
        str | None,
        typer.Option(
            "--outcome-column",
            metavar="COLUMN",
            rich_help_panel=_DATA,
            show_default=False,
            help="A column of leads that says who won (1, yes). It has no dates, so this is not point in time.",
        ),
    ] = None,
    won: Annotated[
        list[str] | None,
        typer.Option(
            "--won", metavar="NAME", help="Outcome that counts; may be repeated.  [default: won]", show_default=False
        ),
    ] = None,
    horizon: Annotated[str, typer.Option(metavar="TIME", help="How far ahead an outcome counts, such as 90d.")] = "90d",
    snapshots: Annotated[
        str, typer.Option(metavar="WHEN", help="monthly, weekly, or dates such as 2026-01-01,2026-04-01.")
    ] = "monthly",
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
    from scoville.cli.run import open_engine, sources_of, working
    from scoville.data.outcomes import WON
    from scoville.evidence import needs_extra

    needs_extra()
    from scoville.evidence.backtest import validate as backtest

    known, leads, events = sources_of(leads, events, maps, workspace)
    with working("reading, cleaning and scoring the past"):
        evidence = backtest(
            model, leads, events, outcomes if outcomes is not None else known.outcomes.source,
            outcome_column=outcome_column, won=won or [WON], horizon=_length(horizon), snapshots=snapshots,
            workspace=known, engine=open_engine(engine, memory_limit),
        )  # fmt: skip
    if json:
        print_json(evidence.to_dict())
    else:
        print_evidence(evidence)
    if not evidence.predicts:
        raise typer.Exit(1)


def _length(text: str) -> timedelta:
    from scoville.errors import UsageError
    from scoville.model.conditions import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        message = f"--horizon: {error}"
        raise UsageError(message) from None

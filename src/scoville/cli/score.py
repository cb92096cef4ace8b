"""`scoville score`: who to call, best first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.boosted import Blend, WithBoosted
from scoville.cli.options import AnyEngine, AsOf, Events, Json, Leads, Maps, MemoryLimit, ModelPath, WorkspacePath

if TYPE_CHECKING:
    from scoville.scoring import ScoreRun

_OUT = "Output"
_TARGET = "a .csv, .parquet or .jsonl file, or on a warehouse a table"


def score(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    as_of: AsOf = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="TARGET",
            help=f"Write all scores: {_TARGET}.",
            rich_help_panel=_OUT,
            show_default=False,
        ),
    ] = None,
    contributions: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Write where every point comes from, likewise.",
            rich_help_panel=_OUT,
            show_default=False,
        ),
    ] = None,
    accounts: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Write account scores, likewise; the model needs `accounts`.",
            rich_help_panel=_OUT,
            show_default=False,
        ),
    ] = None,
    adjustments: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Points given by hand: lead_id, points, perhaps reason, created_at and expires_at.",
            rich_help_panel="Data",
            show_default=False,
        ),
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Write the rows kept aside, each with its reason, likewise.",
            rich_help_panel=_OUT,
            show_default=False,
        ),
    ] = None,
    boosted: WithBoosted = None,
    blend: Blend = None,
    top: Annotated[int, typer.Option(min=0, help="How many leads to show on the terminal.", rich_help_panel=_OUT)] = 20,
    since: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Read only what came after the run that left this file, and leave it anew for the next.",
            rich_help_panel="Data",
            show_default=False,
        ),
    ] = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: AnyEngine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - typer's way to write a flag
) -> None:
    """Score leads and rank them, with reasons.

    Example: scoville score model.yaml --leads leads.csv --events events.csv -o scores.csv

    Every hour, with what came since: scoville score model.yaml --since last.duckdb -o scores.parquet
    """
    from scoville.cli.boosted import print_predicted, read_boosted
    from scoville.cli.output import print_json, print_quality, print_run
    from scoville.cli.run import scored, working

    named = {"scores": output, "contributions": contributions, "account_scores": accounts, "rejects": rejects}
    targets = {name: target for name, target in named.items() if target is not None}
    beside = read_boosted(boosted, blend)
    with scored(
        model, leads, events, maps, workspace, as_of, engine, memory_limit, list(targets.values()), since, adjustments
    ) as run:
        with working("scoring"):
            if contributions is not None:
                run.share()
            if output is None or contributions is not None or accounts is not None or json:
                run.keep("scores")
            if beside is not None:
                from scoville.learn.boosted.predicting import add_boosted

                add_boosted(run, beside, blend)
            run.write_all(targets)
            if since is not None:
                run.leave()
        written = list(targets.values())
        if json:
            print_json(_summary(run, top, written))
            return
        if output is None:
            print_run(run, top)
            if beside is not None:
                print_predicted(run, top)
        print_quality(run.quality, written)


def _summary(run: ScoreRun, top: int, written: list[str]) -> dict[str, object]:
    return {
        "model": run.model.name,
        "model_version": run.model.version,
        "as_of": run.as_of.isoformat() + "Z",
        **run.counts(),
        "top": run.top(top).to_pylist(),
        "quality": run.quality.to_dict(),
        "written": written,
    }

"""`scoville drift`: does the model still hold? Two dates of its past, or now against a saved baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    Outcomes,
    Won,
    WorkspacePath,
)
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from scoville.evidence.drift.drifted import Asked
    from scoville.evidence.drift.profile import Profile
    from scoville.evidence.history import History

_ALL = "all"
_WHEN = "When"
_LEAST_LIMIT = 0.1  # below it nothing is said to have moved at all

From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="DATE", rich_help_panel=_WHEN, show_default=False,
        help="The earlier date to compare with; default: 180 days before --to.",
    ),
]  # fmt: skip
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DATE", rich_help_panel=_WHEN, show_default=False,
        help="The later date; default: the end of the data.",
    ),
]  # fmt: skip
Baseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.json", rich_help_panel=_WHEN, show_default=False,
        help="Compare with what --save-baseline kept, instead of an earlier date.",
    ),
]  # fmt: skip
SaveBaseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.json", rich_help_panel=_WHEN, show_default=False,
        help="Keep how the leads look now (counts, no lead's data), to compare with later.",
    ),
]  # fmt: skip
Window = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", rich_help_panel=_WHEN, show_default=False,
        help="Compare leads created within this time before each date, or all open ones: all; default: 90d.",
    ),
]  # fmt: skip
Limit = Annotated[
    float, typer.Option(metavar="PSI", help="Population stability index from which something has drifted.")
]


def drift(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    won: Won = None,
    from_: From = None,
    to: To = None,
    baseline: Baseline = None,
    save_baseline: SaveBaseline = None,
    window: Window = None,
    horizon: Horizon = "90d",
    limit: Limit = 0.25,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Has the model drifted? Are new leads, and what the model gives them, as they were, and does it rank as well?

    Compares two dates, or now with a saved baseline. Outcomes are not needed; with them, AUC and conversion rate are
    compared too. Exits 1 when it has drifted, 0 when not, 2 when it cannot run, so that a scheduler can tell.

    Example: scoville drift model.yaml --leads leads.csv --events events.csv --from 2026-01-01
    Example: scoville drift model.yaml --leads leads.csv --events events.csv --save-baseline baseline.json
    Example: scoville drift model.yaml --leads leads.csv --events events.csv --baseline baseline.json
    """
    from scoville.cli.drifted import print_drift, print_saved
    from scoville.cli.output import print_json
    from scoville.cli.past import progress_of
    from scoville.evidence.drift.baseline import load_baseline, to_json
    from scoville.evidence.drift.baseline import save_baseline as keep
    from scoville.evidence.drift.drifted import find_drift, profile_now
    from scoville.model.load import Model

    checked = Model.load(model)
    _check_files(from_, baseline, save_baseline, [str(model), leads, events, outcomes])
    known = load_baseline(baseline) if baseline is not None else None
    asked = _asked(from_, to, window, horizon, limit, known)
    with progress_of("scoring") as progress:
        history = _read(leads, events, outcomes, won, maps, workspace, engine, memory_limit)
        plan = history.plan(checked)
        compares = not (save_baseline is not None and known is None and from_ is None)
        found, now = (
            find_drift(history, plan, asked, known, progress)
            if compares
            else (None, profile_now(history, plan, asked, progress))
        )
    if save_baseline is not None:
        keep(now, save_baseline)
    if json:
        print_json(found.to_dict() if found is not None else to_json(now))
    elif found is not None:
        print_drift(found)
    if save_baseline is not None and not json:
        print_saved(now, save_baseline)
    if found is not None and found.drifted:
        raise typer.Exit(1)


def _check_files(
    from_: str | None, baseline: Path | None, save_baseline: Path | None, sources: Sequence[str | None]
) -> None:
    """Nothing is written over what is read. Raises: UsageError."""
    from scoville.engines.beside import check_place, refuse_overwriting

    if from_ is not None and baseline is not None:
        raise UsageError("--from and --baseline both say what to compare with: give one of them")
    if save_baseline is None:
        return
    check_place(save_baseline)
    if save_baseline.suffix.lower() != ".json":
        raise UsageError(f"a baseline is JSON: name it with the ending .json, not {save_baseline.name}")
    refuse_overwriting([save_baseline], [*sources, str(baseline) if baseline else None])


def _asked(
    from_: str | None, to: str | None, window: str | None, horizon: str, limit: float, known: Profile | None
) -> Asked:
    """What the options ask for. Raises: UsageError for dates, times and limits that are none."""
    from scoville.cli.past import instant, length
    from scoville.evidence.drift.drifted import WINDOW, Asked

    if not limit >= _LEAST_LIMIT:
        raise UsageError(f"--limit {limit:g} is too low: below {_LEAST_LIMIT:g} a shift is not worth a look")
    wanted = WINDOW if window is None else None if window == _ALL else length(window, "--window")
    if known is not None and window is not None and _days(wanted) != known.window_days:
        said = _ALL if known.window_days is None else f"{known.window_days:g}d"
        raise UsageError(f"the baseline holds leads of --window {said}: leave --window out, or make another baseline")
    base = instant(from_, "--from") if from_ is not None else None
    now = instant(to, "--to") if to is not None else None
    return Asked(base, now, wanted, length(horizon, "--horizon"), limit)


def _days(window: timedelta | None) -> float | None:
    return None if window is None else window.total_seconds() / 86_400


def _read(  # noqa: PLR0913 - the options that say what to read
    leads: str | None,
    events: str | None,
    outcomes: str | None,
    won: Sequence[str] | None,
    maps: Sequence[str] | None,
    workspace: Path | None,
    engine: str,
    memory_limit: str | None,
) -> History:
    """Leads, events and, where any are named, outcomes: drift of the leads alone needs none."""
    from scoville.cli.run import open_duckdb, sources_of
    from scoville.data.outcomes import WON
    from scoville.evidence.drift.drifted import no_outcomes
    from scoville.evidence.history import read_history

    known, leads, events = sources_of(leads, events, maps, workspace)
    named = outcomes if outcomes is not None else known.outcomes.source
    found = no_outcomes() if named is None and not won else named
    return read_history(
        leads, events, found, won=won or [WON], workspace=known, engine=open_duckdb(engine, memory_limit)
    )

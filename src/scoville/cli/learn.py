"""`scoville learn`: points from what became of past leads, written as an ordinary model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoville.cli.boosted import LearnBoosted
from scoville.cli.options import (
    Engine,
    Events,
    Horizon,
    Json,
    Leads,
    Maps,
    MemoryLimit,
    OutcomeColumn,
    Outcomes,
    Snapshots,
    Won,
    WorkspacePath,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.learn.learning import Learned
    from scoville.learn.retuning.retune import Retuned
    from scoville.learn.written.pointed import Section

_CARD = "Card"
FACTORS = 7
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", show_default=False,
        help="Write the model here. Without it, what was found is only shown.",
    ),
]  # fmt: skip
Factors = Annotated[int, typer.Option(min=1, max=40, metavar="N", help="At most so many rules.", rich_help_panel=_CARD)]
MaxPoints = Annotated[
    int, typer.Option(min=1, max=100, metavar="N", help="At most so many points a band.", rich_help_panel=_CARD)
]
MaxBands = Annotated[
    int, typer.Option(min=2, max=20, metavar="N", help="At most so many bands a rule.", rich_help_panel=_CARD)
]
Traits = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B", show_default=False, rich_help_panel=_CARD,
        help="Only these traits may be used, also derived ones such as job_title.seniority.",
    ),
]  # fmt: skip
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="C,D", show_default=False, rich_help_panel=_CARD, help="Traits and events that may not be used."
    ),
]
Up = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B", show_default=False, rich_help_panel=_CARD,
        help="Traits and events with which points may only rise.",
    ),
]  # fmt: skip
Down = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B", show_default=False, rich_help_panel=_CARD,
        help="Traits and events with which points may only fall.",
    ),
]  # fmt: skip
FitMax = Annotated[
    float | None,
    typer.Option(
        min=1, max=100, metavar="N", show_default=False, rich_help_panel=_CARD, help="The most points of fit."
    ),
]
EngagementMax = Annotated[
    float | None,
    typer.Option(
        min=1, max=100, metavar="N", show_default=False, rich_help_panel=_CARD, help="The most points of engagement."
    ),
]  # fmt: skip
Against = Annotated[
    Path | None,
    typer.Option(
        metavar="MODEL", show_default=False,
        help="Your own model: compare on the same later leads, and write the card only if it is shown to be better.",
    ),
]  # fmt: skip
_RETUNE = "Re-tune a model"
From = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="MODEL", show_default=False, rich_help_panel=_RETUNE,
        help="Keep the rules of this model; measure its points, half-lives and stages anew.",
    ),
]  # fmt: skip
Add = Annotated[int, typer.Option(min=0, max=20, metavar="N", rich_help_panel=_RETUNE, help="Suggest so many rules.")]
Anyway = Annotated[
    bool,
    typer.Option("--anyway", help="With --against or --from: write it also where it is not shown to be better."),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE.html", show_default=False,
        help="Write all that was found as one web page, with the card as a picture; it needs nothing else.",
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option(metavar="N", help="Which leads are held out. The same seed, the same model.")]


def learn(  # noqa: PLR0913 - one parameter for each option
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    output: Output = None,
    horizon: Horizon = "90d",
    snapshots: Snapshots = "monthly",
    factors: Factors = FACTORS,
    max_points: MaxPoints = 20,
    max_bands: MaxBands = 5,
    traits: Traits = None,
    leave_out: LeaveOut = None,
    up: Up = None,
    down: Down = None,
    fit_max: FitMax = None,
    engagement_max: EngagementMax = None,
    against: Against = None,
    boosted: LearnBoosted = None,
    from_: From = None,
    add: Add = 0,
    anyway: Anyway = False,  # noqa: FBT002 - a flag
    report: Report = None,
    seed: Seed = 0,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Learn points from what became of past leads, and write them as a model to read, change and score with.

    A card of a few rules with small whole points is made from earlier leads and judged on later ones. What looks
    written after the outcome is not used. Exits 1, and writes nothing, when nothing was found that holds, or nothing
    that is shown to rank better than the model named with --against.

    With --from MODEL the rules stay: points, half-lives and stages that the past speaks against are measured anew.

    Example: scoville learn --leads leads.csv --events events.csv --outcomes outcomes.csv -o model.yaml
    """
    from scoville.cli.boosted import learned_boosted
    from scoville.cli.past import length, past_of, progress_of
    from scoville.learn.learning import learn as learned_from
    from scoville.learn.retuning.retune import retune
    from scoville.scoring import read_model

    rival = read_model(against) if against is not None else None
    ahead = length(horizon, "--horizon")
    _check_places(output, boosted, report)
    shapes = {**dict.fromkeys(_names(up) or (), "up"), **dict.fromkeys(_names(down) or (), "down")}
    if from_ is not None:
        _check_alone(factors=factors != FACTORS, traits=traits, leave_out=leave_out, up=up, down=down, against=against,
                     boosted=boosted, fit_max=fit_max, engagement_max=engagement_max)  # fmt: skip
        with progress_of("tuning") as progress:
            history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
            found = retune(
                history, from_, horizon=ahead, snapshots=snapshots, max_points=max_points, add=add, seed=seed,
                progress=progress,
            )  # fmt: skip
        _tell_retuned(found, output, report, json=json)
        _write(found.text if found.better or anyway else None, output)
        return
    with progress_of("learning") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        learned = learned_from(
            history, horizon=ahead, snapshots=snapshots, factors=factors, max_points=max_points, max_bands=max_bands,
            traits=_names(traits), leave_out=_names(leave_out) or (), shapes=shapes, against=rival, seed=seed,
            most=_most(fit_max, engagement_max), progress=progress,
        )  # fmt: skip
    options = {"horizon": ahead, "snapshots": snapshots, "traits": _names(traits), "leave_out": _names(leave_out) or ()}
    told = learned_boosted(boosted, learned, history, {**options, "seed": seed})
    _tell_learned(learned, told, output, report, json=json)
    _write(learned.text if learned.is_worth_it or anyway else None, output)


def _check_alone(**given: object) -> None:
    """Options that choose rules mean nothing where the rules stay. Raises: UsageError."""
    from scoville.errors import UsageError

    if named := [name for name, value in given.items() if value]:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in named)
        raise UsageError(f"--from keeps the rules of the model: leave out {options}")


def _names(given: Sequence[str] | None) -> list[str] | None:
    """`a,b` and `--traits a --traits b` alike."""
    return None if given is None else [name.strip() for text in given for name in text.split(",") if name.strip()]


def _most(fit: float | None, engagement: float | None) -> dict[Section, float]:
    """The most points of the sections for which it was said."""
    most: dict[Section, float] = {}
    if fit is not None:
        most["fit"] = fit
    if engagement is not None:
        most["engagement"] = engagement
    return most


def _check_places(output: Path | None, boosted: Path | None, report: Path | None) -> None:
    """Whether everything can be written where it is asked for, before minutes of work. Raises: UsageError."""
    from scoville.errors import UsageError

    models = [place for place in (output, boosted) if place is not None]
    for place in models:
        check_place(place)
    if report is None:
        return
    from scoville.learn.report import check_report_place

    check_report_place(report)
    if report.resolve() in {place.resolve() for place in models}:
        raise UsageError(f"{report} is named for two outputs; give each its own file")


def check_place(path: Path) -> None:
    """Whether a file can be put here, before minutes of work. Raises: UsageError."""
    from scoville.errors import UsageError

    if path.is_dir():
        raise UsageError(f"cannot write the model to {path}: it is a folder; name a file in it, such as model.yaml")
    if not path.resolve().parent.is_dir():
        raise UsageError(f"cannot write the model to {path}: the folder {path.parent} does not exist")


def _tell_learned(
    learned: Learned, boosted: Mapping[str, Mapping[str, Any]], output: Path | None, report: Path | None, *, json: bool
) -> None:
    from scoville.cli.boosted import print_boosted
    from scoville.cli.learned import print_learned
    from scoville.cli.output import print_json

    if json:
        print_json({**learned.to_dict(), **boosted})
    else:
        print_learned(learned, output)
        print_boosted(boosted)
    _write_report(learned, report, boosted.get("boosted"))


def _tell_retuned(found: Retuned, output: Path | None, report: Path | None, *, json: bool) -> None:
    from scoville.cli.output import print_json
    from scoville.cli.retuned import print_retuned

    if json:
        print_json(found.to_dict())
    else:
        print_retuned(found, output)
    _write_report(found, report)


def _write_report(found: Learned | Retuned, report: Path | None, boosted: Mapping[str, Any] | None = None) -> None:
    """A report also of what was not learned: why not, and what was tried."""
    if report is None:
        return
    from scoville.cli.output import print_written
    from scoville.learn.report import write_report

    write_report(found, report, boosted)
    print_written(f"wrote {report}")


def _write(text: str | None, output: Path | None) -> None:
    """The model, where there is one to write; else the command says no."""
    from scoville.cli.output import print_written

    if text is None:
        raise typer.Exit(1)
    if output is not None:
        write_model(text, output)
        print_written(f"wrote {output}")


def write_model(text: str, path: Path) -> None:
    """The file appears whole or not at all."""
    from scoville.engines.beside import written_beside

    with written_beside(path.resolve()) as beside:
        beside.write_text(text, encoding="utf-8")

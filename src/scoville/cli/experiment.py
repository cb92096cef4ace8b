"""`scoville experiment`: a trial with living leads, planned, assigned, and read at any time."""

from __future__ import annotations

from dataclasses import replace
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
    OutcomeColumn,
    Outcomes,
    Won,
    WorkspacePath,
)
from scoville.errors import DataError, UsageError

if TYPE_CHECKING:
    from scoville.evidence.trial.assigning import Baseline
    from scoville.evidence.trial.experiment import Plan, Reading

experiment = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="A trial with living leads: plan it, assign leads to variants, and read it at any time.\n\n"
    "Example: scoville experiment plan --rate 5% --lift 20% --per-week 400",
)

_TWO = 2
_SPLIT = "current=50,new=50"
Variants = Annotated[
    str, typer.Option(metavar="NAME=WEIGHT,...", help="The variants with their weights; the first is the usual one.")
]


@experiment.command()
def plan(  # noqa: PLR0913 - one parameter for each option
    rate: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="The usual conversion rate, such as 5%. Default: from the data."),
    ] = None,
    lift: Annotated[
        str,
        typer.Option(metavar="SHARE", help="Smallest change worth showing, of the usual rate: 20% is a fifth more."),
    ] = "20%",
    variants: Variants = _SPLIT,
    per_week: Annotated[
        float | None, typer.Option(metavar="LEADS", help="New leads a week. Default: from the data.")
    ] = None,
    power: Annotated[float, typer.Option(help="Chance to show the change when it is there.")] = 0.8,
    alpha: Annotated[float, typer.Option(help="Chance to show a change when there is none.")] = 0.05,
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    horizon: Horizon = "90d",
    maps: Maps = None,
    workspace: WorkspacePath = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """How many leads a trial needs, and how many weeks.

    The usual conversion rate is given, or taken from leads and outcomes: who converted within the horizon after they
    were created.

    Example: scoville experiment plan --leads leads.csv --outcomes outcomes.csv --lift 20%
    """
    from scoville.cli.output import print_json
    from scoville.cli.past import length, past_of, progress_of, share
    from scoville.data.workspace import load_workspace
    from scoville.evidence.trial.assigning import baseline
    from scoville.evidence.trial.experiment import plan_experiment, variants_of

    named, wanted, found = variants_of(variants), share(lift, "--lift"), None
    if rate is None:
        ahead = length(horizon, "--horizon")
        if leads is None and load_workspace(workspace).leads.source is None:
            raise UsageError("say how many convert as a rule: --rate 5%, or --leads and --outcomes to find out")
        with progress_of("counting"):
            history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, "duckdb://", None)
            found = baseline(history, ahead)
    usual = found.rate if found is not None else share(rate or "", "--rate")
    a_week = per_week if per_week is not None else found.leads_a_week if found is not None else None
    made = plan_experiment(usual, wanted, named, leads_a_week=a_week, power=power, alpha=alpha)
    if json:
        print_json(made.to_dict())
    else:
        _print_plan(made, found)


@experiment.command()
def assign(  # noqa: PLR0913 - one parameter for each option
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the trial; another name splits anew.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write (.csv, .parquet or .jsonl).")
    ],
    leads: Leads = None,
    variants: Variants = _SPLIT,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Give every lead a variant, for good: the same lead always gets the same one.

    It is decided by the SHA-256 of the trial's name and the lead's id, so that any system can work it out.

    Example: scoville experiment assign --name welcome --leads leads.csv -o assigned.csv
    """
    from scoville.cli.output import out, print_json
    from scoville.cli.run import open_duckdb, sources_of, working
    from scoville.engines.beside import refuse_targets
    from scoville.evidence.trial.assigning import assign as assign_leads
    from scoville.evidence.trial.experiment import variants_of

    named = variants_of(variants)
    known, source, _ = sources_of(leads, None, maps, workspace)
    refuse_targets([output], [source])
    with working("assigning"):
        given = assign_leads(open_duckdb(engine, memory_limit), source, name, named, output, workspace=known)
    if json:
        print_json({"experiment": name, "variants": given, "written": [str(output)]})
        return
    for variant, count in given.items():
        out().print(f"{variant}: {count:,} leads", markup=False)
    out().print(f"wrote {output}", markup=False)


@experiment.command()
def read(  # noqa: PLR0913 - one parameter for each option
    assignments: Annotated[
        str, typer.Argument(metavar="FILE", help="Who got what: lead_id, variant, perhaps assigned_at.")
    ],
    outcomes: Outcomes = None,
    events: Events = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    variants: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=WEIGHT,...",
            show_default=False,
            help="The planned split; the first is the usual one. Default: all alike, by name.",
        ),
    ] = None,
    planned: Annotated[
        int, typer.Option(metavar="LEADS", help="Leads that the plan asked for, in all. Say it before you look.")
    ] = 10_000,
    horizon: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            show_default=False,
            help="Count only outcomes so soon after assigned_at, of leads that had the time, such as 30d.",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Read it as of this instant; default: now.")
    ] = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """What a trial shows so far. Look as often as you like: the intervals allow for it.

    Exits 1 when the split is not as planned: then nothing it shows is to be believed.

    Example: scoville experiment read assigned.csv --outcomes outcomes.csv --variants current=50,new=50
    """
    from scoville.cli.output import print_json
    from scoville.cli.past import instant, length, progress_of
    from scoville.cli.run import open_duckdb
    from scoville.data.outcomes import WON
    from scoville.data.workspace import RelationSettings, load_workspace
    from scoville.evidence.history import read_history
    from scoville.evidence.trial.assigning import by_id_alone, count
    from scoville.evidence.trial.experiment import alike, read_experiment, variants_of
    from scoville.scoring import as_instant
    from scoville.words import counted

    ahead = length(horizon, "--horizon") if horizon is not None else None
    when = instant(as_of, "--as-of") if as_of is not None else as_instant(None)
    named = variants_of(variants) if variants is not None else None
    known = load_workspace(workspace)
    came = outcomes if outcomes is not None else known.outcomes.source
    if came is None and events is None and outcome_column is None:
        raise UsageError("say what became of the leads: --outcomes FILE, or --outcome-column COLUMN of the assignments")
    known = replace(known, leads=RelationSettings(), accounts=RelationSettings()).with_maps(maps or ())
    with progress_of("counting"):
        history = read_history(
            assignments, events, came, outcome_column=outcome_column, won=won or [WON],
            workspace=by_id_alone(known), engine=open_duckdb("duckdb://", None), allow_others=True,
        )  # fmt: skip
        found = count(history, when, ahead)
    if named is None and len(found.arms) < _TWO and found.left_out:
        why = ", ".join(f"{counted(leads, 'lead')} {reason}" for reason, leads in found.left_out.items())
        raise DataError(
            f"two variants are needed, and {counted(len(found.arms), 'variant')} counts: left out are {why}"
        )
    reading = read_experiment(found.arms, named or alike(found.arms), planned=planned)
    if json:
        print_json(reading.to_dict() | {"left_out": found.left_out})
    else:
        _print_reading(reading, found.left_out)
    if not reading.split.is_as_planned:
        raise typer.Exit(1)


def _print_plan(made: Plan, found: Baseline | None) -> None:
    from scoville.cli.output import figures_table, out

    console = out()
    if found is not None:
        console.print(
            f"{found.conversions:,} of {found.leads:,} leads converted: {made.rate:.2%}"
            + (f", {found.leads_a_week:,.0f} new leads a week" if found.leads_a_week is not None else "")
        )
    console.print(
        f"To show {made.expected:.2%} where {made.rate:.2%} is usual ({made.lift:+.0%}), "
        f"with a chance of {made.power:.0%}, and a false alarm with {made.alpha:.0%}:"
    )
    rows = [
        ("read at any time", f"{made.leads_when_peeking:,}", *_each(made.per_variant_when_peeking),
         _weeks(made.weeks_when_peeking)),
        ("read once, at the end", f"{made.leads:,}", *_each(made.per_variant), _weeks(made.weeks)),
    ]  # fmt: skip
    console.print(figures_table("", ("", "leads", *made.per_variant, "time"), rows))
    console.print(
        "`scoville experiment read` may be read at any time, and often shows a change earlier: "
        f"give it --planned {made.leads_when_peeking}"
    )


def _each(leads: dict[str, int]) -> list[str]:
    return [f"{count:,}" for count in leads.values()]


def _weeks(weeks: float | None) -> str:
    if weeks is None:
        return "give --per-week to know"
    return f"{weeks:,.1f} weeks" if weeks < 10 else f"{weeks:,.0f} weeks"  # noqa: PLR2004 - one decimal where it tells


def _print_reading(reading: Reading, left_out: dict[str, int]) -> None:
    from rich.text import Text

    from scoville.cli.output import figures_table, out
    from scoville.words import counted

    console = out()
    is_decided = reading.split.is_as_planned and any(one.answer in {"better", "worse"} for one in reading.effects)
    style = "bold red" if not reading.split.is_as_planned else "bold green" if is_decided else "bold yellow"
    console.print(Text(reading.verdict, style=style))
    rows = [
        (
            Text(one.name), f"{one.share:.0%}", f"{one.leads:,}", f"{one.conversions:,}",
            "-" if one.rate is None else f"{one.rate:.2%}",
            "-" if one.low is None or one.high is None else f"{one.low:.2%} to {one.high:.2%}",
        )
        for one in reading.variants
    ]  # fmt: skip
    console.print(figures_table("", ("variant", "planned", "leads", "converted", "rate", "95%, at any time"), rows))
    for reason, leads in left_out.items():
        console.print(Text("note: ", style="yellow") + Text(f"left out: {counted(leads, 'lead')} {reason}"))

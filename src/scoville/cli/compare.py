"""`scoville compare`: which of several models is better, who changes stage, and what differs in the files."""

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
    OutcomeColumn,
    Outcomes,
    Snapshots,
    Won,
    WorkspacePath,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from scoville.evidence.versus.at_capacity import Reached
    from scoville.evidence.versus.compare import Challenge, Comparison

_SHOWN_MOVERS = 10
_SHOWN_MOVES = 12
_SHOWN_CHANGES = 25
_STYLES = {"better": "bold green", "worse": "bold red", "mixed": "bold yellow"}


def compare(  # noqa: PLR0913 - one parameter for each option
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL MODEL...",
            help="Model files (YAML), two or more; the others are compared with the first.",
            show_default=False,
        ),
    ],
    leads: Leads = None,
    events: Events = None,
    outcomes: Outcomes = None,
    outcome_column: OutcomeColumn = None,
    won: Won = None,
    horizon: Horizon = "90d",
    snapshots: Snapshots = "monthly",
    capacity: Annotated[
        str, typer.Option(metavar="SHARE", help="Share of the leads that can be called, best first, such as 20%.")
    ] = "20%",
    movers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every lead that changes stage (.csv, .parquet or .jsonl).",
            rich_help_panel="Output",
            show_default=False,
        ),
    ] = None,
    require_better: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--require-better", help="Exit 1 unless the last model is shown to be better.")
    ] = False,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: Engine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Compare models on the same past: which ranks better, which reaches more of the conversions, who changes stage.

    The answer may be that no difference is shown; then it says how many more outcomes would show one.

    Example: scoville compare now.yaml new.yaml --leads leads.csv --events events.csv --outcomes outcomes.csv
    """
    from scoville.cli.output import print_json
    from scoville.cli.past import length, past_of, progress_of, share
    from scoville.engines.beside import refuse_targets
    from scoville.evidence.versus.compare import compare_models
    from scoville.model.load import Model

    checked = [Model.load(model) for model in models]
    ahead, called = length(horizon, "--horizon"), share(capacity, "--capacity")
    if movers is not None:
        refuse_targets([movers], [*map(str, models), leads, events, outcomes])
    with progress_of("scoring the past") as progress:
        history = past_of(leads, events, outcomes, outcome_column, won, maps, workspace, engine, memory_limit)
        found = compare_models(
            history, checked, [str(model) for model in models],
            horizon=ahead, snapshots=snapshots, capacity=called, progress=progress,
        )  # fmt: skip
    if movers is not None:
        found.write_movers(history, movers)
    if json:
        print_json(found.to_dict() | {"written": [str(movers)] if movers is not None else []})
    else:
        _print(found, movers)
    if require_better and not found.last_is_better:
        raise typer.Exit(1)


def _print(found: Comparison, movers: Path | None) -> None:
    """The verdict, and then each model against the first."""
    from rich.text import Text

    from scoville.cli.output import out
    from scoville.words import counted, days

    console = out()
    answers = [one.versus.answer for one in found.challenges]
    decided = next((answer for answer in ("better", "worse", "mixed") if answer in answers), "")
    console.print(Text(found.verdict, style=_STYLES.get(decided, "bold yellow")))
    when = "as they are now: outcomes have no dates, so this is not point in time"
    if found.horizon_days is not None:
        when = f"{counted(len(found.snapshots), 'snapshot')}, {days(found.horizon_days)} ahead"
    who = counted(found.converting_leads, "lead")
    again = "open leads, each at every snapshot" if len(found.snapshots) > 1 else "leads"
    console.print(f"{found.leads:,} {again}, {found.conversions:,} converted ({who}) · {when}")
    for challenge in found.challenges:
        console.print()
        console.print(Text(f"{challenge.name} against {found.rivals[0].name}", style="underline"))
        if len(found.challenges) > 1:
            console.print(Text(challenge.versus.verdict, style=_STYLES.get(challenge.versus.answer, "")))
        _print_challenge(console, challenge, found)
    if movers is not None:
        console.print(Text(f"wrote {movers}"))


def _print_challenge(console: Console, challenge: Challenge, found: Comparison) -> None:
    from scoville.cli.output import figures_table

    first, other = _told_apart(found.rivals[0].name, challenge.name)
    console.print(figures_table("", ("", first, other, "difference (95%)"), _figures(challenge, found)))
    said = [(_text(f"{one.part} {one.name}"), one.kind, _text(one.said)) for one in challenge.changes[:_SHOWN_CHANGES]]
    if said:
        _titled(console, "What differs in the files", figures_table("", ("", "", ""), said))
    else:
        console.print("The files say the same.")
    if (more := len(challenge.changes) - _SHOWN_CHANGES) > 0:
        console.print(f"and {more} more differences: --json has them all")
    when = f"{found.snapshots[-1]:%-d %B %Y}"
    if not challenge.moves:
        console.print(f"No lead changes stage on {when}.")
        return
    moves = [
        (_text(f"{move.before} → {move.after}"), f"{move.leads:,}", f"{move.conversions:,}", "")
        for move in challenge.moves[:_SHOWN_MOVES]
    ]
    title = f"Who changes stage on {when}: {len(challenge.movers):,} of {found.newest_leads:,} open leads"
    _titled(console, title, figures_table("", ("from → to", "leads", "converted", ""), moves))
    biggest = [
        (
            _text(row["lead_id"]), f"{row['score_before']:.1f}", f"{row['score_after']:.1f}", f"{row['change']:+.1f}",
            _text(f"{row['from']} → {row['to']}" + (", converted" if row["converted"] else "")),
        )
        for row in challenge.movers.rows(_SHOWN_MOVERS)
    ]  # fmt: skip
    _titled(
        console, "Whose score changes most", figures_table("", ("lead", "before", "after", "change", "stage"), biggest)
    )


def _titled(console: Console, title: str, table: Table) -> None:
    """A title of its own line: that of a table would be broken at the width of the table."""
    console.print(_text(title), style="bold")
    console.print(table)


def _figures(challenge: Challenge, found: Comparison) -> list[tuple[str, str, str, str]]:
    auc, at = challenge.versus.auc, challenge.versus.at_capacity
    best = f"in the best {100 * found.capacity:g}%"
    return [
        ("AUC", f"{auc.auc_b:.3f}", f"{auc.auc_a:.3f}", f"{auc.difference:+.3f} ({auc.low:+.3f} to {auc.high:+.3f})")
        if auc.low is not None
        else ("AUC", _auc(auc.auc_b), _auc(auc.auc_a), auc.cannot_tell or ""),
        (f"conversions {best}", *_reached(at.recall)),
        (f"their value {best}", *_reached(at.value)),
    ]


def _auc(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _reached(reached: Reached) -> tuple[str, str, str]:
    """Both shares, and the difference in points of a hundred."""
    if reached.first is None or reached.other is None or reached.difference is None:
        return "-", "-", reached.cannot_tell or ""
    low, high = (100 * (side or 0.0) for side in (reached.low, reached.high))
    return (
        f"{reached.first:.1%}", f"{reached.other:.1%}",
        f"{100 * reached.difference:+.1f} points ({low:+.1f} to {high:+.1f})",
    )  # fmt: skip


def _told_apart(first: str, other: str) -> tuple[str, str]:
    """The names of two files, with their folders where they are called the same."""
    short = Path(first).name, Path(other).name
    return short if short[0] != short[1] else (first, other)


def _text(text: str) -> Text:
    """As it is: names of rules and stages may hold what rich would take for markup."""
    from rich.text import Text

    return Text(text)

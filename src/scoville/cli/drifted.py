"""What a person sees of drift: the answer first, what to do, then what moved and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from scoville.cli.evidence import _number, _share
from scoville.cli.output import figures_table, out
from scoville.words import days

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.evidence.drift.drifted import Drift
    from scoville.evidence.drift.moved import Moved
    from scoville.evidence.drift.profile import Profile
    from scoville.evidence.drift.then_and_now import Difference

_ROWS = 12  # of the table; what has moved is always shown
_DAY = "%-d %B %Y"
_WORDS = {
    "stable": "as before",
    "moved": "moved a little: watch it",
    "shifted": "shifted",
    "not shown": "",
    "cannot tell": "",
}


def print_drift(found: Drift) -> None:
    """The answer, what to do, and the figures behind them."""
    console = out()
    whom = "all open leads of" if found.window_days is None else f"leads new in the {days(found.window_days)} before"
    console.print(f"[bold]{escape(found.model)}[/bold] {found.model_version}")
    console.print(
        f"{whom} {found.now_as_of:{_DAY}} ({found.now_leads:,}) against {found.base_as_of:{_DAY}} "
        f"({found.base_leads:,})"
    )
    console.print(Text(found.verdict, style="bold yellow" if found.drifted else "bold green"))
    for line in found.reasons[1:]:
        console.print(Text(f"  {line}"))
    if found.to_do:
        console.print("\n[bold]What to do[/bold]")
    for line in found.to_do:
        console.print(Text(f"  {line}"))
    console.print()
    console.print(_outcomes(found))
    console.print(_columns(found))
    for line in found.notes:
        console.print(Text("note: ", style="yellow") + Text(line))


def _outcomes(found: Drift) -> object:
    rows = [
        (f"share at {one.stage} or above", _share(one.base), _share(one.now), _change(one.low, one.high), "")
        for one in found.stages
    ]
    rows += [_difference("conversion rate", found.rate), _difference("AUC", found.auc)]
    return figures_table("Lines and outcomes", ("", "then", "now", "change, 95%", ""), rows)


def _difference(name: str, one: Difference) -> tuple[str, str, str, str, str]:
    is_auc = name == "AUC"
    values = [_number(value) if is_auc else _share(value) for value in (one.base, one.now)]
    spread = _interval_of(one.low, one.high) if is_auc else _change(one.low, one.high)
    return name, values[0], values[1], spread, one.cannot_tell or _told(one)


def _told(one: Difference) -> str:
    if one.is_real:
        return "changed, beyond chance"
    if one.low is not None and one.low > 0:
        return "higher, but not counted as drift"
    return "lower, but not counted as drift" if one.high is not None and one.high < 0 else "no change shown"


def _interval_of(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def _change(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:+.1%} to {high:+.1%}"


def _columns(found: Drift) -> object:
    moved = sum(one.has_moved for one in found.moved)
    rows = [_column(one) for one in found.moved[: max(_ROWS, moved + 1)]]
    title = f"What moved, of {len(found.moved)} things that the model reads or gives"
    return figures_table(title, ("", "", "PSI", "95%", "by chance", "had it", "has it", ""), rows)


def _column(one: Moved) -> tuple[str | Text, ...]:
    figures = one.shift
    spread = "-" if figures.low is None or figures.high is None else f"{figures.low:.2f} to {figures.high:.2f}"
    word = "gone" if one.is_gone else _WORDS[figures.word]
    said = "; ".join(part for part in (word, one.sentence) if part)
    style = "bold yellow" if one.has_moved else ""
    return (
        Text(one.name, style=style), one.kind if one.kind != "score" else "", _number(figures.psi, 2), spread,
        _number(figures.by_chance, 2), f"{one.filled_base:.0%}", f"{one.filled_now:.0%}", Text(said),
    )  # fmt: skip


def print_saved(profile: Profile, path: Path) -> None:
    """Which leads a baseline holds, and how to compare with it."""
    console = out()
    console.print(Text(f"wrote {path}: {profile.leads:,} leads as of {profile.as_of:{_DAY}}, counts alone"))
    console.print(Text(f"later: scoville drift MODEL --leads ... --baseline {path}", style="dim"))

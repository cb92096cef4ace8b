"""What a person sees of a backtest: what it comes to first, then brackets, stages, rules and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from scoville.cli.output import out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoville.evidence.backtest import Evidence

_BAR = 24  # characters of the longest bar


def print_evidence(evidence: Evidence) -> None:
    """The verdict and the figures behind it."""
    console = out()
    ranking = evidence.ranking
    over = (
        f"{len(evidence.snapshots)} snapshots, {evidence.horizon_days:g} days ahead"
        if evidence.horizon_days
        else "as they are now"
    )
    console.print(f"[bold]{escape(evidence.model)}[/bold] {evidence.model_version} · {over}")
    console.print(Text(evidence.verdict, style="bold green" if evidence.predicts else "bold yellow"))
    if not evidence.is_point_in_time:
        console.print(Text("not point in time: outcomes have no dates", style="yellow"))
    console.print(
        f"{ranking.leads:,} open leads seen, {ranking.conversions:,} converted ({_share(ranking.base_rate)}) · "
        f"AUC {_number(ranking.auc)} ({_number(ranking.auc_low)} to {_number(ranking.auc_high)}) · "
        f"best 20 % hold {_share(ranking.recall_at.get('0.2'))} of the conversions"
    )
    console.print()
    console.print(_brackets(evidence))
    if evidence.stages:
        console.print(_stages(evidence))
    console.print(_rules(evidence))
    if len(evidence.snapshots) > 1:
        console.print(_snapshots(evidence))
    for line in (*(f"leak? {leak.name}: {leak.reason}" for leak in evidence.leaks), *evidence.notes):
        console.print(Text("note: ", style="yellow") + Text(line))


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A plain table; all columns but the first and the last are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place in {0, len(columns) - 1} else "right", no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    return table


def _brackets(evidence: Evidence) -> Table:
    top = max((bracket.rate or 0.0 for bracket in evidence.brackets), default=0.0) or 1.0
    rows = [
        (
            bracket.label, f"{bracket.leads:,}", f"{bracket.conversions:,}", _share(bracket.rate),
            _interval(bracket.low, bracket.high), "█" * round((bracket.rate or 0.0) / top * _BAR),
        )
        for bracket in reversed(evidence.brackets)
    ]  # fmt: skip
    title = f"Conversion by score: {evidence.trend.sentence}"
    return _table(title, ("score", "leads", "converted", "rate", "95 %", ""), rows)


def _stages(evidence: Evidence) -> Table:
    rows = [
        (
            Text(name), f"{line.threshold:g}", f"{line.leads:,}", _share(line.rate), _share(line.below_rate),
            Text(line.sentence),
        )
        for name, line in evidence.stages.items()
    ]  # fmt: skip
    return _table("The lines", ("stage", "from", "leads", "above", "below", "verdict"), rows)


def _rules(evidence: Evidence) -> Table:
    rows = [
        (
            Text(rule.rule), f"{rule.coverage:.0%}", _share(rule.rate), _share(rule.rate_without),
            _number(rule.mean_points, 1), _signed(rule.auc_change), Text(rule.note or ""),
        )
        for rule in evidence.rules
    ]  # fmt: skip
    columns = ("rule", "touches", "rate with", "without", "points", "AUC without it", "")
    return _table("Which rules earn their place", columns, rows)


def _snapshots(evidence: Evidence) -> Table:
    rows = [
        (f"{one.as_of:%Y-%m-%d}", f"{one.leads:,}", f"{one.conversions:,}", _share(one.rate), _number(one.auc), "")
        for one in evidence.snapshots
    ]
    return _table("Over time", ("snapshot", "open leads", "converted", "rate", "AUC", ""), rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.1%} to {high:.1%}"

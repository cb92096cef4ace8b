"""What a person sees of a backtest: what it comes to first, then brackets, stages, rules and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from scoville.cli.output import figures_table, out
from scoville.evidence.told import answers
from scoville.evidence.told.answers import Answer
from scoville.evidence.told.rule_groups import rule_groups
from scoville.evidence.told.sentences import headline, next_steps, sentence
from scoville.words import counted, days, signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.backtest import Evidence
    from scoville.evidence.figures.brackets import Bracket, Trend
    from scoville.evidence.figures.matrix import Matrix
    from scoville.evidence.leaks.named import Leak
    from scoville.evidence.rules.earning import RuleEvidence
    from scoville.evidence.rules.misses import Group, Miss, Misses
    from scoville.evidence.told.sentences import Tone

_COLOURS: dict[Tone, str] = {"good": "green", "weak": "yellow", "bad": "red", "unknown": "bright_black"}
_GIVEN = 4  # contributions that are named of one lead
_BAR = 24  # characters of the longest bar
_NAMED = 10  # traits that are named in one line


def print_evidence(evidence: Evidence, *, details: bool = False) -> None:
    """What it comes to in ten lines, and with `details` the figures behind them."""
    console = out()
    console.print(f"[bold]{escape(evidence.model)}[/bold] {evidence.model_version} · {escape(_over(evidence))}")
    said = headline(evidence)
    console.print(Text(f"{said.title}. {said.lead}", style=f"bold {_COLOURS[said.tone]}"))
    console.print(_answers(evidence))
    for place, step in enumerate(next_steps(evidence)):
        console.print(Text("      " if place else "next: ", style="bold") + Text(f"{step.do}. {step.why}"))
    for line in (*_leaks(evidence.leaks, details=details), *evidence.notes):
        console.print(Text("note: ", style="yellow") + Text(line))
    if details:
        _print_details(evidence)
    else:
        console.print(Text("--details for all figures, --report FILE.html for a page with charts", style="dim"))


def _leaks(leaks: Sequence[Leak], *, details: bool) -> Iterator[str]:
    """What looks written after the outcome: with the reason where the model reads it, else by name alone."""
    for leak in leaks:
        if leak.is_used or details:
            yield f"leak? {leak.name}: {leak.reason}" + ("" if leak.is_used else " (the model does not read it)")
    unread = [leak.name for leak in leaks if not leak.is_used]
    if unread and not details:
        named = ", ".join(unread[:_NAMED]) + (f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else "")
        yield f"perhaps written after the outcome, and not read by the model: {named}"


def _over(evidence: Evidence) -> str:
    """What the figures rest on. A lead stands in several snapshots, so these are no numbers of people."""
    converted = f"{evidence.ranking.conversions:,} converted ({_share(evidence.ranking.base_rate)})"
    if evidence.horizon_days is None:
        return f"leads as they are now · {evidence.ranking.leads:,} leads, {converted}"
    dates = counted(len(evidence.snapshots), "snapshot")
    again = ", each at every snapshot" if len(evidence.snapshots) > 1 else ""
    return f"{dates}, {days(evidence.horizon_days)} ahead · {evidence.ranking.leads:,} open leads{again}, {converted}"


def _answers(evidence: Evidence) -> Table:
    """One line for each question: what is asked, the answer in a word, and why."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for question, answer in _asked(evidence):
        table.add_row(question, Text(answer.short, style=_COLOURS[answer.tone]), Text(answer.sentence))
    return table


def _asked(evidence: Evidence) -> Iterator[tuple[str, Answer]]:
    ranking = evidence.ranking
    if ranking.auc is not None:
        told = f"AUC {_number(ranking.auc)} ({_number(ranking.auc_low)} to {_number(ranking.auc_high)}); 0.5 is chance."
        tone: Tone = "good" if evidence.predicts else "unknown"
        yield "ranks", Answer(tone, "Yes" if evidence.predicts else "Not shown", told)
    yield "rises", answers.of_trend(evidence.trend)
    yield "best 20%", answers.of_gains(ranking, 0.2)
    for name, line in list(evidence.stages.items())[-1:]:
        yield f"line {name}", answers.of_line(line)
    if evidence.rules:
        yield "rules", answers.of_rules(rule_groups(evidence.rules))
    yield "wrong", _wrong(evidence.misses)
    if len(evidence.snapshots) > 1:
        yield "holds", answers.of_time(evidence.snapshots, evidence.stability)
    if evidence.forecast.now.cannot_tell is None:
        yield "ahead", answers.of_forecast(evidence.forecast)


def _wrong(misses: Misses) -> Answer:
    """Whom the score overlooked, and what most of them have in common."""
    group = misses.overlooked
    short = f"{group.misses:,} overlooked" if group.misses else "Nobody overlooked"
    if group.in_common:
        return Answer("weak", short, sentence(group.in_common[0].sentence))
    return Answer(
        "unknown", short, sentence(group.cannot_tell or "converted leads of the lower half look like its others")
    )


def _print_details(evidence: Evidence) -> None:
    console = out()
    console.print()
    console.print(_brackets(evidence))
    if evidence.stages:
        console.print(_stages(evidence))
    console.print(_matrix(evidence.matrix))
    console.print(_rules(evidence))
    if len(evidence.snapshots) > 1:
        console.print(_snapshots(evidence))
    for name, brackets in evidence.by.items():
        console.print(_by(name, brackets, evidence.trends.get(name)))
    for title, group in (("Overlooked", evidence.misses.overlooked), ("Overrated", evidence.misses.overrated)):
        console.print(_misses(title, group))


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
    return figures_table(title, ("score", "leads", "converted", "rate", "95%", ""), rows)


def _stages(evidence: Evidence) -> Table:
    rows = [
        (
            Text(name), f"{line.threshold:g}", f"{line.leads:,}", _share(line.rate), _share(line.below_rate),
            Text(line.sentence),
        )
        for name, line in evidence.stages.items()
    ]  # fmt: skip
    return figures_table("The lines", ("stage", "from", "leads", "above", "below", "verdict"), rows)


def _matrix(matrix: Matrix) -> Table:
    rows = [
        (row.label, *(f"{_share(cell.rate)} of {cell.leads:,}" if cell.leads else "-" for cell in cells), "")
        for row, cells in zip(matrix.rows, matrix.cells, strict=True)
    ]
    title = f"Conversion by {matrix.rows_by} (down) and {matrix.columns_by} (across)"
    return figures_table(title, (matrix.rows_by, *(column.label for column in matrix.columns), ""), rows)


def _rules(evidence: Evidence) -> Table:
    rows = [
        (
            Text(rule.rule), f"{rule.coverage:.0%}", _share(rule.rate), _share(rule.rate_without),
            _number(rule.mean_points, 1), _signed(rule.auc_change), _signed_interval(rule),
            Text("; ".join(filter(None, (rule.verdict, rule.note)))),
        )
        for rule in evidence.rules
    ]  # fmt: skip
    columns = ("rule", "touches", "rate with", "without", "points", "AUC without it", "95%", "")
    return figures_table("Which rules earn their place", columns, rows)


def _by(name: str, brackets: Sequence[Bracket], trend: Trend | None) -> Table:
    rows = [
        (Text(one.label), f"{one.leads:,}", f"{one.conversions:,}", _share(one.rate), _interval(one.low, one.high), "")
        for one in brackets
    ]
    title = f"Conversion by {name}" + (f": {trend.sentence}" if trend is not None else "")
    return figures_table(title, (name, "leads", "converted", "rate", "95%", ""), rows)


def _misses(title: str, group: Group) -> Table:
    """Single leads with what gave them their score; above them what many of them have in common."""
    rows = [(Text(miss.lead_id), f"{miss.score:.1f}", Text(_given(miss))) for miss in group.shown]
    common = "; ".join(one.sentence for one in group.in_common) or group.cannot_tell or "nothing in common is shown"
    return figures_table(f"{title}: {common}", ("lead", "score", "what gave it"), rows)


def _given(miss: Miss) -> str:
    biggest = sorted(miss.contributions, key=lambda given: -abs(given.points))[:_GIVEN]
    return ", ".join(f"{signed(given.points)} {given.rule}" for given in biggest)


def _snapshots(evidence: Evidence) -> Table:
    rows = [
        (f"{one.as_of:%Y-%m-%d}", f"{one.leads:,}", f"{one.conversions:,}", _share(one.rate), _number(one.auc), "")
        for one in evidence.snapshots
    ]
    return figures_table("Over time", ("snapshot", "open leads", "converted", "rate", "AUC", ""), rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _signed_interval(rule: RuleEvidence) -> str:
    if rule.auc_change_low is None or rule.auc_change_high is None:
        return "-"
    return f"{rule.auc_change_low:+.3f} to {rule.auc_change_high:+.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.1%} to {high:.1%}"

"""What a person sees of lines: the answer to each wish, what each line trades, and what it meant in past weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from scoville.cli.output import figures_table, out
from scoville.words import days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from scoville.evidence.lines.choices import Choice, Week
    from scoville.evidence.lines.customers import LastCustomers
    from scoville.evidence.lines.threshold import Thresholds
    from scoville.evidence.lines.trade_off import Reach

_WEEKS_SHOWN = 12  # a quarter; the JSON has all
_ROOM_FOR_ALL = 150  # columns of a terminal
_SMALL = 0.1  # a share below which tenths of a percent are said
_SURELY = 0.95  # of resamples: what needs no saying
_MARKS = {
    "capacity": "your capacity",
    "precision": "your rate",
    "recall": "your reach",
    "value": "most value",
    "customers": "the last customers",
    "parting": "parts them best",
}


def print_thresholds(found: Thresholds) -> None:
    """The lines, then the figures behind them."""
    console = out()
    console.print(f"[bold]{escape(found.model)}[/bold] {found.model_version} · {_looked_at(found)}")
    if found.cannot_tell:
        console.print(Text(found.cannot_tell, style="bold yellow"))
    for choice in found.choices:
        _print_choice(console, choice)
    console.print()
    console.print(_curve(found, console.width))
    past = [choice for choice in found.choices if choice.at is not None and len(choice.weeks) > 1]
    if len(past) == 1:
        console.print(_weeks_of_one(past[0]))
    elif past:
        console.print(_weeks_of_all(past))
    _print_customers(console, found.customers)
    for note in found.notes:
        console.print(Text("note: ", style="yellow") + Text(note))
    if found.write is not None:
        console.print(Text("\nIn the model file, the first of these lines is:"))
        console.print(Text(found.write, style="cyan"), soft_wrap=True)


def _looked_at(found: Thresholds) -> str:
    through = "" if found.section == "score" else f"lines through {found.section} · "
    buyers = f"{found.buyers:,} bought"
    if found.horizon_days is None:
        return f"{through}as they are now · {buyers}"
    known = found.snapshots[: found.known_snapshots]
    over = f"{known[0]:%Y-%m-%d}" + (f" to {known[-1]:%Y-%m-%d}" if len(known) > 1 else "")
    return f"{through}{over}, {days(found.horizon_days)} ahead · {buyers}"


def _print_choice(console: Console, choice: Choice) -> None:
    console.print(Text(choice.wish, style="bold green" if choice.is_met else "bold yellow"))
    console.print(Text(f"  {choice.sentence}"), soft_wrap=True)
    if choice.at is not None and (said := "; ".join(_doubts(choice, choice.at))):
        console.print(Text(f"  {said}", style="dim"), soft_wrap=True)


def _doubts(choice: Choice, at: Reach) -> Iterable[str]:
    """How far all this is sure, and what else to know."""
    if choice.is_met and choice.remark:
        yield choice.remark
    if choice.line_low is not None and choice.line_high is not None:
        yield f"the line may lie from {choice.line_low:.4g} to {choice.line_high:.4g}"
    if choice.met_in is not None and choice.met_in < _SURELY:
        yield f"there is such a line in {choice.met_in:.0%} of resamples"
    if at.precision is not None:
        yield f"buy: {_between(at.precision_low, at.precision_high)}"
    if at.recall is not None:
        yield f"reach: {_between(at.recall_low, at.recall_high)}"
    if choice.since_per_week is not None and choice.kind != "capacity":  # whose remark says it where it matters
        yield f"in the weeks since: {_number(choice.since_per_week)} a week"


def _curve(found: Thresholds, width: int) -> Table:
    """All figures with their intervals beside them; on a narrow terminal the three that matter most, in short."""
    has_net, weekly = any(line.net is not None for line in found.curve), found.weeks is not None
    net = "net a week" if weekly else "net"
    load = "new a week" if weekly else "leads"
    if width < _ROOM_FOR_ALL:
        columns = ("line", load, "buy", "of buyers", *((net,) if has_net else ()), "")
        rows = [_in_short(line, _marks(found, line), has_net=has_net) for line in found.curve]
        return figures_table("What each line trades", columns, rows)
    columns = (
        "line", "stand there", *((load, "") if weekly else ()), "buy", "", "of all buyers", "",
        *((net, "") if has_net else ()), "",
    )  # fmt: skip
    rows = [_in_full(line, _marks(found, line), weekly=weekly, has_net=has_net) for line in found.curve]
    return figures_table("What each line trades", columns, rows)


def _in_full(line: Reach, marks: str, *, weekly: bool, has_net: bool) -> tuple[str | Text, ...]:
    load = (_number(line.leads_per_week), _span(line.leads_per_week_low, line.leads_per_week_high)) if weekly else ()
    net = (_money(line.net), _dim(f"{_money(line.net_low)} to {_money(line.net_high)}")) if has_net else ()
    return (
        f"{line.threshold:g}", _number(line.standing), *load,
        _share(line.precision), _dim(_between(line.precision_low, line.precision_high)),
        _share(line.recall), _dim(_between(line.recall_low, line.recall_high)), *net, Text(marks, style="cyan"),
    )  # fmt: skip


def _in_short(line: Reach, marks: str, *, has_net: bool) -> tuple[str | Text, ...]:
    load = _number(line.leads_per_week if line.leads_per_week is not None else line.leads)
    low, high = line.leads_per_week_low, line.leads_per_week_high
    return (
        f"{line.threshold:g}",
        Text(load) + _dim("" if low is None or high is None else f" ({_number(low)}-{_number(high)})"),
        _percent(line.precision, line.precision_low, line.precision_high),
        _percent(line.recall, line.recall_low, line.recall_high),
        *((_money(line.net),) if has_net else ()),
        Text(marks, style="cyan"),
    )


def _percent(share: float | None, low: float | None, high: float | None) -> Text:
    """A share with its interval in little room: 7.3% (6.1-8.9)."""
    if share is None or low is None or high is None:
        return Text("-")
    digits = 1 if share < _SMALL else 0
    return Text(f"{share:.{digits}%}") + _dim(f" ({low * 100:.{digits}f}-{high * 100:.{digits}f})")


def _marks(found: Thresholds, line: Reach) -> str:
    """Whose line this is: a stage of today, or a wish."""
    here = [one for one in (*found.choices, *found.today) if one.at is not None and one.at.threshold == line.threshold]
    return ", ".join(_MARKS.get(one.kind, f"{one.wish} today") for one in here if one.is_met)


def _weeks_of_one(choice: Choice) -> Table:
    known, title = _known(choice)
    rows = [
        (
            f"{week.as_of:%Y-%m-%d}", f"{week.leads:,}", f"{week.standing:,}", f"{week.conversions:,}",
            _share(week.precision), _dim(_between(week.precision_low, week.precision_high)), "",
        )
        for week in known
    ]  # fmt: skip
    return figures_table(
        f"{title} at {_line_of(choice)}", ("up to", "new leads", "stand there", "bought", "rate", "", ""), rows
    )


def _weeks_of_all(choices: Sequence[Choice]) -> Table:
    """A column for each line: how many were new, how many of them bought, and the interval of that share."""
    weeks = [_known(choice)[0] for choice in choices]
    rows = [_abreast(row) for row in zip(*weeks, strict=True)]
    title = f"{_known(choices[0])[1]}: new leads, and how many of them bought"
    return figures_table(title, ("up to", *(f"at {_line_of(choice)}" for choice in choices), ""), rows)


def _known(choice: Choice) -> tuple[Sequence[Week], str]:
    """The newest weeks of which it is known who bought, and how to call them."""
    known = [week for week in choice.weeks if week.conversions is not None]
    shown = known[-_WEEKS_SHOWN:]
    return shown, f"The last {len(shown)} of {len(known)} weeks" if len(shown) < len(known) else "Week by week"


def _line_of(choice: Choice) -> str:
    return f"{choice.at.threshold:g}" if choice.at is not None else "-"


def _abreast(weeks: Sequence[Week]) -> tuple[str | Text, ...]:
    """The same week at each line."""
    return (f"{weeks[0].as_of:%Y-%m-%d}", *map(_told, weeks), "")


def _told(week: Week) -> Text:
    sure = "" if week.precision_low is None else f" ({week.precision_low:.0%} to {week.precision_high:.0%})"
    return Text(f"{week.leads:,}, {week.conversions:,} bought") + _dim(sure)


def _print_customers(console: Console, customers: LastCustomers) -> None:
    title = Text("Where the last customers stood before they bought: ", style="bold")
    if customers.cannot_tell is not None or customers.line is None:
        console.print(title + Text(customers.cannot_tell or "cannot tell", style="yellow"))
        return
    scores = customers.scores
    console.print(title + Text(f"{customers.customers:,} of them", style="bold"))
    console.print(
        f"  half of them at {scores['0.5']:.1f} or more, half between {scores['0.25']:.1f} and {scores['0.75']:.1f}; "
        f"80% at {customers.line:g} or more ({customers.line_low:.1f} to {customers.line_high:.1f})",
        soft_wrap=True,
    )
    if customers.unseen:
        console.print(Text(f"  {customers.unseen:,} more came and bought between two snapshots", style="dim"))


def _dim(text: str) -> Text:
    return Text(text, style="dim")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"  # noqa: PLR2004 - as choices


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _between(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.1%} to {high:.1%}"


def _span(low: float | None, high: float | None) -> Text:
    return _dim("-" if low is None or high is None else f"{_number(low)} to {_number(high)}")

"""What a person sees of the business figures and the forecast: what it comes to first, then tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from scoville.cli.output import figures_table, out
from scoville.words import days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scoville.evidence.business.forecast import Checked, Forecast
    from scoville.evidence.business.funnel import StageRate
    from scoville.evidence.business.money import Business, Group
    from scoville.evidence.figures.estimates import Figure, Wait

_DAY_H = 24
_SMALL = 10  # money below it has cents
_LARGE = 1e6  # money from it on is told in millions where there is little room
_ROOM_FOR_ALL = 100  # columns of a terminal; with fewer, intervals give way
_INTERVAL = "95%"
_MONEY = ("a lead", "a win", "brings", "return")


def print_figures(business: Business, by: str) -> None:
    """All leads, then by source or month, then from stage to stage, then what is to be known."""
    console = out()
    console.print(Text(business.sentence, style="bold"))
    console.print()
    console.print(_overall(business))
    groups = business.by_source if by == "source" else business.by_month
    if groups:
        console.print()
        console.print(_groups(groups, by, business.horizon_days, console.width))
    if business.stages:
        console.print()
        console.print(_stages(business.stages))
    for note in business.notes:
        console.print(Text("note: ", style="yellow") + Text(note))


def print_forecast(forecast: Forecast) -> None:
    """What is expected, how such forecasts did, and what they cannot know."""
    console = out()
    console.print()
    console.print(Text(f"Forecast: {forecast.sentence}", style="bold"))
    if forecast.now.cannot_tell is not None:
        return
    console.print(Text(forecast.record))
    there = forecast.already_there
    if there.value is not None:
        console.print(
            Text(
                f"only leads that are there already: in the past they brought {there.value:.0%} of the wins of the "
                f"{days(forecast.horizon_days or 0)} ahead ({_interval(there, _share)})"
            )
        )
    if forecast.checks:
        console.print()
        console.print(_checks(forecast.checks, console.width))


def _overall(business: Business) -> Table:
    group = business.overall
    in_time = f"converted within {days(business.horizon_days)}" if business.horizon_days else "converted"
    rows = [
        *_rows((("engagement rate", group.engagement_rate), ("conversion rate so far", group.conversion_rate)), _share),
        *_rows(((in_time, group.conversion_in_time),), _share),
        *_rows((("cost per lead", group.cost_per_lead), ("cost per customer", group.acquisition_cost)), _money),
        *_rows((("value per win", group.value_per_win), ("value per lead", group.value_per_lead)), _money),
        *_rows((("return per lead", group.return_per_lead),), _money),
        *_rows((("return on cost", group.return_on_cost),), _times),
        *_wait("sales cycle", group.sales_cycle),
        *_rows((("touched by sales", group.touched),), _share),
        *(_wait("speed to lead", group.speed_to_lead) if group.speed_to_lead is not None else ()),
    ]
    return figures_table("All leads", ("figure", "", "95%", "of", ""), rows)


def _rows(
    figures: Iterable[tuple[str, Figure]], show: Callable[[float | None], str]
) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            name, show(one.value), _interval(one, show), f"{one.of:,}" if one.of else "-", one.cannot_tell or "",
        )
        for name, one in figures
    ]  # fmt: skip


def _wait(name: str, wait: Wait | None) -> list[tuple[str, str, str, str, str]]:
    """Median and quartiles of what has happened, and what the leads that still wait make of it."""
    if wait is None or wait.median_days.value is None:
        reason = wait.median_days.cannot_tell if wait is not None else None
        return [(name, "-", "-", "-", reason or "cannot tell: no dates to count from")]
    one = wait.median_days
    middle = f"middle half: {_days(wait.first_quartile_days)} to {_days(wait.third_quartile_days)}"
    shares = ((mark, share.value) for mark, share in wait.done_by.items())
    done = ", ".join(f"{_share(share)} in {mark} d" for mark, share in shares if share is not None)
    return [
        (f"{name}, median", _days(one.value), _interval(one, _days), f"{one.of:,}", one.cannot_tell or middle),
        ("", "", "", "", f"of all leads: {done}"),
    ]


def _groups(groups: Sequence[Group], by: str, horizon_days: float | None, width: int) -> Table:
    """One row for each group; columns of which nothing is known, or for which there is no room, are left out."""
    in_time = f"in {days(horizon_days)}" if horizon_days else "converted"
    columns = (by, "leads", "won", in_time, _INTERVAL, *_MONEY, "cycle", "")
    rows = [_group(group) for group in groups]
    shown = columns if width >= _ROOM_FOR_ALL else [name for name in columns if name != _INTERVAL]
    known = [n for n, name in enumerate(columns) if name in shown and any(row[n] != "-" for row in rows)]
    names = [columns[place] for place in known]
    costs = ": what a lead and a win cost, what a win brings" if set(_MONEY) & set(names) else ""
    title = f"By {'source' if by == 'source' else 'month of creation'}{costs}"
    return figures_table(title, names, [[row[place] for place in known] for row in rows])


def _group(group: Group) -> tuple[str | Text, ...]:
    cycle = group.sales_cycle.median_days.value if group.sales_cycle is not None else None
    reason = "still open" if group.is_still_open else group.acquisition_cost.cannot_tell or ""
    few = reason if group.is_still_open or "conversion" in reason else ""
    return (
        Text(group.label), f"{group.leads:,}", f"{group.conversions:,}", _share(group.conversion_in_time.value),
        _interval(group.conversion_in_time, _share), _money(group.cost_per_lead.value),
        _money(group.acquisition_cost.value), _money(group.value_per_win.value),
        _times(group.return_on_cost.value), _days(cycle), few,
    )  # fmt: skip


def _stages(stages: Sequence[StageRate]) -> Table:
    rows = [
        (
            Text(f"{one.from_stage} to {one.to_stage}"), f"{one.leads:,}", f"{one.reached:,}", _share(one.rate.value),
            _interval(one.rate, _share),
            one.rate.cannot_tell or (f"{one.won_unseen:,} won without being seen there" if one.won_unseen else ""),
        )
        for one in stages
    ]  # fmt: skip
    return figures_table(
        "From stage to stage, within the horizon", ("step", "leads", "went on", "rate", "95%", ""), rows
    )


def _checks(checks: Sequence[Checked], width: int) -> Table:
    has_revenue = any(one.came_revenue is not None for one in checks)
    rows = [_check(one, has_revenue=has_revenue, has_room=width >= _ROOM_FOR_ALL) for one in checks]
    leads = ("open leads",) if width >= _ROOM_FOR_ALL else ()
    columns = ("as of", *leads, "wins", _INTERVAL, "came", *(("revenue", _INTERVAL, "came") if has_revenue else ()), "")
    return figures_table("Such forecasts before, and what came in", columns, rows)


def _check(one: Checked, *, has_revenue: bool, has_room: bool) -> tuple[str | Text, ...]:
    told = one.expected
    leads = (f"{told.leads:,}",) if has_room else ()
    money = (_short(told.revenue), _range(told.revenue_low, told.revenue_high, _short), _short(one.came_revenue))
    held = (("wins", one.is_wins_within), ("revenue", one.is_revenue_within))
    missed = [name for name, is_within in held if is_within is False]
    return (
        f"{one.as_of:%Y-%m-%d}", *leads, _count(told.wins), _range(told.wins_low, told.wins_high, _count),
        f"{one.came_wins:,}", *(money if has_revenue else ()), f"{' and '.join(missed)} missed" if missed else "",
    )  # fmt: skip


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _times(value: float | None) -> str:
    """A return on cost: below one as a share, above as times."""
    return "-" if value is None else f"{value:+.0%}" if value < 1 else f"{value:,.1f}x"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}" if abs(value) < _SMALL else f"{value:,.0f}"


def _short(value: float | None) -> str:
    return f"{value / _LARGE:,.2f} M" if value is not None and value >= _LARGE else _money(value)


def _days(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f} d" if value >= 2 else f"{value * _DAY_H:,.1f} h"  # noqa: PLR2004 - two days, not 48 hours


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _range(low: float | None, high: float | None, show: Callable[[float | None], str]) -> str:
    return f"{show(low)} to {show(high)}"


def _interval(figure: Figure, show: Callable[[float | None], str]) -> str:
    return "-" if figure.low is None or figure.high is None else f"{show(figure.low)} to {show(figure.high)}"

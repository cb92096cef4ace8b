"""The business figures: what leads cost, how many convert and how soon, what they bring back, and who calls them when.

In: a history, a plan and its panel. Out: a `Business`: overall, by source and by month of creation. One row per lead
comes out of SQL (`lead_rows`); all figures are made of its columns. Called by the command line and the report.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.business.funnel import StageRate, stage_rates
from scoville.evidence.business.lead_rows import LeadRows, lead_rows
from scoville.evidence.figures.estimates import Figure, Wait, mean, none_because, rate, ratio, wait
from scoville.evidence.figures.sample import FEW, counted
from scoville.words import days, iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.evidence.figures.sample import Bools, Floats
    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

MOST_GROUPS = 36  # three years of months; of sources, the ones with most leads
OTHERS = "(others)"
EARLIER = "(earlier)"
NONE = "(none)"
_DAYS = (30, 60, 90, 180, 365)
_TOUCH_DAYS = (1, 2, 7, 30)
_OPEN = "still open: its leads have had less than {ahead}"


@dataclass(frozen=True)
class Group:
    """The figures of some leads.

    `leads` counts all of them and `conversions` what they have brought so far; `young` are those that have not had the
    whole horizon since their creation yet. Every figure but `cost_per_lead` is about the others alone. Money is in the
    unit of the columns `cost` and `value`.

    `engagement_rate`: at least one event within the horizon after creation, or before it. `conversion_rate`: won so
    far; `conversion_in_time`: won within the horizon after creation, the same for old and new leads;
    leads that won before it, or of which it is not known, are left out.
    `acquisition_cost`: cost of all leads over wins. `value_per_lead`: what a lead brings on average, those that bring
    nothing included; `return_per_lead`: that minus its cost; `return_on_cost`: that over its cost (0.5: 50 % gained).
    `touched`: share of leads with a first touch after creation.
    """

    label: str
    leads: int
    conversions: int
    young: int
    is_still_open: bool
    engagement_rate: Figure
    conversion_rate: Figure
    conversion_in_time: Figure
    cost_per_lead: Figure
    acquisition_cost: Figure
    value_per_win: Figure
    value_per_lead: Figure
    return_per_lead: Figure
    return_on_cost: Figure
    sales_cycle: Wait | None
    touched: Figure
    speed_to_lead: Wait | None


@dataclass(frozen=True)
class Business:
    """All business figures of a history. `until` is where the data end; `horizon_days` is null without dates.

    Leads of `by_source` and of `by_month` add up to those of `overall`. `touch` names what counts as a first touch.
    """

    horizon_days: float | None
    until: datetime | None
    touch: tuple[str, ...]
    overall: Group
    by_source: tuple[Group, ...]
    by_month: tuple[Group, ...]
    stages: tuple[StageRate, ...]
    notes: tuple[str, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON. Instants are ISO 8601 and end in Z."""
        return {**asdict(self), "until": iso(self.until)}


def business_figures(history: History, plan: Plan, panel: Panel, *, touch: str | None = None) -> Business:
    """Rates, costs, returns and waits, overall, by source and by month of creation, and the rates from stage to stage.

    `touch` is an event or outcome that is a first touch by sales, such as `call_made`; by default the outcomes
    `accepted` and `contacted`, where there are any.

    Raises: DataError when no event and no outcome is called `touch`.
    """
    rows = lead_rows(history, panel.horizon, touch)
    horizon_days = panel.horizon / timedelta(days=1) if panel.horizon is not None else None
    overall = _group(rows, np.ones(len(rows), bool), "all", horizon_days)
    return Business(
        horizon_days=horizon_days,
        until=rows.until,
        touch=rows.touch,
        overall=overall,
        by_source=tuple(_group(rows, here, label, horizon_days) for label, here in _sources(rows)),
        by_month=tuple(_month(rows, here, label, horizon_days) for label, here in _months(rows)),
        stages=stage_rates([stage.name for stage in plan.model.stages], panel),
        notes=tuple(_notes(rows, overall, horizon_days)),
        sentence=_sentence(overall, horizon_days),
    )


# Groups of leads


def _sources(rows: LeadRows) -> Iterator[tuple[str, Bools]]:
    """Sources with the most leads first, then all others together, then leads without one; nothing without sources."""
    if not rows.sources:
        return
    counts = np.bincount(rows.source[rows.source >= 0], minlength=len(rows.sources))
    order = np.argsort(-counts, kind="stable")
    for code in order[:MOST_GROUPS]:
        yield rows.sources[code], rows.source == code
    yield from _some(OTHERS, np.isin(rows.source, order[MOST_GROUPS:]))
    yield from _some(NONE, rows.source < 0)


def _months(rows: LeadRows) -> Iterator[tuple[str, Bools]]:
    """Months of creation in their order, the newest ones singly; then leads that nobody knows the creation of."""
    names, code = np.unique(rows.month[rows.month != ""], return_inverse=True)
    if not names.size:
        return
    place = np.full(len(rows), -1)
    place[rows.month != ""] = code
    first = max(0, names.size - MOST_GROUPS)
    yield from _some(EARLIER, (place >= 0) & (place < first))
    for number in range(first, names.size):
        yield str(names[number]), place == number
    yield from _some(NONE, place < 0)


def _some(label: str, here: Bools) -> Iterator[tuple[str, Bools]]:
    if here.any():
        yield label, here


# Figures of one group


def _month(rows: LeadRows, here: Bools, label: str, horizon_days: float | None) -> Group:
    """A month of which a lead is young is still open: its figures would mislead, whatever they are."""
    return _group(rows, here, label, horizon_days, is_whole=True)


def _group(rows: LeadRows, here: Bools, label: str, horizon_days: float | None, *, is_whole: bool = False) -> Group:
    young = here & rows.is_young
    is_open = bool(young.any()) if is_whole else bool(here.any() and young.sum() == here.sum())
    old = np.zeros_like(here) if is_open else here & ~young
    reason = _OPEN.format(ahead=days(horizon_days or 0)) if is_open else None
    figures: dict[str, Any] = {**_rates(rows, old, reason), **_money(rows, old, reason), **_waits(rows, here, reason)}
    return Group(
        label=label,
        leads=int(here.sum()),
        conversions=int(rows.won[here].sum()),
        young=int(young.sum()),
        is_still_open=is_open,
        cost_per_lead=_cost(rows, here),
        **figures,
    )


def _rates(rows: LeadRows, old: Bools, reason: str | None) -> dict[str, Figure]:
    columns = {"engagement_rate": rows.engaged, "conversion_rate": rows.won}
    found = {name: rate(int(column[old].sum()), int(old.sum())) for name, column in columns.items()}
    found["conversion_in_time"] = _in_time(rows, old)
    if not rows.has_events:
        found["engagement_rate"] = none_because("cannot tell: no events")
    return {name: none_because(reason) for name in found} if reason else found


def _in_time(rows: LeadRows, old: Bools) -> Figure:
    """Where outcomes have dates: of the leads whose creation is known, and that had not won by then."""
    timed = old & np.isfinite(rows.days_seen) & ~(rows.days_to_win < 0) if rows.until is not None else old
    if old.any() and not timed.any():
        return none_because("cannot tell: nothing says when leads were created")
    return rate(int(rows.won_in_time[timed].sum()), int(timed.sum()))


def _cost(rows: LeadRows, here: Bools) -> Figure:
    known = rows.cost[here & np.isfinite(rows.cost)]
    return mean(known, "lead with a cost") if rows.has_cost else none_because(_NO_COST)


_NO_COST = "cannot tell: leads have no column cost"
_NO_VALUE = "cannot tell: outcomes have no values"
_MONEY = ("acquisition_cost", "value_per_win", "value_per_lead", "return_per_lead", "return_on_cost")


def _money(rows: LeadRows, old: Bools, reason: str | None) -> dict[str, Figure]:
    """Figures of money, over leads whose cost is known where costs matter. Few wins have no interval worth its name."""
    if reason:
        return dict.fromkeys(_MONEY, none_because(reason))
    won, value = rows.won[old], _values(rows, old)
    cost, known = rows.cost[old], np.isfinite(rows.cost[old])
    of_cost = (none_because(_NO_COST) if not rows.has_cost else None) or _if_none(known, "lead has a cost")
    of_value = none_because(_NO_VALUE) if not rows.has_value else None
    if of_value is None and won.any() and value is None:
        of_value = none_because("cannot tell: fewer than half of the wins have a value")
    both = of_value or of_cost
    value = np.zeros(won.size) if value is None else value
    few, few_known = _too_few(won), _too_few(won[known])
    return {
        "acquisition_cost": of_cost or _per_win(cost[known], won[known]),
        "value_per_win": of_value or mean(rows.value[old & rows.won & np.isfinite(rows.value)], "win"),
        "value_per_lead": of_value or mean(value, "lead").because(few),
        "return_per_lead": both or mean(value[known] - cost[known], "lead").because(few_known),
        "return_on_cost": both or _less_one(ratio(value[known], cost[known])).because(few_known),
    }


def _if_none(known: Bools, what: str) -> Figure | None:
    return None if known.any() else none_because(f"cannot tell: no {what}")


def _values(rows: LeadRows, old: Bools) -> Floats | None:
    """What each lead brought: nothing if it did not win, and the mean of the others where a win has no value.

    None where fewer than half of the wins have a value: then a mean of the others says little.
    """
    won, value = rows.won[old], rows.value[old]
    known = won & np.isfinite(value)
    if known.sum() * 2 < won.sum():
        return None
    filled: Floats = np.where(known, value, value[known].mean() if known.any() else 0.0)
    return np.where(won, filled, 0.0)


def _per_win(cost: Floats, won: Bools) -> Figure:
    if not won.any():
        return none_because(f"cannot tell: {counted(0, 'conversion')}, {cost.sum():,.0f} spent")
    return ratio(cost, won.astype(np.float64)).because(_too_few(won))


def _too_few(won: Bools) -> str | None:
    wins = int(won.sum())
    return f"cannot tell: {counted(wins, 'conversion')}" if wins < FEW else None


def _less_one(figure: Figure) -> Figure:
    """A return on cost from value over cost: gained, not got."""

    def less(value: float | None) -> float | None:
        return None if value is None else value - 1

    return Figure(less(figure.value), less(figure.low), less(figure.high), figure.of, figure.cannot_tell)


def _waits(rows: LeadRows, here: Bools, reason: str | None) -> dict[str, Any]:
    """From creation to the win and to the first touch. Leads whose win lies before their creation are left out."""
    if reason:
        return {"sales_cycle": None, "touched": none_because(reason), "speed_to_lead": None}
    dated = here & np.isfinite(rows.days_seen)
    sold = dated & ~(rows.days_to_win < 0)
    cycle = _wait(rows, rows.days_to_win, sold, _DAYS, "win") if sold.any() else None
    if not rows.touch or not dated.any():
        untold = none_because("cannot tell: nothing says when sales first called")
        return {"sales_cycle": cycle, "touched": untold, "speed_to_lead": None}
    old = dated & ~rows.is_young
    touched = rate(int(np.isfinite(rows.days_to_touch[old]).sum()), int(old.sum()))
    speed = _wait(rows, rows.days_to_touch, dated, _TOUCH_DAYS, "first touch")
    return {"sales_cycle": cycle, "touched": touched, "speed_to_lead": speed}


def _wait(rows: LeadRows, days: Floats, here: Bools, marks: tuple[int, ...], noun: str) -> Wait:
    """`days` until it happened, NaN where it did not while the lead was seen."""
    done = np.isfinite(days[here])
    return wait(
        np.where(done, days[here], np.maximum(rows.days_seen[here], 0)), done, marks, noun, ~rows.is_young[here]
    )


# What is to be known beside the figures


def _notes(rows: LeadRows, overall: Group, horizon_days: float | None) -> list[str]:
    young, early = int(rows.is_young.sum()), int((rows.days_to_win < 0).sum())
    no_cost, no_value = _missing(rows.cost, np.ones(len(rows), bool)), _missing(rows.value, rows.won)
    notes = []
    if horizon_days is None:
        notes.append("outcomes have no dates: young leads cannot be told from old ones, and nothing is said about time")
    if young:
        notes.append(
            f"{counted(young, 'lead')} younger than {days(horizon_days or 0)} "
            f"{'is' if young == 1 else 'are'} still open and left out of the rates"
        )
    if early:
        notes.append(f"{counted(early, 'win')} before the lead was created: left out of what is told of time")
    if rows.has_cost and no_cost:
        notes.append(f"{counted(no_cost, 'lead')} without a cost: left out where cost matters")
    if rows.has_value and no_value and overall.value_per_lead.value is not None:
        notes.append(f"{counted(no_value, 'win')} without a value: taken as the mean of the others")
    return notes


def _missing(column: Floats, among: Bools) -> int:
    return int((~np.isfinite(column[among])).sum())


def _sentence(overall: Group, horizon_days: float | None) -> str:
    """The figures that everybody asks for first, where they are known."""
    converted = overall.conversion_rate
    if converted.value is None:
        return converted.cannot_tell or "cannot tell"
    told = f"of {counted(converted.of, 'lead')}, {converted.value:.1%} converted so far"
    if horizon_days is not None and overall.conversion_in_time.value is not None:
        told += f", {overall.conversion_in_time.value:.1%} within {days(horizon_days)} of their creation"
    cycle = overall.sales_cycle.median_days.value if overall.sales_cycle else None
    money = ((overall.acquisition_cost, "costs"), (overall.value_per_win, "brings"))
    parts = [f"{does} {figure.value:,.0f}" for figure, does in money if figure.value is not None]
    told += f"; half of the wins took at most {cycle:.0f} days" if cycle is not None else ""
    return told + (f"; a win {' and '.join(parts)}" if parts else "")

"""The line for each wish, how sure it is, what it would have meant in past weeks, and all that in words.

In: crossings and wishes. Out: `Choice`. Pure. Called by `threshold.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.evidence.figures.sample import CONFIDENCE, FEW, counted, wilson
from scoville.evidence.lines import wishes as rules
from scoville.evidence.lines.trade_off import Reach, reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scoville.evidence.figures.sample import Ints
    from scoville.evidence.lines.crossings import Crossings
    from scoville.evidence.lines.wishes import Counts, Wishes

Kind = Literal["capacity", "precision", "recall", "value", "customers", "parting", "today"]

FAR = 0.8  # of all buyers: what is shown when nobody says how many to reach
_WEEKS_TO_TELL = 4  # of the newest: fewer are no new habit
_OFTEN = 0.4  # from here on, "54 % buy" reads better than "1 in 2 buys"
_WHOLE = 9.95  # from here on, tenths say nothing
_TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Week:
    """What a line would have given in the time up to `as_of`, since the snapshot before.

    `leads` newly reached the line, `standing` stood there in all. `conversions` of the new ones within the horizon, and
    their share with its interval, are None where the horizon is not over.
    """

    as_of: datetime
    leads: int
    standing: int
    conversions: int | None
    precision: float | None
    precision_low: float | None
    precision_high: float | None


@dataclass(frozen=True)
class Choice:
    """The line for a wish. Where the wish cannot be met, `at` is the nearest line there is, and `remark` says why.

    `at` is None where nothing can be told. `line_low` to `line_high` is where the line lies in 95 % of resamples, and
    `met_in` the share of resamples in which there is one; all None for a line that was given. `since_per_week` is how
    many leads reached the line in the weeks whose horizon is not over; None where there are none.
    """

    kind: Kind
    wish: str
    is_met: bool
    sentence: str
    remark: str | None = None
    at: Reach | None = None
    line_low: float | None = None
    line_high: float | None = None
    met_in: float | None = None
    since_per_week: float | None = None
    weeks: tuple[Week, ...] = ()


@dataclass(frozen=True)
class Chooser:
    """Finds lines in crossings. `value` of a win None: the mean of the known values."""

    found: Crossings
    wishes: Wishes

    @cached_property
    def plain(self) -> Counts:
        """The counts as they are."""
        return rules.plain(self.found, self.wishes.value)

    @cached_property
    def resampled(self) -> Counts:
        """The counts in 200 resamples."""
        return rules.resampled(self.found, self.wishes.value)

    @property
    def value(self) -> float | None:
        """What a win is worth; None where nobody knows."""
        value = float(self.plain.value[0, 0])
        return None if np.isnan(value) else value

    @property
    def cannot_tell(self) -> str | None:
        """Why no line can be told from who bought; None where one can."""
        if self.found.buyers < FEW:
            return f"cannot tell: {counted(self.found.buyers, 'conversion')}"
        if self.found.losers < FEW:
            return f"cannot tell: {counted(self.found.losers, 'lead')} without a conversion"
        standing = self.found.standing.sum(axis=0)
        if np.unique(standing[standing > 0]).size == 1:
            return "cannot tell: all scores are equal"
        return None

    def at(self, place: int) -> Reach:
        """What the line at a place would have given, with its net value where cost and value are known."""
        figures = reach(self.found, place)
        if self.wishes.cost is None or self.value is None:
            return figures
        low, high = np.nanquantile(self.resampled.net(self.wishes.cost)[:, place], _TAILS)
        net = float(self.plain.net(self.wishes.cost)[0, place])
        return replace(figures, net=net, net_low=float(low), net_high=float(high))

    def given(self, kind: Kind, wish: str, place: int, remark: str | None = None) -> Choice:
        """A line that is there already."""
        return self._choice(kind, wish, place, is_met=True, remark=remark)

    def by(self, kind: Kind, wish: str, rule: Callable[[Counts], Ints]) -> Choice | None:
        """The line that a rule finds; None where it finds none."""
        place = int(rule(self.plain)[0])
        if place < 0:
            return None
        places = rule(self.resampled)
        low, high = self._middle(places[places >= 0])
        found = self._choice(kind, wish, place, is_met=True, remark=None)
        return replace(found, line_low=low, line_high=high, met_in=float((places >= 0).mean()))

    def _middle(self, places: Ints) -> tuple[float | None, float | None]:
        """Where 95 % of the lines lie, from the line below on: all numbers above that one part leads alike."""
        if not places.size:
            return None, None
        low, high = np.quantile(places, _TAILS, method="closest_observation")
        return float(self.found.lines[max(low - 1, 0)]), float(self.found.lines[high])

    def unmet(self, kind: Kind, wish: str, remark: str, place: int = -1) -> Choice:
        """A wish that no line grants, with the nearest line where there is one."""
        if place < 0:
            return Choice(kind, wish, is_met=False, sentence=remark)
        return self._choice(kind, wish, place, is_met=False, remark=remark)

    def _choice(self, kind: Kind, wish: str, place: int, *, is_met: bool, remark: str | None) -> Choice:
        at = self.at(place)
        said = described(at) if is_met else f"{remark}. The nearest: {described(at)}"
        since = self.found.reached[self.found.known :, place]
        return Choice(
            kind, wish, is_met, said, remark, at,
            since_per_week=float(since.sum()) / self._weeks_since if since.size else None, weeks=self._weeks(place),
        )  # fmt: skip

    @property
    def _weeks_since(self) -> float:
        times = self.found.as_of
        return (times[-1] - times[self.found.known - 1]).total_seconds() / 604_800

    def newest_for(self, capacity: float) -> float | None:
        """The line for a capacity in the weeks whose horizon is not over; None where these are too few to tell."""
        since = self.found.reached[self.found.known :].sum(axis=0)
        if not since.any() or self._weeks_since < _WEEKS_TO_TELL:
            return None
        newest = replace(self.plain, leads=since[None, :].astype(np.float64), weeks=self._weeks_since)
        place = int(rules.within_capacity(newest, capacity)[0])
        return None if place < 0 else float(self.found.lines[place])

    def _weeks(self, place: int) -> tuple[Week, ...]:
        return tuple(_week(self.found, number, place) for number in range(self.found.first, len(self.found.as_of)))


def _week(found: Crossings, number: int, place: int) -> Week:
    leads, standing, won = (int(table[number, place]) for table in (found.reached, found.standing, found.won))
    if number >= found.known:
        return Week(found.as_of[number], leads, standing, None, None, None, None)
    low, high = wilson(won, leads) if leads else (None, None)
    return Week(found.as_of[number], leads, standing, won, won / leads if leads else None, low, high)


# One function for each wish


def choices(chooser: Chooser) -> tuple[Choice, ...]:
    """The line for each wish; where there is none, those worth a look whatever is wished."""
    wishes = chooser.wishes
    if not wishes.any_given:
        return (for_recall(chooser, FAR), where_they_part(chooser))
    asked = (
        (wishes.capacity_per_week, for_capacity), (wishes.precision, for_precision), (wishes.recall, for_recall),
        (wishes.cost, for_value),
    )  # fmt: skip
    return tuple(answer(chooser, wish) for wish, answer in asked if wish is not None)


def for_capacity(chooser: Chooser, capacity: float) -> Choice:
    """The lowest line that brings no more leads a week than can be called."""
    per = "new leads a week" if chooser.found.weeks else "leads"
    wish = f"at most {capacity:g} {per}"
    choice = chooser.by("capacity", wish, lambda counts: rules.within_capacity(counts, capacity))
    loads = chooser.plain.leads[0] / chooser.plain.weeks
    if choice is not None:
        return replace(choice, remark=_about_capacity(chooser, choice, capacity, float(loads.max())))
    top = int(rules.highest_reached(chooser.plain)[0])
    if top < 0:
        return chooser.unmet("capacity", wish, "cannot tell: nobody newly reached any line")
    line = chooser.found.lines[top]
    why = f"cannot be met: {_number(loads[top])} {per} reach {line:g}, and no line above it parts them"
    return chooser.unmet("capacity", wish, why, top)


def _about_capacity(chooser: Chooser, choice: Choice, capacity: float, most: float) -> str | None:
    """What to know beside the line: room left, weeks that overflow, and where it would lie for the newest weeks."""
    said = [f"there is room for more: no line brings more than {_number(most)}"] if most <= capacity else []
    over = sum(week.leads > capacity for week in choice.weeks)
    if len(choice.weeks) > 1 and over:
        said.append(f"more than {capacity:g} came in {over} of {len(choice.weeks)} weeks")
    newest = chooser.newest_for(capacity)
    if newest is not None and choice.at is not None and newest != choice.at.threshold:
        now, since = _number(choice.since_per_week), chooser.found.as_of[chooser.found.known - 1]
        said.append(f"{now} a week have come since {since:%-d %B}: for these, the line is {newest:g}")
    return "; ".join(said) or None


def for_precision(chooser: Chooser, precision: float) -> Choice:
    """The lowest line above which at least this share buys."""
    wish = f"at least {precision:.0%} buy"
    if chooser.cannot_tell:
        return chooser.unmet("precision", wish, chooser.cannot_tell)
    choice = chooser.by("precision", wish, lambda counts: rules.as_precise(counts, precision))
    if choice is not None and choice.at is not None:
        low = choice.at.precision_low or 0
        doubt = f"not sure: it may be as few as {low:.1%}" if low < precision else None
        return replace(choice, remark=doubt)
    best = int(rules.most_precise(chooser.plain)[0])
    if best < 0:
        return chooser.unmet("precision", wish, f"cannot tell: no line has {FEW} conversions among its new leads")
    why = f"cannot be met: no line with {FEW} conversions or more has such a rate"
    return chooser.unmet("precision", wish, why, best)


def for_recall(chooser: Chooser, recall: float) -> Choice:
    """The highest line that still holds this share of all buyers."""
    wish = f"reach {recall:.0%} of all who buy"
    if chooser.cannot_tell:
        return chooser.unmet("recall", wish, chooser.cannot_tell)
    choice = chooser.by("recall", wish, lambda counts: rules.as_far_reaching(counts, recall))
    if choice is None or choice.at is None:
        raise AssertionError("the lowest line holds every lead, and so every buyer")
    everyone = choice.at.threshold == chooser.found.lines[0]
    return replace(choice, remark="only by calling everyone" if everyone else None)


def for_value(chooser: Chooser, cost: float) -> Choice:
    """The line that brings most money, less what it costs to work its leads."""
    value = chooser.value
    if value is None:
        return chooser.unmet("value", f"most value at a cost of {cost:g}", "cannot tell: no outcome has a value")
    wish = f"most value: a lead costs {cost:g}, a win brings {value:,.6g}"
    if chooser.cannot_tell:
        return chooser.unmet("value", wish, chooser.cannot_tell)
    choice = chooser.by("value", wish, lambda counts: rules.worth_most(counts, cost))
    if choice is not None:
        return replace(choice, remark=f"a line pays while more than {_one_in(cost / value)} buy")
    best = int(rules.most_precise(chooser.plain)[0])
    why = f"cannot be met: no line pays; more than {_one_in(cost / value)} would have to buy"
    return chooser.unmet("value", wish, why, best)


def where_they_part(chooser: Chooser) -> Choice:
    """The line at which buyers and others lie farthest apart."""
    wish = "where buyers and others part best"
    if chooser.cannot_tell:
        return chooser.unmet("parting", wish, chooser.cannot_tell)
    return chooser.by("parting", wish, rules.parting) or chooser.unmet("parting", wish, "cannot tell: no line")


# Words


def described(at: Reach) -> str:
    """What a line gives: "At 62: 38 new leads a week, 1 in 5 buys; you reach 61 % of all who buy"."""
    if not at.leads:
        stood = (
            f"the {_number(at.standing)} leads there stood there from the start" if at.standing else "nobody reached it"
        )
        return f"At {at.threshold:g}: {stood}"
    once = at.leads_per_week is None
    load = counted(at.leads, "lead") + " on the list" if once else f"{_number(at.leads_per_week)} new leads a week"
    if at.recall is None:
        return f"At {at.threshold:g}: {load}; nobody bought at all"
    return f"At {at.threshold:g}: {load}, {_buys(at.precision or 0)}; you reach {at.recall:.0%} of all who buy"


def _number(number: float | None) -> str:
    number = number or 0
    return f"{number:,.0f}" if number >= _WHOLE else f"{number:.1f}"


def _buys(rate: float) -> str:
    if not rate:
        return "nobody bought"
    return f"{rate:.0%} buy" if rate >= _OFTEN else f"{_one_in(rate)} buys"


def _one_in(rate: float) -> str:
    return f"{rate:.0%}" if rate >= _OFTEN else f"1 in {round(1 / rate):,}"

"""Who buys, when, and for how much: the hidden hazard, and what sales make of the leads that look hot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scoville.demo.behaviour import EVENT_NAMES, PATHS
from scoville.demo.calendar import DAY_US, HOUR_US, MILLISECOND_US, SATURDAY
from scoville.demo.columns import instants, numbered, numbers, words
from scoville.demo.truth import daily_hazard

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.demo.behaviour import Events
    from scoville.demo.calendar import Window
    from scoville.demo.columns import Floats, Ints
    from scoville.demo.people import People
    from scoville.demo.truth import Truth

NEVER = np.iinfo(np.int64).max
HOT_LOG_ODDS = -6.2  # daily log-odds at which somebody in sales takes a look: about 12 % of leads get there
OUTCOME_NAMES = ("won", "lost", "accepted", "rejected")
WON, LOST, ACCEPTED, REJECTED = range(len(OUTCOME_NAMES))


@dataclass(frozen=True)
class Course:
    """The potential course of every lead, as if it never bought.

    `log_odds[i, d]` is the true log-odds of lead i at midnight of day d, -inf before it exists. Days count from the
    window's start. `reviewed_day` is when sales take a look, `given_up_day` when they lose patience; NEVER if not.
    """

    log_odds: npt.NDArray[np.float32]
    reviewed_day: Ints
    accepted: npt.NDArray[np.bool_]
    given_up_day: Ints

    @classmethod
    def together(cls, parts: list[Course]) -> Course:
        """The courses of all leads of the parts, in their order."""
        names = ("log_odds", "reviewed_day", "accepted", "given_up_day")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def hazard(self, window: Window, first_day: int, last_day: int) -> Floats:
        """-log(1 - P) of buying within the days first_day..last_day - 1, one number per lead."""
        days = np.arange(first_day, last_day)
        days = days[window.weekday(days) < SATURDAY]
        hazard: Floats = daily_hazard(self.log_odds[:, days].astype(np.float64)).sum(axis=1)
        return hazard


@dataclass(frozen=True)
class Outcomes:
    """One entry per outcome; `lead` is an index into the people, `value` in dollars, NaN unless won."""

    lead: Ints
    kind: Ints
    at_us: Ints
    value: Floats

    def won_us(self, n_leads: int) -> Ints:
        """When each lead was won, in microseconds; NEVER for most."""
        won = self.kind == WON
        result = np.full(n_leads, NEVER)
        result[self.lead[won]] = self.at_us[won]
        return result

    def table(self, people: People) -> pa.Table:
        """The relation `outcomes`, in order of time."""
        order = np.lexsort((self.kind, self.lead, self.at_us))
        return pa.table(
            {
                "lead_id": numbered("L", people.number[self.lead[order]], digits=8),
                "outcome": words(OUTCOME_NAMES, self.kind[order]),
                "at": instants(self.at_us[order]),
                "value": numbers(self.value[order], pa.float64()),
            }
        )


def run_course(
    rng: np.random.Generator, people: People, fit: Floats, events: Events, window: Window, truth: Truth
) -> Course:
    """Carry the decayed signals of every lead from midnight to midnight and note the log-odds."""
    log_odds = _log_odds_by_day(people, fit, events, window, truth)
    eye = rng.normal(0, 0.6, len(people))[:, None]  # sales see roughly, not exactly, how hot a lead is
    hot = log_odds + eye.astype(np.float32) > HOT_LOG_ODDS
    reviewed_day = np.where(hot.any(axis=1), hot.argmax(axis=1), NEVER)
    accepted = rng.random(len(people)) < 1 / (1 + np.exp(-(0.6 + fit)))
    patience_days = np.round(30 + rng.gamma(4.0, 18.0, len(people))).astype(np.int64)
    taken_on = accepted & (reviewed_day != NEVER)
    given_up_day = np.where(taken_on, np.where(taken_on, reviewed_day, 0) + patience_days, NEVER)
    return Course(log_odds, reviewed_day, accepted, given_up_day)


def _log_odds_by_day(
    people: People, fit: Floats, events: Events, window: Window, truth: Truth
) -> npt.NDArray[np.float32]:
    arrivals = [_arrivals(events, window, signal.event, signal.path_prefix) for signal in truth.signals]
    decayed = np.zeros((len(truth.signals), len(people)))
    result = np.full((len(people), window.days), -np.inf, dtype=np.float32)
    created_day = (people.created_us - window.start_us) // DAY_US + 1  # the first midnight that sees the lead
    for day in range(window.days):
        for row, signal in enumerate(truth.signals):
            decayed[row] *= signal.daily_decay
            leads, days_left = arrivals[row].on(day)
            np.add.at(decayed[row], leads, signal.daily_decay**days_left)
        behaviour = np.array([signal.coefficient for signal in truth.signals]) @ decayed
        result[:, day] = np.where(created_day <= day, truth.intercept + fit + behaviour, -np.inf)
    return result


@dataclass(frozen=True)
class _Arrivals:
    """Events of one signal in order of time: whose, how many days before the next midnight, and where a day starts."""

    lead: Ints
    days_left: Floats
    starts: Ints

    def on(self, day: int) -> tuple[Ints, Floats]:
        """Events of the day before this midnight."""
        rows = slice(self.starts[day], self.starts[day + 1])
        return self.lead[rows], self.days_left[rows]


def _arrivals(events: Events, window: Window, event: str, path_prefix: str | None) -> _Arrivals:
    chosen = events.kind == EVENT_NAMES.index(event)
    if path_prefix is not None:
        chosen &= np.array([*(path.startswith(path_prefix) for path in PATHS), False])[events.path]
    since = events.at_us[chosen] - window.start_us
    midnight = -(-since // DAY_US)
    starts = np.searchsorted(midnight, np.arange(window.days + 1))
    return _Arrivals(events.lead[chosen], (midnight * DAY_US - since) / DAY_US, starts)


def draw_outcomes(rng: np.random.Generator, people: People, course: Course, window: Window) -> Outcomes:
    """Won when the summed hazard passes a draw of Exp(1), which gives each day exactly its hazard.

    `lost` only records what never came: it is given to leads that sales gave up and that have not bought by the end,
    so that giving up changes nobody's odds.
    """
    won_day = _won_day(rng, course, window)
    won_us = _office_moment(rng, window, won_day)
    review_us = _office_moment(rng, window, _next_office_day(window, course.reviewed_day))
    lost_us = _office_moment(rng, window, _next_office_day(window, course.given_up_day))
    won = np.flatnonzero(won_day != NEVER)
    reviewed = np.flatnonzero((review_us < window.end_us) & (review_us < won_us))
    lost = np.flatnonzero((won_day == NEVER) & (lost_us < window.end_us))
    verdict = np.where(course.accepted[reviewed], ACCEPTED, REJECTED)
    value = _deal_values(rng, people)[won]
    return Outcomes(
        lead=np.concatenate([won, lost, reviewed]),
        kind=np.concatenate([np.full(len(won), WON), np.full(len(lost), LOST), verdict]),
        at_us=np.concatenate([won_us[won], lost_us[lost], review_us[reviewed]]),
        value=np.concatenate([value, np.full(len(lost) + len(reviewed), np.nan)]),
    )


def _won_day(rng: np.random.Generator, course: Course, window: Window) -> Ints:
    hazard = daily_hazard(course.log_odds.astype(np.float64))
    hazard[:, window.weekday(np.arange(window.days)) >= SATURDAY] = 0
    passed = np.cumsum(hazard, axis=1) > rng.exponential(1.0, len(hazard))[:, None]
    return np.where(passed.any(axis=1), passed.argmax(axis=1), NEVER)


def _next_office_day(window: Window, day: Ints) -> Ints:
    known = np.where(day == NEVER, 0, day)
    weekday = window.weekday(known)
    return np.where(day == NEVER, NEVER, known + np.where(weekday >= SATURDAY, 7 - weekday, 0))


def _office_moment(rng: np.random.Generator, window: Window, day: Ints) -> Ints:
    """Between 8:00 and 18:00 UTC of the day, in microseconds; NEVER stays NEVER."""
    within = rng.integers(0, 10 * HOUR_US // MILLISECOND_US, len(day)) * MILLISECOND_US
    known = np.where(day == NEVER, 0, day)
    return np.where(day == NEVER, NEVER, window.start_us + known * DAY_US + 8 * HOUR_US + within)


def _deal_values(rng: np.random.Generator, people: People) -> Floats:
    """Lognormal, median 1,100 * employees^0.5 dollars (50 employees: 7,800; 2,000: 49,000), in steps of 100."""
    median = 1100 * np.sqrt(people.true_employees)
    return np.maximum(np.round(median * rng.lognormal(0, 0.55, len(people)), -2), 500.0)

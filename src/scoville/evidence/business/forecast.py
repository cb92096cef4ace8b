"""How much is on its way: wins and revenue expected from leads that are open now, and how such forecasts did before.

In: a history, a plan and its panel. Out: a `Forecast`. Called by the command line and the report.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.business.expected import SEPARATE, Expected, expected
from scoville.evidence.business.past import BANDS, Past, Rows, past_of
from scoville.evidence.figures.estimates import Figure, mean, none_because, rate
from scoville.evidence.figures.sample import FEW, counted, design_effect
from scoville.evidence.snapshots import open_panel
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Floats, Ints
    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

NO_DATES = "cannot tell: outcomes have no dates"


@dataclass(frozen=True)
class Checked:
    """A forecast made as of a past day with what was known then, and what came in.

    A win without a value is counted at the mean value of the others; `came_revenue` is null where none was forecast.
    """

    as_of: datetime
    expected: Expected
    came_wins: int
    came_revenue: float | None
    is_wins_within: bool
    is_revenue_within: bool | None


@dataclass(frozen=True)
class Forecast:
    """What leads open at `as_of` should bring within the horizon, and how such forecasts did at past snapshots.

    `wins_within`, `revenue_within`: share of the past checks whose interval held what came. `wins_error`,
    `revenue_error`: forecast minus what came, over what came on average (0.1: 10 % too high). Checks whose horizons
    overlap count for as many as do not. `already_there`: of all wins within a horizon, the share by leads that were
    open at its beginning; the others came later, and no forecast knows them.
    """

    as_of: datetime | None
    horizon_days: float | None
    now: Expected
    checks: tuple[Checked, ...]
    wins_within: Figure
    wins_error: Figure
    revenue_within: Figure
    revenue_error: Figure
    already_there: Figure
    sentence: str
    record: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON. Instants are ISO 8601 and end in Z."""
        plain = asdict(self)
        checks = [{**check, "as_of": iso(check["as_of"])} for check in plain["checks"]]
        return {**plain, "as_of": iso(self.as_of), "checks": checks}


def forecast(history: History, plan: Plan, panel: Panel, as_of: datetime | None = None) -> Forecast:
    """Wins and revenue within the panel's horizon from the leads open at `as_of`, by default where the data end.

    Probabilities come from the panel's snapshots whose horizon was over by `as_of`. Each snapshot is forecast in the
    same way, from snapshots whose horizon was over by then, and held against what came in.

    The panel must be the last one that was built of this history. Units: `as_of` is naive UTC.
    """
    if panel.horizon is None:
        none, untold = Expected(0, 0, 0.0, cannot_tell=NO_DATES), none_because(NO_DATES)
        return Forecast(None, None, none, (), untold, untold, untold, untold, untold, NO_DATES, NO_DATES)
    as_of = as_of if as_of is not None else history.span.end
    every, now = _rows(panel, panel), _rows(_open_at(history, plan, panel, panel.horizon, as_of), panel)
    past = past_of(every, panel.sample)
    told = expected(past.until(_over(panel, past, as_of)), now)
    checks = tuple(_checks(panel, every, past, as_of))
    wins_within, wins_error = _record_of_wins(checks, panel.horizon)
    revenue_within, revenue_error = _record_of_revenue(checks, panel.horizon)
    days = panel.horizon / timedelta(days=1)
    return Forecast(
        as_of=as_of, horizon_days=days, now=told, checks=checks,
        wins_within=wins_within, wins_error=wins_error,
        revenue_within=revenue_within, revenue_error=revenue_error,
        already_there=_already_there(history, panel),
        sentence=_sentence(told, days), record=_record(checks, wins_within, wins_error),
    )  # fmt: skip


def _open_at(history: History, plan: Plan, panel: Panel, horizon: timedelta, as_of: datetime) -> Panel:
    if panel.today is not None and panel.today.as_of == (as_of,):
        return panel.today
    history.bind(plan, as_of)
    return open_panel(history.engine, plan, as_of, horizon)


def _over(panel: Panel, past: Past, by: datetime) -> int:
    """How many instants of the past had their horizon over by an instant: what was known then."""
    over = [instant + (panel.horizon or timedelta()) <= by for instant in panel.as_of]
    return int(np.isin(past.at, _at(panel, panel)[over]).sum())


def _at(panel: Panel, since: Panel) -> Floats:
    """When each snapshot was, in horizons since the first one of a panel."""
    horizon = since.horizon or timedelta(days=1)
    return np.array([(instant - since.as_of[0]) / horizon for instant in panel.as_of])


def _rows(panel: Panel, names_of: Panel) -> Rows:
    """A panel's rows, with instants and the codes of bands as another panel has them."""
    bands = {name: _coded(panel, names_of, name) for name in BANDS}
    return Rows(panel.score, panel.won, panel.value, panel.lead, _at(panel, names_of)[panel.snapshot], bands)


def _coded(panel: Panel, names_of: Panel, name: str) -> Ints:
    place = {text: code for code, text in enumerate(names_of.labels[name].names)}
    to = np.array([*(place.get(text, -1) for text in panel.labels[name].names), -1], np.int64)
    found: Ints = to[panel.labels[name].codes]
    return found


# How such forecasts did


def _checks(panel: Panel, every: Rows, past: Past, as_of: datetime) -> list[Checked]:
    """A check for each snapshot that had a forecast, and whose horizon is over by `as_of`."""
    found = []
    for number, instant in enumerate(panel.as_of):
        known = _over(panel, past, instant)
        if instant + (panel.horizon or timedelta()) > as_of or not known:
            continue
        here = every.where(panel.snapshot == number)
        told = expected(past.until(known), here)
        if told.cannot_tell is None:
            found.append(_check(instant, told, here))
    return found


def _check(instant: datetime, told: Expected, here: Rows) -> Checked:
    wins, known = int(here.won.sum()), here.won & np.isfinite(here.value)
    is_within = _is_within(told.wins_low, wins, told.wins_high)
    if told.revenue is None or told.value_per_win is None:
        return Checked(instant, told, wins, None, is_within, None)
    revenue = float(here.value[known].sum()) + (wins - int(known.sum())) * told.value_per_win
    return Checked(instant, told, wins, revenue, is_within, _is_within(told.revenue_low, revenue, told.revenue_high))


def _is_within(low: float | None, came: float, high: float | None) -> bool:
    return low is not None and high is not None and low <= came <= high


def _record_of_wins(checks: Sequence[Checked], horizon: timedelta) -> tuple[Figure, Figure]:
    pairs = [(one.expected.wins or 0.0, float(one.came_wins), one.is_wins_within) for one in checks]
    return _record_of(pairs, _separate(checks, horizon))


def _record_of_revenue(checks: Sequence[Checked], horizon: timedelta) -> tuple[Figure, Figure]:
    told = [one for one in checks if one.came_revenue is not None]
    pairs = [(one.expected.revenue or 0.0, one.came_revenue or 0.0, bool(one.is_revenue_within)) for one in told]
    return _record_of(pairs, _separate(told, horizon))


def _separate(checks: Sequence[Checked], horizon: timedelta) -> float:
    """How many horizons that do not overlap the checks stand for."""
    return (checks[-1].as_of - checks[0].as_of) / horizon + 1 if checks else 0.0


def _record_of(pairs: Sequence[tuple[float, float, bool]], separate: float) -> tuple[Figure, Figure]:
    """Share of intervals that held, and the mean error over what came on average, each with its interval."""
    if not pairs:
        untold = none_because("cannot tell: no snapshot had 20 conversions of earlier ones behind it")
        return untold, untold
    effect = max(1.0, len(pairs) / separate)
    within = rate(sum(one[2] for one in pairs), len(pairs), effect)
    came = sum(one[1] for one in pairs) / len(pairs)
    if not came:
        return within, none_because("cannot tell: nothing came in")
    error = mean(np.array([(one[0] - one[1]) / came for one in pairs]), "check")
    if separate < FEW:
        reason = f"cannot tell: the checks stand for {separate:.1f} separate periods"
        return within, Figure(error.value, of=error.of, cannot_tell=reason)
    return within, _wider(error, effect**0.5)


def _wider(figure: Figure, times: float) -> Figure:
    if figure.value is None or figure.low is None or figure.high is None:
        return figure
    half = (figure.high - figure.low) / 2 * times
    return Figure(figure.value, figure.value - half, figure.value + half, figure.of, figure.cannot_tell)


def _already_there(history: History, panel: Panel) -> Figure:
    """Of the wins within the horizon of each snapshot, the share by leads that were there at its instant."""
    rows = history.engine.arrow("SELECT lead_no, won_at, created_at FROM panel_leads WHERE won_at IS NOT NULL")
    lead, won_at, created_at = (rows[name].to_numpy() for name in ("lead_no", "won_at", "created_at"))
    there, who = [], []
    for instant in panel.as_of:
        begin, end = np.datetime64(instant), np.datetime64(instant + (panel.horizon or timedelta()))
        within = (won_at > begin) & (won_at <= end)
        there.append(created_at[within] <= begin)
        who.append(lead[within])
    was_there, leads = np.concatenate(there), np.concatenate(who)
    return rate(int(was_there.sum()), was_there.size, design_effect(was_there, leads), noun="wins")


# In words


def _sentence(now: Expected, days: float) -> str:
    if now.cannot_tell is not None or now.wins is None:
        return now.cannot_tell or "cannot tell"
    told = (
        f"{now.wins:,.0f} wins expected in the next {days:g} days ({now.wins_low:,.0f} to {now.wins_high:,.0f}) "
        f"from {counted(now.leads, 'open lead')}"
    )
    if now.revenue is None:
        told += f"; nothing is said of money: {now.no_revenue}"
    else:
        told += f", worth {now.revenue:,.0f} ({now.revenue_low:,.0f} to {now.revenue_high:,.0f})"
    return told if now.periods >= SEPARATE else f"{told}; the past is too short to know how good and bad periods differ"


def _record(checks: Sequence[Checked], within: Figure, error: Figure) -> str:
    if not checks or within.value is None:
        return within.cannot_tell or "not checked"
    parts = [f"wins were within the interval on {sum(one.is_wins_within for one in checks)} of them"]
    if worth := [one.is_revenue_within for one in checks if one.is_revenue_within is not None]:
        parts.append(f"revenue on {sum(worth)} of {len(worth)}")
    held = f"checked on {counted(len(checks), 'past day')}: {', '.join(parts)}"
    if error.value is None:
        return held
    side = "too high" if error.value > 0 else "too low"
    return f"{held}; forecasts of wins were {abs(error.value):.0%} {side} on average"

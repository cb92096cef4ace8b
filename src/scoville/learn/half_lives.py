"""How fast interest fades: the half-lives of a chosen card, measured on the days on which leads converted.

In: a history, rows, a selection. Out: the same selection with half-lives of its own. Called by `learning`.

A snapshot a month sees half of a burst of interest too early and half too late, so a grid of half-lives is all that it
can tell apart. Here each lead that converted is held, as it was on the morning of that day, against leads open on the
same morning: the partial likelihood of Cox (1972) with drawn risk sets (Goldstein and Langholz 1992). It needs no
horizon, and whatever made the day or the month special falls out of it. Half-lives of one team's events are alike, so
each is drawn to their common middle as far as chance could explain the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.choosing.fitting import fit
from scoville.learn.choosing.selecting import Amount, Cap, Selection
from scoville.learn.choosing.together import Both
from scoville.learn.mornings import LONGEST_DAYS, SHORTEST_DAYS, TABLE, Likelihood, mornings_of
from scoville.learn.tried.happenings import ages, figures_of
from scoville.learn.tried.origins import Decayed, Trait
from scoville.learn.tried.trait_columns import codes_of_leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.learn.choosing.selecting import Candidate, Factor
    from scoville.learn.judging import Table
    from scoville.learn.mornings import Mornings
    from scoville.learn.tried.origins import Origin

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NO_WORSE = 5.0  # of log likelihood: what a half-life may cost on the rows of the card before the one of the grid stays
_Z = 1.96


@dataclass(frozen=True)
class Fading:
    """A half-life with its 95 % interval, in days."""

    days: float
    low: float
    high: float


@dataclass(frozen=True)
class Timed:
    """A selection whose half-lives were measured; the table and origins that it chooses from, which have them too.

    `fading` is by the place of the candidate.
    """

    selection: Selection
    table: Table
    origins: tuple[Origin, ...]
    fading: dict[int, Fading]


def timed(  # noqa: PLR0913 - what to measure, on which leads, until when
    history: History,
    selection: Selection,
    table: Table,
    origins: tuple[Origin, ...],
    *,
    sample: Bools,
    without: Ints | None = None,
    until: datetime | None = None,
    ridge: float,
    seed: int = 0,
) -> Timed:
    """The selection with half-lives measured on leads that converted before `until` (None: ever).

    All leads count, also those that no snapshot saw because they converted at once, but for those `without`. None may
    be left out by what became of it later: who stays would stand for others.

    A half-life of the grid stays where there are too few conversions, where the measured one would turn the sign, and
    where the rows of `sample` speak against the measured one.
    """
    asis = Timed(selection, table, origins, {})
    fades = list(_fading(asis))
    invites = [one for one in fades if one.effect > 0]
    moments = mornings_of(history.engine, without, until, seed) if invites else None
    found = _measured(history, asis, invites, moments) if moments is not None else {}
    return _where_rows_agree(history, asis, fades, found, sample, ridge)


@dataclass(frozen=True)
class _Fade:
    """A factor that fades: its place in the selection, and what it is now."""

    place: int
    factor: Factor
    amount: Amount
    cap: Cap
    origin: Decayed
    days: float

    @property
    def effect(self) -> float:
        return float(self.factor.effects[0])


def _fading(now: Timed) -> Iterator[_Fade]:
    for place, factor in enumerate(now.selection.factors):
        origin, amount, cap = now.origins[factor.candidate], now.table.candidates[factor.candidate], factor.form
        if isinstance(origin, Decayed) and origin.half_life_days is not None:  # noqa: SIM102 - two questions
            if isinstance(amount, Amount) and isinstance(cap, Cap):
                yield _Fade(place, factor, amount, cap, origin, origin.half_life_days)


# What the mornings say


def _measured(history: History, asis: Timed, fades: Sequence[_Fade], moments: Mornings) -> dict[int, Fading]:
    """By place of the factor; only what kept its sign."""
    known = ages(history, [one.origin.of for one in fades], TABLE)
    rest = _rest(history, asis, {one.place for one in fades}, moments)
    days, effects = (np.array([getattr(one, of) for one in fades], np.float64) for of in ("days", "effect"))
    best, spread = Likelihood(moments.row, rest, known, days).best(np.log(days), effects)
    found = {}
    for at, one in enumerate(fades):
        middle, width = best[at], _Z * spread[at]
        if best[len(fades) + at] > 0 and np.isfinite(width):
            low, here, high = (math.exp(min(end, 10.0)) for end in (middle - width, middle, middle + width))
            found[one.place] = Fading(_said(here), low, high)
    history.engine.run(f"DROP TABLE {TABLE}")
    return found


def _said(days: float) -> float:
    """Days as a person gives them: whole, then fives, then tens."""
    step = 1.0 if days < 60 else 5.0 if days < 180 else 10.0  # noqa: PLR2004 - finer than any interval here
    return max(SHORTEST_DAYS, round(days / step) * step)


def _rest(history: History, asis: Timed, fading: set[int], moments: Mornings) -> Floats:
    """The log odds that the other factors gave each lead that morning."""
    others = [factor for place, factor in enumerate(asis.selection.factors) if place not in fading]
    wanted = sorted({which for factor in others for which in _columns_of(factor)})
    origins = {which: origin for which in wanted if not isinstance(origin := asis.origins[which], Trait)}
    figures = dict(zip(origins, figures_of(history, moments.lead.size, [*origins.values()], TABLE), strict=True))
    then: list[Candidate] = [*asis.table.candidates]
    for which in wanted:
        candidate, origin = then[which], asis.origins[which]
        if isinstance(candidate, Amount):
            then[which] = replace(candidate, of=figures[which])
        elif isinstance(origin, Trait):
            codes = codes_of_leads(history.engine, origin.trait, candidate.cells)
            then[which] = replace(candidate, codes=codes[moments.lead])
        else:
            then[which] = replace(candidate, codes=candidate.cells.codes(figures[which]))
    total = np.zeros(moments.lead.size)
    for factor in others:
        total += factor.term(then).part(factor.effects)
    return total


def _columns_of(factor: Factor) -> tuple[int, ...]:
    return (factor.candidate, factor.form.other) if isinstance(factor.form, Both) else (factor.candidate,)


# Into the card


def _where_rows_agree(
    history: History, asis: Timed, fades: Sequence[_Fade], found: dict[int, Fading], sample: Bools, ridge: float
) -> Timed:
    """Each measured half-life in the place of that of the grid, where the rows of the card do not speak against it.

    What takes points away is not forgotten at all, unless the rows say that it is.
    """
    tries = [(one, days) for one in fades for days in _tried(one, found.get(one.place))]
    origins = [replace(one.origin, half_life_days=days) for one, days in tries]
    new = figures_of(history, asis.table.won.size, origins)
    now, loss, total = asis, _refitted(asis, sample, ridge).loss, float(asis.table.weight[sample].sum())
    done: set[int] = set()
    for (one, _), origin, amount in zip(tries, origins, new, strict=True):
        if one.place not in done:
            trial = _with(now, one, origin, amount, found.get(one.place))
            trial = replace(trial, selection=_refitted(trial, sample, ridge))
            if (trial.selection.loss - loss) * total <= NO_WORSE:
                now, loss = trial, min(loss, trial.selection.loss)
                done.add(one.place)
    return now


def _tried(one: _Fade, fading: Fading | None) -> Iterator[float | None]:
    """Half-lives to try, the first that the rows agree with being taken."""
    if one.effect < 0 or (fading is not None and fading.days >= LONGEST_DAYS):
        yield None
    if fading is not None and fading.days < LONGEST_DAYS:
        yield fading.days


def _with(now: Timed, fade: _Fade, origin: Decayed, amount: Floats, fading: Fading | None) -> Timed:
    which = len(now.table.candidates)
    table = replace(now.table, candidates=(*now.table.candidates, replace(fade.amount, of=amount)))
    factors = [*now.selection.factors]
    cap = _as_high(fade.cap, fade.amount.of, amount)
    factors[fade.place] = replace(factors[fade.place], candidate=which, form=cap)
    selection = replace(now.selection, factors=tuple(factors))
    told = {} if fading is None or origin.half_life_days is None else {which: fading}
    return Timed(selection, table, (*now.origins, origin), now.fading | told)


def _as_high(cap: Cap, before: Floats, now: Floats) -> Cap:
    """The cap that as many leads reach as before."""
    had, has = before[before > 0], now[now > 0]
    return Cap(float(np.quantile(has, (had <= cap.most).mean()))) if had.size and has.size else cap


def _refitted(now: Timed, sample: Bools, ridge: float) -> Selection:
    """The selection with effects fitted to the rows of the sample."""
    won, weight = now.table.won[sample].astype(np.float64), now.table.weight[sample]
    whole = [factor.term(now.table.candidates) for factor in now.selection.factors]
    terms = [replace(term, of=term.of[sample]) for term in whole]
    start = (now.selection.intercept, [factor.effects for factor in now.selection.factors])
    found = fit(terms, won, weight, ridge, start)
    factors = zip(now.selection.factors, found.effects, strict=True)
    return Selection(
        found.intercept, tuple(replace(one, effects=of) for one, of in factors), found.loss / float(weight.sum())
    )

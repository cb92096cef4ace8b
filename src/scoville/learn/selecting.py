"""Which few columns, cut how: a path of cards with 1, 2, ... factors, each the best found at its size.

In: candidate columns and outcomes. Out: for each number of factors the chosen ones with their bands and effects. Pure
and without dice. Called by `scorecard` and `learn`; the points come after, in `points`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.errors import UsageError
from scoville.learn.bands import Bands, Column, Limits, best_bands
from scoville.learn.fitting import Fit, Term, chance, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FACTORS = 7
CAPS = (0.5, 0.75, 0.9, 0.97, 1.0)  # the shares of the amounts above 0 at which a cap is tried
SWEEPS = 2
SWAPS = 2
LITTLE = 1.0  # of log likelihood: a swap that gains less than this is not worth another look


@dataclass(frozen=True)
class Amount:
    """A candidate that is no band but an amount of at least 0: points per unit, up to a cap. A decayed sum of events.

    `sign` 1 or -1 says that more of it may only add, or only take away; 0 leaves it open. Of candidates that share a
    `group` at most one is chosen: half-lives of one event.
    """

    name: str
    of: Floats
    sign: int = 0
    group: str | None = None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.of.size


@dataclass(frozen=True)
class Cap:
    """An amount counts up to this much."""

    most: float


Candidate = Column | Amount
Form = Bands | Cap


@dataclass(frozen=True)
class Factor:
    """A chosen candidate: which one, in which form, and its effects in log odds (per band, or per unit of an amount)."""

    candidate: int
    name: str
    form: Form
    effects: Floats


@dataclass(frozen=True)
class Selection:
    """A card before its points: log odds = `intercept` + effects. `loss` is the mean log loss on the rows it is fitted to."""

    intercept: float
    factors: tuple[Factor, ...]
    loss: float


def term_of(candidate: Candidate, form: Form) -> Term:
    """What a candidate in a form says of each row."""
    if isinstance(candidate, Column) and isinstance(form, Bands):
        return Term(form.codes(candidate), form.count)
    if isinstance(candidate, Amount) and isinstance(form, Cap):
        return Term(np.minimum(candidate.of, form.most), 1, banded=False)
    raise TypeError(f"{candidate.name} cannot be read as {form}")


def select(  # noqa: PLR0913
    candidates: Sequence[Candidate],
    won: Floats,
    weight: Floats | None = None,
    *,
    factors: int = FACTORS,
    limits: Limits | None = None,
    entry: float | None = None,
) -> tuple[Selection, ...]:
    """The best selection found of 0, 1, ... up to `factors` factors; fewer where no further one is worth its price.

    Forward, one factor at a time: the one that adds most given the others. After each, all bands are cut again given
    the others, effects are fitted together, and every factor has to hold its place against all that are left out.
    A factor must add `entry` to twice the log likelihood, besides the price of its bands; by default this is what the
    best of so many candidates adds by chance alone (2 log of their number: Foster and George 1994).

    Shape: candidates of one length, `won` of 0 and 1, `weight` of at least 0.
    Raises: UsageError: lengths differ.
    """
    won = np.asarray(won, np.float64)
    weight = np.ones(won.size) if weight is None else np.asarray(weight, np.float64)
    for one in candidates:
        if one.rows != won.size:
            raise UsageError(f"{one.name} has {one.rows:,} rows, the outcomes {won.size:,}: give one value per row")
    if entry is None:
        entry = 2 * float(np.log(max(2, len(candidates))))
    search = _Search(candidates, won, weight, limits or Limits(), entry)
    path = [search.selection()]
    while len(search.chosen) < factors and search.add():
        search.polish()
        path.append(search.selection())
    return tuple(path)


@dataclass(frozen=True)
class _Choice:
    gain: float
    form: Form | None


class _Search:
    """A card under construction: the chosen candidates, their forms, and the fit of all together."""

    def __init__(
        self, candidates: Sequence[Candidate], won: Floats, weight: Floats, limits: Limits, entry: float
    ) -> None:
        self.candidates, self.won, self.weight, self.limits, self.entry = candidates, won, weight, limits, entry
        self.chosen: list[int] = []
        self.forms: list[Form] = []
        self.terms: list[Term] = []
        self.fit = fit([], won, weight, limits.ridge)

    def selection(self) -> Selection:
        rows = self.weight.sum()
        factors = (
            Factor(which, self.candidates[which].name, form, effects)
            for which, form, effects in zip(self.chosen, self.forms, self.fit.effects, strict=True)
        )
        return Selection(self.fit.intercept, tuple(factors), self.fit.loss / float(rows))

    # One step

    def add(self) -> bool:
        """Add the candidate that gains most, if any is worth its price."""
        which, choice = self._best(*self._pulls(self.fit.log_odds))
        if which is None or choice.form is None:
            return False
        self._put(len(self.chosen), which, choice.form)
        self._refit()
        return True

    def polish(self) -> None:
        """Cut all bands again given the others, and let what is left out try for every place."""
        self._sweep()
        for _ in range(SWAPS):
            if not any([self._swap(place) for place in range(len(self.chosen))]):
                break
            self._sweep()

    def _pulls(self, log_odds: Floats) -> tuple[Floats, Floats]:
        expected = chance(log_odds)
        return self.weight * (self.won - expected), self.weight * expected * (1 - expected)

    def _best(self, gradient: Floats, curvature: Floats) -> tuple[int | None, _Choice]:
        taken = {self._key(which) for which in self.chosen}
        best: int | None = None
        found = _Choice(self.entry, None)
        for which in range(len(self.candidates)):
            if self._key(which) not in taken:
                choice = self._choice(which, gradient, curvature)
                if choice.gain > found.gain:
                    best, found = which, choice
        return best, found

    def _key(self, which: int) -> str | int:
        group = self.candidates[which].group
        return which if group is None else group

    def _choice(self, which: int, gradient: Floats, curvature: Floats) -> _Choice:
        candidate = self.candidates[which]
        if isinstance(candidate, Amount):
            return _best_cap(candidate, gradient, curvature, self.limits)
        banding = best_bands(candidate, gradient, curvature, self.weight, self.limits)
        return _Choice(banding.gain, banding.bands) if banding.bands.count > 1 else _Choice(-np.inf, None)

    # Changing the card

    def _put(self, place: int, which: int, form: Form, effects: Floats | None = None) -> None:
        """Insert a factor, with no effect yet."""
        term = term_of(self.candidates[which], form)
        self.chosen.insert(place, which)
        self.forms.insert(place, form)
        self.terms.insert(place, term)
        all_effects = list(self.fit.effects)
        all_effects.insert(place, np.zeros(term.count) if effects is None else effects)
        self.fit = Fit(self.fit.intercept, tuple(all_effects), self.fit.log_odds, self.fit.loss)

    def _take(self, place: int) -> int:
        """Remove a factor; the log odds keep the others only."""
        which = self.chosen.pop(place)
        self.forms.pop(place)
        effects = list(self.fit.effects)
        part = self.terms.pop(place).part(effects.pop(place))
        self.fit = Fit(self.fit.intercept, tuple(effects), self.fit.log_odds - part, self.fit.loss)
        return which

    def _refit(self) -> None:
        self.fit = fit(self.terms, self.won, self.weight, self.limits.ridge, (self.fit.intercept, self.fit.effects))

    def _sweep(self) -> None:
        for _ in range(SWEEPS):
            changed = [self._recut(place) for place in range(len(self.chosen))]
            if not any(changed):
                return
            self._refit()

    def _recut(self, place: int) -> bool:
        """The best form of a factor given the others, also among those of its group."""
        which, form = self.chosen[place], self.forms[place]
        effects = self.fit.effects[place]
        gradient, curvature = self._pulls(self.fit.log_odds)
        gradient = gradient + curvature * self.terms[place].part(effects - effects.mean() if effects.size > 1 else effects)
        group = self.candidates[which].group
        rivals = [which] if group is None else [one for one, of in enumerate(self.candidates) if of.group == group]
        choices = {one: self._choice(one, gradient, curvature) for one in rivals}
        better = max(rivals, key=lambda one: choices[one].gain)
        found = choices[better].form
        if found is None or (better == which and _same(found, form)):
            return False
        self._take(place)
        term = term_of(self.candidates[better], found)
        estimate = _one_step(term, gradient, curvature, self.limits.ridge)
        self._put(place, better, found, estimate)
        self.fit = Fit(self.fit.intercept, self.fit.effects, self.fit.log_odds + term.part(estimate), self.fit.loss)
        return True

    def _swap(self, place: int) -> bool:
        """Let the best of what is left out take the place of a factor, if the card gets better by it."""
        kept = list(self.chosen), list(self.forms), list(self.terms), self.fit
        mine = self._take(place)
        self._refit()
        gradient, curvature = self._pulls(self.fit.log_odds)
        which, choice = self._best(gradient, curvature)
        if which is not None and choice.form is not None and self._key(which) != self._key(mine):
            if choice.gain > self._choice(mine, gradient, curvature).gain:
                self._put(place, which, choice.form)
                self._refit()
                self._sweep()
                if self.fit.loss < kept[3].loss - LITTLE:
                    return True
        self.chosen, self.forms, self.terms, self.fit = kept
        return False


def _same(one: Form, other: Form) -> bool:
    if isinstance(one, Bands) and isinstance(other, Bands):
        return bool(np.array_equal(one.of, other.of))
    return one == other


def _one_step(term: Term, gradient: Floats, curvature: Floats, ridge: float) -> Floats:
    """The effects of one term alone, to second order."""
    if term.banded:
        return np.bincount(term.of, gradient, term.count) / (np.bincount(term.of, curvature, term.count) + ridge)
    amount = term.of
    return np.array([gradient @ amount / (curvature @ amount**2 + ridge * max(1e-12, float(np.var(amount))))])


def _best_cap(candidate: Amount, gradient: Floats, curvature: Floats, limits: Limits) -> _Choice:
    """The cap at which an amount adds most; its slope is taken around its mean, as the intercept moves with it."""
    best = _Choice(-np.inf, None)
    above = candidate.of[candidate.of > 0]
    if not above.size:
        return best
    for most in np.unique(np.quantile(above, CAPS)).tolist():
        amount = np.minimum(candidate.of, most)
        centred = amount - (curvature @ amount) / max(1e-12, float(curvature.sum()))
        pull = float(gradient @ centred)
        if candidate.sign * pull < 0:
            continue
        gain = pull**2 / (float(curvature @ centred**2) + limits.ridge * float(np.var(amount)) + 1e-12) - limits.price
        if gain > best.gain:
            best = _Choice(gain, Cap(most))
    return best

"""Which few columns, cut how: a path of cards with 1, 2, ... factors, each the best found at its size.

In: candidate columns and outcomes. Out: for each number of factors the chosen ones with their bands and effects. Pure
and without dice. Called by `scorecard` and `learn`; the points come after, in `points`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scoville.errors import UsageError
from scoville.learn.choosing.bands import Bands, Column, Limits, best_bands, turning
from scoville.learn.choosing.fitting import Term, chance, fit
from scoville.learn.choosing.together import Both, Levels, Pairing, Together, best_pairing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FACTORS = 7
CAPS = (0.5, 0.75, 0.9, 0.97, 1.0)  # the shares of the amounts above 0 at which a cap is tried
FIRST = 6.0  # what the first factor must add beyond its price, so that a card does not begin by chance
PAIR_PRICE = 8.0  # set low, for rank: the best part of two columns adds more than this to noise, nine times of ten
PROMISING = 8  # of the candidates left out, those that may try for the places of others
SWEEPS = 2
SWAPS = 2
LITTLE = 1.0  # of log likelihood: a swap that gains less than this is not worth another look


@dataclass(frozen=True)
class Amount:
    """A candidate that is no band but an amount of at least 0: points per unit, up to a cap. A decayed sum of events.

    `sign` 1 or -1 says that more of it may only add, or only take away; 0 leaves it open. Of candidates that share a
    `group` at most one is chosen: half-lives of one event. Points per unit are whole multiples of `step`.
    """

    name: str
    of: Floats
    sign: int = 0
    group: str | None = None
    step: float = 1.0

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.of.size


@dataclass(frozen=True)
class Cap:
    """An amount counts up to this much."""

    most: float


Candidate = Column | Amount
Form = Bands | Cap | Both


@dataclass(frozen=True)
class Factor:
    """A chosen candidate, by its place among the candidates, the form it takes, and its effects in log odds.

    Effects are one per band; one per unit of an amount; outside and inside of a part of two columns.
    """

    candidate: int
    name: str
    form: Form
    effects: Floats

    def term(self, candidates: Sequence[Candidate]) -> Term:
        """What it says of each row of these candidates."""
        return _term(candidates, self.candidate, self.form)


@dataclass(frozen=True)
class Selection:
    """A card before its points: log odds = `intercept` + effects. `loss` is the mean log loss on its rows."""

    intercept: float
    factors: tuple[Factor, ...]
    loss: float

    def log_odds(self, candidates: Sequence[Candidate]) -> Floats:
        """Log odds of each row; the candidates are those it was chosen from, with other rows where these are new."""
        total = np.full(candidates[0].rows if candidates else 0, self.intercept)
        for one in self.factors:
            total += one.term(candidates).part(one.effects)
        return total


def select(
    candidates: Sequence[Candidate],
    won: Floats,
    weight: Floats | None = None,
    *,
    factors: int = FACTORS,
    limits: Limits | None = None,
    together: Together = "none",
    swaps: int = SWAPS,
) -> tuple[Selection, ...]:
    """The best selections found of 0, 1, ... up to `factors` factors; fewer where no further one is worth its price.

    Forward, one factor at a time: the one that adds most given the others. After each, all bands are cut again given
    the others, effects are fitted together, and every factor has to hold its place against the
    most promising of what is left out. A factor must add to twice the log likelihood what the best of so many
    candidates adds by chance alone (2 log of their number: Foster and George 1994), besides the price of its bands.
    `together` says of which columns two may make a rule together: none, those chosen already, or any. `swaps` is how
    often what is left out tries for places; with 0 it is faster, and a little worse.

    Shape: candidates of one length, `won` of 0 and 1, `weight` of at least 0.
    Raises: UsageError: lengths differ.
    """
    won = np.asarray(won, np.float64)
    weight = np.ones(won.size) if weight is None else np.asarray(weight, np.float64)
    for one in candidates:
        if one.rows != won.size:
            raise UsageError(f"{one.name} has {one.rows:,} rows, the outcomes {won.size:,}: give one value per row")
    # Matrices here are small: threads would wait for each other longer than they work.
    with threadpool_limits(1, user_api="blas"):
        return tuple(_path(_Search(candidates, won, weight, limits or Limits(), together), factors, swaps))


def _path(search: _Search, factors: int, swaps: int) -> Iterator[Selection]:
    yield search.selection()
    for size in range(1, factors + 1):
        if not search.add():
            return
        search.polish(swaps)
        if len(search.places) < size:  # what was added did not keep its sign
            return
        yield search.selection()


@dataclass(frozen=True)
class _Place:
    """A factor under construction."""

    which: int
    form: Form
    term: Term


@dataclass(frozen=True)
class _Choice:
    """A candidate in its best form, and what it adds to twice the log likelihood beyond its price."""

    gain: float
    which: int = -1
    form: Form | None = None


_NONE = _Choice(-np.inf)


class _Search:
    """A card under construction: its places, and the fit of all together."""

    def __init__(
        self, candidates: Sequence[Candidate], won: Floats, weight: Floats, limits: Limits, together: Together
    ) -> None:
        self.candidates, self.won, self.weight, self.limits, self.together = candidates, won, weight, limits, together
        self.entry = 2 * float(np.log(max(2, len({self._key(which) for which in range(len(candidates))}))))
        self.places: list[_Place] = []
        self.fit = fit([], won, weight, limits.ridge)
        self.levels = Levels(candidates, *self._pulls(), weight)
        self.rows = [
            np.bincount(one.codes, weight, one.cells.count).astype(np.float64) if isinstance(one, Column) else None
            for one in candidates
        ]
        self.usable = [which for which, rows in enumerate(self.rows) if rows is None or np.count_nonzero(rows) > 1]
        self.promising = self.usable

    def selection(self) -> Selection:
        factors = (
            Factor(place.which, _name(self.candidates, place.which, place.form), place.form, effects)
            for place, effects in zip(self.places, self.fit.effects, strict=True)
        )
        return Selection(self.fit.intercept, tuple(factors), self.fit.loss / float(self.weight.sum()))

    # One step

    def add(self) -> bool:
        """Add the candidate, or the part of two, that gains most, if any is worth its price."""
        gradient, curvature = self._pulls()
        choices = sorted(self._choices(self.usable, gradient, curvature), key=lambda one: -one.gain)
        self.promising = sorted(one.which for one in choices[:PROMISING] if one.form is not None)
        best = max([*choices[:1], self._best_pair(gradient, curvature)], key=lambda one: one.gain)
        if best.form is None or best.gain <= (0 if self.places else FIRST):
            return False
        self._put(len(self.places), best.which, best.form)
        self._refit()
        return True

    def polish(self, swaps: int) -> None:
        """Cut all bands again given the others, and let what is most promising of the rest try for every place."""
        self._sweep()
        for _ in range(swaps):
            swapped = [self._swap(at) for at in range(len(self.places) - 1, -1, -1) if at < len(self.places)]
            if not any(swapped):
                break

    # Looking for the best

    def _pulls(self) -> tuple[Floats, Floats]:
        expected = chance(self.fit.log_odds)
        return self.weight * (self.won - expected), self.weight * expected * (1 - expected)

    def _choices(self, among: Sequence[int], gradient: Floats, curvature: Floats) -> list[_Choice]:
        taken = {self._key(place.which) for place in self.places if not isinstance(place.form, Both)}
        return [self._choice(which, gradient, curvature) for which in among if self._key(which) not in taken]

    def _key(self, which: int) -> str | int:
        group = self.candidates[which].group
        return which if group is None else group

    def _choice(self, which: int, gradient: Floats, curvature: Floats) -> _Choice:
        candidate = self.candidates[which]
        if isinstance(candidate, Amount):
            gain, cap = _best_cap(candidate, gradient, curvature, self.limits)
            return _NONE if cap is None else _Choice(gain - self.entry, which, cap)
        banding = best_bands(candidate, gradient, curvature, self.weight, self.limits, self.rows[which])
        return _Choice(banding.gain - self.entry, which, banding.bands) if banding.bands.count > 1 else _NONE

    def _best_pair(self, gradient: Floats, curvature: Floats) -> _Choice:
        pairs = list(self._pairs())
        found = _of_pairing(best_pairing(pairs, self.levels, gradient, curvature, self.limits))
        return replace(found, gain=found.gain - float(np.log(max(1, len(pairs)))))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        if self.together == "none" or not self.places:  # a card begins with a column that says something by itself
            return
        chosen = {place.which for place in self.places if isinstance(place.form, Bands)}
        among = sorted(chosen) if self.together == "chosen" else self.usable
        for one, other in combinations(among, 2):
            if self._key(one) != self._key(other):
                yield one, other

    # Changing the card

    def _put(self, at: int, which: int, form: Form, effects: Floats | None = None) -> None:
        """Insert a factor; without effects, it has none yet."""
        term = _term(self.candidates, which, form)
        effects = np.zeros(term.count) if effects is None else effects
        self.places.insert(at, _Place(which, form, term))
        every = (*self.fit.effects[:at], effects, *self.fit.effects[at:])
        self.fit = replace(self.fit, effects=every, log_odds=self.fit.log_odds + term.part(effects))

    def _take(self, at: int) -> _Place:
        """Remove a factor, and its part of the log odds."""
        place, effects = self.places.pop(at), self.fit.effects
        log_odds = self.fit.log_odds - place.term.part(effects[at])
        self.fit = replace(self.fit, effects=(*effects[:at], *effects[at + 1 :]), log_odds=log_odds)
        return place

    def _refit(self) -> None:
        """Fit all effects together; join bands that turn against their shape, and leave out what turned its sign."""
        while True:
            terms = [place.term for place in self.places]
            self.fit = fit(terms, self.won, self.weight, self.limits.ridge, (self.fit.intercept, self.fit.effects))
            if not any(self._straighten(at) for at in range(len(self.places))):
                return

    def _straighten(self, at: int) -> bool:
        place, effects = self.places[at], self.fit.effects[at]
        candidate = self.candidates[place.which]
        if isinstance(candidate, Amount):
            if effects[0] * candidate.sign >= 0:
                return False
            self._take(at)
            return True
        if not isinstance(place.form, Bands) or (joined := turning(candidate, place.form, effects)) is None:
            return False
        self._take(at)
        if joined.count > 1:
            self._put(at, place.which, joined)
        return True

    def _sweep(self) -> None:
        for _ in range(SWEEPS):
            recut = [self._recut(at) for at in range(len(self.places))]
            if not any(recut):
                return
            self._refit()

    def _recut(self, at: int) -> bool:
        """The best form of a factor given the others, also among those of its group."""
        place, effects = self.places[at], self.fit.effects[at]
        gradient, curvature = self._pulls()
        middle = effects.mean() if place.term.banded else 0.0
        gradient = gradient + curvature * place.term.part(effects - middle)
        best = self._reformed(place, gradient, curvature)
        if best.form is None or (best.which == place.which and _same(best.form, place.form)):
            return False
        self._take(at)
        term = _term(self.candidates, best.which, best.form)
        self._put(at, best.which, best.form, _one_step(term, gradient, curvature, self.limits.ridge))
        return True

    def _reformed(self, place: _Place, gradient: Floats, curvature: Floats) -> _Choice:
        if isinstance(place.form, Both):
            pair = [(place.which, place.form.other)]
            return _of_pairing(best_pairing(pair, self.levels, gradient, curvature, self.limits))
        key = self._key(place.which)
        rivals = (which for which in range(len(self.candidates)) if self._key(which) == key)
        return max((self._choice(which, gradient, curvature) for which in rivals), key=lambda one: one.gain)

    def _swap(self, at: int) -> bool:
        """Let the best of what is left out take the place of a factor, if the card gets better by it."""
        kept = list(self.places), self.fit
        mine = self._take(at)
        self._refit()
        gradient, curvature = self._pulls()
        best = max(self._choices(self.promising, gradient, curvature), key=lambda one: one.gain, default=_NONE)
        if best.form is not None and best.gain > max(0.0, self._reformed(mine, gradient, curvature).gain):
            self._put(min(at, len(self.places)), best.which, best.form)
            self._refit()
            self._sweep()
            if len(self.places) == len(kept[0]) and self.fit.loss < kept[1].loss - LITTLE:
                return True
        self.places, self.fit = kept
        return False


def _of_pairing(found: Pairing | None) -> _Choice:
    return _NONE if found is None else _Choice(found.gain - PAIR_PRICE, found.column, found.both)


def _term(candidates: Sequence[Candidate], which: int, form: Form) -> Term:
    candidate = candidates[which]
    if isinstance(candidate, Amount) and isinstance(form, Cap):
        return Term(np.minimum(candidate.of, form.most), 1, banded=False)
    if isinstance(candidate, Column) and isinstance(form, Bands):
        return Term(form.codes(candidate), form.count)
    if isinstance(candidate, Column) and isinstance(form, Both):
        other = candidates[form.other]
        if isinstance(other, Column):
            return Term(form.codes(candidate, other), 2)
    raise TypeError(f"{candidate.name} cannot be read as {form}")


def _name(candidates: Sequence[Candidate], which: int, form: Form) -> str:
    name = candidates[which].name
    return f"{name} and {candidates[form.other].name}" if isinstance(form, Both) else name


def _same(one: Form, other: Form) -> bool:
    if isinstance(one, Bands) and isinstance(other, Bands):
        return bool(np.array_equal(one.of, other.of))
    if isinstance(one, Both) and isinstance(other, Both):
        return bool(np.array_equal(one.cells, other.cells) and np.array_equal(one.other_cells, other.other_cells))
    return isinstance(one, Cap) and one == other


def _one_step(term: Term, gradient: Floats, curvature: Floats, ridge: float) -> Floats:
    """The effects of one term alone, to second order."""
    if term.banded:
        held = np.bincount(term.of, curvature, term.count) + ridge
        return np.bincount(term.of, gradient, term.count) / held
    held = curvature @ term.of**2 + ridge * max(1e-12, float(np.var(term.of)))
    return np.array([gradient @ term.of / held])


def _best_cap(candidate: Amount, gradient: Floats, curvature: Floats, limits: Limits) -> tuple[float, Cap | None]:
    """The cap at which an amount adds most; its slope is taken around its mean, as the intercept moves with it."""
    best: tuple[float, Cap | None] = (-np.inf, None)
    above = candidate.of[candidate.of > 0]
    for most in np.unique(np.quantile(above, CAPS)).tolist() if above.size else ():
        amount = np.minimum(candidate.of, most)
        centred = amount - (curvature @ amount) / max(1e-12, float(curvature.sum()))
        pull = float(gradient @ centred)
        hold = float(curvature @ centred**2) + limits.ridge * float(np.var(amount)) + 1e-12
        gain = pull**2 / hold - limits.price
        if candidate.sign * pull >= 0 and gain > best[0]:
            best = gain, Cap(most)
    return best

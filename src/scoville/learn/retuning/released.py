"""Which numbers of a model the past speaks against, and what they should be: one is let go after the other.

In: a `Tuner`. Out: the state in which only what the past speaks against has moved. Pure. Called by `retune`.

The log odds are a line in the score, whose slope is what one point is worth. To begin with all numbers are held. The
one that the past speaks against most clearly, by a score test that counts leads and allows for how many are looked at
(Holm 1979), is let go and fitted, drawn to its present value as to a prior; then the next, until none is left to speak
against. So the many that stay give the unit in which the few are measured, and what stays is not touched at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.retuning.tuner import SURE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoville.learn.retuning.tuner import Settled, Tuner


@dataclass(frozen=True)
class Released:
    """The end of letting go: the state, and which levers are free."""

    state: Settled
    free: tuple[int, ...]


def released(tuner: Tuner, begin: Settled) -> Released:
    """Let go, one by one, what the past speaks against; then take back what it no longer does."""
    state = begin
    free: list[int] = []
    settled_days: set[int] = set()
    places = [at for at in range(len(begin.days)) if tuner.fading_levers(at)]
    looked_at = [at for at, lever in enumerate(tuner.levers) if lever.why_not is None]
    while True:
        held = [at for at in looked_at if at not in free]
        waiting = [place for place in places if place not in settled_days]
        doubts = tuner.doubts(state, free, tuner.slopes(state, held)) if held else np.zeros(0)
        of_days = [tuner.half_life_doubt(state, free, place)[0] for place in waiting]
        every = [*doubts.tolist(), *of_days]
        if not every or min(every) * len(every) >= SURE:
            break
        at = int(np.argmin(every))
        if at < len(held):
            free.append(held[at])
            state = tuner.settle(free, state)
        else:
            place = waiting[at - len(held)]
            settled_days.add(place)
            state, _ = tuner.best_days(state, free, place)
            free = sorted({*free, *tuner.fading_levers(place)})
    state, free = taken_back(tuner, state, free, len(looked_at) + len(places))
    return Released(state, tuple(free))


def taken_back(tuner: Tuner, state: Settled, free: Iterable[int], looked_at: int) -> tuple[Settled, list[int]]:
    """Levers that are not shown to be off, now that all are fitted together, go back; the least doubtful first."""
    kept = sorted(free)
    while kept:
        p = {at: tuner.estimate(state, kept, at).p for at in kept}
        least = SURE / (looked_at - len(kept) + 1)  # Holm's, for the least clear of so many
        fine = {at: 1.0 if one is None else one for at, one in p.items() if one is None or one >= least}
        if not fine:
            break
        back = max(fine, key=fine.__getitem__)
        kept.remove(back)
        phi = state.phi.copy()
        phi[back] = tuner.start[back]
        state = tuner.settle(kept, tuner.at(phi, state.days, state))
    return state, kept

"""What is moved together: a number of points alone, or the bands of a rule that have too few leads each.

In: numbers, what they give, outcomes. Out: `Lever`s, each with the reason where it is not looked at. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.words import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scoville.learn.retuning.given import Given
    from scoville.learn.retuning.tunable import Numbers

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

TOUCHED = 30  # leads that a number must speak of, and as many others, before it is looked at
EXPECTED = 5.0  # of them as many must be expected to convert: the usual rule for comparing two rates (Cochran 1954)


@dataclass(frozen=True)
class Lever:
    """Numbers that are moved together: one alone, or all bands of a rule that have too few leads each.

    With the first at `phi`, each is at `ratio` times as much. `why_not` says why it is not looked at.
    """

    of: tuple[int, ...]
    ratio: tuple[float, ...]
    why_not: str | None = None


@dataclass(frozen=True)
class Past:
    """Outcome, weight and lead (numbered from 0) of each row."""

    won: Floats
    weight: Floats
    lead: Ints


def levers_of(numbers: Numbers, given: Given, past: Past) -> tuple[Lever, ...]:
    """A lever for each number with enough leads; the other bands of its rule together, where these are enough."""
    leads = int(past.lead.max()) + 1 if past.lead.size else 0
    won = np.bincount(past.lead, past.won, leads) > 0
    rate = float(won.mean()) if leads else 0.0
    levers: list[Lever] = []
    for rule in range(len(numbers.rules)):
        of = [at for at, one in enumerate(numbers.numbers) if one.rule == rule]
        alone = {at: _too_few(given.units[at] != 0, past, leads, rate) for at in of}
        levers += [Lever((at,), (1.0,)) for at in of if alone[at] is None]
        scarce = [at for at in of if alone[at] is not None and numbers.points[at] != 0]
        if len(scarce) > 1 and _too_few((given.units[scarce] != 0).any(axis=0), past, leads, rate) is None:
            first = float(numbers.points[scarce[0]])
            levers.append(Lever(tuple(scarce), tuple(float(numbers.points[at]) / first for at in scarce)))
            alone |= dict.fromkeys(scarce)
        levers += [Lever((at,), (1.0,), why_not) for at, why_not in alone.items() if why_not is not None]
    return tuple(sorted(levers, key=lambda lever: lever.of))


def _too_few(touched: Bools, past: Past, leads: int, rate: float) -> str | None:
    here = int(np.unique(past.lead[touched]).size)
    for count, who in ((here, "it speaks of"), (leads - here, "it says nothing of")):
        if count < TOUCHED or count * rate < EXPECTED:
            return f"{who} {counted(count, 'lead')}: too few to tell"
    return None

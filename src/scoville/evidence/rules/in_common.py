"""What some leads have in common that others of the same kind have not.

In: features of leads, and two groups of them. Out: `Common`s, the surest first. Pure. Called by `misses.py`.

Hundreds of features are looked at, and a few would stand out by chance alone: p-values are adjusted for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import FEW, wilson
from scoville.evidence.rules.features import Kind  # noqa: TC001 - kept figures are read back by their types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.rules.features import Feature

SURE = 0.05
LEAST_GAP, LEAST_RATIO = 0.1, 2.0  # a smaller difference of shares is true of many and helps nobody
SAME = 0.8  # of the leads with one feature have the other too: it is said once
MOST_TOLD = 8


@dataclass(frozen=True)
class Common:
    """One feature that is more frequent in a group than among the others.

    `with_it` of the group's `leads` have it: `share`, Wilson's interval from `low` to `high`; the same of the others.
    `p` is that of Fisher's exact test, one-sided; `p_adjusted` that of Benjamini and Hochberg (1995) over all features
    looked at. `is_read`: a rule of the model reads the trait, or names the event.
    """

    kind: Kind
    name: str
    sentence: str
    with_it: int
    leads: int
    share: float
    low: float
    high: float
    others_with_it: int
    others: int
    others_share: float
    others_low: float
    others_high: float
    p: float
    p_adjusted: float
    is_read: bool


def in_common(
    features: Sequence[Feature],
    group: Bools,
    others: Bools,
    say: Callable[[Feature, int, int, float], str],
    is_read: Callable[[Feature], bool],
) -> tuple[Common, ...]:
    """What sets a group apart from the others, beyond chance: at most 8 features that do not say the same twice.

    `say` puts a feature in words, from how many of the group have it, how large the group is, and the share of the
    others.
    """
    asked = [feature for feature in features if (feature.holds & (group | others)).sum() >= FEW]
    if not asked:
        return ()
    with_it, others_with_it = _counts(asked, group), _counts(asked, others)
    p = _fisher(with_it, int(group.sum()), others_with_it, int(others.sum()))
    adjusted = _adjusted(p)
    share, others_share = with_it / group.sum(), others_with_it / others.sum()
    tells = (adjusted < SURE) & (with_it >= FEW)
    tells &= (share - others_share >= LEAST_GAP) | (share >= LEAST_RATIO * others_share)
    told = _each_once(asked, group, [place for place in np.argsort(p, kind="stable").tolist() if tells[place]])
    return tuple(
        _common(
            asked[i],
            (int(with_it[i]), int(group.sum())),
            (int(others_with_it[i]), int(others.sum())),
            (float(p[i]), float(adjusted[i])),
            (say(asked[i], int(with_it[i]), int(group.sum()), float(others_share[i])), is_read(asked[i])),
        )
        for i in told
    )


def _counts(features: Sequence[Feature], group: Bools) -> Ints:
    return np.array([(feature.holds & group).sum() for feature in features], dtype=np.int64)


def _fisher(with_it: Ints, leads: int, others_with_it: Ints, others: int) -> Floats:
    """Fisher's exact test that the group has a feature more often: the upper tail of the hypergeometric law."""
    from scipy.stats import hypergeom  # noqa: PLC0415 - takes half a second

    found = hypergeom.sf(with_it - 1, leads + others, with_it + others_with_it, leads)
    return np.clip(np.asarray(found, dtype=np.float64), 0, 1)


def _adjusted(p: Floats) -> Floats:
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - as above

    return np.asarray(false_discovery_control(p, method="bh"), dtype=np.float64)


def _each_once(features: Sequence[Feature], group: Bools, ranked: Sequence[int]) -> list[int]:
    """The first few that do not hold for nearly the same leads of the group as one before."""
    told: list[int] = []
    for place in ranked:
        mine = features[place].holds & group
        if all(_overlap(mine, features[other].holds & group) < SAME for other in told):
            told.append(place)
        if len(told) == MOST_TOLD:
            break
    return told


def _overlap(one: Bools, other: Bools) -> float:
    """Leads with both over leads with either (Jaccard)."""
    return float((one & other).sum() / (one | other).sum())


def _common(
    feature: Feature,
    group: tuple[int, int],
    others: tuple[int, int],
    p: tuple[float, float],
    said: tuple[str, bool],
) -> Common:
    low, high = wilson(*group)
    others_low, others_high = wilson(*others)
    return Common(
        feature.kind, feature.name, said[0],
        *group, group[0] / group[1], low, high,
        *others, others[0] / others[1], others_low, others_high,
        *p, said[1],
    )  # fmt: skip

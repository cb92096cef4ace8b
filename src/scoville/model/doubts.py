"""What speaks against the probability that a model gives: measured with other rules, or not measured at all.

In: a Model. Out: (place, what was found and what to do, why). Called by `lint.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.model.reach import score_reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.model.document import Path
    from scoville.model.load import Model
    from scoville.model.schema import Probability

_ROOM = 0.1  # share of the scale that points may leave out at an end: the highest scores are always rare
_MEASURE = "scoville validate --write-probability measures it"


def probability_doubts(model: Model) -> Iterator[tuple[Path, str, str]]:
    """None for a model without `probability`, nor for one just measured."""
    found = model.probability
    if found is None:
        return
    if found.score_version is not None and found.score_version != model.score_version:
        said = f"the rules have changed since `probability` was measured; {_MEASURE} anew"
        yield ("probability", "score_version"), said, "the same score now stands for other leads than it did then"
    if len({share for _, share in found.points}) == 1:
        said = f"`probability` is the same for every score; {_MEASURE}"
        yield ("probability", "points"), said, "what does not rise with the score tells no lead from another"
    elif found.score_version is None and (ends := _left_out(model, found)):
        said = f"`probability` says nothing of scores {' and '.join(ends)}: add points there, or {_MEASURE}"
        yield ("probability", "points"), said, "beyond its ends it stays flat, and the best leads all look alike"


def _left_out(model: Model, probability: Probability) -> list[str]:
    """`below 20`, `above 70`: where scores go on and points do not. A measured one ends where the past ended."""
    reach, room = score_reach(model), _ROOM * (model.scale.max - model.scale.min)
    first, last = probability.points[0][0], probability.points[-1][0]
    return [
        *([f"below {first:g}"] if first - reach.low > room else []),
        *([f"above {last:g}"] if reach.high - last > room else []),
    ]

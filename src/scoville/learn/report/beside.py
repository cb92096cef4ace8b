"""The card beside what else there is: rivals on the same leads, the boosted model among them, and who ranks better.

In: a `Learned`, and what is known of a boosted model. Out: rivals, and words for each. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoville.learn.rivals import TRAITS_ALONE, Rival

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.learn.learning import Learned

BOOSTED = "the boosted model"


def with_boosted(learned: Learned, boosted: Mapping[str, Any] | None) -> tuple[Rival, ...]:
    """The rivals of the card; the boosted model is one, its difference turned round."""
    pair = (boosted or {}).get("against_points")
    if pair is None:
        return learned.rivals
    difference, low, high = (None if pair[end] is None else -pair[end] for end in ("difference", "high", "low"))
    return (*learned.rivals, Rival(BOOSTED, pair["auc_a"], difference, low, high, pair["p"], pair["cannot_tell"]))


def is_beaten(rival: Rival) -> bool:
    """Whether the card ranks better, beyond chance."""
    return rival.low is not None and rival.low > 0 and rival.cannot_tell is None


def is_better(rival: Rival) -> bool:
    """Whether the rival ranks better, beyond chance."""
    return rival.high is not None and rival.high < 0 and rival.cannot_tell is None


def own_model(rivals: Sequence[Rival]) -> Rival | None:
    """The model that the card was asked to be held against."""
    return next((one for one in rivals if one.name not in {BOOSTED, TRAITS_ALONE}), None)


def verdict_of(rival: Rival) -> str:
    """In a word or two."""
    if rival.difference is None or rival.low is None or rival.cannot_tell is not None:
        return rival.cannot_tell or "cannot tell"
    return "the card is better" if is_beaten(rival) else "it is better" if is_better(rival) else "no clear difference"


def called(rival: Rival) -> str:
    """Its name at the head of a line; that of a user's model as it is."""
    return rival.name if own_model([rival]) is not None else rival.name[:1].upper() + rival.name[1:]

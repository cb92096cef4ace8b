"""What a person asks of points: with this trait they may only rise, with that event only fall.

In: candidates, wishes by name. Out: the same candidates, held to them. Pure. Called by `learning`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scoville.data.suggest import did_you_mean
from scoville.errors import UsageError
from scoville.learn.choosing.selecting import Amount
from scoville.learn.tried.origins import Recent, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.learn.choosing.bands import Column
    from scoville.learn.tried.candidates import Candidates
    from scoville.learn.tried.origins import Origin


def shaped(found: Candidates, shapes: Mapping[str, str]) -> tuple[Column | Amount, ...]:
    """The columns and amounts, with points that may only rise ("up") or only fall ("down") where it is asked.

    Raises: UsageError for another word, or for a name that is neither a trait nor an event of the candidates.
    """
    for word in shapes.values():
        if word not in _WAYS:
            raise UsageError(f"points can go up or down with a trait or event, not '{word}'")
    known = {_subject(origin) for origin in found.origins}
    for name in shapes:
        if name not in known:
            raise UsageError(f"'{name}' is no trait or event that is tried.{did_you_mean(name, sorted(known))}")
    return tuple(_shaped(one.candidate, one.origin, shapes.get(_subject(one.origin))) for one in found)


_WAYS: dict[str, int] = {"up": 1, "down": -1}


def _subject(origin: Origin) -> str:
    return origin.trait if isinstance(origin, Trait) else origin.of.event


def _shaped(candidate: Column | Amount, origin: Origin, word: str | None) -> Column | Amount:
    if word is None:
        return candidate
    if isinstance(candidate, Amount):
        return replace(candidate, sign=_WAYS[word])
    rises = (word == "up") != isinstance(origin, Recent)  # the newer, the fewer days ago
    return replace(candidate, shape="up" if rises else "down")

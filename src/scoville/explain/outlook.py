"""What becomes of a lead if nothing happens: the same plan, asked again at later instants."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from scoville.explain.facts import Future, Outlook

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.explain.world import World

SHOWN_DAYS = (7, 30)
HORIZON_DAYS = 90
# Each look costs some 50 ms. Interest changes fast at first; between two looks the day is found by halving.
_LOOKS = (1, 3, 7, 14, 21, 30, 45, 60, 75, HORIZON_DAYS)


def outlook_of(world: World, stage: str | None) -> Outlook:
    """Score and stage after 7 and 30 days, and the first day found within 90 on which the stage is not `stage`."""

    @cache
    def after(days: int) -> Future:
        row = world.graded_at(world.as_of + timedelta(days=days))
        named = ("as_of", "score", "fit", "engagement", "grade", "level", "priority", "stage")
        return Future(days=days, **{name: row[name] for name in named})

    leaves = _first_change(lambda days: after(days).stage != stage) if world.plan.model.stages else None
    return Outlook(tuple(map(after, SHOWN_DAYS)), after(leaves) if leaves is not None else None, HORIZON_DAYS)


def _first_change(has_changed: Callable[[int], bool]) -> int | None:
    """The first day found on which it has changed; on the day before it has not."""
    before = 0
    for look in _LOOKS:
        if has_changed(look):
            return _halved(before, look, has_changed)
        before = look
    return None


def _halved(before: int, after: int, has_changed: Callable[[int], bool]) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if has_changed(middle) else (middle, after)
    return after

"""The stage that a lead is held in: entered at the line, left only well below it, so that it does not flicker.

In: the stages of a model, the score, the stage it gives, the standing so far. Out: the new standing. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.model.checks import DISQUALIFIED

if TYPE_CHECKING:
    from scoville.model.load import Model


def standing_after(model: Model, before: str | None, stage: str | None, score: float, margin: float) -> str | None:
    """The standing after a score: that of the score, or a higher one that was entered before and not yet left.

    A stage is left below its line by more than `margin` points, or at once when the score is high enough and what it
    `needs` is gone, and when the lead is disqualified. A `before` that this model does not have holds nobody.
    Example: MQL from 41, margin 3: MQL -> 39 points -> MQL -> 37.9 points -> Lead.
    """
    lines = {one.name: float(one.from_) for one in model.stages}
    places = {name: place for place, name in enumerate(lines)}
    if stage == DISQUALIFIED or before not in lines:
        return stage
    reached = places.get(stage, -1) if stage is not None else -1
    held = [
        one.name
        for one in model.stages
        if reached < places[one.name] <= places[before]
        and lines[one.name] - margin <= score < lines[one.name]
        and (one.name == before or one.needs is None)
    ]
    return held[-1] if held else stage


def direction(model: Model, before: str | None, after: str | None) -> str:
    """`up` or `down`: no stage is below the first, and the disqualified are below them all."""
    order = [DISQUALIFIED, None, *(stage.name for stage in model.stages)]
    places = {name: place for place, name in enumerate(order)}
    return "up" if places.get(after, 1) > places.get(before, 1) else "down"

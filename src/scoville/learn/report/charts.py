"""The charts that only a report on learning has.

In: figures of a path of cards and of a model, and a width in px. Out: Altair charts. Pure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt

from scoville.evidence.report.charts import ROOM, stage_lines
from scoville.evidence.report.drawing import (
    ACCENT,
    INK,
    PAPER,
    across,
    dots,
    fixed,
    line,
    of,
    per_cent,
    sized,
    up,
    whiskers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.learn.judging import Step

    Points = Sequence[tuple[float, float]]

_STEP = 0.05  # of AUC: where an axis may begin and end
_TURN = 0.7  # of the width, from which on a name stands to the left of its line


def path_chart(steps: Sequence[Step], enough: int | None, width: int) -> alt.LayerChart:
    """AUC over the number of rules, with intervals; a ring around the card that would do, and the kept one is named."""
    known = [step for step in steps if step.auc is not None]
    kept = known[-1].factors
    rows = [
        {"x": one.factors, "y": one.auc, "low": one.low, "high": one.high, "text": _said(one.factors, enough, kept)}
        for one in known
    ]
    ends = [end for one in known for end in (one.low, one.auc, one.high) if end is not None]
    low, high = round(math.floor(min(ends) / _STEP) * _STEP, 2), round(math.ceil(max(ends) / _STEP) * _STEP, 2)
    y = up("AUC on leads held out", low, high, ".2f")
    x = _numbers("rules on the card", kept)
    base = of(rows)
    ring = of([row for row in rows if row["x"] == enough]).mark_point(
        color=INK, fill=PAPER, size=190, opacity=1, strokeWidth=2
    )
    words = base.mark_text(color=INK, align="right", baseline="bottom", dx=-9, dy=-7, fontSize=12)
    layers = (
        whiskers(of([row for row in rows if row["low"] is not None]), x), line(base, x, y), ring.encode(x=x, y=y),
        dots(base, x, y, 50), words.encode(x=x, y=y, text="text:N"),
    )  # fmt: skip
    return sized(*layers, width=width, height=(300, 260))


def _said(factors: int, enough: int | None, kept: int) -> str:
    return "enough" if factors == enough else "kept" if factors == kept else ""


def _numbers(title: str, most: int) -> alt.X:
    """Whole numbers along the bottom; of many, every second."""
    every = 1 if most <= 12 else 2 if most <= 24 else 5  # noqa: PLR2004 - as many as a phone has room for
    axis = alt.Axis(title=title, values=list(range(every, most + 1, every)), format="d")
    return alt.X("x:Q", scale=fixed(0.4, most + 0.4), axis=axis)


def chance_chart(points: Points, stages: dict[str, float], width: int) -> alt.LayerChart:
    """The chance that each score stands for; dotted lines are where stages begin."""
    ends = [at for at, _ in points] + [*stages.values()]
    low, high = min(0.0, *ends), max(ends)
    top = max(chance for _, chance in points)
    x = across("score", low, high)
    y = up("chance to convert", 0, ROOM * top, per_cent(top))
    first, last = ({"x": at, "y": chance} for at, chance in ((low, points[0][1]), (high, points[-1][1])))
    rows = of([first, *({"x": at, "y": chance} for at, chance in points), last])
    turn = low + _TURN * (high - low)
    named = stage_lines(stages, x, y, width, turn=turn, top=top)
    return sized(*named, line(rows, x, y, ACCENT), width=width, height=(300, 270))

"""The charts of the report.

In: frozen figures of a backtest, and a width in px. Out: Altair charts. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import altair as alt

from scoville.evidence.report.drawing import (
    ACCENT,
    BAR,
    INK,
    NARROW,
    OTHER,
    PAPER,
    SOFT,
    TINT,
    WIDE,
    Row,
    across,
    dashed,
    dots,
    fixed,
    line,
    months,
    of,
    per_cent,
    sized,
    up,
    utc,
    whiskers,
)
from scoville.evidence.told.numbers import FEW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scoville.evidence.business.forecast import Checked
    from scoville.evidence.figures.brackets import Bracket
    from scoville.evidence.figures.calibration import Bin
    from scoville.evidence.lines.trade_off import Line, Reach

COIN = 0.5
_CROWDED = 12  # columns beyond which a phone has no room for a number on each
_TALL, _LOW = (390, 310), (170, 170)
ROOM = 1.16  # of the height of what is drawn: room above for the names of lines
_TURN = 0.7  # of the width, from which on a name stands to the left of its line


@dataclass(frozen=True)
class Instant:
    """A figure at one snapshot, with its interval where there is one."""

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


# Conversion by score


def brackets_chart(brackets: Sequence[Bracket], width: int) -> alt.LayerChart:
    """A column for each bracket of the score, with its interval, and its rate in numbers above."""
    filled = [one for one in brackets if one.leads]
    top = _top(filled)
    edges = [edge for edge in (*(one.from_ for one in brackets), brackets[-1].below) if edge is not None]
    is_crowded = width == NARROW and len(brackets) > _CROWDED
    y = up("converted", 0, top, per_cent(top))
    base = of([_column(one, top, width) for one in filled])
    columns = base.mark_bar(color=BAR, xOffset=2, x2Offset=-2, cornerRadiusEnd=2).encode(
        x=_edges(edges, every=2 if is_crowded else 1), x2="below:Q", y=y, y2="zero:Q"
    )
    middle = alt.X("middle:Q")
    numbers = base.mark_text(color=INK, dy=-8, fontSize=12 if width == WIDE else 10).encode(
        x=middle, y="high:Q", text="text:N"
    )
    intervals = whiskers(base, middle, INK, 1.5, 1)
    return sized(columns, intervals, *([] if is_crowded else [numbers]), width=width, height=(380, 280))


def _top(filled: Sequence[Bracket]) -> float:
    """Where the chart ends: above the intervals, but those of a handful of leads may run out of it."""
    trusted = [one.high or 0.0 for one in filled if one.effective_leads >= FEW]
    rates = [1.06 * (one.rate or 0.0) for one in filled]
    return min(1.0, 1.08 * max([*rates, *trusted], default=1.0)) or 1.0


def _column(one: Bracket, top: float, width: int) -> Row:
    start, end, rate = one.from_ or 0.0, one.below or 0.0, one.rate or 0.0
    digits = 0 if rate >= 0.1 or (width == NARROW and rate >= 0.01) else 1  # noqa: PLR2004 - room for four characters
    return {
        "x": start, "below": end, "middle": (start + end) / 2, "zero": 0.0, "y": rate, "low": one.low,
        "high": min(one.high or 0.0, top), "text": f"{rate:.{digits}%}",
    }  # fmt: skip


def _edges(edges: Sequence[float], every: int) -> alt.X:
    axis = alt.Axis(title="score", values=list(edges[::every]), labelFlush=False)
    return alt.X("x:Q", axis=axis, scale=fixed(edges[0], edges[-1]))


# Whom to call first


def gains_chart(gains: Sequence[tuple[float, float]], called: float, reached: float, width: int) -> alt.LayerChart:
    """Share of conversions reached when leads are called from the best down; (`called`, `reached`) is marked."""
    x = across("leads called, best first", 0, 1, ".0%")
    y = up("conversions reached", 0, 1, ".0%")
    rows = of([{"x": share, "y": recall} for share, recall in gains])
    mark = of([{"x": called, "y": reached, "foot": 0.0, "text": f"the best {called:.0%} hold {reached:.0%}"}])
    chance = of([{"x": 0.72, "y": 0.72}]).mark_text(
        color=SOFT, align="left", baseline="top", dx=8, dy=6, fontSize=12, text="any order"
    )
    words = mark.mark_text(color=INK, align="left", baseline="bottom", dx=8, dy=-8, fontSize=13)
    layers = (
        rows.mark_area(color=TINT).encode(x=x, y=y, y2="x:Q"),
        dashed(({"x": 0, "y": 0}, {"x": 1, "y": 1}), x, y),
        mark.mark_rule(color=ACCENT, strokeDash=[2, 3]).encode(x=x, y=y, y2="foot:Q"),
        line(rows, x, y),
        dots(mark, x, y, 70),
        words.encode(x=x, y=alt.Y("foot:Q"), text="text:N"),  # below the diagonal, where no curve is
        chance.encode(x=x, y=y),
    )
    return sized(*layers, width=width, height=_TALL)


# Is a probability true?


def calibration_chart(curve: Sequence[Bin], width: int) -> alt.LayerChart:
    """Rate observed over chance foretold, with intervals; true ones lie on the diagonal."""
    shown = [one for one in curve if one.leads >= FEW] or curve  # the table has them all
    top = min(1.0, 1.05 * max(max(one.high, one.predicted) for one in shown))
    x = across("chance foretold", 0, top, per_cent(top), ticks=4)
    y = up("converted", 0, top, per_cent(top))
    rows = of([{"x": one.predicted, "y": one.observed, "low": one.low, "high": one.high} for one in shown])
    true = dashed(({"x": 0, "y": 0}, {"x": top, "y": top}), x, y)
    return sized(true, whiskers(rows, x, ACCENT, 2, 1), dots(rows, x, y, 60), width=width, height=_TALL)


# Does it still hold?


def auc_chart(instants: Sequence[Instant], width: int) -> alt.LayerChart:
    """AUC at each snapshot, over the coin."""
    low = min([COIN, *(one.low for one in instants if one.low is not None)])
    return _over_time(instants, up("AUC: how well it ranks", low, 1, ".1f"), COIN, width)


def share_chart(instants: Sequence[Instant], title: str, mean: float | None, width: int) -> alt.LayerChart:
    """A share of the leads at each snapshot; `mean` is drawn to compare with."""
    ends = [end for one in instants for end in (one.value, one.high, mean) if end is not None]
    top = min(1.0, 1.1 * max(ends, default=1.0)) or 1.0
    return _over_time(instants, up(title, 0, top, per_cent(top)), mean, width)


def _over_time(instants: Sequence[Instant], y: alt.Y, level: float | None, width: int) -> alt.LayerChart:
    told = [one for one in instants if one.value is not None]
    rows = [{"at": utc(one.at), "y": one.value, "low": one.low, "high": one.high} for one in told]
    x, base = months(width, len(rows)), of(rows)
    layers = [whiskers(of([row for row in rows if row["low"] is not None]), x), line(base, x, y), dots(base, x, y, 36)]
    if level is not None and rows:
        layers.insert(0, dashed([{"at": row["at"], "y": level} for row in (rows[0], rows[-1])], x, y))
    return sized(*layers, width=width, height=_LOW)


def checks_chart(checks: Sequence[Checked], width: int) -> alt.LayerChart:
    """Wins forecast at past snapshots with their intervals, and as open rings those that came."""
    told = [(one.as_of, one.expected, one.came_wins) for one in checks if one.expected.wins is not None]
    rows = of(
        [
            {"at": utc(at), "y": found.wins, "low": found.wins_low, "high": found.wins_high, "came": came}
            for at, found, came in told
        ]
    )
    top = 1.1 * max(max(found.wins_high or 0.0, came) for _, found, came in told) or 1.0
    x, y = months(width, len(told)), up("wins", 0, top, ",.0f")
    rings = rows.mark_point(color=INK, fill=PAPER, size=70, opacity=1, strokeWidth=2).encode(x=x, y="came:Q")
    return sized(whiskers(rows, x), dots(rows, x, y), rings, width=width, height=(240, 240))


# Where to put the line


def trade_off_chart(
    lines: Sequence[Line | Reach], stages: dict[str, float], width: int, at: float | None = None
) -> alt.LayerChart:
    """Two shares over the threshold: of leads above it, how many convert; of all conversions, how many are above it.

    `stages` are the lines of the model as they are now; `at` is one that is being looked at.
    """
    every = [*(one.threshold for one in lines), *stages.values()]
    low, high = min(every), max(every)
    x = across("line at a score of", low, high)
    y = up("share", 0, ROOM, ".0%", values=(0, 0.2, 0.4, 0.6, 0.8, 1))
    curves = [*_share(lines, "recall", OTHER, x, y), *_share(lines, "precision", ACCENT, x, y)]
    named = stage_lines(stages, x, y, width, turn=low + _TURN * (high - low))
    looked_at = [] if at is None else [_upright(at, x, y)]
    return sized(*named, *curves, *looked_at, width=width, height=(400, 330))


def _upright(at: float, x: alt.X, y: alt.Y) -> alt.Chart:
    drawn: alt.Chart = of([{"x": at, "y": 1.0}]).mark_rule(color=INK, strokeWidth=2).encode(x=x, y=y, y2=alt.datum(0))
    return drawn


def stage_lines(
    stages: dict[str, float], x: alt.X, y: alt.Y, width: int, *, turn: float, top: float = 1.0
) -> list[alt.Chart]:
    """Where stages begin: their names above `top` in turn on two heights, right of their line up to `turn`, then left.

    The scale of `y` is to reach to `ROOM` times `top`.
    """
    rows: list[Row] = [
        {"x": at, "name": name, "y": top * (1.05 + 0.07 * (n % 2))} for n, (name, at) in enumerate(stages.items())
    ]
    sides: tuple[tuple[Literal["left", "right"], int, list[Row]], ...] = (
        ("left", 5, [row for row in rows if row["x"] < turn]),
        ("right", -5, [row for row in rows if row["x"] >= turn]),
    )
    rules = of(rows).mark_rule(color=SOFT, strokeDash=[2, 3]).encode(x=x, y=y, y2=alt.datum(0))
    names = [
        of(some).mark_text(color=SOFT, align=side, dx=dx, fontSize=11, limit=width / 4).encode(x=x, y=y, text="name:N")
        for side, dx, some in sides
    ]
    return [rules, *names]


def _share(lines: Sequence[Line | Reach], name: str, colour: str, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A share over the threshold, its interval as a band; recall is dashed, so that it is told apart without colour."""
    rows = of([
        {"x": one.threshold, "y": getattr(one, name)} | {end: getattr(one, f"{name}_{end}") for end in ("low", "high")}
        for one in lines if getattr(one, name) is not None
    ])  # fmt: skip
    band = rows.mark_area(color=colour, opacity=0.16).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    return [
        band,
        rows.mark_line(color=colour, strokeWidth=2.25, strokeDash=[6, 3] if name == "recall" else [1, 0]).encode(
            x=x, y=y
        ),
    ]

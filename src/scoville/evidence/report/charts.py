"""Charts of the report: Altair draws, vl-convert writes SVG, and colours stay names of CSS variables.

In: frozen figures of a backtest. Out: inline SVG. Pure. A literal colour such as `var(--accent)` passes through Vega
untouched, so that one SVG follows the page into dark and onto paper. Nothing here carries text into a place where it
could be markup: Vega escapes what it draws, and the label is escaped by ElementTree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert
from markupsafe import Markup

from scoville.evidence.report.figures import FEW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scoville.evidence.brackets import Bracket
    from scoville.evidence.calibration import Bin
    from scoville.evidence.forecast import Checked
    from scoville.evidence.trade_off import Line

WIDE, NARROW = 720, 340  # px: the column of figures on a desk, and a phone held upright
INK, SOFT, LINE, ACCENT, OTHER, TINT, BAR = (
    f"var(--{name})" for name in ("ink", "soft", "line", "accent", "other", "tint", "bar")
)  # fmt: skip
_SVG = "{http://www.w3.org/2000/svg}"
_VEGA_LITE = "6.4"  # the version whose schema Altair 6 writes
_CROWDED = 12  # bars beyond which a phone has no room for a number on each
COIN = 0.5
_DIAGONAL = ({"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0})

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One chart at two widths; the page shows the one that fits. `label` says in words what is to be seen."""

    label: str
    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Instant:
    """A figure at one snapshot, with its interval where there is one."""

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


def figure(label: str, draw: Callable[[int], alt.LayerChart]) -> Figure:
    """Draw a chart for a desk and for a phone. `draw` takes the whole width in px."""
    return Figure(label, svg(draw(WIDE), label), svg(draw(NARROW), label))


def svg(chart: alt.LayerChart, label: str) -> Markup:
    """A chart as inline SVG: one image to a screen reader, named by its label, without ids, styles or roles inside."""
    spec = chart.configure(
        background="transparent", aria=False, font="sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            grid=True, gridColor=LINE, domain=False, ticks=False, labelColor=SOFT, labelFontSize=12, labelPadding=8,
            titleColor=SOFT, titleFontSize=12, titleFontWeight="normal", titlePadding=12,
        ),
        axisX=alt.AxisConfig(grid=False),
    ).to_dict()  # fmt: skip
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE))  # noqa: S314 - written a line above
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        for name in [name for name in element.attrib if name.startswith(("aria", "role", "class"))]:
            del element.attrib[name]
    root.attrib |= {"role": "img", "aria-label": label, "class": "chart"}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - every text in it is escaped by ElementTree


def _sized(*layers: alt.Chart, width: int, height: int) -> alt.LayerChart:
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return alt.layer(*layers).properties(width=width, height=height, autosize=fit, padding=6)


def _of(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))


def _share_axis(top: float, title: str, values: list[float] | None = None) -> alt.Axis:
    """Ticks in per cent, with as many decimals as the steps need; the title lies flat above the axis."""
    digits = 0 if top >= 0.04 else 1 if top >= 0.004 else 2  # noqa: PLR2004 - four steps of a whole, a tenth ... per cent
    return _flat_axis(title, f".{digits}%", values)


def _flat_axis(title: str, format_: str, values: list[float] | None = None) -> alt.Axis:
    ticks: dict[str, Any] = {"tickCount": 4} if values is None else {"values": values}
    return alt.Axis(
        title=title, format=format_, minExtent=40,
        titleAngle=0, titleAlign="left", titleAnchor="end", titleX=-40, titleY=-16, **ticks,
    )  # fmt: skip


# Conversion by score


def brackets_chart(brackets: Sequence[Bracket], width: int) -> alt.LayerChart:
    """A column for each bracket of the score, with its interval and its rate above."""
    filled = [one for one in brackets if one.leads]
    trusted = [one.high or 0.0 for one in filled if one.effective_leads >= FEW]
    top = min(1.0, max([1.06 * max(one.rate or 0.0 for one in filled), *trusted]) * 1.08) or 1.0
    rows = [
        {"from": one.from_, "below": one.below, "rate": one.rate, "zero": 0.0, "low": one.low}
        | {"high": min(one.high or 0.0, top)}
        | {"middle": ((one.from_ or 0.0) + (one.below or 0.0)) / 2, "text": _short(one.rate, width)}
        for one in filled
    ]
    edges = [*(one.from_ for one in brackets), brackets[-1].below]
    ticks = edges if width == WIDE or len(edges) <= _CROWDED else edges[::2]
    x_axis = alt.Axis(title="score", values=[edge for edge in ticks if edge is not None], labelFlush=False)
    scale = alt.Scale(domain=[edges[0], edges[-1]], nice=False)
    y = alt.Y("rate:Q", axis=_share_axis(top, "converted"), scale=alt.Scale(domain=[0, top], nice=False))
    base = _of(rows)
    bars = base.mark_bar(color=BAR, xOffset=2, x2Offset=-2, cornerRadiusEnd=2).encode(
        x=alt.X("from:Q", axis=x_axis, scale=scale), x2="below:Q", y=y, y2="zero:Q"
    )
    whiskers = base.mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("middle:Q"), y=alt.Y("low:Q"), y2="high:Q")
    numbers = base.mark_text(color=INK, dy=-8, fontSize=12 if width == WIDE else 10).encode(
        x="middle:Q", y="high:Q", text="text:N"
    )
    crowded = width == NARROW and len(brackets) > _CROWDED
    layers = (bars, whiskers) if crowded else (bars, whiskers, numbers)
    return _sized(*layers, width=width, height=380 if width == WIDE else 280)


def _short(rate: float | None, width: int) -> str:
    share = rate or 0.0
    digits = 0 if share >= 0.1 or (width == NARROW and share >= 0.01) else 1  # noqa: PLR2004 - room for four characters
    return f"{share:.{digits}%}"


# Whom to call first


def gains_chart(
    gains: Sequence[tuple[float, float]], called: float, reached: float, width: int
) -> alt.LayerChart:
    """Share of conversions reached when leads are called from the best down; (`called`, `reached`) is marked."""
    rows = [{"x": x, "y": y} for x, y in gains]
    mark = [{"x": called, "y": reached, "foot": 0.0, "text": f"the best {called:.0%} hold {reached:.0%}"}]
    x = alt.X("x:Q", axis=alt.Axis(title="leads called, best first", format=".0%", tickCount=5), scale=_unit())
    y = alt.Y("y:Q", axis=_share_axis(1.0, "conversions reached"), scale=_unit())
    area = _of(rows).mark_area(color=TINT, line=False).encode(x=x, y=y, y2="x:Q")
    chance = _of(_DIAGONAL).mark_line(color=SOFT, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    line = _of(rows).mark_line(color=ACCENT, strokeWidth=2.5).encode(x=x, y=y)
    dot = _of(mark).mark_point(color=ACCENT, fill=ACCENT, size=70, opacity=1).encode(x=x, y=y)
    drop = _of(mark).mark_rule(color=ACCENT, strokeDash=[2, 3]).encode(x=x, y=y, y2="foot:Q")
    text = _of(mark).mark_text(color=INK, align="left", baseline="bottom", dx=8, dy=-8, fontSize=13)
    text = text.encode(x=x, y=alt.Y("foot:Q"), text="text:N")  # below the diagonal, where no curve is
    chance_text = _of([{"x": 0.72, "y": 0.72}]).mark_text(
        color=SOFT, align="left", baseline="top", dx=8, dy=6, fontSize=12, text="any order"
    ).encode(x=x, y=y)  # fmt: skip
    layers = (area, chance, line, drop, dot, text, chance_text)
    return _sized(*layers, width=width, height=400 if width == WIDE else 320)


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1], nice=False)


# Is a probability true?


def calibration_chart(curve: Sequence[Bin], width: int) -> alt.LayerChart:
    """Rate observed over rate predicted, with intervals; true probabilities lie on the diagonal."""
    shown = [one for one in curve if one.leads >= FEW] or curve  # the table has them all
    top = min(1.0, max(max(one.high, one.predicted) for one in shown) * 1.05)
    rows = [{"x": one.predicted, "y": one.observed, "low": one.low, "high": one.high} for one in shown]
    scale = alt.Scale(domain=[0, top], nice=False)
    x_axis = _share_axis(top, "")
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(title="chance foretold", format=x_axis["format"], tickCount=5))
    y = alt.Y("y:Q", scale=scale, axis=_share_axis(top, "converted"))
    ends = [{"x": 0.0, "y": 0.0}, {"x": top, "y": top}]
    true = _of(ends).mark_line(color=SOFT, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    whiskers = _of(rows).mark_rule(color=ACCENT, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    dots = _of(rows).mark_point(color=ACCENT, fill=ACCENT, size=60, opacity=1).encode(x=x, y=y)
    return _sized(true, whiskers, dots, width=width, height=380 if width == WIDE else 320)


# Does it still hold?


def over_time_chart(
    instants: Sequence[Instant], title: str, width: int, *, level: float | None = None, is_share: bool = True
) -> alt.LayerChart:
    """One figure at each snapshot, with intervals where it has them. `level` draws a line to compare with."""
    told = [one for one in instants if one.value is not None]
    rows = [{"at": _utc(one.at), "y": one.value, "low": one.low, "high": one.high} for one in told]
    every = [value for one in told for value in (one.value, one.low, one.high, level) if value is not None]
    low, high = (0.0, max(every, default=0.0) * 1.1 or 1.0) if is_share else (min([COIN, *every]), 1.0)
    at = _time(width, len(rows))
    scale = alt.Scale(domain=[low, high], nice=False)
    y = alt.Y("y:Q", axis=_share_axis(high, title) if is_share else _flat_axis(title, ".1f"), scale=scale)
    line = _of(rows).mark_line(color=ACCENT, strokeWidth=2).encode(x=at, y=y)
    dots = _of(rows).mark_point(color=ACCENT, fill=ACCENT, size=36, opacity=1).encode(x=at, y=y)
    layers = [line, dots]
    if ranges := [row for row in rows if row["low"] is not None]:
        whiskers = _of(ranges).mark_rule(color=ACCENT, opacity=0.35, strokeWidth=4)
        layers.insert(0, whiskers.encode(x=at, y=alt.Y("low:Q"), y2="high:Q"))
    if level is not None:
        layers.insert(0, _of([{"y": level}]).mark_rule(color=SOFT, strokeDash=[4, 4]).encode(y=y))
    return _sized(*layers, width=width, height=170)


def checks_chart(checks: Sequence[Checked], width: int) -> alt.LayerChart:
    """Wins forecast at past snapshots with their intervals, and as open rings those that came."""
    rows = [
        {"at": _utc(one.as_of), "y": one.expected.wins, "low": one.expected.wins_low, "high": one.expected.wins_high}
        | {"came": one.came_wins}
        for one in checks
        if one.expected.wins is not None
    ]
    top = max(max(row["high"], row["came"]) for row in rows) * 1.1 or 1.0
    at = _time(width, len(rows))
    y = alt.Y("y:Q", axis=_flat_axis("wins", ",.0f"), scale=alt.Scale(domain=[0, top], nice=False))
    base = _of(rows)
    ranges = base.mark_rule(color=ACCENT, opacity=0.35, strokeWidth=5).encode(x=at, y=alt.Y("low:Q"), y2="high:Q")
    told = base.mark_point(color=ACCENT, fill=ACCENT, size=40, opacity=1).encode(x=at, y=y)
    came = base.mark_point(color=INK, fill="var(--paper)", size=70, opacity=1, strokeWidth=2).encode(x=at, y="came:Q")
    return _sized(ranges, told, came, width=width, height=240)


# Where to put the line


def trade_off_chart(lines: Sequence[Line], stages: dict[str, float], width: int) -> alt.LayerChart:
    """Two shares over the threshold: of leads above it, how many convert; of all conversions, how many are above it.

    `stages` are the lines of the model as they are now.
    """
    low, high = _ends([*(one.threshold for one in lines), *stages.values()])
    x = alt.X(
        "x:Q",
        axis=alt.Axis(title="line at a score of", tickCount=6),
        scale=alt.Scale(domain=[low, high], nice=False),
    )
    axis = _share_axis(1.0, "share", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    y = alt.Y("y:Q", axis=axis, scale=alt.Scale(domain=[0, 1.16], nice=False))  # room for names above the whole
    rules, names = _stage_lines(stages, low + 0.7 * (high - low), x, y, width)
    curves = [*_share_curve(lines, "recall", OTHER, x, y), *_share_curve(lines, "precision", ACCENT, x, y)]
    return _sized(rules, *curves, *names, width=width, height=400 if width == WIDE else 320)


def _stage_lines(
    stages: dict[str, float], turn: float, x: alt.X, y: alt.Y, width: int
) -> tuple[alt.Chart, list[alt.Chart]]:
    """The lines of today, their names in turn on two heights; from `turn` on, names stand to the left of their line."""
    rows = [{"x": at, "name": name, "y": 1.05 + 0.07 * (n % 2), "one": 1.16} for n, (name, at) in enumerate(stages.items())]
    rules = _of(rows).mark_rule(color=SOFT, strokeDash=[2, 3]).encode(x=x, y=alt.Y("y:Q"), y2=alt.datum(0))
    sides = (("left", 5, [row for row in rows if row["x"] < turn]), ("right", -5, [row for row in rows if row["x"] >= turn]))
    names = [
        _of(some).mark_text(color=SOFT, align=align, dx=dx, fontSize=11, limit=width / 4).encode(x=x, y=y, text="name:N")
        for align, dx, some in sides
        if some
    ]
    return rules, names


def _share_curve(lines: Sequence[Line], name: str, colour: str, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A share over the threshold, its interval as a band; recall is dashed, so that it is told apart without colour."""
    rows = [
        {"x": one.threshold, "y": getattr(one, name)}
        | {end: getattr(one, f"{name}_{end}") for end in ("low", "high")}
        for one in lines
        if getattr(one, name) is not None
    ]
    band = _of(rows).mark_area(color=colour, opacity=0.16).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    dash = [6, 3] if name == "recall" else [1, 0]
    return [band, _of(rows).mark_line(color=colour, strokeWidth=2.5, strokeDash=dash).encode(x=x, y=y)]


def _ends(values: Sequence[float]) -> list[float]:
    return [min(values), max(values)]


def _utc(instant: datetime) -> str:
    return f"{instant.isoformat()}Z"


def _time(width: int, snapshots: int) -> alt.X:
    """Months along the bottom, in UTC on any machine; never more ticks than snapshots."""
    return alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, padding=14),
        axis=alt.Axis(title=None, format="%b %Y", tickCount=min(snapshots, 6 if width == WIDE else 3), labelFlush=False),
    )

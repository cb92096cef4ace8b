"""How every chart of the report is drawn: Altair draws, vl-convert writes SVG, colours stay names of CSS variables.

In: a chart. Out: inline SVG at two widths. Pure. A colour such as `var(--accent)` passes through Vega untouched, so
that one SVG follows the page into the dark and onto paper. No text becomes markup: ElementTree writes what Vega drew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

WIDE, NARROW = 720, 340  # px: the column of figures on a desk, and a phone held upright
INK, SOFT, LINE, ACCENT, OTHER, TINT, BAR, PAPER = (
    f"var(--{name})" for name in ("ink", "soft", "line", "accent", "other", "tint", "bar", "paper")
)
DASHED = [4, 4]
_SVG = "{http://www.w3.org/2000/svg}"
_VEGA_LITE = "6.4"  # whose schema Altair 6 writes
_ROLES = ("aria", "role", "class")  # inside of one image they say nothing, and classes could meet those of the page
_PLACES = frozenset({"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"})
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")  # a hundredth of a px is enough; the last digits differ by machine
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WHOLE, _TENTHS = 0.04, 0.004  # four ticks below these shares are steps of tenths, and of hundredths, of a per cent

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One chart at two widths; the page shows the one that fits. `label` says in words what is to be seen."""

    label: str
    wide: Markup
    narrow: Markup


def figure(label: str, draw: Callable[[int], alt.LayerChart]) -> Figure:
    """Draw a chart for a desk and for a phone. `draw` takes the whole width in px."""
    return Figure(label, svg(draw(WIDE), label), svg(draw(NARROW), label))


@dataclass(frozen=True)
class Movable:
    """A chart in which one mark is moved from side to side without drawing it anew, which takes a quarter of a second.

    Made of the chart as it is with the mark at its first and at its last place, in which one number differs.
    """

    wide: tuple[str, str]
    narrow: tuple[str, str]

    def at(self, share: float, label: str) -> Figure:
        """The chart with the mark that far from its first place (0) to its last (1)."""
        return Figure(label, _moved(*self.wide, share, label), _moved(*self.narrow, share, label))


def movable(draw: Callable[[int, float], alt.LayerChart], first: float, last: float) -> Movable:
    """Draw a chart with its mark at the first place and at the last. `draw` takes a width and a place."""
    ends = {width: (svg(draw(width, first), ""), svg(draw(width, last), "")) for width in (WIDE, NARROW)}
    return Movable(ends[WIDE], ends[NARROW])


def _moved(first: str, last: str, share: float, label: str) -> Markup:
    words, numbers, ends = _NUMBER.split(first), _NUMBER.findall(first), _NUMBER.findall(last)
    moved = [
        one if one == other else f"{float(one) + share * (float(other) - float(one)):.2f}"
        for one, other in zip(numbers, ends, strict=True)
    ]
    written = "".join(word + number for word, number in zip(words, [*moved, ""], strict=True))
    named = str(Markup('aria-label="{}"').format(label))
    return Markup(written.replace('aria-label=""', named, 1))  # noqa: S704 - drawn here; the label is escaped


def svg(chart: alt.LayerChart, label: str) -> Markup:
    """A chart as inline SVG: one image to a screen reader, named by its label, without ids, styles or roles inside."""
    written = vl_convert.vegalite_to_svg({**chart.to_dict(), "config": _LOOK}, vl_version=_VEGA_LITE)
    root = ET.fromstring(written)  # noqa: S314 - written a line above
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        for name in [name for name in element.attrib if name.startswith(_ROLES)]:
            del element.attrib[name]
        for name in _PLACES & element.attrib.keys():
            element.attrib[name] = _LONG.sub(lambda found: f"{float(found[0]):.2f}", element.attrib[name])
    root.attrib |= {"role": "img", "aria-label": label, "class": "chart"}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes every text in it


_LOOK: dict[str, Any] = {
    "background": "transparent",
    "aria": False,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "gridColor": LINE, "domain": False, "ticks": False, "labelColor": SOFT, "labelFontSize": 12, "labelPadding": 8,
        "titleColor": SOFT, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 12,
    },
    "axisX": {"grid": False},
}  # fmt: skip


def sized(*layers: alt.Chart, width: int, height: tuple[int, int]) -> alt.LayerChart:
    """Layers one above the other. `height` is that on a desk, and on a phone; both take in axes and titles."""
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    tall = height[0] if width == WIDE else height[1]
    return alt.LayerChart(layer=list(layers), width=width, height=tall, autosize=fit, padding=6)


def of(rows: Sequence[Row]) -> alt.Chart:
    """A chart of rows, not yet drawn."""
    return alt.Chart(alt.InlineData(values=list(rows)))


def line(chart: alt.Chart, x: alt.X, y: alt.Y, colour: str = ACCENT) -> alt.Chart:
    """A line through points."""
    drawn: alt.Chart = chart.mark_line(color=colour, strokeWidth=2.25).encode(x=x, y=y)
    return drawn


def dashed(rows: Sequence[Row], x: alt.X, y: alt.Y) -> alt.Chart:
    """A quiet line to compare with."""
    drawn: alt.Chart = of(rows).mark_line(color=SOFT, strokeDash=DASHED, strokeWidth=1.5).encode(x=x, y=y)
    return drawn


def dots(chart: alt.Chart, x: alt.X, y: alt.Y, size: int = 50) -> alt.Chart:
    """Full dots."""
    drawn: alt.Chart = chart.mark_point(color=ACCENT, fill=ACCENT, size=size, opacity=1).encode(x=x, y=y)
    return drawn


def whiskers(chart: alt.Chart, x: alt.X, colour: str = ACCENT, width: float = 4, opacity: float = 0.35) -> alt.Chart:
    """Intervals from the columns `low` and `high`."""
    rule = chart.mark_rule(color=colour, strokeWidth=width, opacity=opacity)
    low = alt.Y("low:Q", scale=alt.Scale(zero=False))  # or an axis that is to begin at 0.5 would begin at 0
    drawn: alt.Chart = rule.encode(x=x, y=low, y2="high:Q")
    return drawn


# Axes


def fixed(low: float, high: float) -> alt.Scale:
    """A scale that ends where it is told to."""
    return alt.Scale(domain=[low, high], nice=False)


def across(title: str, low: float, high: float, format_: str = ",.6~g", ticks: int = 6) -> alt.X:
    """The column `x` along the bottom, with about so many ticks."""
    return alt.X("x:Q", scale=fixed(low, high), axis=alt.Axis(title=title, format=format_, tickCount=ticks))


def up(title: str, low: float, high: float, format_: str, values: Sequence[float] | None = None) -> alt.Y:
    """The column `y` up the side; its title lies flat above, where it is read without turning one's head."""
    ticks: dict[str, Any] = {"tickCount": 4} if values is None else {"values": list(values)}
    axis = alt.Axis(
        title=title, format=format_, minExtent=40,
        titleAngle=0, titleAlign="left", titleAnchor="end", titleX=-40, titleY=-16, **ticks,
    )  # fmt: skip
    return alt.Y("y:Q", scale=fixed(low, high), axis=axis)


def per_cent(top: float) -> str:
    """The format of shares up to `top`, with as many decimals as their ticks need."""
    return f".{0 if top >= _WHOLE else 1 if top >= _TENTHS else 2}%"


def months(width: int, snapshots: int) -> alt.X:
    """The column `at` along the bottom, in UTC on any machine; never more ticks than snapshots."""
    ticks = min(snapshots, 6 if width == WIDE else 3)
    return alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, padding=14),
        axis=alt.Axis(title=None, format="%b %Y", tickCount=ticks, labelFlush=False),
    )


def utc(instant: datetime) -> str:
    """An instant as `months` reads it."""
    return f"{instant.isoformat()}Z"

"""What a rule of a model file says for a factor with its points: bands, values, events and how they fade.

In: a factor with points. Out: plain values that give every row exactly what the factor gives it. Pure. Called by
`card`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scoville.learn.choosing.bands import Column
from scoville.learn.choosing.together import Both
from scoville.learn.tried.origins import Counted, Decayed, Recent, Trait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scoville.learn.tried.origins import Happening
    from scoville.learn.written.pointed import Pointed

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

Content = dict[str, Any]
TOLD = 0.01  # share of the leads from which a value with points is named even where all others have the same


def said_of(factor: Pointed) -> Content:
    """All that the rule of a factor says, but for its name."""
    origin = factor.origin
    if isinstance(factor.form, Both):
        return _of_two(factor, factor.form)
    if isinstance(origin, Trait):
        return _banded_trait(factor, origin) if factor.column.cells.ordered else _valued_trait(factor, origin)
    if isinstance(origin, Decayed):
        points, most = plain_number(factor.points[0]), plain_number(factor.most or 0.0)
        fades: Content = {
            "decay": "none" if origin.half_life_days is None else {"half_life": _days(origin.half_life_days)}
        }
        return {**_events(origin.of), "points": points, **fades, ("max" if most > 0 else "min"): most}
    if isinstance(origin, Counted):
        return {**_events(origin.of), **_within(origin.within_days), "count": list(_bands(factor))}
    if isinstance(origin, Recent):
        return {**_events(origin.of), "recency": list(_bands(factor))}
    summed = {"of": origin.what, "bands": list(_bands(factor))}
    return {**_events(origin.of), **_within(origin.within_days), "sum": summed}


def _events(of: Happening) -> Content:
    return {"event": of.event} | ({} if of.when is None else {"when": of.when})


def _within(days: float | None) -> Content:
    return {} if days is None else {"within": _days(days)}


def _days(days: float) -> str:
    return f"{plain_number(days)}d"


def _bands(factor: Pointed) -> Iterator[Content]:
    """Ranges of a number with points other than 0, neighbours of equal points as one."""
    for low, high, points in ranges(factor):
        if points:
            ends = {"from": low, "below": high}
            yield {**{key: plain_number(end) for key, end in ends.items() if end is not None}, "points": points}


def ranges(factor: Pointed) -> Iterator[tuple[float | None, float | None, float]]:
    """The ranges of a column of numbers: from, below, points. Neighbours of equal points are one range."""
    edges = cast("Floats", factor.column.cells.edges)
    points = factor.by_cell[:-1]
    begins = [0, *(np.flatnonzero(np.diff(points)) + 1).tolist()]
    for place, cell in enumerate(begins):
        low = None if cell == 0 else float(edges[cell - 1])
        high = float(edges[begins[place + 1] - 1]) if place + 1 < len(begins) else None
        yield low, high, plain_number(float(points[cell]))


def _banded_trait(factor: Pointed, origin: Trait) -> Content:
    missing = plain_number(float(factor.by_cell[-1]))
    bands = list(_bands(factor))
    if not bands:
        return {"when": {origin.trait: {"is": "missing"}}, "points": missing}
    return {"by": origin.trait, "bands": bands, **({"missing": missing} if missing else {})}


def _valued_trait(factor: Pointed, origin: Trait) -> Content:
    """Points by value. Values like all others are listed only where they are frequent and have points."""
    by_cell = [plain_number(points) for points in factor.by_cell.tolist()]
    *listed, other, missing = by_cell
    named = list(zip(factor.column.cells.values, listed, strict=True))
    if all(points == other for points in listed) and not (other and missing):
        return {"when": {origin.trait: {"is": "present" if other else "missing"}}, "points": other or missing}
    share = np.bincount(factor.column.codes, minlength=factor.column.cells.count) / max(1, factor.column.rows)
    values = {
        key_of(value): points
        for (value, points), often in zip(named, share.tolist(), strict=False)
        if points != other or (points and often >= TOLD)
    }
    values = values or {key_of(value): points for value, points in named[:1]}
    values = dict(sorted(values.items(), key=lambda item: -item[1]))
    ends = {"other": other, "missing": missing}
    return {"by": origin.trait, "values": values, **{key: points for key, points in ends.items() if points}}


def _of_two(factor: Pointed, form: Both) -> Content:
    """Points where two traits both lie in a part of theirs."""
    pairs = ((factor.candidate, factor.origin, form.cells), (factor.other, factor.other_origin, form.other_cells))
    parts = []
    for column, origin, cells in pairs:
        if not isinstance(column, Column) or not isinstance(origin, Trait):
            raise TypeError(f"{factor.candidate.name}: only two traits can make a rule together")
        inside = cells.copy()
        inside[-1] &= bool((column.codes == column.cells.missing).any())  # of nobody, nothing needs to be said
        parts.append(_among(column, origin.trait, inside))
    both = [key for part in parts for key in part]
    when = {**parts[0], **parts[1]} if len(both) == len(set(both)) else {"all": parts}
    return {"when": when, "points": plain_number(factor.points[1])}


def _among(column: Column, trait: str, inside: Bools) -> Content:
    """The condition that holds for some cells of a column."""
    if column.cells.edges is not None:
        return _between(column.cells.edges, trait, inside)
    *listed, other, missing = inside.tolist()
    values = [key_of(value) for value, is_in in zip(column.cells.values, listed, strict=True) if is_in != other]
    if other:
        if not values:
            return {} if missing else {trait: {"is": "present"}}
        return {"not": {trait: values}} if missing else {trait: {"not_in": values}}
    if not missing:
        return {trait: values}
    return {"any": [{trait: values}, {trait: {"is": "missing"}}]} if values else {trait: {"is": "missing"}}


def _between(edges: Floats, trait: str, inside: Bools) -> Content:
    cells = np.flatnonzero(inside[:-1])
    if inside[-1] and cells.size:
        raise TypeError(f"{trait}: a range of numbers does not hold what is missing")
    if not cells.size:
        return {trait: {"is": "missing"}}
    ends: Content = {}
    if cells[0] > 0:
        ends["gte"] = plain_number(float(edges[cells[0] - 1]))
    if cells[-1] < edges.size:
        ends["lt"] = plain_number(float(edges[cells[-1]]))
    return {trait: ends or {"is": "present"}}


def key_of(value: object) -> str | float:
    """A value as the key of a rule: texts as they are, numbers without a needless fraction, yes and no as text."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return plain_number(float(value)) if isinstance(value, int | float | np.number) else str(value)


def plain_number(value: float) -> float:
    """A whole number as an int, so that it is written without a point; never -0."""
    return int(value) if float(value).is_integer() else float(value)

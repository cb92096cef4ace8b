"""The numbers of a model that can be tuned: points, and the half-lives by which they fade.

In: a model's plain values. Out: `Numbers`, in the order of the file. Pure. Called by `retune`; `given` asks what each
of them gives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from scoville.model.in_place import Where

    Floats = NDArray[np.float64]

Plain = dict[str, Any]
Limit = tuple[float, float]
NO_LIMIT: Limit = (-math.inf, math.inf)
_CONDITION = ("event", "when", "within")
_COUNTING = ("at_most", "at_most_per_day")


@dataclass(frozen=True)
class Number:
    """One number of points: where it stands, what it is called beside its rule, and the rule that gives 1 for it.

    `fading` is the number of the half-life by which it fades, None where it does not or not by one.
    """

    where: Where
    rule: int
    label: str
    points: float
    unit: Plain
    fading: int | None = None


@dataclass(frozen=True)
class HalfLife:
    """A half-life of a rule or of a section: `where` its decay stands, and its days."""

    where: Where
    name: str
    days: float


@dataclass(frozen=True)
class RuleOf:
    """A rule: its name, its own limits, and the place of its group among the groups (None: none)."""

    name: str
    section: str
    segment: str | None
    part: int
    group: int | None
    limit: Limit
    kind: str


@dataclass(frozen=True)
class Numbers:
    """Every tunable number of a model, in the order of the file.

    A part is a section of the model itself or of a segment. `parts` has the limits of each, `groups` the part and limit
    of each group, `speaks` the segments (0: none) that each part speaks of, `scale` the ends of the score.
    """

    numbers: tuple[Number, ...]
    rules: tuple[RuleOf, ...]
    half_lives: tuple[HalfLife, ...]
    parts: tuple[Limit, ...]
    groups: tuple[tuple[int, Limit], ...]
    speaks: tuple[tuple[int, ...], ...]
    scale: Limit

    @property
    def points(self) -> Floats:
        """The present points."""
        return np.array([one.points for one in self.numbers], np.float64)

    @property
    def days(self) -> tuple[float, ...]:
        """The present half-lives in days."""
        return tuple(one.days for one in self.half_lives)


class _Part(NamedTuple):
    where: Where
    section: str
    segment: str | None
    speaks: tuple[int, ...]
    content: Plain


def numbers_of(data: Plain) -> Numbers:
    """The numbers of a model given as the plain values of its file."""
    parts = list(_parts(data))
    numbers: list[Number] = []
    rules: list[RuleOf] = []
    half_lives: list[HalfLife] = []
    groups: list[tuple[int, Limit]] = []
    for place, part in enumerate(parts):
        named = {name: len(groups) + at for at, name in enumerate(part.content.get("groups") or {})}
        groups += [(place, _limit(clamp)) for clamp in (part.content.get("groups") or {}).values()]
        shared = _half_life(part.content, part.where, f"All other rules{_of(part)}")
        shared_at = _listed(half_lives, shared)
        for at, rule in enumerate(part.content.get("rules") or ()):
            where: Where = (*part.where, "rules", at)
            own_at = _listed(half_lives, _half_life(rule, where, rule["name"]))
            decay = rule.get("decay", part.content.get("decay", "none"))
            fading = own_at if "decay" in rule else shared_at
            group = named.get(rule["group"]) if rule.get("group") is not None else None
            limit = _limit(rule) if _kind(rule) == "points" else NO_LIMIT
            rules.append(RuleOf(rule["name"], part.section, part.segment, place, group, limit, _kind(rule)))
            numbers += _numbers(rule, where, len(rules) - 1, decay, fading)
    scale = data.get("scale") or {}
    return Numbers(
        tuple(numbers), tuple(rules), tuple(half_lives), tuple(_limit(part.content) for part in parts), tuple(groups),
        tuple(part.speaks for part in parts), (float(scale.get("min", 0)), float(scale.get("max", 100))),
    )  # fmt: skip


def _of(part: _Part) -> str:
    return f" of {part.section}" + (f" of segment {part.segment}" if part.segment is not None else "")


def _parts(data: Plain) -> Iterator[_Part]:
    segments: list[Plain] = list(data.get("segments") or ())
    for section in ("fit", "engagement"):
        own = tuple(at + 1 for at, segment in enumerate(segments) if segment.get(section) is not None)
        base = tuple(at for at in range(len(segments) + 1) if at not in own)
        if data.get(section) is not None:
            yield _Part((section,), section, None, base, data[section])
        for at in own:
            segment = segments[at - 1]
            yield _Part(("segments", at - 1, section), section, segment["name"], (at,), segment[section])


def _limit(of: Mapping[str, Any]) -> Limit:
    low, high = of.get("min"), of.get("max")
    return (-math.inf if low is None else float(low), math.inf if high is None else float(high))


def _listed(half_lives: list[HalfLife], found: HalfLife | None) -> int | None:
    if found is None:
        return None
    half_lives.append(found)
    return len(half_lives) - 1


def _half_life(of: Plain, where: Where, name: str) -> HalfLife | None:
    from scoville.model.conditions import parse_duration  # noqa: PLC0415 - only here

    decay = of.get("decay")
    if not isinstance(decay, dict) or "half_life" not in decay:
        return None
    return HalfLife((*where, "decay"), name, parse_duration(decay["half_life"]).total_seconds() / 86_400)


def _kind(rule: Plain) -> str:
    return next((key for key in ("bands", "values", "count", "sum", "recency") if key in rule), "points")


def _numbers(rule: Plain, where: Where, at: int, decay: object, fading: int | None) -> Iterator[Number]:
    kind = _kind(rule)
    head = {key: rule[key] for key in _CONDITION if key in rule}
    if kind == "points" and "event" in rule:
        yield from _of_points(rule, where, at, head | {"decay": decay}, fading)
    elif kind == "points":
        yield Number((*where, "points"), at, "", float(rule["points"]), head | {"points": 1})
    elif kind == "values":
        yield from _of_values(rule, where, at)
    elif kind == "sum":
        for place, band in enumerate(rule["sum"]["bands"]):
            unit = head | {"sum": {"of": rule["sum"]["of"], "bands": [{**band, "points": 1}]}}
            yield Number((*where, "sum", "bands", place, "points"), at, _range(band), float(band["points"]), unit)
    else:
        by = {"by": rule["by"]} if "by" in rule else head
        for place, band in enumerate(rule[kind]):
            unit = by | {kind: [{**band, "points": 1}]}
            yield Number((*where, kind, place, "points"), at, _range(band), float(band["points"]), unit)
        if "missing" in rule:
            unit = by | {"bands": [{"points": 0}], "missing": 1}
            yield Number((*where, "missing"), at, "missing", float(rule["missing"]), unit)


def _of_points(rule: Plain, where: Where, at: int, head: Plain, fading: int | None) -> Iterator[Number]:
    head |= {key: rule[key] for key in _COUNTING if key in rule}
    if "repeat" not in rule:
        yield Number((*where, "points"), at, "", float(rule["points"]), head | {"points": 1}, fading)
        return
    first, further = ({"points": one, "repeat": 1 - one} for one in (1, 0))
    yield Number((*where, "points"), at, "the newest", float(rule["points"]), head | first, fading)
    yield Number((*where, "repeat"), at, "each further one", float(rule["repeat"]), head | further, fading)


def _of_values(rule: Plain, where: Where, at: int) -> Iterator[Number]:
    by = {"by": rule["by"]}
    for key, points in rule["values"].items():
        yield Number((*where, "values", key), at, str(key), float(points), by | {"values": {key: 1}})
    nothing = dict.fromkeys(rule["values"], 0)
    for end in ("other", "missing"):
        if end in rule:
            yield Number((*where, end), at, end, float(rule[end]), by | {"values": nothing, end: 1})


def _range(band: Plain) -> str:
    low, high = band.get("from"), band.get("below")
    if low is None:
        return "any" if high is None else f"below {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to below {high:g}"

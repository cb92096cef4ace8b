"""The numbers of a model that can be tuned, what one point of each would give every row, and the score they add up to.

In: a model's plain values, rows of a history. Out: `Numbers` and `Tuned`, with which a score is worked out for any
points and half-lives. Called by `retune`.

What a point gives is asked of the plan: a model in which each number is a rule of its own, worth 1. Sums and limits are
then worked out here, in the order of the format, so that thousands of trials need no further query.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from scoville.evidence.rules.left_out import trials_of
from scoville.evidence.sampled import few_of
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.learn.rows import Rows
    from scoville.model.in_place import Where

    Floats = NDArray[np.float64]
    Floats32 = NDArray[np.float32]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

HALF_LIVES = (7, 14, 21, 30, 45, 60, 90, 120, 180)  # days; a longer one hardly fades
Plain = dict[str, Any]
Limit = tuple[float, float]
_NO_LIMIT: Limit = (-math.inf, math.inf)
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
            limit = _limit(rule) if _kind(rule) == "points" else _NO_LIMIT
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


# What one point gives


@dataclass(frozen=True)
class Given:
    """What one point of each number gives each row: `units` is numbers by rows, with the present half-lives.

    `faded` has, for each half-life, the same of the numbers that fade by it (in the order of `fading`) for the days of
    its grid, and `days` the present ones. `segment` is the number of the row's segment, `scored` False for who is
    disqualified.
    """

    units: Floats32
    faded: tuple[dict[float, Floats32], ...]
    fading: tuple[tuple[int, ...], ...]
    days: tuple[float, ...]
    segment: Ints
    scored: Bools

    def at(self, rows: Bools) -> Given:
        """The same for some rows."""
        faded = tuple({days: units[:, rows] for days, units in one.items()} for one in self.faded)
        return replace(
            self, units=self.units[:, rows], faded=faded, segment=self.segment[rows], scored=self.scored[rows]
        )

    def with_days(self, days: Sequence[float]) -> Floats32:
        """The units with other half-lives."""
        if tuple(days) == self.days:
            return self.units
        units = self.units.copy()
        for of, grid, chosen in zip(self.fading, self.faded, days, strict=True):
            if of:
                units[list(of)] = grid[chosen]
        return units


def given_of(history: History, rows: Rows, data: Plain, numbers: Numbers) -> Given:
    """Ask the plan what each number gives at every snapshot, for the present half-lives and for those of the grid."""
    fading = tuple(
        tuple(at for at, one in enumerate(numbers.numbers) if one.fading == place)
        for place in range(len(numbers.half_lives))
    )
    grids = [_grid(one.days) for one in numbers.half_lives]
    wanted: list[tuple[int, float | None]] = [(at, None) for at in range(len(numbers.numbers))]
    wanted += [(at, days) for of, grid in zip(fading, grids, strict=True) for days in grid for at in of]
    units = np.zeros((len(wanted), len(rows)), np.float32)
    segment, scored = np.zeros(len(rows), np.int64), np.ones(len(rows), np.bool_)
    plan = history.plan(Model.from_dict(_probe(data, numbers, wanted)))
    few = few_of(history, cast("Panel", rows), most=len(rows))  # of a panel it asks the leads alone
    for snapshot, trial in enumerate(trials_of(few, plan, rows.as_of)):
        here = np.flatnonzero(rows.snapshot == snapshot)
        at = np.searchsorted(few.lead, rows.lead[here])
        order = [int(rule.name) for rule in trial.rules]
        units[np.array(order)[:, None], here] = trial.points[:, at]
        segment[here] = trial.segment[at]
        out = few.engine.arrow("SELECT disqualified_by IS NULL AS fine FROM people ORDER BY lead_id")
        scored[here] = out["fine"].to_numpy(zero_copy_only=False)[at]
    place = {key: at for at, key in enumerate(wanted)}
    faded = tuple(
        {days: units[[place[at, days] for at in of]] for days in grid} for of, grid in zip(fading, grids, strict=True)
    )
    return Given(units[: len(numbers.numbers)], faded, fading, numbers.days, segment, scored)


def _grid(present: float) -> tuple[float, ...]:
    return tuple(sorted({*map(float, HALF_LIVES), present}))


def _probe(data: Plain, numbers: Numbers, wanted: Sequence[tuple[int, float | None]]) -> Plain:
    """The model with a rule for each wanted number, named by its place, and without any limit."""
    probe: Plain = {key: data[key] for key in ("scoville", "name", "qualify", "disqualify") if key in data}
    segments: list[Plain] = [{key: one[key] for key in ("name", "when")} for one in data.get("segments") or ()]
    if segments:
        probe["segments"] = segments
    for key in ("fit", "engagement"):
        for holder, original in ((probe, data), *zip(segments, data.get("segments") or (), strict=True)):
            if original.get(key) is not None:
                holder[key] = {"rules": []}
    for place, (at, days) in enumerate(wanted):
        one = numbers.numbers[at]
        unit = one.unit if days is None else one.unit | {"decay": {"half_life": f"{days:g}d"}}
        holder = probe
        for step in one.where[: one.where.index("rules")]:
            holder = holder[cast("Any", step)]
        holder["rules"].append({"name": str(place), **unit})
    return probe


# The score


@dataclass(frozen=True)
class Scored:
    """The score of each row, and for each number and row whether a limit leaves room for it to count."""

    score: Floats
    room: Bools


def scored(numbers: Numbers, given: Given, points: Floats, units: Floats32) -> Scored:
    """The score as the plan gives it for those who are not disqualified, in the order of limits of the format."""
    of_rule = np.array([one.rule for one in numbers.numbers])
    free = np.ones((len(numbers.rules), given.segment.size), np.bool_)
    gives = np.zeros((len(numbers.rules), given.segment.size))
    for at, rule in enumerate(of_rule):
        gives[rule] += points[at] * units[at]
    for place, rule in enumerate(numbers.rules):
        free[place] = _clip(gives[place], rule.limit)
    for group, (_, limit) in enumerate(numbers.groups):
        _limit_together(gives, free, [at for at, rule in enumerate(numbers.rules) if rule.group == group], limit)
    for part, limit in enumerate(numbers.parts):
        members = [at for at, rule in enumerate(numbers.rules) if rule.part == part]
        _limit_together(gives, free, members, limit, np.isin(given.segment, numbers.speaks[part]))
    total = gives.sum(axis=0)
    inside = _clip(total, numbers.scale)
    return Scored(total, free[of_rule] & inside)


def _clip(sums: Floats, limit: Limit) -> Bools:
    """Clip in place, and say where it left room."""
    room = (sums >= limit[0]) & (sums <= limit[1])
    np.clip(sums, *limit, out=sums)
    return room


def _limit_together(
    gives: Floats, free: Bools, members: Sequence[int], limit: Limit, speaks: Bools | None = None
) -> None:
    """Limit the sum of some rules: what is taken is taken from the first of them, so that sums stay right."""
    if limit == _NO_LIMIT or not members:
        return
    before = gives[members].sum(axis=0)
    after = before.copy()
    room = _clip(after, limit)
    if speaks is not None:
        after, room = np.where(speaks, after, before), room | ~speaks
    gives[members[0]] += after - before
    free[members] &= room

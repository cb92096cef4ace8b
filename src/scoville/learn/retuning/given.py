"""What one point of each number gives every row, and the score they add up to.

In: numbers, rows of a history. Out: `Given`, with which a score is worked out for any points and half-lives. Called by
`retune`.

What a point gives is asked of the plan: a model in which each number is a rule of its own, worth 1. Sums and limits are
then worked out here, in the order of the format, so that thousands of trials need no further query.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scoville.evidence.rules.left_out import trials_of
from scoville.evidence.sampled import few_of
from scoville.learn.retuning.tunable import NO_LIMIT
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.learn.retuning.tunable import Limit, Numbers, Plain
    from scoville.learn.rows import Rows

    Floats = NDArray[np.float64]
    Floats32 = NDArray[np.float32]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

HALF_LIVES = (7, 14, 21, 30, 45, 60, 90, 120, 180)  # days; a longer one hardly fades


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
    if limit == NO_LIMIT or not members:
        return
    before = gives[members].sum(axis=0)
    after = before.copy()
    room = _clip(after, limit)
    if speaks is not None:
        after, room = np.where(speaks, after, before), room | ~speaks
    gives[members[0]] += after - before
    free[members] &= room

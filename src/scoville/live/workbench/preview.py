"""What a change of the model would do today: who moves, who crosses which line, and which rules did it.

In: a bench, and two models as YAML. Out: a `Preview`. Called by the studio and by the API before somebody publishes.
Both models see the same facts of every lead at the same instant, so every difference is the model's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.evidence.versus.differences import Change, model_changes
from scoville.model.checks import DISQUALIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from scoville.live.workbench.bench import Bench
    from scoville.live.workbench.sides import Side
    from scoville.model.load import Model

_BINS = 20
_MOVERS = 10
_EXAMPLES = 20  # leads named of each way from stage to stage
_REASONS = 4
_LEAST = 0.05  # points: less does not show


@dataclass(frozen=True)
class Cause:
    """What a rule, or a limit, gave a lead before and gives it after; 0 where it gives nothing."""

    rule: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """Points more, or fewer."""
        return self.after - self.before


@dataclass(frozen=True)
class Mover:
    """A lead that the other model sees otherwise. `causes` are what changed most, for the biggest movers alone."""

    lead_id: str
    score_before: float
    score_after: float
    stage_before: str | None
    stage_after: str | None
    causes: tuple[Cause, ...] = ()

    @property
    def change(self) -> float:
        """Points more, or fewer."""
        return self.score_after - self.score_before


@dataclass(frozen=True)
class Crossing:
    """How many leads go from one stage to another (null is no stage), with those whose score changes most."""

    before: str | None
    after: str | None
    leads: int
    first: tuple[Mover, ...]


@dataclass(frozen=True)
class Stage:
    """A stage with its leads before and after, and how many of them come and go. Null is no stage."""

    name: str | None
    before: int
    after: int
    come: int
    go: int


@dataclass(frozen=True)
class Bin:
    """Leads with a score from `low` to below `high` (the last one includes it), before and after."""

    low: float
    high: float
    before: int
    after: int


@dataclass(frozen=True)
class Preview:
    """What would change. All `leads` were looked at, as of `as_of`; `moved` of them change their score.

    `stages` and `crossings` begin with the highest stage; `movers` are the ten whose score changes most.
    """

    as_of: datetime
    leads: int
    moved: int
    changes: tuple[Change, ...]
    stages: tuple[Stage, ...]
    crossings: tuple[Crossing, ...]
    movers: tuple[Mover, ...]
    bins: tuple[Bin, ...]
    mean_before: float
    mean_after: float


def preview(bench: Bench, text_before: str, text_after: str) -> Preview:
    """Try a model on all leads beside another one. Raises: ModelError, PlanError."""
    before, after = bench.sides.of(text_before), bench.sides.of(text_after)
    joined = (
        f"SELECT lead_id, a.score AS score_before, b.score AS score_after, a.stage AS stage_before, "  # noqa: S608 - ours
        f"b.stage AS stage_after FROM {before.table} a JOIN {after.table} b USING (lead_id)"
    )
    whole = bench.rows(
        "SELECT count(*) AS leads, count(*) FILTER (score_before <> score_after) AS moved, "  # noqa: S608 - ours
        f"avg(score_before) AS mean_before, avg(score_after) AS mean_after FROM ({joined})"
    )[0]
    ways = bench.rows(f"SELECT stage_before, stage_after, count(*) AS leads FROM ({joined}) GROUP BY ALL")  # noqa: S608
    order = _order_of(before.model, after.model)
    return Preview(
        as_of=bench.as_of,
        leads=int(whole["leads"]),
        moved=int(whole["moved"]),
        changes=model_changes(before.model, after.model),
        stages=_stages(ways, order),
        crossings=_crossings(bench, joined, ways, order),
        movers=_movers(bench, joined, before, after),
        bins=_bins(bench, joined, before.model, after.model),
        mean_before=float(whole["mean_before"] or 0.0),
        mean_after=float(whole["mean_after"] or 0.0),
    )


# --- stages ----------------------------------------------------------------------------------------------------------


def _order_of(*models: Model) -> dict[str | None, int]:
    """Stages of the newer model from the highest to the lowest, then those that only the older one had."""
    names = [stage.name for model in reversed(models) for stage in reversed(model.stages)]
    return {name: place for place, name in enumerate(dict.fromkeys([*names, None, DISQUALIFIED]))}


def _stages(ways: Sequence[Mapping[str, Any]], order: Mapping[str | None, int]) -> tuple[Stage, ...]:
    names = sorted({way[side] for way in ways for side in ("stage_before", "stage_after")}, key=lambda one: order[one])

    def count(**wanted: str | None) -> int:
        return sum(way["leads"] for way in ways if all(way[name] == value for name, value in wanted.items()))

    found = []
    for name in names:
        stays = count(stage_before=name, stage_after=name)
        was, now = count(stage_before=name), count(stage_after=name)
        found.append(Stage(name, was, now, now - stays, was - stays))
    return tuple(found)


def _crossings(
    bench: Bench, joined: str, ways: Sequence[Mapping[str, Any]], order: Mapping[str | None, int]
) -> tuple[Crossing, ...]:
    rows = bench.rows(
        f"SELECT * FROM ({joined}) WHERE stage_before IS DISTINCT FROM stage_after "  # noqa: S608 - our own names
        "QUALIFY row_number() OVER (PARTITION BY stage_before, stage_after "
        f"ORDER BY abs(score_after - score_before) DESC, lead_id) <= {_EXAMPLES} "
        "ORDER BY abs(score_after - score_before) DESC, lead_id"
    )
    ids = bench.ids([row["lead_id"] for row in rows])
    first: dict[tuple[str | None, str | None], list[Mover]] = {}
    for row in rows:
        way = row["stage_before"], row["stage_after"]
        first.setdefault(way, []).append(Mover(ids[row["lead_id"]], row["score_before"], row["score_after"], *way))
    counts = {(way["stage_before"], way["stage_after"]): int(way["leads"]) for way in ways}
    ordered = sorted(first, key=lambda way: (order[way[1]], order[way[0]]))
    return tuple(Crossing(*way, counts[way], tuple(first[way])) for way in ordered)


# --- scores ----------------------------------------------------------------------------------------------------------


def _bins(bench: Bench, joined: str, before: Model, after: Model) -> tuple[Bin, ...]:
    """How many leads have which score, in twenty steps of the scale that holds both."""
    low = float(min(before.scale.min, after.scale.min))
    width = (float(max(before.scale.max, after.scale.max)) - low) / _BINS or 1.0
    place = f"least(greatest(floor(({{}} - {low!r}) / {width!r}), 0), {_BINS - 1})::INT"
    rows = bench.rows(
        f"SELECT {place.format('score')} AS place, count(*) FILTER (side = 0) AS before, "  # noqa: S608 - numbers
        f"count(*) FILTER (side = 1) AS after FROM (SELECT 0 AS side, score_before AS score FROM ({joined}) "
        f"UNION ALL SELECT 1, score_after FROM ({joined})) GROUP BY place"
    )
    counts = {row["place"]: (int(row["before"]), int(row["after"])) for row in rows}
    return tuple(Bin(low + i * width, low + (i + 1) * width, *counts.get(i, (0, 0))) for i in range(_BINS))


def _movers(bench: Bench, joined: str, before: Side, after: Side) -> tuple[Mover, ...]:
    rows = bench.rows(
        f"SELECT * FROM ({joined}) WHERE score_before <> score_after "  # noqa: S608 - our own names
        f"ORDER BY abs(score_after - score_before) DESC, lead_id LIMIT {_MOVERS}"
    )
    leads = [row.pop("lead_id") for row in rows]
    ids = bench.ids(leads)
    was, now = (_by_lead(bench.sides.contributions(side, leads)) if leads else {} for side in (before, after))
    return tuple(
        Mover(ids[lead], **row, causes=_causes(was.get(lead, {}), now.get(lead, {})))
        for lead, row in zip(leads, rows, strict=True)
    )


def _by_lead(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[tuple[str, str], float]]:
    found: dict[str, dict[tuple[str, str], float]] = {}
    for row in rows:
        found.setdefault(row["lead_id"], {})[row["section"], row["rule"]] = row["points"]
    return found


def _causes(was: Mapping[tuple[str, str], float], now: Mapping[tuple[str, str], float]) -> tuple[Cause, ...]:
    """What changed most, rules before the limits that only follow from them."""
    causes = [Cause(rule[1], was.get(rule, 0.0), now.get(rule, 0.0)) for rule in dict.fromkeys((*was, *now))]
    changed = [cause for cause in causes if abs(cause.change) >= _LEAST]
    ordered = sorted(changed, key=lambda cause: (cause.rule.startswith("cap: "), -abs(cause.change)))
    return tuple(ordered[:_REASONS])

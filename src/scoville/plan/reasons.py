"""The short why of a score: the three rules that gave most and the one that took most.

In: the points of each lead and rule. Out: four keys beside each lead, and the words of a key, such as
`+20 Demo requested`. Called by `sums.py` (keys of events), `compile.py` (all keys) and `ranking.py` (words).

Ranking the points of every lead is the dearest part of a run, so it works on one whole number for each rule of a lead:
tenths of a point, as they are shown, and below them the number of the rule. Words are put together for the four that
are left, from a small table of how they end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from scoville.plan.adjusted import COLUMN, SAID_AS
from scoville.plan.entries import entries_of
from scoville.plan.terms import cases, clamped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps

REASONS_UP = 3
_UPS = tuple(f"up_{i}" for i in range(REASONS_UP))
PLACES = (*_UPS, "down")
_MOST_POINTS = 1e11  # keys stay exact in a float, in which some engines divide


@dataclass(frozen=True)
class ReasonKeys:
    """How a rule and its points become one number: the rules about events by their number, then those in columns."""

    names: tuple[str, ...]
    columns: Mapping[str, int]

    @property
    def base(self) -> int:
        """What a tenth of a point stands for in a key: a power of ten above every rule."""
        return int(10 ** len(str(len(self.names))))

    def key(self, tenths: ir.IntegerValue, rule: ir.IntegerValue | int) -> ir.IntegerValue:
        """Tenths of a point, then the rule, the first in the file being the greatest; 0 for what would be shown as 0.

        Below 0 the same with a minus.
        """
        below = self.base - 1 - rule
        return cases([(tenths > 0, tenths * self.base + below), (tenths < 0, tenths * self.base - below)], 0)


def tenths(points: ir.FloatingValue) -> ir.IntegerValue:
    """Points as they are shown."""
    return (clamped(points, -_MOST_POINTS, _MOST_POINTS) * 10).round().cast("int64")


def reason_keys(ledger: Ledger, model: Model, *, has_adjustments: bool = False) -> ReasonKeys:
    """The numbers of the rules of a model. Those in columns come after those about events; all adjustments are one."""
    rules = [entry for entry in entries_of(ledger, model) if entry.is_rule]
    said = {entry.column: entry.rule for entry in rules} | ({COLUMN: SAID_AS} if has_adjustments else {})
    names = (*(entry.rule.name for entry in ledger.events), *said.values())
    return ReasonKeys(names, {column: len(ledger.events) + i for i, column in enumerate(said)})


# --- which rules -----------------------------------------------------------------------------------------------------


@ibis.udf.agg.builtin(name="max", signature=((dt.int64, dt.int8), dt.Array(dt.int64)))
def _greatest(key, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The greatest keys of a group, from the greatest down: DuckDB's `max(key, 3)`."""


def event_places(
    event_points: ir.Table, keys: ReasonKeys, sums: Callable[[ir.Table], Mapping[str, ir.Scalar]]
) -> tuple[ir.Table, Mapping[str, ir.Table]]:
    """Per lead some sums, and of the keys of its events the three greatest, and the smallest, as `PLACES`.

    In words that every engine has, which sort; and in DuckDB's own, which do not.
    """
    row = event_points.select("lead_id", "rule", "points", tenths=tenths(event_points.points))
    row = row.select("lead_id", "rule", "points", key=keys.key(row.tenths, row.rule))
    order = ibis.row_number().over(group_by=row.lead_id, order_by=row.key.desc())
    ordered = row.mutate(place=order)
    ups = {place: ordered.key.max(where=ordered.place == i) for i, place in enumerate(_UPS)}
    usual = ordered.group_by("lead_id").agg(**sums(ordered), **ups, down=ordered.key.min())
    grouped = row.group_by("lead_id").agg(**sums(row), ups=_greatest(row.key, REASONS_UP), down=row.key.min())
    swift = grouped.mutate(**{place: grouped.ups[i] for i, place in enumerate(_UPS)}).select(*usual.columns)
    return usual, {"duckdb": swift}


def add_weighed(steps: Steps, sums: ir.Table, keys: ReasonKeys) -> ir.Table:
    """The step `weighed`: what the score of each lead is made of, and the keys of its reasons, 0 for none."""
    lead = ("lead_id", "segment_no", "disqualified_by", "fit", "engagement", "score")
    met = {name: sums[name].fill_null(0) for name in PLACES if name in sums.columns}
    row = sums.select(*lead, **met, **{name: tenths(sums[name]) for name in keys.columns})
    wide = {f"key_{number}": keys.key(row[name], number) for name, number in keys.columns.items()}
    best = _best(row.select(*lead, *met, **wide), [*met, *wide])
    return steps.add("weighed", best.select(*lead, *PLACES))


def _best(row: ir.Table, found: list[str]) -> ir.Table:
    """Of all keys of a lead the three greatest above 0, and the smallest below."""
    gains, losses = [name for name in found if name != "down"], [name for name in found if name not in _UPS]
    best = row
    for i in range(REASONS_UP):
        keys = [best[name] if i == 0 else _below(best[name], best[f"best_{i - 1}"]) for name in gains]
        best = best.mutate(**{f"best_{i}": _highest(keys)})
    ups = {place: best[f"best_{i}"] for i, place in enumerate(_UPS)}
    return best.mutate(**ups, down=-_highest([-best[name] for name in losses]))


def _highest(keys: list[ir.IntegerValue]) -> ir.IntegerValue:
    """The greatest above 0, else 0."""
    return ibis.greatest(*keys, 0) if keys else ibis.literal(0, "int64")


def _below(key: ir.IntegerValue, other: ir.IntegerValue) -> ir.IntegerValue:
    return ibis.ifelse(key < other, key, 0)


# --- in words --------------------------------------------------------------------------------------------------------


def with_reasons(steps: Steps, row: ir.Table, keys: ReasonKeys) -> ir.Table:
    """`row` with the column `reasons` in the place of `PLACES`: `+20 Demo requested; -10 Free email`, null for none."""
    endings = _endings(steps, keys)
    for place in PLACES:
        ending = endings.select(**{f"{place}_ends": endings.key, f"{place}_ending": endings.ending})
        row = row.mutate(**{f"{place}_ends": row[place].abs() % (10 * keys.base)})
        row = row.left_join(ending, f"{place}_ends").drop(f"{place}_ends_right")
    said = [_said(row, place, keys) for place in PLACES]
    return row.mutate(reasons=reduce(lambda one, other: one + other, said).substr(len("; ")).nullif(""))


def _endings(steps: Steps, keys: ReasonKeys) -> ir.Table:
    """The step `endings`: what stands behind the whole points, `.4 Demo requested`, by the last digits of a key."""
    names = steps.constant("rule_names", {"rule": "int64", "name": "string"}, list(enumerate(keys.names)))
    digits = steps.constant("digits", {"digit": "int64"}, [(digit,) for digit in range(10)])
    pair = names.cross_join(digits)
    tenths = ibis.ifelse(pair.digit == 0, "", ibis.literal(".") + pair.digit.cast("string"))
    key = pair.digit * keys.base + (keys.base - 1 - pair.rule)
    return steps.add("endings", pair.select(key=key, ending=tenths + " " + pair.name))


def _said(row: ir.Table, place: str, keys: ReasonKeys) -> ir.StringValue:
    """`; +12.4 Demo requested`, empty where there is no reason. A key of 0 has no ending."""
    whole = (row[place].abs() / (10 * keys.base)).floor().cast("int64").cast("string")
    sign = "; -" if place == "down" else "; +"
    return ibis.coalesce(ibis.literal(sign) + whole + row[f"{place}_ending"], ibis.literal(""))

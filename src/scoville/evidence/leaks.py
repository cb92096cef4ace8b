"""Traits that look written after the outcome: named before anybody believes the figures.

In: the tables `leads` and `outcomes` of a run. Out: `Leak`s with their reason. Called by `backtest.py`. The signs are
those by which `scoville init` keeps such columns out of a starter model (data/recognise/afterwards.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.data.keep import keep_view
from scoville.data.recognise.afterwards import written_after
from scoville.data.recognise.looks import look_at
from scoville.data.sources import Raw

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from scoville.data.workspace import Settings

_LABEL = "scoville won"  # a name that no file has
_NOT_FACTS = ("lead_id", "email", "phone", "created_at", "updated_at")  # they identify or date a lead


@dataclass(frozen=True)
class Leak:
    """A trait with the sign that gave it away; `is_used` when the model reads it."""

    name: str
    reason: str
    is_used: bool


def find_leaks(
    con: Backend,
    leads: ir.Table,
    outcomes: ir.Table,
    settings: Settings,
    *,
    won: Sequence[str],
    used: Collection[str],
    label: str | None = None,
) -> tuple[Leak, ...]:
    """Traits of leads that tell winners too well, in the order of the columns.

    `label` is an outcome column of leads.
    """
    wins = (
        outcomes.filter(outcomes["outcome"].lower().isin([name.lower() for name in won])).select("lead_id").distinct()
    )
    facts = [name for name in leads.columns if name not in (*_NOT_FACTS, label)]
    winner = wins.select(winner=wins["lead_id"])
    joined = leads.left_join(winner, leads["lead_id"] == winner["winner"])
    rows = keep_view(con, "leak_rows", joined.select(*facts, **{_LABEL: joined["winner"].notnull()}))
    look = look_at(con, Raw("leak_looks", "leads", rows, is_text=False), settings)
    columns = [column for column in look.columns if column.name != _LABEL]
    key = next(column.key for column in look.columns if column.name == _LABEL)
    found = written_after(con, look.seen, columns, key)
    return tuple(Leak(name, found[name], name in used) for name in facts if name in found)

"""What would change if another model were in force: who crosses which line, and who moves most.

In: two models, and the leads of a store. Out: a `Preview`. Called by the API before somebody publishes. Both models run
on the same facts at the same instant, so every difference is the model's. Of very many leads a fair part is tried, and
the preview says how many that were.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.models.apart import compiled
from scoville.live.scoring.relations import Relations, read_relations
from scoville.live.scoring.wanted import Wanted, columns_for
from scoville.live.store.metadata import to_us
from scoville.live.store.people import leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.scoring.compiled import Compiled

Rows = dict[str, "Mapping[str, Any]"]
MOST_LEADS = 20_000  # about ten seconds
_CHUNK = 2_000
_MOST_MOVERS = 10
_SPREAD = 2_654_435_761  # a prime near 2**32 divided by the golden ratio: takes numbers apart that lie together


@dataclass(frozen=True)
class Crossing:
    """How many leads go from one stage to another; null is no stage."""

    before: str | None
    after: str | None
    leads: int


@dataclass(frozen=True)
class Mover:
    """A lead that the other model sees otherwise."""

    lead_id: str
    score_before: float
    score_after: float
    stage_before: str | None
    stage_after: str | None


@dataclass(frozen=True)
class Preview:
    """What would change. `tried` of `leads` were looked at; stages with their leads before and after."""

    leads: int
    tried: int
    moved: int
    before: dict[str, int]
    after: dict[str, int]
    crossings: tuple[Crossing, ...]
    movers: tuple[Mover, ...]


@dataclass
class _Sheet:
    """What is added up, chunk by chunk."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    crossings: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    movers: list[tuple[float, str, Mover]] = field(default_factory=list)
    tried: int = 0
    moved: int = 0


def preview(connection: Connection, text_before: str, text_after: str, *, now: datetime) -> Preview:
    """Try a model on the leads of a store beside another one. Raises: ModelError, PlanError."""
    old, new = compiled(text_before), compiled(text_after)
    total = int(connection.execute(select(func.count()).select_from(leads)).scalar_one())
    sheet = _Sheet()
    for numbers in _chunks(connection, total):
        relations = read_relations(connection, numbers, _both(old.wanted, new.wanted), to_us(now))
        _add(sheet, _rows(old, relations, now), _rows(new, relations, now))
    crossings = [Crossing(*stages, count) for stages, count in sheet.crossings.most_common()]
    movers = _named(connection, [mover for *_, mover in sorted(sheet.movers, reverse=True)])
    return Preview(
        total, sheet.tried, sheet.moved, dict(sheet.before), dict(sheet.after), tuple(crossings), tuple(movers)
    )


def _chunks(connection: Connection, total: int) -> Iterator[list[int]]:
    """Numbers of the leads to try: all, or a part of them that has nothing to do with what they are like."""
    chosen = select(leads.c.lead_no).order_by(leads.c.lead_no)
    if total > MOST_LEADS:
        every = total // MOST_LEADS + 1
        chosen = chosen.where((leads.c.lead_no * _SPREAD) % 1_000_003 % every == 0)
    numbers = [row.lead_no for row in connection.execute(chosen)]
    for start in range(0, len(numbers), _CHUNK):
        yield numbers[start : start + _CHUNK]


def _both(one: Wanted, other: Wanted) -> Wanted:
    events = None if one.events is None or other.events is None else one.events | other.events
    traits = tuple(dict.fromkeys((*one.traits, *other.traits)))
    return Wanted(traits, tuple(dict.fromkeys((*one.properties, *other.properties))), events)


def _rows(ready: Compiled, relations: Relations, now: datetime) -> Rows:
    """The score rows by one of the models, which reads its own part of the columns."""
    own = columns_for(ready.wanted)
    leads, events = relations.leads.select([*own.leads]), relations.events.select([*(own.events or ())])
    narrowed = replace(relations, leads=leads, events=events)
    return {str(scored.lead_no): scored.row for scored in ready.score(narrowed, now)}


def _add(sheet: _Sheet, before: Rows, after: Rows) -> None:
    sheet.tried += len(before)
    for number, old in before.items():
        new = after[number]
        sheet.before[old["stage"] or ""] += 1
        sheet.after[new["stage"] or ""] += 1
        if old["stage"] != new["stage"]:
            sheet.crossings[old["stage"], new["stage"]] += 1
        if old["score"] != new["score"]:
            sheet.moved += 1
            mover = Mover(number, old["score"], new["score"], old["stage"], new["stage"])
            sheet.movers.append((abs(new["score"] - old["score"]), number, mover))
    sheet.movers = nlargest(_MOST_MOVERS, sheet.movers, key=lambda found: found[:2])


def _named(connection: Connection, movers: Sequence[Mover]) -> Iterator[Mover]:
    """The plan knows leads by their numbers; people know them by their ids."""
    numbers = [int(mover.lead_id) for mover in movers]
    rows = connection.execute(select(leads.c.lead_no, leads.c.lead_id).where(leads.c.lead_no.in_(numbers)))
    ids = {str(row.lead_no): row.lead_id for row in rows}
    for mover in movers:
        yield Mover(ids[mover.lead_id], mover.score_before, mover.score_after, mover.stage_before, mover.stage_after)

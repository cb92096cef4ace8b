"""Whether the store holds what it promises: every score is that of its facts, and everything adds up.

In: an open store. Out: an `Audit` with every difference. Called by `scoville audit`, by the API and by tests under
load. It only reads, from one state of the store; leads that wait to be scored are left out, and counted.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from scoville.data.workspace import load_workspace
from scoville.live.export import export
from scoville.live.fold.among import among, bound
from scoville.live.fold.by_hand import held_links, joined
from scoville.live.scoring.in_force import Models
from scoville.live.scoring.score import score_leads
from scoville.live.scoring.writing import LEAST_DECAY
from scoville.live.store.metadata import from_us
from scoville.live.store.tables import CATALOGUE
from scoville.scoring import score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, ForeignKey

    from scoville.live.scoring.in_force import Published
    from scoville.live.store.opening import Store

_CLOSE = 1e-9
_ADDED = 1e-6  # a ledger of a thousand entries adds up a thousand roundings
_CHUNK = 1_000
_TOLD_AT_MOST = 100  # differences of a kind: one fault often shows in every lead
_COMPARED = ("score", "fit", "engagement", "grade", "level", "priority", "stage", "segment", "disqualified_by")
_BY_LEAD = ("scores", "dirty", "ledger", "stage_changes")  # they name a lead without a foreign key


@dataclass(frozen=True)
class Difference:
    """Something that is not as it should be: the check, whom or what it concerns, and both sides in words."""

    check: str
    about: str
    found: str
    expected: str


@dataclass(frozen=True)
class Audit:
    """What was looked at and what was wrong. `waiting` leads are dirty; `by_batch` were also scored by a batch run."""

    leads: int
    waiting: int
    by_batch: int
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was wrong."""
        return not self.differences


def audit(store: Store, *, batches: int = 3, models: Models | None = None) -> Audit:
    """Check the store. Scores are worked out again at their own instants; nothing is written.

    `batches`: so many instants, those with most leads, are also held against `scoville score` on an export.
    `models` are those that a caller has compiled already.
    """
    models = models or Models()
    with store.reading() as connection:
        models.read(connection)
        current = models.current
        groups = _groups(connection, current) if current else {}
        checks = [
            *(_scores(connection, current, groups) if current else ()),
            *(_ledger(connection, current) if current else ()),
            *_people(connection),
            *_references(connection),
        ]
        waiting = int(connection.execute(text("SELECT count(*) FROM dirty")).scalar_one())
        largest = sorted(groups, key=lambda at: (-len(groups[at]), at))[:batches]
        by_batch = [(from_us(at), groups[at]) for at in largest]
    checked = sum(map(len, groups.values()))
    for as_of, stored in by_batch:
        checks += _batch(store, current, as_of, stored) if current else ()
    return Audit(checked, waiting, sum(len(leads) for _, leads in by_batch), tuple(_cut(checks)))


def _cut(differences: Iterable[Difference]) -> Iterator[Difference]:
    kinds: dict[str, list[Difference]] = defaultdict(list)
    for one in differences:
        kinds[one.check].append(one)
    for several in kinds.values():
        yield from several[:_TOLD_AT_MOST]


# --- scores ----------------------------------------------------------------------------------------------------------


def _groups(connection: Connection, current: Published) -> dict[int, dict[int, dict[str, Any]]]:
    """Stored scores by their instant and lead, without leads that wait."""
    rows = connection.execute(
        text(
            f"SELECT s.as_of, s.lead_no, {', '.join(f's.{name}' for name in _COMPARED)}, s.contributions "  # noqa: S608
            "FROM scores s WHERE s.publication_no = :publication "
            "AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lead_no = s.lead_no)"
        ),
        {"publication": current.publication_no},
    )
    groups: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
    for at_us, lead, *values in rows:
        groups[at_us][lead] = dict(zip((*_COMPARED, "contributions"), values, strict=True))
    return groups


def _scores(
    connection: Connection, current: Published, groups: Mapping[int, Mapping[int, Mapping[str, Any]]]
) -> Iterator[Difference]:
    for at_us, stored in groups.items():
        leads = iter(stored)
        while some := [*islice(leads, _CHUNK)]:
            scored, _ = score_leads(connection, current.compiled, some, from_us(at_us))
            fresh = {one.lead_no: one.row for one in scored}
            for lead in some:
                yield from _compared("score", f"lead {lead}", stored[lead], fresh.get(lead))
                yield from _added_up(lead, stored[lead])


def _compared(
    check: str, about: str, stored: Mapping[str, Any], fresh: Mapping[str, Any] | None
) -> Iterator[Difference]:
    if fresh is None:
        yield Difference(check, about, "a score", "no such lead")
        return
    for name in _COMPARED:
        if not _is_same(stored[name], fresh[name]):
            yield Difference(check, about, f"{name} {stored[name]}", f"{name} {fresh[name]}")


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _CLOSE * max(1.0, abs(other))
    return one == other


def _added_up(lead: int, stored: Mapping[str, Any]) -> Iterator[Difference]:
    total = sum(row["points"] for row in orjson.loads(stored["contributions"]))
    if not abs(total - stored["score"]) <= _CLOSE * max(1.0, *(abs(stored[name]) for name in _COMPARED[:3])):
        yield Difference("contributions", f"lead {lead}", f"they add up to {total}", f"the score {stored['score']}")


def _batch(
    store: Store, current: Published, as_of: datetime, stored: Mapping[int, Mapping[str, Any]]
) -> Iterator[Difference]:
    """The same leads by `scoville score` on an export: another way to read, the whole plan, real files."""
    with tempfile.TemporaryDirectory(prefix="scoville-audit-") as folder:
        export(store, Path(folder), as_of, reads=current.compiled.wanted.traits, leads=stored.keys())
        workspace = load_workspace(Path(folder) / "scoville.toml")
        sources = workspace.leads.source, workspace.events.source
        run = score(current.compiled.model, *sources, as_of=as_of, workspace=workspace)
        fresh = {row["lead_id"]: row for row in run.scores.to_pylist()}
    with store.reading() as connection:
        names = connection.execute(
            text(
                f"SELECT l.lead_no, l.lead_id FROM leads l WHERE l.lead_no {among(connection, 'leads')} "  # noqa: S608
                "AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lead_no = l.lead_no)"
            ),
            {"leads": bound(connection, stored.keys())},
        ).all()
        now_stored = _groups(connection, current)
    for lead, name in names:
        if any(lead in group and group[lead] == stored[lead] for group in now_stored.values()):
            yield from _compared("batch", name, stored[lead], fresh.get(name))


# --- history ---------------------------------------------------------------------------------------------------------


def _ledger(connection: Connection, current: Published) -> Iterator[Difference]:
    """The entries of a lead add up to what they told of its score, and what they did not tell is less than half."""
    rows = connection.execute(
        text(
            "SELECT s.lead_no, s.score, s.told_score, coalesce(sum(e.score - coalesce(e.score_before, 0)), 0) "
            "FROM scores s LEFT JOIN ledger e ON e.lead_no = s.lead_no WHERE s.publication_no = :publication "
            "GROUP BY s.lead_no, s.score, s.told_score"
        ),
        {"publication": current.publication_no},
    )
    for lead, now, told, total in rows:
        if told is None or abs(total - told) > _ADDED:
            yield Difference("ledger", f"lead {lead}", f"entries add up to {total}", f"{told}, as told")
        elif abs(now - told) >= LEAST_DECAY + _CLOSE:
            yield Difference("ledger", f"lead {lead}", f"{told} was told last", f"the score {now}")


# --- people ----------------------------------------------------------------------------------------------------------


def _people(connection: Connection) -> Iterator[Difference]:
    """Two ids are of one lead exactly when links that hold join them."""
    rows = connection.execute(
        text(
            "SELECT k.link_no, a.lead_no, b.lead_no FROM links k JOIN identities a ON a.identity_no = k.one_no "
            "JOIN identities b ON b.identity_no = k.other_no WHERE k.undone_at IS NULL AND a.lead_no <> b.lead_no"
        )
    )
    for link, one, other in rows:
        yield Difference("people", f"link {link}", f"it joins leads {one} and {other}", "one lead")
    several = connection.execute(text("SELECT lead_no FROM identities GROUP BY lead_no HAVING count(*) > 1")).scalars()
    for lead in [*several]:
        ids = connection.execute(
            text("SELECT identity_no FROM identities WHERE lead_no = :lead"), {"lead": lead}
        ).scalars()
        held = [*ids]
        parts = joined(held, held_links(connection, held))
        if len(parts) > 1:
            yield Difference("people", f"lead {lead}", f"{len(parts)} parts that no link joins", "one part")
    empty = text(
        "SELECT lead_no FROM leads l WHERE NOT EXISTS (SELECT 1 FROM identities i WHERE i.lead_no = l.lead_no)"
    )
    for (lead,) in connection.execute(empty):
        yield Difference("people", f"lead {lead}", "no id", "at least one")


def _references(connection: Connection) -> Iterator[Difference]:
    """Every number points at a row that is there."""
    for key in sorted(_foreign_keys(), key=str):
        child, parent = key.parent, key.column
        yield from _dangling(connection, child.table.name, child.name, parent.table.name, parent.name)
    for table in _BY_LEAD:
        yield from _dangling(connection, table, "lead_no", "leads", "lead_no")


def _foreign_keys() -> Iterator[ForeignKey]:
    for table in CATALOGUE.sorted_tables:
        yield from table.foreign_keys


def _dangling(connection: Connection, table: str, column: str, parent: str, key: str) -> Iterator[Difference]:
    count = connection.execute(
        text(
            f"SELECT count(*) FROM {table} c WHERE c.{column} IS NOT NULL "  # noqa: S608 - names of our own tables
            f"AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{key} = c.{column})"
        )
    ).scalar_one()
    if count:
        yield Difference("references", f"{table}.{column}", f"{count:,} rows of no {parent}", "none")

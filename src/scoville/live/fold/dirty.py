"""Leads to be scored again: marked in the transaction that changed what their score rests on.

Called by everything that changes such a thing: the fold, adjustments, merging by hand, retention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from scoville.live.fold.among import among, bound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from scoville.live.fold.changes import Dirt

# The weightiest cause stands in the ledger when several come together; the earliest message starts the clock.
_WEIGHT = "CASE {} WHEN 'merge' THEN 4 WHEN 'adjustment' THEN 3 WHEN 'outcome' THEN 1 ELSE 2 END"
_WEIGHTIER = f"{_WEIGHT.format('excluded.cause')} > {_WEIGHT.format('dirty.cause')}"
_MARK = text(
    "INSERT INTO dirty (lead_no, since, turn, cause, cause_ref) VALUES (:lead_no, :since, 1, :cause, :ref) "  # noqa: S608
    "ON CONFLICT (lead_no) DO UPDATE SET turn = dirty.turn + 1, "
    "since = CASE WHEN excluded.since < dirty.since THEN excluded.since ELSE dirty.since END, "
    f"cause_ref = CASE WHEN {_WEIGHTIER} THEN excluded.cause_ref ELSE dirty.cause_ref END, "
    f"cause = CASE WHEN {_WEIGHTIER} THEN excluded.cause ELSE dirty.cause END"
)


def mark_dirty(connection: Connection, leads: Mapping[int, Dirt]) -> None:
    """Mark leads, in the order of their numbers: no two transactions then wait for each other in a circle."""
    rows = [
        {"lead_no": lead, "since": dirt.since_us, "cause": dirt.cause, "ref": dirt.ref}
        for lead, dirt in sorted(leads.items())
    ]
    if rows:
        connection.execute(_MARK, rows)


def mark_leads(connection: Connection, leads: Collection[int], since_us: int, cause: str, ref: str | None) -> None:
    """Mark leads for one cause; those that are no leads any more are left out."""
    connection.execute(
        text(
            "INSERT INTO dirty (lead_no, since, turn, cause, cause_ref) "  # noqa: S608 - our own marks
            "SELECT lead_no, CAST(:since AS BIGINT), 1, CAST(:cause AS TEXT), CAST(:ref AS TEXT) FROM leads "
            f"WHERE lead_no {among(connection, 'leads')} ORDER BY lead_no "
            "ON CONFLICT (lead_no) DO UPDATE SET turn = dirty.turn + 1"
        ),
        {"leads": bound(connection, leads), "since": since_us, "cause": cause, "ref": ref},
    )

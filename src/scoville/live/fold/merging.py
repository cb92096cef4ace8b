"""Two leads are one: what belonged to the one that goes belongs to the one that stays.

In: numbers of leads. Out: ids moved, history moved, the ledger of the one that goes closed, so that changes still add
up to the score. Called by the fold, and by `by_hand`. What anybody did hangs on ids, and does not move at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from scoville.live.fold.accounts import leave_accounts
from scoville.live.fold.among import among, bound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

# A lead that was never scored takes over the score, and the standing, of the one that goes.
_INHERIT = text(
    "UPDATE scores SET lead_no = :survivor WHERE lead_no = :lead_no AND NOT EXISTS "
    "(SELECT 1 FROM scores mine WHERE mine.lead_no = :survivor AND mine.publication_no = scores.publication_no)"
)
# Else its ledger ends at 0: beside the entries of the lead that stays it then adds nothing.
_CLOSE = text(
    "INSERT INTO ledger (lead_no, at, cause, cause_ref, score_before, score, fit, engagement, stage_before, stage, "
    "model_version) SELECT s.lead_no, CAST(:now AS BIGINT), 'merge', CAST(:into AS TEXT), s.told_score, 0, 0, 0, "
    "s.stage, NULL, s.model_version FROM scores s WHERE s.lead_no = :lead_no AND s.publication_no = "
    "(SELECT max(publication_no) FROM publications WHERE switched_at IS NOT NULL)"
)
_MOVE = [
    text(f"UPDATE {table} SET lead_no = :survivor WHERE lead_no = :lead_no")  # noqa: S608 - our own tables
    for table in ("identities", "ledger", "stage_changes", "outbox")
]
# Who was hot already is not hot anew: the lead that stays keeps the higher standing of both.
_STAND = text(
    "UPDATE scores SET standing = other.standing, standing_since = other.standing_since FROM "
    "(SELECT publication_no, standing, standing_since, score FROM scores WHERE lead_no = :lead_no) AS other "
    "WHERE scores.lead_no = :survivor AND scores.publication_no = other.publication_no AND other.score > scores.score"
)


def merge(connection: Connection, merged: Mapping[int, int], now_us: int) -> None:
    """Leads (keys) become part of others (values), which are marked dirty already. Names are settled afterwards."""
    if not merged:
        return
    rows = [
        {"lead_no": lead, "survivor": survivor, "into": str(survivor), "now": now_us}
        for lead, survivor in sorted(merged.items())
    ]
    for row in rows:  # one after another: two of them may become part of one
        for statement in (_INHERIT, _CLOSE, *_MOVE, _STAND):
            connection.execute(statement, row)
    survivors = {"leads": bound(connection, {*merged.values()}), "gone": bound(connection, merged.keys())}
    latest = connection.execute(
        text(
            f"SELECT lead_no, last_seen_at FROM leads WHERE lead_no {among(connection, 'leads')} "  # noqa: S608
            f"OR lead_no {among(connection, 'gone')}"
        ),
        survivors,
    )
    last: dict[int, int] = {}
    for lead, at in latest:
        survivor = merged.get(lead, lead)
        last[survivor] = max(at, last.get(survivor, at))
    connection.execute(
        text("UPDATE leads SET last_seen_at = :at WHERE lead_no = :lead_no"),
        [{"lead_no": lead, "at": at} for lead, at in sorted(last.items())],
    )
    leave_accounts(connection, merged.keys())
    for table in ("dirty", "scores", "leads"):
        connection.execute(text(f"DELETE FROM {table} WHERE lead_no {among(connection, 'gone')}"), survivors)  # noqa: S608

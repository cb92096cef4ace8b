"""Points that people gave or took by hand, from a file or frame.

In: lead_id, points, and perhaps reason, created_at and expires_at. Out: the table `adjustments`. Called by `load.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import ibis

from scoville.data.clean import REASON, UNREAD, clean_profiles
from scoville.data.quality import NO_LEAD_ID, NO_POINTS, UNKNOWN_LEAD, UNREADABLE_TIME, RelationQuality
from scoville.data.values import row_as_json

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.data.identity import People
    from scoville.data.keep import Place
    from scoville.data.workspace import Workspace

_INSTANTS = ("created_at", "expires_at")
_OWNER = "scoville: owner"


def clean_adjustments(
    con: Place, source: object, *, people: People, workspace: Workspace
) -> tuple[ir.Table, RelationQuality, ir.Table]:
    """Adjustments of known leads, where their rows went, and the rejected ones.

    Those of a lead that was merged belong to the lead that took it over.
    Shape:   the columns of `tables.ADJUSTMENTS`, all rows that can be used.
    Nulls:   a missing reason or instant is null; a row without readable points is rejected, as is one whose instants
             do not read, for it could count for ever.
    Raises:  DataError for columns that are missing or ambiguous.
    """
    raw = con.open_source(source, relation="adjustments", delimiter=workspace.adjustments.delimiter)
    columns = workspace.adjustments.columns
    cleaned = clean_profiles(
        con, raw, columns, workspace.settings, key="lead_id", reason=NO_LEAD_ID, keep_unread=_INSTANTS
    )
    known = people.known()
    rows = cleaned.table.left_join(known, cleaned.table["lead_id"] == known["scoville_from"])
    judged = con.keep_table(
        "judged_adjustments", rows.mutate(**{_OWNER: rows["scoville_survivor"], REASON: _wrong(rows)})
    )
    wrong, fine = judged.filter(judged[REASON].notnull()), judged.filter(judged[REASON].isnull())
    shown = _as_given(wrong)
    rejects = shown.select(
        relation=ibis.literal(raw.relation),
        reason=shown[REASON],
        row=row_as_json(shown, [name for name in cleaned.table.columns if not name.startswith(UNREAD)]),
    )
    counts = con.fetch_rows(wrong.group_by(reason=wrong[REASON]).aggregate(rows=wrong.count()))
    rejected = {**cleaned.rejected, **{row["reason"]: int(row["rows"]) for row in counts}}
    table = con.keep_table("adjustments", _typed(fine))
    quality = RelationQuality(
        raw.relation, raw.name, rows=cleaned.rows, used=cleaned.rows - sum(rejected.values()), rejected=rejected
    )
    return table, quality, cleaned.rejects.union(rejects)


def _typed(rows: ir.Table) -> ir.Table:
    reason = rows["reason"].cast("string") if "reason" in rows.columns else ibis.null("string")
    return rows.select(
        lead_id=rows[_OWNER], points=_points(rows), reason=reason,
        **{name: _instant(rows, name) for name in _INSTANTS},
    )  # fmt: skip


def _wrong(rows: ir.Table) -> ir.Value:
    """The first reason against a row, null for none."""
    unread = [
        *(rows[name].notnull() & _instant(rows, name).isnull() for name in _INSTANTS if name in rows.columns),
        *(rows[UNREAD + name].notnull() for name in _INSTANTS if UNREAD + name in rows.columns),
    ]
    return ibis.cases(
        (rows["scoville_survivor"].isnull(), UNKNOWN_LEAD),
        (_points(rows).isnull() | _points(rows).isnan() | _points(rows).isinf(), NO_POINTS),
        *((one, UNREADABLE_TIME) for one in unread),
        else_=ibis.null("string"),
    )


def _as_given(rows: ir.Table) -> ir.Table:
    """Instants that do not read are shown as they stand in the file."""
    unread = [name for name in _INSTANTS if UNREAD + name in rows.columns]
    return (
        rows
        if not unread
        else rows.mutate(**{name: rows[UNREAD + name].coalesce(rows[name].cast("string")) for name in unread})
    )


def _points(rows: ir.Table) -> ir.FloatingValue:
    points = rows["points"]
    return cast("ir.FloatingValue", points.try_cast("float64") if points.type().is_string() else points.cast("float64"))


def _instant(rows: ir.Table, name: str) -> ir.Value:
    if name not in rows.columns:
        return ibis.null("timestamp(6)")
    found = rows[name]
    return found.try_cast("timestamp(6)") if found.type().is_string() else found.cast("timestamp(6)")

"""Columns that look as if they were written after the outcome was known.

Such a column predicts the past perfectly and the future not at all. Signs, in the order in which they are looked for:
its name, that it is filled for winners and empty for others (or the other way round), a value that nearly only winners
have, and telling winners from others far better than honest facts do. Where outcomes have dates, a date that lies at or
after the outcome. None of it is a proof; all of it is a reason not to give points for it unseen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.data.keep import fetch_aggregates, quoted
from scoville.data.recognise.clues import OUTCOME_TIME_NAMES
from scoville.data.recognise.roles import shown_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.recognise.looks import ColumnLook

# Honest single facts reach 0.75 at most in the public data sets at hand; what was typed in afterwards starts at 0.8.
TOO_GOOD = 0.8
GAP = 0.3  # difference of the filled shares of winners and others
PURE, PURE_ROWS, PURE_BASE = 0.95, 0.03, 0.7  # won share of a value, its share of rows, won share of all
ENOUGH = 30  # winners, and others, below which shares prove nothing
ON_THE_DAY, AT_OR_AFTER = 0.5, 0.9  # share of winners whose date lies on the day of the outcome; or on it or later
GROUP = 20  # rows below which a value is counted with the other rare ones
BINS = 50

Group = tuple[str, int, int]  # value, rows, winners

# Words of stages, dispositions, and what sales types in when a lead is worked.
NAMES = re.compile(
    r"^(?:(?:call_|contact_|talk_)?duration(?:_\w+)?|tags?|lead_(?:quality|profile|status|stage)|lifecycle_stage|"
    r"last_(?:notable_)?activity\w*|disposition|next_step|lost_reason|reason_lost|close_reason|closed?_\w+|won_\w+|lost_\w+|"
    r"deal_\w+|contract_\w+|invoice\w*|order_\w+|page_?values?|opportunity\w*|converted_\w+|became_\w*customer\w*|churn\w*|"
    r"(?:is_)?cancel\w*|days_to_\w+|first_purchase\w*|last_purchase\w*|total_revenue|recent_deal\w*|rating|leadscore|score|"
    # What another scoring tool made of the lead, with or without the name of the tool before it.
    r"(?:\w+_)?(?:activity|profile|lead|engagement)_(?:index|score|grade|rating))$"
)


def written_after(
    con: InDuckDB, rows: ir.Table, columns: Sequence[ColumnLook], won: str | None = None
) -> Mapping[str, str]:
    """Columns that may be written after the outcome, each with the reason in words.

    `rows` are leads under the keys of the columns; `won` names a boolean column of it, null when no outcome is known.
    """
    by_name = {column.name: "its name says so" for column in columns if _says_so(column)}
    if won is None:
        return by_name
    total = con.fetch_rows(rows.aggregate(rows=rows.count(), won=rows[won].sum()))[0]
    winners = int(total["won"] or 0)
    if min(winners, total["rows"] - winners) < ENOUGH:
        return by_name
    filled = _filled_shares(con, rows, columns, won)
    found: dict[str, str] = {}
    for column in columns:
        reason = _gap(filled[column.key]) or _by_values(con, rows, column, won, winners / total["rows"])
        if reason or column.name in by_name:
            found[column.name] = reason or by_name[column.name]
    return found


def at_the_outcome(
    con: InDuckDB, rows: ir.Table, columns: Sequence[ColumnLook], won_at: str, created_at: str | None = None
) -> Mapping[str, str]:
    """Columns of dates that lie on the day of the outcome, or later, for most winners: each with the reason in words.

    `won_at` and `created_at` name columns of `rows`, the first null for leads that did not win. Winners of the day on
    which they were created tell nothing. A date that lies equally far from the creation for nearly all leads, such as
    the end of a trial, was planned and not written afterwards.
    """
    found = {}
    for column in columns:
        if column.type == "time" and (reason := _by_date(con, rows, column.key, won_at, created_at)):
            found[column.name] = reason
    return found


def _by_date(con: InDuckDB, rows: ir.Table, key: str, won_at: str, created_at: str | None) -> str | None:
    date, won = f"{quoted(key)}::DATE", f"{quoted(won_at)}::DATE"
    created = f"{quoted(created_at)}::DATE" if created_at is not None else "NULL::DATE"
    both, on_day, since, planned = con.con.execute(
        "SELECT count(*) FILTER (told), count(*) FILTER (told AND date = won), count(*) FILTER (told AND date >= won), "  # noqa: S608 - our own names
        "coalesce(quantile_cont(date - created, 0.9) - quantile_cont(date - created, 0.1) <= 1, false) FROM "
        f"(SELECT {date} AS date, {won} AS won, {created} AS created, date IS NOT NULL AND won IS NOT NULL "
        f"AND coalesce(won > created, true) AS told FROM {quoted(rows.op().name)})"
    ).fetchall()[0]
    if both < ENOUGH or planned:
        return None
    if on_day >= ON_THE_DAY * both:
        return f"for {shown_share(on_day / both)} of the winners it is the day of the outcome"
    late = since / both
    return f"for {shown_share(late)} of the winners it lies at or after the outcome" if late >= AT_OR_AFTER else None


def _says_so(column: ColumnLook) -> bool:
    name = snake_case(column.name)
    return bool(NAMES.match(name)) or name in OUTCOME_TIME_NAMES


def _filled_shares(
    con: InDuckDB, rows: ir.Table, columns: Sequence[ColumnLook], won: str
) -> dict[str, tuple[float, float]]:
    """For each column the share of the winners, and of the others, that have a value."""
    sides = {"won": rows[won], "other": ~rows[won]}
    wanted = {(key, side): rows[key].count(where=who) for key in (won, *(one.key for one in columns))
              for side, who in sides.items()}  # fmt: skip
    there = fetch_aggregates(con, rows, wanted)
    return {
        one.key: (there[one.key, "won"] / there[won, "won"], there[one.key, "other"] / there[won, "other"])
        for one in columns
    }


def _gap(filled: tuple[float, float]) -> str | None:
    won, other = filled
    if abs(won - other) < GAP:
        return None
    return f"filled for {shown_share(won)} of the winners and {shown_share(other)} of the others"


def _by_values(con: InDuckDB, rows: ir.Table, column: ColumnLook, won: str, base: float) -> str | None:
    if column.type == "number":
        groups, is_binned = _numbers(con, rows, column, won), column.distinct > BINS
        ordered = groups
    elif column.top:
        groups, is_binned = _values(con, rows, column, won), False
        ordered = sorted(_merged(groups), key=lambda group: group[2] / group[1])
    else:
        return None
    if not is_binned and (pure := _pure(groups, base)) is not None:
        return pure
    area = area_under([(count, winners) for _, count, winners in ordered])
    area = max(area, 1 - area)
    return f"alone it tells a winner from another lead {shown_share(area)} of the time" if area >= TOO_GOOD else None


def _values(con: InDuckDB, rows: ir.Table, column: ColumnLook, won: str) -> list[Group]:
    return _counted(con, rows, f"coalesce({quoted(column.key)}::VARCHAR, '')", won)


def _numbers(con: InDuckDB, rows: ir.Table, column: ColumnLook, won: str) -> list[Group]:
    """Numbers in their order, equal ones together; many different ones in bins of about equal size."""
    number = quoted(column.key)
    rank = f"percent_rank() OVER (PARTITION BY {number} IS NULL ORDER BY {number})"
    binned = f"CASE WHEN {number} IS NOT NULL THEN floor({rank} * {BINS}) END"
    return _counted(con, rows, binned if column.distinct > BINS else number, won)


def _counted(con: InDuckDB, rows: ir.Table, value: str, won: str) -> list[Group]:
    """Rows and winners for each value that is not missing, in the order of the values.

    In SQL, because a wide file has hundreds of columns and Ibis takes longer to write each query than it takes to run.
    """
    found = con.con.execute(
        f"SELECT value, count(*), count(*) FILTER (won) FROM (SELECT {value} AS value, {quoted(won)} AS won "  # noqa: S608 - our own names
        f"FROM {quoted(rows.op().name)}) WHERE value IS NOT NULL GROUP BY value ORDER BY value"
    ).fetchall()
    return [(str(value), int(count), int(winners)) for value, count, winners in found]


def _merged(groups: list[Group]) -> list[Group]:
    """Rare values as one group, so that chance does not look like knowledge."""
    rare = [group for group in groups if group[1] < GROUP]
    common = [group for group in groups if group[1] >= GROUP]
    together = ("rare", sum(group[1] for group in rare), sum(group[2] for group in rare))
    return [*common, together] if rare else common


def _pure(groups: list[Group], base: float) -> str | None:
    rows = sum(count for _, count, _ in groups)
    for value, count, winners in groups:
        if base <= PURE_BASE and count >= max(GROUP, PURE_ROWS * rows) and winners >= PURE * count:
            with_it = f"{shown_share(winners / count)} of the leads with '{value or 'nothing'}' won"
            return f"{with_it}, of all {shown_share(base)}"
    return None


def area_under(groups: Sequence[tuple[int, int]]) -> float:
    """Chance that a winner stands after another lead, half for ties; groups of (rows, winners) in their order.

    Example: `area_under([(10, 0), (10, 10)])` -> 1.0.   Nulls: 0.5 when there is only one kind.
    Source:  Mann-Whitney U / (winners * others), which is the area under the ROC curve.
    """
    winners = sum(won for _, won in groups)
    others = sum(count for count, _ in groups) - winners
    if not winners or not others:
        return 0.5
    before, area = 0, 0.0
    for count, won in groups:
        area += won * (before + (count - won) / 2)
        before += count - won
    return area / (winners * others)

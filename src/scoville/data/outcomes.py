"""What became of the leads: won, lost, accepted, rejected ... and when.

In: a file or frame of outcomes, rows of events, or a column of leads. Out: the table `outcomes` (lead_id, outcome, at,
value). Called by `evidence/snapshots.py`, after `load.py` has made `leads` and `events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from scoville.data.clean import clean_profiles
from scoville.data.columns import snake_case
from scoville.data.keep import count_rows
from scoville.data.quality import NO_LEAD_ID
from scoville.data.suggest import did_you_mean, listed
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from scoville.data.identity import People
    from scoville.data.keep import Place
    from scoville.data.workspace import Workspace

WON = "won"
USUAL = (WON, "lost", "accepted", "rejected")  # what outcomes are called where nobody says otherwise
_NAMED = ("outcome", "goal", "status", "result")  # columns that say which outcome it is, when they are not mapped
NO_MONEY = 1e15  # more than there is: an amount from it on is a mistake, and would drown all others
_LIKE_EVENTS = {"at": "occurred_at"}  # cleaning knows the time of an event; `at` is the shorter word of outcomes
YES = ("1", "true", "yes", "y", WON, "converted")
_NO = ("0", "false", "no", "n", "lost", "")


@dataclass(frozen=True)
class Outcomes:
    """`table` has lead_id, outcome, at (null without dates) and value (null without values).

    `has_dates` is false when the outcomes are a column of leads: then nothing can be told about any past day.
    `unknown` counts rows whose lead nobody knows, `undated` rows without a readable time: both are left out.
    """

    table: ir.Table
    has_dates: bool
    rows: int
    unknown: int = 0
    undated: int = 0


def outcomes_from(con: Place, source: object, *, people: People, workspace: Workspace) -> Outcomes:
    """Outcomes of a file or frame. Without a column that names them, every row is a `won`.

    Raises:  DataError for columns that are missing or ambiguous, and for times that do not parse.
    """
    raw = con.open_source(source, relation="outcomes", delimiter=workspace.outcomes.delimiter)
    mapping = {_LIKE_EVENTS.get(name, name): column for name, column in workspace.outcomes.columns.items()}
    named = [column for column in raw.table.columns if snake_case(column) in _NAMED]
    if "outcome" not in mapping and len(named) == 1:
        mapping["outcome"] = named[0]
    cleaned = clean_profiles(con, raw, mapping, workspace.settings, key="lead_id", reason=NO_LEAD_ID)
    rows = cleaned.table
    at = rows["occurred_at"]
    if not (at.type().is_timestamp() or at.type().is_date()):
        raise DataError(f'{raw.name}: the column of outcomes.at holds no times. Name another: --map outcomes.at="..."')
    outcome = rows["outcome"].cast("string").strip() if "outcome" in rows.columns else ibis.literal(WON)
    found = rows.select("lead_id", outcome=outcome, at=at.cast("timestamp"), value=_value(rows))
    return _kept(con, found, people)


def outcomes_in_events(con: Place, events: ir.Table, names: Sequence[str], *, people: People) -> Outcomes:
    """Outcomes that are rows of events: those of the given names.

    Raises:  DataError when no event has any of the names.
    """
    rows = events.filter(events["event"].isin(list(names)))
    found = rows.select("lead_id", outcome=rows["event"], at=rows["occurred_at"], value=_value(rows))
    outcomes = _kept(con, found, people)
    if not outcomes.rows:
        known = [row["event"] for row in con.fetch_rows(events.select("event").distinct().order_by("event"))]
        raise DataError(
            f"no event is called {listed(names)}.{did_you_mean(names[0], known)} Events: {listed(known)}. "
            "Say which counts with --won NAME, or where outcomes are with --outcomes FILE"
        )
    return outcomes


def outcomes_in_leads(con: Place, column: str, won: Sequence[str] = (WON,), *, leads: ir.Table) -> Outcomes:
    """Outcomes that are a column of leads, such as `Converted` with 1 and 0: won, without a date.

    Raises:  DataError when leads have no such column, or it holds neither yes, nor no, nor a name of `won`.
    """
    if column not in leads.columns:
        known = [name for name in leads.columns if name != "lead_id"]
        raise DataError(f"leads have no column '{column}'.{did_you_mean(column, known)} Columns: {listed(known)}")
    said = leads[column].cast("string").strip().lower().re_replace(r"[.]0$", "")
    wanted = [*YES, *(name.strip().lower() for name in won)]
    wins = leads.filter(said.isin(wanted))
    _check_says(con, column, leads.filter(said.notnull()), said.isin([*wanted, *_NO]), won)
    undated = {"outcome": ibis.literal(WON), "at": ibis.null("timestamp"), "value": ibis.null("float64")}
    table = con.keep_table("outcomes", wins.select("lead_id", **undated))
    return Outcomes(table, has_dates=False, rows=count_rows(con, table))


def _check_says(con: Place, column: str, leads: ir.Table, is_known: ir.BooleanValue, won: Sequence[str]) -> None:
    """A column of statuses says neither yes nor no. Raises: DataError when no value of it is known."""
    if count_rows(con, leads) and not count_rows(con, leads.filter(is_known)):
        rows = con.fetch_rows(leads.select(said=leads[column].cast("string")).distinct().order_by("said"))
        known = [row["said"] for row in rows]
        raise DataError(
            f"'{column}' says neither {listed(won)} nor yes or no of any lead.{did_you_mean(won[0], known)} "
            f"Values: {listed(known)}. Say which counts with --won NAME"
        )


def _value(rows: ir.Table) -> ir.Value:
    if "value" not in rows.columns:
        return ibis.null("float64")
    value = rows["value"].try_cast("float64") if rows["value"].type().is_string() else rows["value"].cast("float64")
    return ibis.ifelse(value.abs() < NO_MONEY, value, ibis.null("float64"))  # not a number is more than all numbers


def _kept(con: Place, rows: ir.Table, people: People) -> Outcomes:
    """Outcomes of known leads; those of a lead that was merged belong to the lead that took it over."""
    came = con.fetch_rows(rows.aggregate(rows=rows.count(), undated=rows["at"].isnull().sum()))[0]
    known = people.known()
    joined = rows.filter(rows["at"].notnull()).join(known, rows["lead_id"] == known["scoville_from"])
    kept = {"lead_id": joined["scoville_survivor"], **{name: joined[name] for name in ("outcome", "at", "value")}}
    table = con.keep_table("outcomes", joined.select(**kept))
    used, undated = count_rows(con, table), int(came["undated"] or 0)
    return Outcomes(table, has_dates=True, rows=used, unknown=came["rows"] - undated - used, undated=undated)

"""Where it stands who became a customer: a column of leads, or a relation of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from scoville.data.columns import snake_case
from scoville.data.recognise.clues import NOT_WON, OUTCOME_NAMES, is_binary, won_values
from scoville.data.recognise.findings import Outcome
from scoville.data.recognise.roles import shown_share
from scoville.data.suggest import listed

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.recognise.findings import RecognisedFile
    from scoville.data.recognise.looks import ColumnLook, FileLook

WON_COLUMN = "scoville: won"  # a name that no file has


def outcome_in(look: FileLook, taken: frozenset[str] = frozenset()) -> Outcome | None:
    """The column of leads that says who won: by its name, with two values or one that says won; null when none does."""
    named = [one for one in look.columns if snake_case(one.name) in OUTCOME_NAMES and one.name not in taken]
    for column in sorted(named, key=lambda one: (not is_binary(one), OUTCOME_NAMES.index(snake_case(one.name)))):
        won = won_values(column)[:1] if is_binary(column) else _won_words(column)
        if won:
            count = sum(count for value, count in column.top if value in won)
            share = count / column.rows
            shown = " or ".join(f"'{value}'" for value in won)
            reason = f"{shown} in {shown_share(share)} of the rows; the name says so"
            return Outcome("leads", column.name, won, share, reason)
    return None


def _won_words(column: ColumnLook) -> tuple[str, ...]:
    """Values that say won in so many words: of several values a bare 1 or yes says nothing."""
    bare = NOT_WON | {"1", "yes", "true", "y", "t"}
    return tuple(value for value in won_values(column) if value.strip().lower() not in bare)


def find_outcome(leads: RecognisedFile, outcomes: RecognisedFile | None) -> Outcome | None:
    """Who won, by the file of outcomes, else by a column of leads; null when nothing tells."""
    taken = frozenset(role.column for role in leads.roles if role.is_sure)
    if outcomes is None:
        return outcome_in(leads.look, taken)
    role = outcomes.role("outcome")
    column = outcomes.look.column(role.column) if role else None
    if column is None or column.distinct <= 1:
        return Outcome("outcomes", column.name if column else None, (), None, "every row of outcomes is a win")
    won = won_values(column)[:1]
    reason = f"values: {listed(value for value, _ in column.top)}" + (f"; '{won[0]}' means won" if won else "")
    return Outcome("outcomes", column.name, won, None, reason)


def labelled(
    con: InDuckDB, leads: RecognisedFile, outcomes: RecognisedFile | None, outcome: Outcome | None
) -> tuple[ir.Table, str | None]:
    """The leads looked at with a boolean column for who won, and its name; null where it is not known."""
    seen = leads.look.seen
    if outcome is None or is_open(outcomes, outcome):
        return seen, None
    if outcome.relation == "leads":
        value = seen[leads.look.column(outcome.column or "").key].cast("string").strip().lower()
        won = value.isin([one.strip().lower() for one in outcome.won]).fill_null(ibis.literal(False))  # noqa: FBT003 - a value
        return con.keep_view("labelled", seen.mutate(**{WON_COLUMN: won})), WON_COLUMN
    own, their = leads.role("lead_id"), outcomes.role("lead_id") if outcomes else None
    if outcomes is None or own is None or their is None:
        return seen, None
    rows = _won_rows(outcomes, outcome)
    winners = rows.select(winner=rows[outcomes.look.column(their.column).key].cast("string")).distinct()
    joined = seen.left_join(winners, seen[leads.look.column(own.column).key].cast("string") == winners["winner"])
    with_label = joined.select(*seen.columns, **{WON_COLUMN: joined["winner"].notnull()})
    return con.keep_view("labelled", with_label), WON_COLUMN


def _won_rows(outcomes: RecognisedFile, outcome: Outcome) -> ir.Table:
    rows = outcomes.look.seen
    if outcome.column is None or not outcome.won:
        return rows
    return rows.filter(rows[outcomes.look.column(outcome.column).key].cast("string") == outcome.won[0])


def is_open(outcomes: RecognisedFile | None, outcome: Outcome) -> bool:
    """Whether there are several outcomes, none of which says won."""
    if outcomes is None or outcome.relation != "outcomes" or outcome.column is None or outcome.won:
        return False
    return outcomes.look.column(outcome.column).distinct > 1

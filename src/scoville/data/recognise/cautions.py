"""Columns of leads that carry no rule, or need a person's eye; and what a person has to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.data.recognise.afterwards import written_after
from scoville.data.recognise.clues import CLUES, REQUIRED
from scoville.data.recognise.findings import Caution
from scoville.data.recognise.roles import candidates, how_distinct, is_key, shown_share
from scoville.data.recognise.winners import is_open, labelled
from scoville.data.suggest import listed

if TYPE_CHECKING:
    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.recognise.findings import Outcome, RecognisedFile, Recognition
    from scoville.data.recognise.looks import ColumnLook

CONSTANT, EMPTY = 0.995, 0.95
LONG_TEXT = 60  # characters: more than a choice in a form has
TOLD = 0.05  # share of rows from which missing values in disguise are worth a word
UNKNOWN_WORDS = frozenset(
    {"unknown", "not provided", "not available", "not specified", "no answer", "tbd", "xxx", "test", "not applicable"}
)


def cautions_of(
    con: InDuckDB, leads: RecognisedFile, outcomes: RecognisedFile | None, outcome: Outcome | None
) -> tuple[Caution, ...]:
    """Every column of leads that a rule had better not rest on, by the file; then how values are missing."""
    taken = {role.column for role in leads.roles if role.is_sure}
    is_label = outcome.column if outcome and outcome.relation == "leads" else None
    others = [one for one in leads.look.columns if one.name not in taken and one.name != is_label]
    rows, won = labelled(con, leads, outcomes, outcome)
    late = written_after(con, rows, [one for one in others if one.filled > 0], won)
    found = [Caution(is_label, "outcome", "it is the outcome")] if is_label else []
    for column in others:
        if column.name in late:
            found.append(Caution(column.name, "afterwards", late[column.name]))
        elif (plain := _plain_caution(column)) is not None:
            found.append(plain)
    found += [caution for column in leads.look.columns for caution in _missing_cautions(column)]
    return tuple(found)


def _plain_caution(column: ColumnLook) -> Caution | None:
    """Why a column cannot carry a rule, whatever its meaning."""
    if not column.filled or column.filled_share <= 1 - EMPTY:
        return Caution(column.name, "empty", f"empty in {shown_share(1 - column.filled_share)} of the rows")
    is_constant = bool(column.top) and column.top[0][1] >= CONSTANT * column.rows
    if column.distinct == 1 or is_constant:
        value = column.top[0][0] if column.top else column.shown[0]
        where = "in nearly every row" if is_constant else "is its only value"
        return Caution(column.name, "constant", f"'{value}' {where}, so it tells nobody apart")
    if column.type == "text" and not column.top and column.longest > LONG_TEXT:
        return Caution(column.name, "free text", f"{column.distinct:,} texts of up to {column.longest} characters")
    if is_key(column) and any(role.column == column.name for role in candidates([column], CLUES["leads"][:1])):
        return Caution(column.name, "id", how_distinct(column))
    return None


def _missing_cautions(column: ColumnLook) -> list[Caution]:
    found = []
    if column.placeholders and column.placeholders >= TOLD * column.rows:
        share = shown_share(column.placeholders / column.rows)
        found.append(Caution(column.name, "placeholders", f"{share} Select, N/A and the like, taken for missing"))
    words = [(value, count) for value, count in column.top if value.strip().lower() in UNKNOWN_WORDS]
    if words and words[0][1] >= TOLD * column.rows:
        share = shown_share(words[0][1] / column.rows)
        reason = f"'{words[0][0]}' in {share}: a value now; list it under placeholders if it means missing"
        found.append(Caution(column.name, "unknown", reason))
    return found


def doubts_about(found: Recognition) -> list[str]:
    """What a person has to decide, in words."""
    doubts = []
    if found.leads.is_numbered:
        doubts.append(
            f"{found.leads.short_name}: no column tells leads apart, so its rows get numbers in the order of the file. "
            "With an id of your CRM scores could be compared from run to run: map it as lead_id."
        )
    for file in found.files():
        for role in file.roles:
            column = file.look.column(role.column)
            if column.is_order_open and role.is_sure:
                said = "may be day/month or month/day: set date_order in scoville.toml."
                doubts.append(f"{file.short_name}: {role.column} {said}")
            if not role.is_sure:
                doubts.append(f"{file.short_name}: {role.column} may be {role.name} ({role.reason}).")
        missing = [name for name in REQUIRED[file.kind] if file.role(name) is None and not file.is_numbered]
        said = "name it in scoville.toml."
        doubts += [f"{file.short_name}: no column found for {file.kind}.{name}; {said}" for name in missing]
    if found.outcome is None:
        doubts.append(
            "no outcome found (who became a customer): the model cannot be checked against what happened yet."
        )
    elif found.outcomes is not None and is_open(found.outcomes, found.outcome):
        doubts.append(f"{found.outcomes.short_name}: none of the outcomes says won: {found.outcome.reason}.")
    late = [caution.column for caution in found.leads.cautions if caution.kind == "afterwards"]
    if late:
        doubts.append(f"maybe written after the outcome was known, so no points for: {listed(late)}.")
    return doubts

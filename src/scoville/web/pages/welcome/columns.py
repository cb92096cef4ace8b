"""The columns of a file -> what each is taken for, what else it may be, and what is missing: in words, to be corrected.

In: the beginning of a file, and what somebody chose. Out: rows of the form, and the mapping for the import. Pure.
Called by `uploading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.web.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.web.api.uploads import Head, Meant

KEEP, LEAVE = "", "-"
_EXAMPLES = 3


@dataclass(frozen=True)
class Kind:
    """What a file can hold: in words, what each of its rows is, and the names of ours that a column may have."""

    title: str
    row: str
    names: tuple[tuple[str, str], ...]
    needed: tuple[str, ...]


_LEAD_ID = ("lead_id", "Id of the lead")
_AT = "When"
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "leads": Kind(
            "Leads", "one row for each person", (
                _LEAD_ID, ("email", "E-mail"), ("name", "Name"), ("first_name", "First name"),
                ("last_name", "Last name"), ("phone", "Phone"), ("job_title", "Job title"), ("company", "Company"),
                ("company_domain", "Website of the company"), ("employees", "Employees"), ("industry", "Industry"),
                ("country", "Country"), ("created_at", "Created"), ("updated_at", "Known since"), ("source", "Source"),
                ("owner", "Owner"), ("cost", "Cost"),
            ), ("lead_id",),
        ),
        "events": Kind(
            "Events", "one row for each thing that somebody did", (
                _LEAD_ID, ("event", "What was done"), ("occurred_at", _AT), ("event_id", "Id of the event"),
                ("properties", "Properties as JSON"),
            ), ("lead_id", "event", "occurred_at"),
        ),
        "outcomes": Kind(
            "Outcomes", "one row for each lead that was won or lost", (
                _LEAD_ID, ("outcome", "Outcome (without it: won)"), ("occurred_at", _AT), ("value", "Value"),
                ("reason", "Reason"),
            ), ("lead_id", "occurred_at"),
        ),
    }
)  # fmt: skip


# What values may leave open, with what it is called on the page, and the ways to settle it.
WRITTEN: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "decimal_mark": ("Numbers are written", (("", "as they look"), (".", "1,234.56"), (",", "1.234,56"))),
        "date_order": ("Dates are written", (("", "not known"), ("dmy", "31/12/2026"), ("mdy", "12/31/2026"))),
    }
)  # fmt: skip

_DOUBTS = {"decimal_mark": "1.2 or 1,200?", "date_order": "day or month first?"}


@dataclass(frozen=True)
class Choice:
    """A setting of the import that somebody may make: `ways` are its values with their words."""

    name: str
    title: str
    ways: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class ColumnRow:
    """One column of the file: what it is taken for (`means`: our name, or kept, or left out), and why.

    `doubt` is a question about how its values are read, in a word or two.
    """

    name: str
    kept_as: str
    type: str
    examples: tuple[str, ...]
    doubt: str
    means: str
    reason: str
    is_sure: bool


def column_rows(head: Head, what: str, meant: Mapping[str, str] | None = None) -> list[ColumnRow]:
    """A row for each column, as it was recognised; as somebody chose, where they did."""
    proposed = _proposed(head.meant.get(what, ()), {name for name, _ in KINDS[what].names})
    rows = []
    for column in head.columns:
        found = proposed.get(column.name)
        means = found.name if found is not None and found.is_sure else KEEP
        if meant is not None:
            means = meant.get(column.name, KEEP)
        reason = found.reason if found is not None and means in {found.name, KEEP} else ""
        kept_as = snake_case(column.name) or column.name
        examples = tuple(column.examples[:_EXAMPLES])
        rows.append(
            ColumnRow(
                column.name, kept_as, column.type, examples, _DOUBTS.get(column.settled_by or "", ""), means, reason,
                found is None or found.is_sure,
            )
        )  # fmt: skip
    return rows


def written_choices(head: Head, chosen: Mapping[str, str]) -> list[Choice]:
    """How values are written, where those of some column leave it open, or somebody has chosen."""
    is_open = {column.settled_by for column in head.columns}
    return [
        Choice(name, title, ways, chosen[name])
        for name, (title, ways) in WRITTEN.items()
        if name in is_open or chosen[name]
    ]


def chosen_columns(head: Head, what: str, meant: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Our names with the file's columns, and the columns to leave out. Raises: ApiError 422 for what cannot be."""
    there = {column.name for column in head.columns}
    names = dict(KINDS[what].names)
    columns: dict[str, str] = {}
    for column, means in meant.items():
        if column not in there or means in {KEEP, LEAVE} or means not in names:
            continue
        if means in columns:
            said = f"two columns stand for “{names[means]}”: {columns[means]} and {column}. Choose one of them"
            raise ApiError(422, "invalid", said)
        columns[means] = column
    missing = [names[name] for name in KINDS[what].needed if name not in columns]
    if missing:
        raise ApiError(422, "invalid", f"which column is “{missing[0]}”? {KINDS[what].title} need it")
    left_out = tuple(column for column, means in meant.items() if means == LEAVE and column in there)
    return columns, left_out


def doubts(head: Head, what: str, rows: Sequence[ColumnRow]) -> list[str]:
    """What a person should look at before the file is taken in."""
    names, taken = dict(KINDS[what].names), {row.means for row in rows}
    said = [f"No column was recognised as “{names[need]}”: choose it below." for need in KINDS[what].needed
            if need not in taken]  # fmt: skip
    if head.what is not None and head.what != what:
        said.append(f"The file looks more like {KINDS[head.what].title.lower()}: {head.reason}.")
    if what == "leads" and "created_at" not in taken:
        said.append("Nothing says since when a lead is known. Without it they all begin today.")
    said += [f"“{row.name}” is perhaps “{_perhaps(head, what, row.name)}”, but not surely." for row in rows
             if not row.is_sure and row.means == KEEP]  # fmt: skip
    return said + _open_questions(head)


def _open_questions(head: Head) -> list[str]:
    """What is open about how values are read: each question once, with the first of its columns."""
    columns: dict[str, list[str]] = {}
    for column in head.columns:
        if column.notice:
            columns.setdefault(column.notice, []).append(column.name)
    return [f"{_named(names)}: {notice}" for notice, names in columns.items()]


def _named(names: Sequence[str]) -> str:
    more = len(names) - 1
    return f"“{names[0]}”" + (f" and {more} more column{'' if more == 1 else 's'}" if more else "")


def _proposed(meant: Sequence[Meant], known: set[str]) -> dict[str, Meant]:
    """The likeliest meaning of each column, each meaning once."""
    found: dict[str, Meant] = {}
    taken: set[str] = set()
    for one in sorted(meant, key=lambda one: -one.confidence):
        if one.column not in found and one.name not in taken and one.name in known:
            found[one.column] = one
            taken.add(one.name)
    return found


def _perhaps(head: Head, what: str, column: str) -> str:
    names = dict(KINDS[what].names)
    return next((names.get(one.name, one.name) for one in head.meant.get(what, ()) if one.column == column), "")

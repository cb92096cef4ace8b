"""What events and derived traits there are in some files, and how common: what a starter model can be made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from scoville.data.columns import snake_case
from scoville.data.lists import LOOKUPS
from scoville.data.traits import DERIVED, derive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.recognise.looks import FileLook
    from scoville.data.recognise.roles import Role

MOST_EVENTS = 200
PAGE_COLUMNS = re.compile(r"^(?:path|url|page|page_path|page_url|page_name|page_title|screen|href|link)$")
# What a page is about, by a word in its address. The order is that of how much it says.
PAGES: Mapping[str, tuple[str, ...]] = {
    "pricing": ("pricing", "prices", "plans"),
    "demo": ("demo", "trial"),
    "contact": ("contact",),
    "careers": ("careers", "jobs", "vacancies"),
}
SHARES_OF = ("email.kind", "job_title.seniority")


@dataclass(frozen=True)
class PageSeen:
    """Visits of pages about something: the property that holds the address, the word to look for, and how many."""

    about: str
    column: str
    word: str
    count: int


@dataclass(frozen=True)
class EventSeen:
    """One kind of event: how many were seen, of how many leads, and the pages among them that say more.

    `lead_share` is in [0, 1], of the leads that have any event. `is_once`: no lead has it twice.
    """

    name: str
    count: int
    leads: int
    lead_share: float
    pages: tuple[PageSeen, ...] = ()

    @property
    def is_once(self) -> bool:
        """Whether no lead has it twice."""
        return self.count == self.leads


def events_seen(con: InDuckDB, look: FileLook, roles: Sequence[Role]) -> tuple[EventSeen, ...]:
    """Every kind of event, the most frequent first; without a column for names or leads, nothing."""
    keys = {role.name: look.column(role.column).key for role in roles if role.is_sure}
    if not {"event", "lead_id"} <= keys.keys():
        return ()
    rows = look.seen.select(event=look.seen[keys["event"]].cast("string"), lead=look.seen[keys["lead_id"]])
    leads = con.fetch_rows(rows.aggregate(leads=rows["lead"].nunique()))[0]["leads"]
    named = rows.filter(rows["event"].notnull())
    counted = named.group_by("event").aggregate(count=named.count(), leads=named["lead"].nunique())
    ordered = counted.order_by(counted["count"].desc(), counted["event"]).limit(MOST_EVENTS)
    pages = _pages(con, look, keys["event"])
    return tuple(
        EventSeen(
            row["event"],
            row["count"],
            row["leads"],
            row["leads"] / leads if leads else 0.0,
            pages.get(row["event"], ()),
        )
        for row in con.fetch_rows(ordered)
    )


def _pages(con: InDuckDB, look: FileLook, event: str) -> dict[str, tuple[PageSeen, ...]]:
    """For each event with addresses of pages, which telling pages were seen."""
    found: dict[str, list[PageSeen]] = {}
    for column in look.columns:
        if column.type != "text" or not PAGE_COLUMNS.match(snake_case(column.name)):
            continue
        address = cast("ir.StringColumn", look.seen[column.key]).lower()
        words = {word: about for about, words in PAGES.items() for word in words}
        counts = {word: address.contains(word).sum() for word in words}
        rows = look.seen.group_by(event=look.seen[event].cast("string")).aggregate(**counts).order_by("event")
        for row in con.fetch_rows(rows):
            for about, few in PAGES.items():
                word = max(few, key=lambda one: row[one] or 0)
                if row["event"] is not None and row[word]:
                    found.setdefault(row["event"], []).append(PageSeen(about, column.name, word, row[word]))
    return {event: tuple(pages) for event, pages in found.items()}


def derived_shares(con: InDuckDB, seen: ir.Table, keys: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """For each derived trait whose source is there, the share of each of its values among the leads that have one.

    `keys` maps our columns to those of `seen`.
    """
    names = [name for name in SHARES_OF if any(source in keys for source in DERIVED[name].sources)]
    sources = {source for name in names for source in DERIVED[name].sources if source in keys}
    if not names:
        return {}
    lookups = {lookup: _kept_lookup(con, lookup) for name in names for lookup in DERIVED[name].lookups}
    leads = derive(
        seen.select(**{source: seen[keys[source]].cast("string") for source in sorted(sources)}), names, lookups
    )
    return {name: _shares(con, leads, name) for name in names}


def _kept_lookup(con: InDuckDB, name: str) -> ir.Table:
    con.con.register("scoville_rows", LOOKUPS[name].rows())
    try:
        return con.keep_table_from_sql(name, "SELECT * FROM scoville_rows")
    finally:
        con.con.unregister("scoville_rows")


def _shares(con: InDuckDB, leads: ir.Table, name: str) -> dict[str, float]:
    there = leads.filter(leads[name].notnull())
    counted = there.group_by(value=there[name]).aggregate(count=there.count())
    rows = con.fetch_rows(counted.order_by(counted["count"].desc(), counted["value"]))
    total = sum(row["count"] for row in rows)
    return {row["value"]: row["count"] / total for row in rows}

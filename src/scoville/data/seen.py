"""What an earlier run saw of the events of each lead, so that this one reads only those that are new.

In: staged events, what was seen. Out: the events to read, and what is seen now. Called by `clean_events.py`.

Events may come late, be taken back, or change hands when leads are merged. The count of each lead's events up to the
earlier instant, and the sum of their times, are held against what was seen then; where they differ, all events of the
lead are read anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from scoville.data.keep import count_rows
from scoville.data.moments import MOMENT
from scoville.data.quality import Notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import ibis.expr.types as ir

    from scoville.data.keep import Place

SEEN = {"lead_id": "string", "events": "int64", "seconds": "int64"}


@dataclass(frozen=True)
class Earlier:
    """An earlier run: the instant that it scored (naive UTC), and what it saw up to then, in the columns of `SEEN`."""

    as_of: datetime
    seen: ir.Table


@dataclass(frozen=True)
class Since:
    """That a run carries on: from an earlier one, or from nothing (null), so that the next one can."""

    earlier: Earlier | None


@dataclass(frozen=True)
class Staged:
    """Events with a key, a time and an id: the raw `table` with the names of these columns, and whom the keys mean.

    `as_given` is the column of the lead as the source has it, and `to_key` what makes a key of it.
    """

    table: ir.Table
    as_given: str
    to_key: Callable[[ir.Value], ir.StringValue]
    key: str
    time: str
    event_id: str | None
    known: ir.Table


def read_since(con: Place, staged: Staged, since: Since, as_of: datetime) -> tuple[ir.Table, tuple[Notice, ...]]:
    """The events after the earlier run, and all events of leads whose past is another one than it was then.

    Keeps the tables `seen_now` (lead_id, events, seconds up to `as_of`) and `anew` (lead_id of the latter). Without an
    earlier run, all events. Events without a time are always among them: nobody knows when they came.
    """
    if since.earlier is None:
        con.keep_table("seen_now", _seen(staged, ibis.literal(True), as_of).select(*SEEN))  # noqa: FBT003 - a value
        con.keep_empty("anew", {"lead_id": "string"})
        return staged.table, ()
    earlier, time = since.earlier, staged.table[staged.time]
    is_new = time > ibis.literal(earlier.as_of, MOMENT)
    found = con.keep_table("seen_at_both", _seen(staged, is_new, as_of))
    con.keep_table("seen_now", found.select(*SEEN))
    changed = _changed(found, earlier.seen)
    if staged.event_id is not None:
        changed = changed.union(_repeated(staged, is_new)).distinct()
    anew = con.keep_table("anew", changed)
    wanted, again = is_new | time.isnull(), count_rows(con, anew)
    if again:
        its_keys = staged.known.semi_join(anew, staged.known.scoville_survivor == anew.lead_id)
        wanted |= staged.table[staged.key].isin(its_keys.scoville_from)
    return staged.table.filter(wanted), (Notice("events", None, _told(earlier, again)),)


def _seen(staged: Staged, is_new: ir.BooleanValue, as_of: datetime) -> ir.Table:
    """Per lead: events up to `as_of` and the sum of their times in seconds; the same for those that are not new.

    Ids are counted as the source has them, and made keys of afterwards: once for each, not once for each event.
    """
    known, table = staged.known, staged.table
    timed = table.select(given=table[staged.as_given], at=table[staged.time], is_new=is_new)
    timed = timed.filter(timed["at"] <= ibis.literal(as_of, MOMENT))
    counts = timed.group_by(["given", "is_new"]).aggregate(
        events=timed.count(), seconds=timed["at"].epoch_seconds().cast("int64").sum()
    )
    keyed = counts.select("events", "seconds", "is_new", key=staged.to_key(counts.given))
    owned = keyed.join(known, keyed.key == known.scoville_from)
    names = ("events", "seconds", "old_events", "old_seconds")
    sums = owned.group_by(lead_id=owned.scoville_survivor).aggregate(
        events=owned.events.sum(), seconds=owned.seconds.sum(),
        old_events=owned.events.sum(where=~owned.is_new).fill_null(0),
        old_seconds=owned.seconds.sum(where=~owned.is_new).fill_null(0),
    )  # fmt: skip
    return sums.cast(dict.fromkeys(names, "int64"))


def _changed(found: ir.Table, seen: ir.Table) -> ir.Table:
    """The leads whose events up to the earlier instant are not those that were seen."""
    both = found.outer_join(seen, found.lead_id == seen.lead_id)
    differs = [
        both[now].fill_null(0) != both[then].fill_null(0)
        for now, then in (("old_events", "events_right"), ("old_seconds", "seconds_right"))
    ]
    return both.filter(ibis.or_(*differs)).select(lead_id=ibis.coalesce(both.lead_id, both.lead_id_right))


def _repeated(staged: Staged, is_new: ir.BooleanValue) -> ir.Table:
    """The leads of events whose id came before and comes again: only both together say which one counts."""
    known, table = staged.known, staged.table
    ids = table.select(id=table[str(staged.event_id)], key=table[staged.key], is_new=is_new)
    fresh, old = (ids.filter(side, ids.id.notnull()) for side in (ids.is_new, ~ids.is_new))
    before = old.semi_join(fresh, "id").select("id", "key")
    after = fresh.semi_join(before, "id").select("id", "key")
    keys = before.union(after).select("key").distinct()
    return keys.join(known, keys.key == known.scoville_from).select(lead_id="scoville_survivor")


def _told(earlier: Earlier, again: int) -> str:
    whose = "1 lead has changed: its events were" if again == 1 else f"{again:,} leads has changed: their events were"
    anew = f"; the past of {whose} read again" if again else ""
    return f"those up to {earlier.as_of:%Y-%m-%d %H:%M} UTC were carried on from the run before{anew}."

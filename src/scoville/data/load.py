"""The data side in one call: what the user named -> clean leads, events and accounts, the rejects, and the quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

import duckdb

from scoville.data.accounts import with_account_traits
from scoville.data.adjustments import clean_adjustments
from scoville.data.clean import Cleaned, clean_accounts, clean_leads
from scoville.data.clean_events import clean_events
from scoville.data.identity import People, merge_accounts, merge_leads
from scoville.data.keep import fetch_aggregates
from scoville.data.memory import NoColumnsError
from scoville.data.quality import NO_ROWS, Notice, Quality, RelationQuality, TraitQuality
from scoville.errors import DataError
from scoville.tables import EVENTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.data.keep import Place
    from scoville.data.seen import Since
    from scoville.data.sources import Raw
    from scoville.data.workspace import Workspace

TYPE_NAMES = {"string": "text", "int64": "whole number", "float64": "number", "boolean": "yes/no"}


@dataclass(frozen=True)
class Loaded:
    """Clean relations, all of them temporary tables or views of the connection under the names of the fields.

    `events` is empty, with its types, when none were given; `accounts` and `adjustments` are null then. `rejects`
    (relation, reason, row as JSON text) is computed only when it is read. `people` knows which ids mean which lead.
    """

    leads: ir.Table
    events: ir.Table
    rejects: ir.Table
    quality: Quality
    people: People
    accounts: ir.Table | None = None
    adjustments: ir.Table | None = None

    @property
    def has_events(self) -> bool:
        """Whether events were given, be there rows in them or not."""
        return self.quality.relation("events") is not None


def load(  # noqa: PLR0913 - one argument for each relation
    con: Place,
    leads_source: object,
    events_source: object | None = None,
    *,
    workspace: Workspace,
    as_of: datetime | None,
    accounts_source: object | None = None,
    adjustments_source: object | None = None,
    since: Since | None = None,
) -> Loaded:
    """Read, clean and merge leads, events and accounts, and what people added by hand.

    Units:   `as_of` is an instant, UTC when it has no zone; later events are set aside as `after as_of`. With null
             none are, for runs that look at many dates. `since` reads only events after an earlier run.
    Raises:  DataError that says where, what was found, what is allowed and what to do.
    Example: `load(con, "leads.csv", "events.parquet", workspace=load_workspace(None), as_of=now)`.
    """
    try:
        others = (accounts_source, adjustments_source)
        return _load(con, leads_source, events_source, others, workspace, _naive_utc(as_of), since)
    except (duckdb.OutOfMemoryException, duckdb.IOException) as refused:
        raise _no_room(refused) from refused


def _load(
    con: Place,
    leads_source: object,
    events_source: object | None,
    others: tuple[object | None, object | None],
    workspace: Workspace,
    as_of: datetime | None,
    since: Since | None,
) -> Loaded:
    settings, (accounts_source, adjustments_source) = workspace.settings, others
    raw = con.open_source(leads_source, relation="leads", delimiter=workspace.leads.delimiter)
    cleaned = clean_leads(con, raw, workspace.leads.columns, settings)
    people = merge_leads(con, cleaned.table, settings, source=raw.name)
    people = replace(people, is_keyed_by_email=cleaned.is_keyed_by_email)
    summaries = [_profile_quality(con, raw, cleaned, people)]
    parts = [cleaned]
    notices = [*cleaned.notices, *people.notices]
    events = _no_events(con)
    raw_events, said = _opened_events(con, events_source, workspace)
    notices += said
    if raw_events is not None:
        raw = raw_events
        found = clean_events(con, raw, workspace.events.columns, settings, people=people, as_of=as_of, since=since)
        events = found.table
        parts.append(found)
        notices += found.notices
        summaries.append(_event_quality(raw, found))
    accounts, leads = None, people.table
    if accounts_source is not None:
        accounts, found, companies, raw = _accounts(con, accounts_source, workspace)
        leads = with_account_traits(leads, accounts, source=raw.name)
        parts.append(found)
        notices += found.notices
        summaries.append(_profile_quality(con, raw, found, companies))
    rejected = [part.rejects for part in parts]
    adjustments = None
    if adjustments_source is not None:
        adjustments, told, refused = clean_adjustments(con, adjustments_source, people=people, workspace=workspace)
        rejected.append(refused)
        summaries.append(told)
    rejects = reduce(lambda one, other: one.union(other), rejected)
    return Loaded(
        leads=con.keep_view("leads", leads),
        events=con.keep_view("events", events),
        rejects=con.keep_view("rejects", rejects),
        quality=Quality(tuple(summaries), tuple(notices)),
        people=people,
        accounts=accounts,
        adjustments=adjustments,
    )


def _opened_events(con: Place, source: object | None, workspace: Workspace) -> tuple[Raw | None, list[Notice]]:
    """The raw events; null without any, also for a table without columns, such as the empty list."""
    if source is None:
        return None, []
    try:
        return con.open_source(source, relation="events", delimiter=workspace.events.delimiter), []
    except NoColumnsError:
        return None, [Notice("events", None, NO_ROWS)]


def _accounts(con: Place, source: object, workspace: Workspace) -> tuple[ir.Table, Cleaned, People, Raw]:
    raw = con.open_source(source, relation="accounts", delimiter=workspace.accounts.delimiter)
    cleaned = clean_accounts(con, raw, workspace.accounts.columns, workspace.settings)
    companies = merge_accounts(con, cleaned.table, workspace.settings, source=raw.name)
    return con.keep_view("accounts", companies.table), cleaned, companies, raw


def _naive_utc(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC).replace(tzinfo=None) if instant and instant.tzinfo else instant


def _no_events(con: Place) -> ir.Table:
    return con.keep_empty("clean_events", {column.name: column.type for column in EVENTS.columns})


def _profile_quality(con: Place, raw: Raw, cleaned: Cleaned, people: People) -> RelationQuality:
    table = people.table
    traits = table.columns[1:]
    counts = fetch_aggregates(con, table, {None: table.count(), **{name: table[name].count() for name in traits}})
    used = counts.pop(None)
    return RelationQuality(
        raw.relation,
        raw.name,
        rows=cleaned.rows,
        used=used,
        merged=people.merged,
        rejected=dict(cleaned.rejected),
        traits=tuple(
            TraitQuality(
                name,
                TYPE_NAMES.get(str(table[name].type()), "time"),
                1 - count / used if used else None,
                cleaned.unreadable.get(name, 0),
            )
            for name, count in counts.items()
        ),
    )


def _event_quality(raw: Raw, cleaned: Cleaned) -> RelationQuality:
    used = cleaned.rows - sum(cleaned.rejected.values())
    return RelationQuality("events", raw.name, rows=cleaned.rows, used=used, rejected=dict(cleaned.rejected))


def _no_room(refused: duckdb.Error) -> DataError:
    first = str(refused).splitlines()[0].rstrip(".")
    return DataError(
        f"the data cannot be read, or does not fit: {first}. Free some disk space, point TMPDIR to a larger "
        "disk, give more with --memory-limit, or give Parquet, which is not copied."
    )

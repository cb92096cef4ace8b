"""Duplicate leads -> one row per lead.

The policy: rows of one lead_id are one lead; then leads of one e-mail address (without case and outer blanks, and only
if it can be an address) are one lead. The survivor keeps the id that was created first, then the smallest id. Each
trait is its newest value that is not missing, by updated_at, else created_at; of values equally new the greatest.
created_at is the first, updated_at the last. Events of merged ids count for the survivor. The order of rows changes
nothing, and merging what is merged changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import ibis

from scoville.data.keep import count_rows
from scoville.data.quality import Notice
from scoville.data.suggest import listed
from scoville.errors import DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.data.keep import Place
    from scoville.data.workspace import Settings

ADDRESS = r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]{2,}$"
CROWD = 10  # leads of one address from which it looks like a shared mailbox rather than a person


@dataclass(frozen=True)
class People:
    """Leads, one row each, and where merged ids went.

    `links` has scoville_from (an id that is no lead any more) and scoville_survivor (the lead that took it over), names
    that no trait has. `merged` counts rows that became part of another, `merged_by_email` those by their address.
    """

    table: ir.Table
    links: ir.Table
    merged: int = 0
    merged_by_email: int = 0
    notices: tuple[Notice, ...] = ()
    is_keyed_by_email: bool = False

    @property
    def has_links(self) -> bool:
        """Whether any id was merged away."""
        return self.merged_by_email > 0

    def known(self, *, by_email: bool = False) -> ir.Table:
        """What events may say to mean a lead (`scoville_from`, each once) and which lead they mean by it."""
        if by_email:
            email = (
                normal_email(cast("ir.StringColumn", self.table["email"])) if "email" in self.table.columns else None
            )
            from_email = self.table.select(
                scoville_from=self.table["lead_id"] if email is None else email, scoville_survivor="lead_id"
            )
            by_address = from_email.filter(from_email["scoville_from"].notnull())
            return by_address.group_by("scoville_from").aggregate(
                scoville_survivor=by_address["scoville_survivor"].min()
            )
        own = self.table.select(scoville_from="lead_id", scoville_survivor="lead_id")
        return own.union(self.links) if self.has_links else own


def normal_email(email: ir.StringValue) -> ir.StringValue:
    """An e-mail address in lower case without outer blanks; null for what cannot be one."""
    address = email.strip().lower()
    return cast("ir.StringValue", ibis.ifelse(address.re_search(ADDRESS), address, ibis.null("string")))


def merge_leads(con: Place, leads: ir.Table, settings: Settings, *, source: str) -> People:
    """One row per lead, by the policy above; `settings.merge` says how far it goes.

    Shape:   the columns of `leads`; lead_id is unique.
    Nulls:   a trait is null when it is missing in every row of the lead.
    Raises:  DataError for a lead_id that comes twice when `merge` is `none`.
    Example: (1, "a@x.io", US, old), (2, "A@x.io", null, new) -> (1, "A@x.io", US), with the link 2 -> 1.
    """
    is_by_email = settings.merge == "email" and "email" in leads.columns and leads["email"].type().is_string()
    counted = _counts(con, leads, "lead_id", is_by_email=is_by_email)
    if settings.merge == "none" and counted["rows"] != counted["keys"]:
        raise _duplicates(con, leads, "lead_id", source)
    if counted["rows"] == counted["keys"] and counted["emails"] == counted["addresses"]:
        return People(leads, _no_links(con))
    links = _links(con, leads) if counted["emails"] != counted["addresses"] else _no_links(con)
    table = con.keep_table("merged_leads", _merged(leads, links, "lead_id"))
    by_id = counted["rows"] - counted["keys"]
    merged = counted["rows"] - count_rows(con, table)
    return People(table, links, merged, merged - by_id, _crowds(con, links))


def merge_accounts(con: Place, accounts: ir.Table, settings: Settings, *, source: str) -> People:
    """One row per account_id, by the same policy without e-mail addresses."""
    counted = _counts(con, accounts, "account_id", is_by_email=False)
    if counted["rows"] == counted["keys"]:
        return People(accounts, _no_links(con, "account_links"))
    if settings.merge == "none":
        raise _duplicates(con, accounts, "account_id", source)
    links = _no_links(con, "account_links")
    table = con.keep_table("merged_accounts", _merged(accounts, links, "account_id"))
    return People(table, links, counted["rows"] - counted["keys"])


def _counts(con: Place, table: ir.Table, key: str, *, is_by_email: bool) -> dict[str, int]:
    email = normal_email(cast("ir.StringColumn", table["email"])) if is_by_email else ibis.null("string")
    keyed = table.select(key=table[key], email=email)
    # Leads that already share an id share the address too: they are not counted as a second reason to merge.
    pairs = keyed.filter(keyed["email"].notnull()).distinct()
    found = keyed.aggregate(rows=keyed.count(), keys=keyed["key"].nunique())
    if not is_by_email:
        return {**con.fetch_rows(found)[0], "emails": 0, "addresses": 0}
    addresses = pairs.aggregate(emails=pairs.count(), addresses=pairs["email"].nunique())
    return con.fetch_rows(found.cross_join(addresses))[0]


def _duplicates(con: Place, table: ir.Table, key: str, source: str) -> DataError:
    counts = table.group_by(key).aggregate(rows=table.count()).filter(lambda row: row["rows"] > 1)
    twice = [row[key] for row in con.fetch_rows(counts.order_by(key))]
    return DataError(
        f"{source}: {key} is not unique: {listed(map(repr, twice[:5]))} of {len(twice)} that come more than once. "
        'With merge = "none" that is an error. Remove the copies, map another column to it, or set merge = "id" or '
        '"email" in scoville.toml.'
    )


def _links(con: Place, leads: ir.Table) -> ir.Table:
    """Ids that share an address -> the id among them that was created first, then the smallest."""
    created = leads["created_at"].min() if _has_time(leads, "created_at") else ibis.null("timestamp(6)")
    persons = leads.group_by("lead_id").aggregate(
        created=created, email=normal_email(cast("ir.StringValue", _newest(leads, "email")))
    )
    named = persons.filter(persons["email"].notnull())
    first = named["lead_id"].first(order_by=[named["created"].asc(nulls_first=False), named["lead_id"]])
    owners = (
        named.group_by("email")
        .aggregate(scoville_survivor=first, leads=named.count())
        .filter(lambda row: row["leads"] > 1)
    )
    joined = named.inner_join(owners, "email").filter(lambda row: row["lead_id"] != row["scoville_survivor"])
    return con.keep_table("lead_links", joined.select(scoville_from="lead_id", scoville_survivor="scoville_survivor"))


def _merged(rows: ir.Table, links: ir.Table, key: str) -> ir.Table:
    """Rows with the id of their owner; those of one owner as one row, the others as they are."""
    joined = rows.left_join(links, rows[key] == links["scoville_from"])
    owned = joined.select(
        **{name: joined[name] for name in rows.columns if name != key},
        **{key: ibis.coalesce(joined["scoville_survivor"], joined[key])},
    ).select(*rows.columns)
    crowded = owned.group_by(key).aggregate(rows=owned.count()).filter(lambda row: row["rows"] > 1)
    several = owned.semi_join(crowded, key)
    traits = {name: _newest(several, name) for name in rows.columns if name != key}
    if _has_time(rows, "created_at"):
        traits["created_at"] = several["created_at"].min()
    if _has_time(rows, "updated_at"):
        traits["updated_at"] = several["updated_at"].max()
    one = several.group_by(key).aggregate(**traits).select(*rows.columns)
    return owned.anti_join(crowded, key).union(one)


def _newest(rows: ir.Table, name: str) -> ir.Scalar:
    """The newest value of a trait that is not missing; of values equally new the greatest."""
    times = [rows[time] for time in ("updated_at", "created_at") if _has_time(rows, time)]
    value = rows[name]
    by_time = [ibis.coalesce(*times).desc(nulls_first=False)] if times else []
    return value.first(order_by=[*by_time, value.desc()], where=value.notnull())


def _has_time(rows: ir.Table, name: str) -> bool:
    return name in rows.columns and bool(rows[name].type().is_timestamp())


def _no_links(con: Place, name: str = "lead_links") -> ir.Table:
    return con.keep_empty(name, {"scoville_from": "string", "scoville_survivor": "string"})


def _crowds(con: Place, links: ir.Table) -> tuple[Notice, ...]:
    counts = (
        links.group_by("scoville_survivor").aggregate(leads=links.count() + 1).filter(lambda row: row["leads"] >= CROWD)
    )
    crowds = con.fetch_rows(counts.order_by(counts["leads"].desc(), counts["scoville_survivor"]))
    if not crowds:
        return ()
    most = crowds[0]
    text = (
        f"{most['leads']} leads share the e-mail address of lead {most['scoville_survivor']!r} and became one "
        f'({len(crowds)} such addresses). If it is a shared mailbox, set merge = "id" in scoville.toml.'
    )
    return (Notice("leads", "email", text),)

"""People leave their accounts: they are forgotten, or turn out to be somebody else.

In: numbers of leads that are about to go. Out: their accounts marked, so that those who remain are summed up again.
Called by merging and by forgetting, in the transaction that removes the leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from scoville.live.fold.among import among, bound

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def leave_accounts(connection: Connection, leads: Collection[int]) -> None:
    """Take leads out of their accounts. An account that nobody is left in is gone at once, with its name."""
    marks = {"leads": bound(connection, leads)}
    rows = connection.execute(
        text(f"SELECT DISTINCT account FROM account_people WHERE lead_no {among(connection, 'leads')}"),  # noqa: S608 - ours
        marks,
    )
    accounts = {"accounts": bound(connection, {account for (account,) in rows})}
    connection.execute(text(f"DELETE FROM account_people WHERE lead_no {among(connection, 'leads')}"), marks)  # noqa: S608
    these = among(connection, "accounts")
    for table in ("account_scores", "dirty_accounts"):
        connection.execute(text(f"DELETE FROM {table} WHERE account {these}"), accounts)  # noqa: S608 - our own names
    connection.execute(
        text(
            "INSERT INTO dirty_accounts (account) SELECT DISTINCT account FROM account_people "  # noqa: S608 - likewise
            f"WHERE account {these}"
        ),
        accounts,
    )

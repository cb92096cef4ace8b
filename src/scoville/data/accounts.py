"""What is known of a company, beside each of its people: leads with the traits of their account.

In: clean leads and accounts. Out: leads with `account.industry`, `account.employees` ... Called by `load.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.data.suggest import listed
from scoville.errors import DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir

PREFIX = "account."
_DOMAIN = "company_domain"


def with_account_traits(leads: ir.Table, accounts: ir.Table, *, source: str) -> ir.Table:
    """Leads with one more column, `account.<trait>`, for each trait of their account.

    A lead belongs to the account of its `account_id`, or, where leads have none, of its `company_domain`: the account's
    own column of that name, else its id. Text compares ignoring case and outer blanks; of several accounts with one
    domain the smallest id counts.
    Shape:   as many rows as before.
    Nulls:   all null for a lead without account.
    Raises:  DataError when leads have neither column.
    """
    key = accounts[_account_column(leads, accounts, source)].strip().lower()
    keyed = accounts.mutate(scoville_key=key)
    first = keyed.group_by("scoville_key").aggregate(account_id=keyed.account_id.min())
    chosen = keyed.semi_join(first, ["scoville_key", "account_id"])
    company = chosen.select("scoville_key", **{f"{PREFIX}{name}": chosen[name] for name in accounts.columns})
    mine = leads[_lead_column(leads)].strip().lower()
    return leads.left_join(company, mine == company.scoville_key).drop("scoville_key")


def _lead_column(leads: ir.Table) -> str:
    return "account_id" if "account_id" in leads.columns else _DOMAIN


def _account_column(leads: ir.Table, accounts: ir.Table, source: str) -> str:
    column = _lead_column(leads)
    if column not in leads.columns:
        raise DataError(
            f"{source}: cannot tell whose account is whose: leads have neither account_id nor company_domain. "
            f'Name the column that says it: --map leads.account_id="...". Columns of leads: {listed(leads.columns)}'
        )
    return column if column in accounts.columns else "account_id"

"""People of one company add up: account scores from lead scores.

In: `traits` (the account of each lead) and `scores`. Out: `account_scores`. Called by `compile.py` for a model with
`accounts`. Disqualified people do not count: a consultant of a competitor neither lifts nor lowers the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.people import trait_column
from scoville.plan.terms import clamped, condition_holds, text

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.model.schema import Accounts
    from scoville.plan.steps import Steps


def add_account_scores(steps: Steps, traits: ir.Table, scores: ir.Table, model: Model) -> ir.Table:
    """The steps `members` and `account_scores`: every column of `tables.ACCOUNT_SCORES`.

    Raises: ValueError for a model without `accounts`.
    """
    if model.accounts is None:
        message = f"the model '{model.name}' has no `accounts`"
        raise ValueError(message)
    members = steps.add("members", _members(traits, scores, model.accounts))
    by_account = members.group_by("account").agg(
        people=members.count(),
        engaged=members.counts.sum().cast("int64"),
        rollup=_rollup(members, model.accounts),
        best_lead_id=members.lead_id.max(where=members.place == 0),
        as_of=members.as_of.max(),
    )
    row = by_account.mutate(breadth=_breadth(by_account, model.accounts))
    row = row.mutate(score=clamped(row.rollup + row.breadth, float(model.scale.min), float(model.scale.max)))
    return steps.add(
        "account_scores",
        row.select(
            "account", "score",
            rank=(ibis.rank().over(order_by=row.score.desc()) + 1).cast("int64"),
            rollup=row.rollup, breadth=row.breadth,
            people=row.people, engaged=row.engaged, best_lead_id=row.best_lead_id,
            model=ibis.literal(model.name), model_version=ibis.literal(model.version), as_of=row.as_of,
        ),
    )  # fmt: skip


def belongs(traits: ir.Table, accounts: Accounts) -> ir.Table:
    """The account of each lead, in lower case; null where it has none."""
    return traits.select("lead_id", account=text(traits[trait_column(accounts.by)]))


def _members(traits: ir.Table, scores: ir.Table, accounts: Accounts) -> ir.Table:
    """Each qualified person of an account with their place in it (0 is the best) and whether they count as engaged."""
    account = belongs(traits, accounts)
    row = account.filter(account.account.notnull()).join(scores, "lead_id")
    row = row.filter(row.disqualified_by.isnull())
    counts = ibis.literal(0, "int64")
    if accounts.breadth is not None:
        counts = condition_holds(accounts.breadth.when, lambda name: row[name], row.as_of).ifelse(1, 0).cast("int64")
    place = ibis.row_number().over(group_by=row.account, order_by=[row.score.desc(), row.lead_id])
    return row.select("account", "lead_id", "score", "as_of", counts=counts, place=place)


def _rollup(members: ir.Table, accounts: Accounts) -> ir.FloatingValue:
    best = members.place < accounts.rollup.top
    if accounts.rollup.how == "max":
        return members.score.max(where=best)
    return members.score.mean(where=best) if accounts.rollup.how == "mean" else members.score.sum(where=best)


def _breadth(row: ir.Table, accounts: Accounts) -> ir.FloatingValue:
    """Points for every engaged person beyond the first."""
    if accounts.breadth is None:
        return ibis.literal(0.0)
    further = ibis.greatest(row.engaged - 1, 0) * float(accounts.breadth.points)
    return clamped(further, None, accounts.breadth.max)

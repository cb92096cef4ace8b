"""Events that are the outcome under another name, such as a signed contract, and the rules about them.

In: a history and a plan. Out: names with reasons. Called by `named.py`.

What comes days before the outcome is honest, however well it tells: a snapshot knows it and does not know the outcome
yet. An event that comes with the outcome, or after it, tells nothing that a person could still act on.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from scoville.data.keep import literal
from scoville.data.outcomes import WON
from scoville.data.recognise.afterwards import ENOUGH, PURE, PURE_BASE
from scoville.data.recognise.roles import shown_share
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.hits import EVERY_EVENT
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.evidence.history import History
    from scoville.plan.compile import Plan

MOST_LEADS = 50_000  # a share of them is exact to less than a hundredth
NEARLY_ALL = 0.9  # of the leads that did it, who won within a day of it or before; honest events reach 0.81 at most
HALF = 0.5  # likewise, where all who did it won
_EVER = "TIMESTAMP '9999-12-31'"  # every event is older than this


@contextlib.contextmanager
def leads_asked(history: History) -> Iterator[None]:
    """The leads that are looked at, what became of them and what they did, as tables for a while."""
    has_dates, engine = history.outcomes.has_dates, history.engine
    won = ", ".join(literal(name.strip().lower()) for name in (history.won if has_dates else (WON,)))
    engine.run(
        "CREATE OR REPLACE TEMP TABLE leads_asked AS "  # noqa: S608 - our own tables
        "SELECT lead_id, won_at, won_at IS NOT NULL OR undated AS is_won FROM "
        f"(SELECT lead_id FROM leads ORDER BY hash(lead_id), lead_id LIMIT {MOST_LEADS}) LEFT JOIN "
        '(SELECT lead_id, min("at") AS won_at, bool_or("at" IS NULL) AS undated FROM temp.main.outcomes '
        f"WHERE lower(outcome) IN ({won}) GROUP BY 1) USING (lead_id)"
    )
    engine.run(
        "CREATE OR REPLACE TEMP TABLE events_asked AS FROM temp.main.events SEMI JOIN leads_asked USING (lead_id)"
    )
    try:
        yield
    finally:
        engine.drop(["events_asked", "leads_asked"])


def leaking_rules(history: History, plan: Plan) -> dict[str, str]:
    """Rules of the model about events that come with the outcome, each with the reason in words; within `leads_asked`.

    Rules about every event say how much was done, not what, and are not asked.
    """
    asked = [
        entry.rule for entry in plan.ledger.events if entry.rule.when is not None or EVERY_EVENT not in entry.rule.event
    ]
    if not asked:
        return {}
    plain = [
        rule.model_dump(mode="json", by_alias=True, include={"event", "when"}, exclude_none=True) for rule in asked
    ]
    rules = [{**content, "name": str(number), "points": 1} for number, content in enumerate(plain)]
    meeting = Model.from_dict({"scoville": 1, "name": "Who did it", "engagement": {"rules": rules}})
    steps = compile_plan(meeting, columns_of(history.engine, with_events=True))
    dialect = history.engine.dialect
    hits = [steps.sql(name, dialect) for name in ("hits", "any_hits") if name in steps.relations]
    did = " UNION ALL ".join(f"SELECT rule::VARCHAR AS name, lead_id, occurred_at FROM ({hit})" for hit in hits)  # noqa: S608 - our own steps
    found = _reasons(history, did)
    return {rule.name: found[str(number)] for number, rule in enumerate(asked) if str(number) in found}


def leaking_events(history: History) -> dict[str, str]:
    """Names of events that come with the outcome, each with the reason, but for those given as outcomes; likewise."""
    found = _reasons(history, "SELECT event AS name, lead_id, occurred_at FROM events")
    outcomes = {name.strip().lower() for name in history.won}
    return {name: reason for name, reason in found.items() if name.strip().lower() not in outcomes}


def _reasons(history: History, did: str) -> Mapping[str, str]:
    """For each name in a query of (name, lead_id, occurred_at), why it looks like the outcome itself."""
    rows = history.engine.arrow(
        f"WITH as_of AS (SELECT {_EVER} AS as_of), "  # noqa: S608 - our own tables
        "asked AS (FROM leads_asked), events AS (FROM events_asked), "
        f"firsts AS (SELECT name, lead_id, min(occurred_at) AS first_at FROM ({did}) GROUP BY 1, 2) "
        "SELECT name, count(*) AS leads, count(*) FILTER (is_won) AS won, "
        "count(*) FILTER (first_at >= won_at - INTERVAL 1 DAY) AS with_it, "
        "(SELECT avg((is_won IS TRUE)::INT) FROM asked) AS base "
        "FROM firsts JOIN asked USING (lead_id) GROUP BY name ORDER BY name"
    ).to_pylist()
    reason = _comes_with_it if history.outcomes.has_dates else _only_winners
    told = {row.pop("name"): reason(**row) for row in rows}
    return {name: reason for name, reason in told.items() if reason is not None}


def _comes_with_it(leads: int, won: int, with_it: int, base: float) -> str | None:
    """Of `leads` that did it, `won` won, and `with_it` of these within a day of it, or before."""
    if leads < ENOUGH or base > PURE_BASE:
        return None
    if with_it >= NEARLY_ALL * leads or (won >= PURE * leads and with_it >= HALF * leads):
        return f"{shown_share(with_it / leads)} of the {leads:,} leads that did it won within a day of it, or before"
    return None


def _only_winners(leads: int, won: int, with_it: int, base: float) -> str | None:  # noqa: ARG001 - as above, without dates
    if leads < ENOUGH or base > PURE_BASE or won < PURE * leads:
        return None
    return f"{shown_share(won / leads)} of the {leads:,} leads that did it won, of all {shown_share(base)}"

"""Leads of whom it is known by what they win: to learn from, and to hold what was learned against."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

LEADS = 1500
BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = timedelta(days=30)


def made_up() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Who wins goes by size, source and demos; `closed_reason` leaks."""
    dice = np.random.default_rng(7)
    ids = np.array([f"L{number:05}" for number in range(LEADS)])
    created = [BEGIN + timedelta(days=float(day)) for day in dice.uniform(0, 200, LEADS)]
    size = np.exp(dice.normal(4, 1.5, LEADS)).round()
    source = dice.choice(np.array(["web", "Fair", "partner", None], object), LEADS, p=[0.5, 0.3, 0.1, 0.1])
    demo = dice.random(LEADS) < 0.3
    log_odds = -3.0 + 1.2 * (size > 100) + 1.5 * (source == "partner") + 2.0 * demo
    won = dice.random(LEADS) < 1 / (1 + np.exp(-log_odds))
    after = dice.uniform(20, 60, LEADS)
    people = pd.DataFrame(
        {
            "lead_id": ids, "created_at": created, "employees": np.where(dice.random(LEADS) < 0.1, np.nan, size),
            "source": source, "favourite": dice.choice(list("pqrs"), LEADS),
            "closed_reason": ["signed" if one else None for one in won],
        }
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (ids[at], "demo_requested", created[at] + timedelta(days=float(after[at]) - 12), None)
        for at in np.flatnonzero(demo)
    ]
    rows += [
        (ids[at], "page_viewed", created[at] + timedelta(days=float(dice.uniform(0, 80))), float(dice.integers(1, 9)))
        for at in dice.integers(0, LEADS, 2 * LEADS)
    ]
    events = pd.DataFrame(rows, columns=["lead_id", "event", "occurred_at", "seconds"])
    wins = np.flatnonzero(won)
    at = [created[lead] + timedelta(days=float(after[lead])) for lead in wins]
    return people, events, pd.DataFrame({"lead_id": ids[wins], "outcome": "won", "at": at})

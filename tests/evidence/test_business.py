"""Business figures on a history of six leads worked by hand, and rates from stage to stage on a panel by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.evidence.business.funnel import stage_rates
from scoville.evidence.business.money import Business, business_figures
from scoville.evidence.history import read_history
from scoville.evidence.snapshots import Labels, Panel

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = 30 * DAY
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Figured",
        "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 10, "decay": "none"}]},
        "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 10}],
    }
)
# lead: source, cost, created on day
LEADS = {
    "a": ("ads", 10, 0), "b": ("ads", 20, 0), "c": ("mail", None, 4), "d": ("mail", 30, 9), "e": ("ads", 40, 141),
    "f": (None, 50, 31),
}  # fmt: skip
EVENTS = [
    ("a", "visit", 1),
    ("c", "visit", 60),
    ("d", "won", 12),
    ("b", "call", 2.5),
    ("a", "call", 0.5),
    ("f", "visit", 151),
]
WINS = [("a", 10, 100.0), ("c", 64, 300.0), ("e", 146, 50.0)]  # won on day, value; the data end on day 151


def tables() -> tuple[list[Row], list[Row], list[Row]]:
    leads = [
        {"lead_id": name, "source": source, "cost": cost, "created_at": START + day * DAY}
        for name, (source, cost, day) in LEADS.items()
    ]
    events = [{"lead_id": lead, "event": event, "occurred_at": START + day * DAY} for lead, event, day in EVENTS]
    wins = [{"lead_id": lead, "outcome": "won", "at": START + day * DAY, "value": value} for lead, day, value in WINS]
    return leads, events, wins


def figured(leads: list[Row], events: list[Row], outcomes: list[Row] | None, **more: Any) -> Business:
    touch = more.pop("touch", None)
    history = read_history(leads, events, outcomes, **more)
    plan = history.plan(MODEL)
    return business_figures(history, plan, history.panel(plan, HORIZON), touch=touch)


@pytest.fixture(scope="module")
def business() -> Business:
    return figured(*tables(), touch="call")


def test_rates_are_of_leads_that_had_the_whole_horizon(business: Business) -> None:
    # e is ten days old when the data end; a, b, c, d, f are older than 30 days
    found = business.overall
    assert (found.leads, found.young, found.conversions) == (6, 1, 3)
    assert found.conversion_rate.value == 2 / 5  # a and c
    assert found.conversion_in_time.value == 1 / 5  # c took 60 days
    assert business.notes[0].startswith("1 lead younger than 30 days is still open")


def test_engagement_is_an_event_of_the_leads_own_within_the_horizon(business: Business) -> None:
    # a: visit on day 1. b: only called. c and f: too late. d: only an event that is an outcome
    assert business.overall.engagement_rate.value == 1 / 5


def test_costs_and_returns_count_leads_whose_cost_is_known(business: Business) -> None:
    found = business.overall
    assert found.cost_per_lead.value == (10 + 20 + 30 + 40 + 50) / 5  # e too: its cost is spent
    assert found.acquisition_cost.value == 110 / 1  # a, b, d, f cost 110, and a won
    assert found.acquisition_cost.cannot_tell == "cannot tell: 1 conversion"
    assert found.value_per_win.value == 200
    assert found.value_per_lead.value == 400 / 5
    assert found.return_per_lead.value == pytest.approx(100 / 4 - 110 / 4)
    assert found.return_on_cost.value == pytest.approx(100 / 110 - 1)


def test_the_sales_cycle_is_from_creation_to_the_win(business: Business) -> None:
    cycle = business.overall.sales_cycle
    assert cycle is not None
    assert cycle.median_days.value == (10 + 60) / 2  # e won after 5 days, but is young
    # Kaplan and Meier by hand: done after 5, 10 and 60 days of 6, 5 and 4 leads, one of which (e) is done itself
    assert cycle.done_by["30"].value == pytest.approx(1 - 5 / 6 * 4 / 5)
    assert cycle.done_by["60"].value == pytest.approx(1 - 5 / 6 * 4 / 5 * 3 / 4)


def test_speed_to_lead_is_from_creation_to_the_first_touch(business: Business) -> None:
    speed = business.overall.speed_to_lead
    assert business.touch == ("call",)
    assert speed is not None
    assert speed.median_days.value == (0.5 + 2.5) / 2
    assert business.overall.touched.value == 2 / 5


def test_groups_add_up_to_the_whole(business: Business) -> None:
    assert [group.label for group in business.by_source] == ["ads", "mail", "(none)"]
    for groups in (business.by_source, business.by_month):
        for name in ("leads", "conversions", "young"):
            assert sum(getattr(group, name) for group in groups) == getattr(business.overall, name)


def test_a_month_with_a_young_lead_is_still_open_and_says_no_rate(business: Business) -> None:
    by_month = {group.label: group for group in business.by_month}
    assert list(by_month) == ["2025-01", "2025-02", "2025-05"]
    assert not by_month["2025-01"].is_still_open
    may = by_month["2025-05"]
    assert may.is_still_open
    assert may.conversion_rate.value is may.return_on_cost.value is None
    assert may.sales_cycle is None
    assert may.conversion_rate.cannot_tell == "still open: its leads have had less than 30 days"
    assert may.cost_per_lead.value == 40  # known all the same
    assert may.conversions == 1


def test_without_columns_there_are_reasons() -> None:
    leads, events, wins = tables()
    bare = [{name: row[name] for name in ("lead_id", "created_at")} for row in leads]
    won = [{name: row[name] for name in ("lead_id", "outcome", "at")} for row in wins]
    found = figured(bare, events, won)
    assert found.overall.cost_per_lead.cannot_tell == "cannot tell: leads have no column cost"
    assert found.overall.value_per_win.cannot_tell == "cannot tell: outcomes have no values"
    assert found.overall.touched.cannot_tell == "cannot tell: nothing says when sales first called"
    assert found.overall.speed_to_lead is None
    assert found.overall.engagement_rate.value == 2 / 5  # a call is an event like others when it is not named
    assert found.by_source == ()


def test_accepted_is_a_touch_by_itself() -> None:
    leads, events, wins = tables()
    accepted = [{"lead_id": "b", "outcome": "Accepted", "at": START + 3 * DAY, "value": None}]
    speed = figured(leads, events, [*wins, *accepted]).overall.speed_to_lead
    assert speed is not None
    assert speed.median_days.value == 3


def test_an_unknown_touch_names_the_nearest() -> None:
    with pytest.raises(scoville.DataError, match=r"'cal'.*Did you mean 'call'"):
        figured(*tables(), touch="cal")


def test_wins_before_creation_count_but_not_in_the_sales_cycle() -> None:
    leads, events, wins = tables()
    early = {"lead_id": "d", "outcome": "won", "at": START + 7 * DAY, "value": 10.0}
    found = figured(leads, events, [*wins, early])
    assert found.overall.conversion_rate.value == 3 / 5
    assert found.overall.sales_cycle is not None
    assert found.overall.sales_cycle.median_days.of == 2
    assert any(note.startswith("1 win before the lead was created") for note in found.notes)


def test_outcomes_without_dates_say_nothing_about_time() -> None:
    leads, events, _ = tables()
    leads = [{**row, "Converted": int(row["lead_id"] in "ace")} for row in leads]
    found = figured(leads, events, None, outcome_column="Converted")
    assert found.overall.conversion_rate.value == 3 / 6
    assert found.overall.young == 0
    assert found.overall.sales_cycle is None
    assert found.stages[0].rate.cannot_tell == "cannot tell: outcomes have no dates, so there is one snapshot"


@pytest.mark.parametrize("wins", [0, 1])
def test_few_wins_do_not_break_it(wins: int) -> None:
    leads, events, outcomes = tables()
    lost = {"lead_id": "b", "outcome": "lost", "at": START + 20 * DAY, "value": None}
    found = figured(leads, events, [*outcomes[:wins], lost])
    assert found.overall.conversions == wins
    assert found.overall.acquisition_cost.cannot_tell is not None
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_source_that_is_seldom_goes_to_the_others() -> None:
    leads, events, wins = tables()
    many = [{**leads[0], "lead_id": f"x{n:02}", "source": f"s{n:02}"} for n in range(40)]
    found = figured([*leads, *many], events, wins)
    assert len(found.by_source) == 36 + 2
    assert found.by_source[-2].label == "(others)"
    assert sum(group.leads for group in found.by_source) == 46


# From stage to stage: three snapshots thirty days apart, horizon thirty days, worked by hand


def paneled(rows: list[tuple[int, int, str, bool]], snapshots: int = 3) -> Panel:
    """Rows of (snapshot, lead, stage, won)."""
    snapshot, lead, stage, won = zip(*rows, strict=True)
    names = tuple(sorted({name for name in stage if name}))
    codes = np.array([names.index(name) if name else -1 for name in stage], np.int64)
    zeros = np.zeros(len(rows))
    return Panel(
        as_of=tuple(START + number * HORIZON for number in range(snapshots)), horizon=HORIZON,
        snapshot=np.array(snapshot), lead=np.array(lead), score=zeros, fit=zeros, engagement=zeros,
        won=np.array(won), value=zeros, labels={"stage": Labels(names, codes)},
    )  # fmt: skip


def test_a_lead_counts_once_at_the_first_snapshot_that_sees_it_there() -> None:
    panel = paneled(
        [
            (0, 1, "MQL", False), (1, 1, "SQL", False), (2, 1, "MQL", True),  # reached SQL in time
            (0, 2, "MQL", False), (1, 2, "MQL", False), (2, 2, "SQL", False),  # too late
            (0, 3, "SQL", True),  # straight to SQL: was an MQL too
            (1, 4, "MQL", True),  # won without being seen as SQL
            (2, 5, "MQL", False),  # no whole horizon of snapshots after it
            (0, 6, "Lead", False), (0, 7, "Disqualified", False), (0, 8, "", False),
        ]
    )  # fmt: skip
    lead, mql, sql = stage_rates(["Lead", "MQL", "SQL"], panel)
    assert (lead.from_stage, lead.to_stage, lead.leads, lead.reached) == ("Lead", "MQL", 5, 4)  # 1, 2, 3, 4 and 6
    assert (mql.leads, mql.reached, mql.won_unseen) == (4, 2, 1)  # 1, 2, 3, 4: 1 and 3 went on, 4 won
    assert mql.rate.value == 2 / 4
    # SQL first seen: lead 1 at snapshot 1 (not won within its horizon), 2 at snapshot 2, 3 at snapshot 0 (won)
    assert (sql.to_stage, sql.leads, sql.reached, sql.rate.value) == ("won", 3, 1, 1 / 3)


def test_snapshots_that_do_not_reach_over_a_horizon_cannot_tell() -> None:
    step, last = stage_rates(["Lead", "MQL"], paneled([(0, 1, "Lead", True), (0, 2, "MQL", True)], snapshots=1))
    assert step.rate.cannot_tell == "cannot tell: snapshots do not reach over a whole horizon"
    assert last.rate.value == 1


def test_a_stage_that_nobody_reached_cannot_tell() -> None:
    last = stage_rates(["Lead", "MQL"], paneled([(0, 1, "Lead", False)]))[-1]
    assert last.rate.cannot_tell == "cannot tell: 0 leads seen at MQL"


def test_a_model_without_stages_has_no_rates() -> None:
    assert stage_rates([], paneled([(0, 1, "", False)])) == ()

"""The demo tables: what is promised about their rows, and that a seed means the same rows anywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scoville.demo import Demo, generate
from scoville.demo.people import EMAIL_KINDS
from scoville.errors import UsageError

RELATIONS = ("leads", "events", "outcomes", "accounts", "hidden")


def of_event(demo: Demo, event: str) -> pa.Table:
    return demo.events.filter(pc.equal(demo.events["event"], event))


def of_outcome(demo: Demo, outcome: str) -> pa.Table:
    return demo.outcomes.filter(pc.equal(demo.outcomes["outcome"], outcome))


def instant_of_lead(table: pa.Table, lead_ids: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    return table[column].take(pc.index_in(lead_ids, table["lead_id"]))


@pytest.mark.parametrize("relation", RELATIONS)
def test_the_same_seed_gives_the_same_rows(relation: str) -> None:
    once, again = generate(500, seed=9), generate(500, seed=9)
    assert getattr(once, relation).equals(getattr(again, relation))


def test_another_seed_gives_other_rows() -> None:
    assert not generate(500, seed=1).events.equals(generate(500, seed=2).events)


def test_ids_are_unique_and_no_two_leads_share_an_address(demo: Demo) -> None:
    assert pc.count_distinct(demo.leads["lead_id"]).as_py() == len(demo.leads) == 20_000
    assert pc.count_distinct(demo.events["event_id"]).as_py() == len(demo.events)
    assert pc.count_distinct(demo.leads["email"]).as_py() == len(demo.leads) - demo.leads["email"].null_count


def test_blocks_do_not_share_ids_or_company_domains() -> None:
    demo = generate(20_100)  # the second block holds 100 leads
    assert pc.count_distinct(demo.leads["lead_id"]).as_py() == 20_100
    assert pc.count_distinct(demo.events["event_id"]).as_py() == len(demo.events)
    assert pc.count_distinct(demo.accounts["company_domain"]).as_py() == len(demo.accounts)
    assert pc.count_distinct(demo.accounts["account_id"]).as_py() == len(demo.accounts)


def test_every_event_belongs_to_a_lead_and_comes_after_its_creation_and_before_the_end(demo: Demo) -> None:
    created = instant_of_lead(demo.leads, demo.events["lead_id"], "created_at")
    assert created.null_count == 0
    assert pc.all(pc.greater(demo.events["occurred_at"], created)).as_py()
    assert pc.max(demo.events["occurred_at"]).as_py() < datetime(2026, 1, 1)  # noqa: DTZ001


def test_every_company_domain_of_a_lead_is_an_account_but_for_universities_and_rivals(demo: Demo) -> None:
    hidden = demo.hidden["persona"]
    buyers = demo.leads.filter(pc.equal(hidden, "buyer"))
    assert pc.all(pc.is_in(buyers["company_domain"].drop_null(), demo.accounts["company_domain"])).as_py()
    assert buyers["company_domain"].null_count < len(buyers) / 2


def test_leads_come_over_the_whole_window_mostly_on_office_days(demo: Demo) -> None:
    created = demo.leads["created_at"]
    months = pc.value_counts(pc.month(created)).to_pylist()
    assert len(months) == 12
    weekend = pc.mean(pc.cast(pc.greater_equal(pc.day_of_week(created), 5), pa.float64())).as_py()
    assert weekend < 0.15  # 2 of 7 days, at a quarter of the weight: 0.09
    night = pc.mean(pc.cast(pc.less(pc.hour(created), 4), pa.float64())).as_py()
    assert night < 1 / 6 - 0.03  # four hours of 24 would be 1/6; the Americas and Asia blur the day


def test_about_as_many_events_as_asked_for() -> None:
    for wanted in (15, 20, 60):
        assert len(generate(5_000, events_per_lead=wanted).events) / 5_000 == pytest.approx(wanted, rel=0.08)


@pytest.mark.parametrize(
    ("event", "properties"),
    [
        ("page_viewed", {"path"}),
        ("session_started", {"campaign"}),  # of visits that an advertisement brought
        ("webinar_watched", {"minutes", "campaign"}),
        ("whitepaper_downloaded", {"campaign"}),
        ("email_opened", {"campaign"}),
        ("email_clicked", {"campaign"}),
        ("unsubscribed", {"campaign"}),
        ("feature_used", {"feature"}),
        ("demo_requested", set()),
        ("trial_started", set()),
        ("chat_started", set()),
        ("invite_sent", set()),
        ("support_ticket", set()),
    ],
)
def test_events_carry_the_properties_that_apply_and_no_other(demo: Demo, event: str, properties: set[str]) -> None:
    rows = of_event(demo, event)
    assert len(rows) > 100
    for name in ("path", "minutes", "feature", "campaign"):
        missing = rows[name].null_count
        if name not in properties:
            assert missing == len(rows)
        elif event == "session_started":
            assert 0 < missing < len(rows)
        else:
            assert missing == 0


def test_nothing_but_the_listed_events_happens(demo: Demo) -> None:
    assert len(pc.unique(demo.events["event"])) == 13  # the cases of the test above


def test_visits_come_in_bursts(demo: Demo) -> None:
    visits = of_event(demo, "session_started")
    day = pc.cast(pc.floor_temporal(visits["occurred_at"], unit="day"), pa.date32())
    per_day = pa.table({"lead": visits["lead_id"], "day": day}).group_by(["lead", "day"]).aggregate([("day", "count")])
    several = np.mean(per_day["day_count"].to_numpy() > 1)
    assert (
        several > 0.3
    )  # evenly spread over the year, two of a lead's ten visits would meet on a day once in ten leads


def test_addresses_of_every_kind(demo: Demo) -> None:
    kinds = {row["values"]: row["counts"] / 20_000 for row in pc.value_counts(demo.hidden["email_kind"]).to_pylist()}
    assert set(kinds) == set(EMAIL_KINDS)
    assert kinds["business"] > 0.7
    assert demo.leads["email"].null_count == round(kinds["missing"] * 20_000)


@pytest.mark.parametrize("seed", range(1, 6))
def test_five_to_eight_percent_win_within_the_year(seed: int) -> None:
    assert 0.05 < len(of_outcome(generate(20_000, seed=seed), "won")) / 20_000 < 0.08


def test_what_moves_the_odds_does_not_depend_on_the_number_of_events() -> None:
    few, many = (generate(5_000, events_per_lead=number) for number in (20, 40))
    for event in ("demo_requested", "trial_started", "webinar_watched"):
        assert len(of_event(few, event)) == pytest.approx(len(of_event(many, event)), rel=0.05)


def test_outcomes_come_after_creation_in_office_days_and_inside_the_window(demo: Demo) -> None:
    created = instant_of_lead(demo.leads, demo.outcomes["lead_id"], "created_at")
    assert pc.all(pc.greater(demo.outcomes["at"], created)).as_py()
    assert pc.all(pc.less(pc.day_of_week(demo.outcomes["at"]), 5)).as_py()
    assert pc.max(demo.outcomes["at"]).as_py() < datetime(2026, 1, 1)  # noqa: DTZ001


def test_a_lead_ends_once_and_does_nothing_after_it_was_won(demo: Demo) -> None:
    won, lost = of_outcome(demo, "won"), of_outcome(demo, "lost")
    ended = pa.concat_tables([won, lost])["lead_id"]
    assert pc.count_distinct(ended).as_py() == len(ended)
    won_at = instant_of_lead(won, demo.events["lead_id"], "at")
    assert pc.all(pc.less(demo.events["occurred_at"], won_at).drop_null()).as_py()


def test_sales_judged_before_the_end_and_once(demo: Demo) -> None:
    accepted, rejected = of_outcome(demo, "accepted"), of_outcome(demo, "rejected")
    judged = pa.concat_tables([accepted, rejected])
    assert pc.count_distinct(judged["lead_id"]).as_py() == len(judged)
    ended = pa.concat_tables([of_outcome(demo, "won"), of_outcome(demo, "lost")])
    ended_at = instant_of_lead(ended, judged["lead_id"], "at")
    assert pc.all(pc.less(judged["at"], ended_at).drop_null()).as_py()
    assert pc.all(pc.is_in(of_outcome(demo, "lost")["lead_id"], accepted["lead_id"])).as_py()


def test_won_deals_have_a_value_that_grows_with_the_company_and_others_none(demo: Demo) -> None:
    won = of_outcome(demo, "won")
    assert demo.outcomes["value"].null_count == len(demo.outcomes) - len(won)
    employees = instant_of_lead(demo.leads, won["lead_id"], "employees")
    large = won.filter(pc.fill_null(pc.greater_equal(employees, 500), fill_value=False))
    small = won.filter(pc.fill_null(pc.less(employees, 50), fill_value=False))
    assert pc.mean(large["value"]).as_py() > 3 * pc.mean(small["value"]).as_py() > 3 * 500


def test_without_dirt_there_is_none_and_with_dirt_some_of_each_kind(demo: Demo) -> None:
    placeholders = pa.array(["Select", "N/A", "-", "n/a", "unknown"])
    assert not any(
        pc.any(pc.is_in(demo.leads[name], placeholders)).as_py() for name in ("industry", "job_title", "owner")
    )
    dirty = generate(20_000, seed=5, dirt=0.02)
    assert pc.sum(pc.equal(dirty.leads["industry"], "Select")).as_py() == pytest.approx(400, rel=0.3)
    assert pc.count_distinct(dirty.leads["lead_id"]).as_py() < len(dirty.leads)
    assert pc.count_distinct(dirty.events["event_id"]).as_py() < len(dirty.events)
    assert dirty.events["occurred_at"].null_count > 0
    assert pc.max(dirty.events["occurred_at"]).as_py().year == 2099
    assert dirty.hidden.equals(demo.hidden)  # the truth is untouched


@pytest.mark.parametrize("months", [1, 3, 24])
def test_other_windows(months: int) -> None:
    demo = generate(2_000, months=months, end=datetime(2025, 5, 31, 15, 30, tzinfo=UTC))
    assert demo.window.end == datetime(2025, 5, 31)  # noqa: DTZ001 - cut to midnight, naive UTC
    assert demo.window.days == pytest.approx(months * 30.4, abs=2)
    assert pc.min(demo.leads["created_at"]).as_py() >= demo.window.start
    assert pc.max(demo.events["occurred_at"]).as_py() < demo.window.end


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n_leads": 0}, "n_leads is 0"),
        ({"n_leads": 10, "seed": -1}, "seed is -1"),
        ({"n_leads": 10, "months": 0}, "months is 0"),
        ({"n_leads": 10, "events_per_lead": 0}, "events_per_lead is 0"),
        ({"n_leads": 10, "dirt": 2}, "dirt is 2"),
    ],
)
def test_sizes_that_make_no_sense_are_refused_by_name(arguments: dict[str, int], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        generate(**arguments)  # type: ignore[arg-type]


def test_one_lead_is_enough() -> None:
    assert len(generate(1).leads) == 1

"""Where the score is wrong, on histories in which it is known which rule is missing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import fisher_exact

import scoville
from scoville.evidence.history import read_history
from scoville.evidence.leaks.named import Leak, find_leaks
from scoville.evidence.rules.features import Feature, features_of
from scoville.evidence.rules.in_common import in_common
from scoville.evidence.rules.misses import Misses, find_misses
from scoville.evidence.sampled import few_of

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
AS_OF = START + 60 * DAY
SNAPSHOT = f"{AS_OF:%Y-%m-%d}"
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Blind",
        "scale": {"min": -20, "max": 100},
        "fit": {"rules": [{"name": "Size", "by": "size", "bands": [{"below": 50, "points": -5}]}]},
        "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 10, "max": 60}]},
    }
)


def rows(leads: int = 800, seed: int = 5) -> tuple[list[Row], list[Row], list[Row]]:
    """Visits are scored; partners win without any, and visitors who unsubscribed do not: no rule knows of either."""
    dice = np.random.default_rng(seed)
    people, events, outcomes = [], [], []
    for number in range(leads):
        lead_id, source = f"L{number:04}", str(dice.choice(["Partner", "ads", "search"], p=[0.1, 0.5, 0.4]))
        people.append(
            {
                "lead_id": lead_id,
                "created_at": START + int(dice.integers(0, 28)) * DAY,
                "source": source,
                "size": int(dice.integers(1, 300)),
                "city": str(dice.choice(["Rome", "Oslo", "Bonn"])),
                "email": f"p{number}@{'gmail.com' if dice.random() < 0.5 else f'firm{number}.com'}",
            }
        )
        visits, left = int(dice.integers(1, 5)) if dice.random() < 0.4 else 0, bool(dice.random() < 0.2)
        did = [("visit", visits), ("unsubscribed", int(left))]
        for name, count in did:
            times = dice.integers(30, 59, count).tolist()
            events += [{"lead_id": lead_id, "event": name, "occurred_at": START + at * DAY} for at in times]
        chance = 0.8 if source == "Partner" else 0.6 if visits >= 3 and not left else 0.04
        if dice.random() < chance:
            at = AS_OF + int(dice.integers(1, 30)) * DAY
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": at})
    events += [{"lead_id": "L0000", "event": "other", "occurred_at": START + (200 + i) * DAY} for i in range(20)]
    outcomes.append({"lead_id": "L0001", "outcome": "lost", "at": START + 200 * DAY})
    return people, events, outcomes


def misses_of(
    people: list[Row],
    events: list[Row] | None,
    outcomes: list[Row],
    model: scoville.Model = MODEL,
    leaks: tuple[Leak, ...] = (),
) -> Misses:
    history = read_history(people, events, outcomes)
    plan = history.plan(model)
    panel = history.panel(plan, 30 * DAY, SNAPSHOT)
    return find_misses(history, few_of(history, panel), plan, panel, 0, leaks)


@pytest.fixture(scope="module")
def found() -> Misses:
    return misses_of(*rows())


def test_what_overlooked_winners_have_in_common_is_said_first(found: Misses) -> None:
    first = found.overlooked.in_common[0]
    people, _, _ = rows()
    assert (first.kind, first.name, first.is_read) == ("trait", "source", False)
    assert first.sentence.startswith(
        f"{first.with_it} of {found.overlooked.misses} low-scoring leads that converted have source = Partner; of the "
        "other low-scoring ones "
    )
    assert first.share > 0.5
    assert first.others_share < 0.1
    assert first.low < first.share < first.high
    assert sum(row["source"] == "Partner" for row in people) >= first.with_it + first.others_with_it


def test_what_overrated_leads_did_is_said(found: Misses) -> None:
    told = [(common.kind, common.name) for common in found.overrated.in_common]
    assert ("event", "unsubscribed") in told
    assert any("had done unsubscribed" in common.sentence for common in found.overrated.in_common)


def test_what_tells_nobody_apart_is_not_said(found: Misses) -> None:
    told = {common.name for group in (found.overlooked, found.overrated) for common in group.in_common}
    assert not told & {"city", "email.kind"}


def test_the_farthest_off_are_shown_with_every_point(found: Misses) -> None:
    low, high = found.overlooked.shown, found.overrated.shown
    assert (len(low), len(high)) == (10, 10)
    assert [miss.score for miss in low] == sorted(miss.score for miss in low)
    assert [miss.score for miss in high] == sorted((miss.score for miss in high), reverse=True)
    for miss in (*low, *high):
        assert sum(given.points for given in miss.contributions) == pytest.approx(miss.score)
    won = {row["lead_id"]: row["at"] for row in rows()[2] if row["outcome"] == "won"}
    assert [miss.won_at for miss in low] == [won[miss.lead_id] for miss in low]
    assert [miss.won_at for miss in high] == [None] * 10


def test_groups_are_halves_and_tenths_by_score(found: Misses) -> None:
    people, events, outcomes = rows()
    run = scoville.score(MODEL, people, events, as_of=AS_OF)
    score = {row["lead_id"]: row["score"] for row in run.scores}
    won = {row["lead_id"] for row in outcomes if row["outcome"] == "won"}
    assert found.leads == len(score)
    low, high = found.overlooked, found.overrated
    assert low.to is not None
    assert high.from_ is not None
    assert low.leads == sum(value <= low.to for value in score.values())
    assert low.misses == sum(score[lead] <= low.to for lead in won)
    assert high.leads == sum(value >= high.from_ for value in score.values())
    assert high.misses == sum(value >= high.from_ for lead, value in score.items() if lead not in won)


def test_columns_that_leak_the_outcome_are_no_answer() -> None:
    people, events, outcomes = rows()
    won = {row["lead_id"] for row in outcomes if row["outcome"] == "won"}
    people = [{**row, "invoice": "sent" if row["lead_id"] in won else None} for row in people]
    history = read_history(people, events, outcomes)
    leaks = find_leaks(history, history.plan(MODEL))
    assert [leak.name for leak in leaks] == ["invoice"]
    told = misses_of(people, events, outcomes, leaks=leaks).overlooked.in_common
    assert "source" in [common.name for common in told]
    assert "invoice" not in [common.name for common in told]


def test_a_trait_that_a_rule_reads_is_marked(found: Misses) -> None:
    content = MODEL.to_dict()
    content["fit"]["rules"].append({"name": "Source", "when": {"source": "ads"}, "points": 1})
    told = misses_of(*rows(), model=scoville.Model.from_dict(content)).overlooked.in_common
    assert [common.is_read for common in told if common.name == "source"] == [True]
    assert not found.overlooked.in_common[0].is_read


def test_without_a_difference_nothing_is_said() -> None:
    # wins by the throw of a die: at 5 % after adjusting for all that is looked at, hardly ever anything is found
    said = 0
    for seed in range(6):
        people, events, outcomes = rows(300, seed)
        dice = np.random.default_rng(100 + seed)
        won = [row for row in people if dice.random() < 0.3]
        chance = [{"lead_id": row["lead_id"], "outcome": "won", "at": AS_OF + DAY} for row in won]
        groups = misses_of(people, events, [*chance, outcomes[-1]])
        said += bool(groups.overlooked.in_common) + bool(groups.overrated.in_common)
    assert said <= 2


def test_few_misses_say_that_nothing_can_be_told() -> None:
    people, events, outcomes = rows(100)
    found = misses_of(people, events, [*outcomes[:2], outcomes[-1]])
    assert found.overlooked.in_common == ()
    assert found.overlooked.cannot_tell is not None
    assert found.overlooked.cannot_tell.startswith("cannot tell: ")


def test_equal_scores_say_that_nothing_can_be_told() -> None:
    people, _, outcomes = rows(100)
    plain = {"scoville": 1, "name": "Flat", "engagement": {"rules": [{"name": "V", "event": "visit", "points": 1}]}}
    found = misses_of(people, None, outcomes, scoville.Model.from_dict(plain))
    for group in (found.overlooked, found.overrated):
        assert (group.leads, group.shown, group.cannot_tell) == (0, (), "cannot tell: all scores are equal")


def test_it_is_plain_in_json(found: Misses) -> None:
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["as_of"] == "2025-03-02T00:00:00Z"
    assert plain["overlooked"]["from"] == found.overlooked.from_
    assert plain["overlooked"]["shown"][0]["won_at"].endswith("Z")
    assert plain["overrated"]["shown"][0]["won_at"] is None


def feature(holds: list[bool], name: str = "x") -> Feature:
    return Feature("trait", name, f"have {name}", np.array(holds))


def common_of(features: list[Feature], group: list[bool]) -> list[Any]:
    mask = np.array(group)
    return list(in_common(features, mask, ~mask, lambda one, *_: one.name, lambda _: False))


def test_p_values_are_those_of_fisher_and_of_benjamini_and_hochberg() -> None:
    # 18 of 20 against 10 of 40, and 14 of 20 against 12 of 40; a third that 12 of 20 and 24 of 40 have
    group = [True] * 20 + [False] * 40
    strong = feature([True] * 18 + [False] * 2 + [True] * 10 + [False] * 30, "strong")
    weaker = feature([False] * 6 + [True] * 14 + [False] * 28 + [True] * 12, "weaker")
    even = feature([True] * 12 + [False] * 8 + [True] * 24 + [False] * 16, "even")
    found = common_of([even, weaker, strong], group)
    assert [common.name for common in found] == ["strong", "weaker"]
    p = [fisher_exact(table, alternative="greater").pvalue for table in ([[18, 10], [2, 30]], [[14, 12], [6, 28]])]
    assert [common.p for common in found] == pytest.approx(p)
    assert [common.p_adjusted for common in found] == pytest.approx([p[0] * 3, p[1] * 3 / 2])  # by hand, of three


def test_two_names_of_one_thing_are_said_once() -> None:
    group = [True] * 20 + [False] * 40
    one = feature([True] * 18 + [False] * 2 + [False] * 40, "one")
    other = feature([True] * 17 + [False] * 3 + [False] * 40, "other")
    assert [common.name for common in common_of([other, one], group)] == ["one"]


def test_features_are_values_ranges_ages_and_deeds() -> None:
    people, events, outcomes = rows(200)
    people[0]["source"], people[1]["source"] = None, " PARTNER "
    history = read_history(people, events, outcomes)
    panel = history.panel(history.plan(MODEL), 30 * DAY, SNAPSHOT)
    few = few_of(history, panel)
    open_ = few.places(panel, few.rows(panel, 0))
    said = {one.says: one.holds for one in features_of(few, AS_OF, open_, without=["city"])}
    folded = [str(row["source"]).strip().lower() if row["source"] else "" for row in people]
    assert said["have no source"].sum() == 1
    partner = next(holds for says, holds in said.items() if says.lower() == "have source = partner")
    assert partner.sum() == folded.count("partner")
    assert said["have email.kind = free"].sum() == sum("gmail" in row["email"] for row in people)
    ranges = [holds for says, holds in said.items() if says.startswith("have size ")]
    assert len(ranges) == 4
    assert np.array(ranges).sum(axis=0).tolist() == [1] * 200
    assert said["came 30 to 90 days before"].sum() == 200  # all of January, seen on 2 March: 33 to 60 days
    did = {row["lead_id"] for row in events if row["event"] == "visit"}
    assert said["had done visit"].sum() == len(did)
    active = {row["lead_id"] for row in events if row["occurred_at"] <= AS_OF}
    assert said["had done nothing at all"].sum() == 200 - len(active)
    assert not any("city" in says or "other" in says for says in said)  # not asked; and that event came later


def test_x_education_shows_what_its_model_does_not_ask(shared: Path) -> None:
    workspace = scoville.Workspace().with_maps(["leads.lead_id=Prospect ID"])
    leads = shared / "datasets" / "xeducation" / "Leads.csv"
    history = read_history(leads, outcome_column="Converted", workspace=workspace)
    only = {"name": "Time", "by": "Total Time Spent on Website", "bands": [{"from": 600, "points": 20}]}
    plan = history.plan(scoville.Model.from_dict({"scoville": 1, "name": "Thin", "fit": {"rules": [only]}}))
    panel = history.panel(plan)
    found = find_misses(history, few_of(history, panel), plan, panel, 0, find_leaks(history, plan))
    told = {common.name for common in found.overlooked.in_common}
    assert {"Lead Origin", "What is your current occupation"} & told
    assert not told & {"Tags", "Lead Quality", "Converted"}

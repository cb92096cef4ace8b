"""What was and what comes: past scores, the outlook, and the way to the next stage, over HTTP and on the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from live_sending import NOW, Live, message
from pages_world import MODEL
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld

DAY = 1_440  # minutes


def half_life(points: float, minutes_ago: float, later_days: float = 0.0) -> float:
    """Points of the model's engagement after some time: they halve in 30 days."""
    return points * 2 ** (-(minutes_ago / DAY + later_days) / 30)


def ann_in(days: float) -> float:
    """By hand from tests/pages_world.py: 40 of fit, a demo that fades within 60 days, two visits, one e-mail."""
    demo = 25 * max(0.0, 1 - (90 / DAY + days) / 60)
    visits = half_life(10, 50, days) + half_life(5, 60, days)
    return 40 + demo + visits + half_life(1, 2_000, days)


def bob_at(at: datetime) -> float:
    """By hand: 40 of fit since 50,000 minutes ago, a visit 14,400 minutes ago, an e-mail 20,000 minutes ago."""
    ago = (NOW - at).total_seconds() / 60
    given = ((10, 14_400), (1, 20_000))
    return (40 if ago <= 50_000 else 0) + sum(half_life(p, m - ago) for p, m in given if ago <= m)


def test_the_outlook_is_what_the_model_gives_for_later_days(either_world: PagesWorld) -> None:
    found = either_world.visitor("viewer").get("/v1/leads/ann/outlook").json()

    assert found["score"] == pytest.approx(ann_in(0))
    assert {one["days"]: one["score"] for one in found["futures"]} == pytest.approx({7: ann_in(7), 30: ann_in(30)})
    assert found["stage"] == "SQL"


def test_a_stage_is_left_by_the_margin_as_the_store_leaves_it(world: PagesWorld) -> None:
    found = world.visitor("viewer").get("/v1/leads/ann/outlook").json()

    # SQL begins at 71 and is left 3 points below: docs/live-scores.md
    first = next(day for day in range(1, 90) if ann_in(day) < 68)
    assert (found["leaves"]["days"], found["leaves"]["stage"]) == (first, "MQL")
    assert found["leaves"]["score"] == pytest.approx(ann_in(first))


def test_the_shortest_way_is_what_the_plan_says_of_it(world: PagesWorld) -> None:
    found = world.visitor("viewer").get("/v1/leads/bob/outlook").json()["next_stage"]

    assert found["name"] == "SQL"
    assert found["ways"][0]["sentence"].startswith("Demo requested once: +25, reaches SQL at 73.7")


def test_the_last_stage_and_a_disqualified_lead_say_why_there_is_no_way(world: PagesWorld) -> None:
    visitor = world.visitor("viewer")

    assert visitor.get("/v1/leads/ann/outlook").json()["next_stage"]["why_not"] == "SQL is the last stage"
    assert "Competitor" in visitor.get("/v1/leads/eve/outlook").json()["next_stage"]["why_not"]


def test_a_past_score_is_explained_as_it_was_then(either_world: PagesWorld) -> None:
    then = NOW - timedelta(days=11)  # before the visit, after the e-mail
    found = either_world.visitor("viewer").get(f"/v1/leads/bob/explanation?as_of={then.isoformat()}Z").json()

    assert found["score"] == pytest.approx(bob_at(then))
    assert found["lead_id"] == "bob"
    assert sum(one["points"] for one in found["contributions"]) == pytest.approx(found["score"])
    assert {one["rule"] for one in found["contributions"]} == {"Company size", "Decision maker", "Email opened"}


def test_a_past_score_is_that_of_the_model_of_then(world: PagesWorld) -> None:
    live = Live(world.store, now=NOW + timedelta(days=1))
    live.publish(
        MODEL.replace("Demo requested, event: demo_requested, points: 25", "Demo, event: demo_requested, points: 9")
    )
    world.clock.move(days=2)
    visitor = world.visitor("viewer")
    before = visitor.get(f"/v1/leads/ann/explanation?as_of={NOW.isoformat()}Z").json()
    after = visitor.get(f"/v1/leads/ann/explanation?as_of={(NOW + timedelta(days=2)).isoformat()}Z").json()

    assert "Demo requested" in {one["rule"] for one in before["contributions"]}
    assert "Demo" in {one["rule"] for one in after["contributions"]}
    assert before["model_version"] != after["model_version"]


def test_what_is_to_come_has_no_past_score(world: PagesWorld) -> None:
    answer = world.visitor("viewer").get("/v1/leads/ann/explanation?as_of=2099-01-01")

    assert answer.status_code == 422
    assert "still to come" in answer.json()["message"]


def test_points_by_hand_count_in_the_past_from_when_they_were_given(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    marketing.send("/leads/bob/adjustments", points="10", reason="Met", days="")
    world.clock.move(hours=1)
    there = f"/v1/leads/bob/explanation?as_of={(NOW + timedelta(minutes=30)).isoformat()}Z"
    before = f"/v1/leads/bob/explanation?as_of={(NOW - timedelta(hours=1)).isoformat()}Z"

    assert "adjusted: Met" in {one["rule"] for one in marketing.get(there).json()["contributions"]}
    assert "adjusted: Met" not in {one["rule"] for one in marketing.get(before).json()["contributions"]}


def test_the_past_is_retraced_before_and_after_what_was_done(either_world: PagesWorld) -> None:
    found = either_world.visitor("viewer").get("/v1/leads/bob/retraced?days=90").json()["scores"]
    scores = {datetime.fromisoformat(one["at"].removesuffix("Z")): one["score"] for one in found}

    assert scores == pytest.approx({at: bob_at(at) for at in scores})
    assert {NOW - timedelta(minutes=14_400), NOW - timedelta(minutes=20_000), NOW} <= set(scores)


def test_the_past_can_end_where_the_ledger_begins(world: PagesWorld) -> None:
    end = NOW - timedelta(days=12)
    path = f"/v1/leads/bob/retraced?days=90&until={end.isoformat()}Z"
    found = world.visitor("viewer").get(path).json()["scores"]

    assert found[-1] == {"at": f"{end.isoformat()}Z", "score": pytest.approx(bob_at(end))}
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)


def test_a_lead_that_did_nothing_is_retraced_to_now_alone(world: PagesWorld) -> None:
    Live(world.store).send(message("identify", "gil", minutes_ago=1, traits={"name": "Gil"}))
    Live(world.store).score()
    found = world.visitor("viewer").get("/v1/leads/gil/retraced").json()["scores"]

    assert {one["score"] for one in found} == {0.0}


def test_a_lead_whose_score_is_still_to_come_says_so(world: PagesWorld) -> None:
    Live(world.store).send(message("identify", "gil", traits={"name": "Gil"}))
    visitor = world.visitor("viewer")

    assert visitor.get("/v1/leads/gil/outlook").status_code == 409
    assert visitor.get("/v1/leads/nobody/outlook").status_code == 404
    assert visitor.get("/v1/leads/nobody/retraced").status_code == 404


def test_the_page_shows_the_outlook_when_it_is_asked_for(world: PagesWorld) -> None:
    visitor = world.visitor("sales")
    first, whole = visitor.page("/leads/bob"), visitor.page("/leads/bob?part=ahead")
    part = Page(visitor.get("/leads/bob?part=ahead", "ahead").text)

    assert "If nothing happens" not in first.text
    for page in (whole, part):
        assert "in 30 days: 44.3 , MQL" in page.text
        assert "Demo requested once: +25, reaches SQL at 73.7" in page.text
    assert any("and 44.3 on 31 May 2026 if nothing happens" in (one.get("aria-label") or "") for one in part.all("svg"))


def test_the_page_shows_a_past_day_beside_now(world: PagesWorld) -> None:
    page = Page(world.visitor("sales").get("/leads/bob?part=why&day=2026-04-20", "why").text)

    assert "Why it was 40.9 on 20 April 2026" in page.text  # 40 of fit, 1 * 2 ** (-2.9 / 30)
    assert "Now it is 48.7" in page.text
    assert "What changed since then (+7.7)" in page.text  # 48.7 - 40.9, before rounding
    assert "+7.9 Pricing page 0 then, +7.9 now" in page.text


def test_a_day_before_anybody_saw_the_person_says_so(world: PagesWorld) -> None:
    page = Page(world.visitor("sales").get("/leads/bob?part=why&day=2026-03-01", "why").text)

    assert "Nobody had seen this person then: that was first on 27 March 2026." in page.text  # 50,000 minutes ago


@pytest.mark.parametrize(("day", "said"), [("2026-13-01", "is no day"), ("2099-01-01", "still to come")])
def test_a_day_that_is_none_is_told(world: PagesWorld, day: str, said: str) -> None:
    answer = world.visitor("sales").get(f"/leads/bob?part=why&day={day}", "why")

    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#said"
    assert said in answer.text

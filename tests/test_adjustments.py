"""Points given by hand: part of the score, of its reasons and of what it adds up from, for as long as they hold."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scoville
from agreement import assert_same_numbers
from oracle import oracle
from plan_runner import EVENT_COLUMNS, LEAD_COLUMNS, result_of, table
from strategies import PROPERTIES, TRAITS, Scene, scenes

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
AS_OF = datetime.fromisoformat("2026-01-11")
ROWS = {
    "lead_id": pa.string(), "points": pa.float64(), "reason": pa.string(),
    "created_at": pa.timestamp("us"), "expires_at": pa.timestamp("us"),
}  # fmt: skip
MODEL: Row = {
    "scoville": 1,
    "name": "Adjusted",
    "fit": {"rules": [{"name": "Decision maker", "when": {"title": "VP"}, "points": 30}]},
    "engagement": {"rules": [{"name": "Visit", "event": "page", "points": 10, "decay": {"half_life": "10d"}}]},
    "stages": [{"name": "Lead", "from": 0}, {"name": "SQL", "from": 71}],
    "disqualify": [{"name": "Rival", "when": {"title": "Spy"}}],
}
LEADS = [{"lead_id": "ann", "title": "VP"}, {"lead_id": "bob", "title": "Spy"}, {"lead_id": "cy", "title": None}]
EVENTS = [{"lead_id": "ann", "event": "page", "occurred_at": datetime.fromisoformat("2026-01-01")}]


def adjusted(lead: str, points: float, **when: datetime) -> Row:
    empty = {"created_at": None, "expires_at": None}
    return {"lead_id": lead, "points": points, "reason": "met at the fair", **empty, **when}


def run(*adjustments: Row, as_of: datetime = AS_OF) -> scoville.ScoreRun:
    model = scoville.Model.from_dict(MODEL)
    return scoville.score(model, LEADS, EVENTS, as_of=as_of, adjustments=list(adjustments))


def row_of(found: scoville.ScoreRun, lead: str) -> Row:
    return next(row for row in found.scores if row["lead_id"] == lead)


def test_they_add_to_the_score_and_are_a_reason_and_a_contribution_of_their_own() -> None:
    found = run(adjusted("ann", 40, created_at=datetime.fromisoformat("2026-01-02")))
    # by hand: 30 for the title, 10 points halved once after ten days, 40 given
    assert row_of(found, "ann")["score"] == 75
    assert row_of(found, "ann")["stage"] == "SQL"
    assert row_of(found, "ann")["reasons"] == "+40 Adjusted by hand; +30 Decision maker; +5 Visit"
    assert (row_of(found, "ann")["fit"], row_of(found, "ann")["engagement"]) == (30, 5)
    mine = next(row for row in found.contributions if row["rule"] == "adjusted: met at the fair")
    assert mine == {
        "lead_id": "ann", "section": "score", "rule": "adjusted: met at the fair", "points": 40, "raw_points": 40,
        "matched": 1, "newest_at": datetime.fromisoformat("2026-01-02"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("when", "score"),
    [
        ({"created_at": AS_OF}, 15),
        ({"created_at": AS_OF + timedelta(microseconds=1)}, 0),
        ({"expires_at": AS_OF}, 0),
        ({"expires_at": AS_OF + timedelta(microseconds=1)}, 15),
    ],
)
def test_they_count_from_their_beginning_and_no_longer_at_their_end(when: dict[str, datetime], score: float) -> None:
    assert row_of(run(adjusted("cy", 15, **when)), "cy")["score"] == score


def test_the_scale_and_a_disqualification_stand_above_them() -> None:
    found = run(adjusted("ann", 500), adjusted("bob", 50), adjusted("cy", -20))
    assert [row_of(found, lead)["score"] for lead in ("ann", "bob", "cy")] == [100, 0, 0]
    for lead in ("ann", "bob", "cy"):
        parts = sum(row["points"] for row in found.contributions if row["lead_id"] == lead)
        assert parts == pytest.approx(row_of(found, lead)["score"], abs=1e-9)


def test_a_row_that_cannot_be_used_is_kept_aside_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "by_hand.csv"
    rows = [("ann", "5", "", ""), ("nobody", "5", "", ""), ("ann", "many", "", ""), ("ann", "7", "", "someday")]
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("lead_id", "points", "created_at", "expires_at"), *rows])
    found = scoville.score(scoville.Model.from_dict(MODEL), LEADS, EVENTS, as_of=AS_OF, adjustments=file)
    assert row_of(found, "ann")["score"] == 40
    quality = found.quality.relation("adjustments")
    assert quality is not None
    assert (quality.rows, quality.used) == (4, 1)
    assert quality.rejected == {"unknown lead": 1, "no points": 1, "unreadable time": 1}
    refused = {row["reason"]: json.loads(row["row"])["lead_id"] for row in found.rejects}
    assert refused == {"unknown lead": "nobody", "no points": "ann", "unreadable time": "ann"}


def test_a_beginning_that_does_not_read_among_others_that_do_is_no_beginning_ever(tmp_path: Path) -> None:
    file = tmp_path / "by_hand.csv"
    days = ["02.01.2026", "03.01.2026", "04.01.2026", "31.12.2025"]
    file.write_text("lead_id,points,created_at\n" + "".join(f"ann,1,{day}\n" for day in [*days, "soon"]))
    found = scoville.score(scoville.Model.from_dict(MODEL), LEADS, EVENTS, as_of=AS_OF, adjustments=file)
    assert row_of(found, "ann")["score"] == 30 + 5 + 4  # title, faded visit, four points given
    refused = [json.loads(row["row"]) for row in found.rejects]
    assert refused == [{"lead_id": "ann", "points": 1, "created_at": "soon"}]


def test_a_list_on_which_nobody_stands_yet_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "by_hand.csv"
    file.write_text("lead_id,points\n")
    found = scoville.score(scoville.Model.from_dict(MODEL), LEADS, EVENTS, as_of=AS_OF, adjustments=file)
    assert row_of(found, "ann")["score"] == 35


def test_the_adjustments_of_a_merged_lead_go_to_the_lead_that_took_it_over() -> None:
    leads = [{"lead_id": "a", "email": "ann@firm.com"}, {"lead_id": "b", "email": "ANN@firm.com"}]
    model = scoville.Model.from_dict({"scoville": 1, "name": "Merged", "fit": {"rules": []}})
    found = scoville.score(model, leads, as_of=AS_OF, adjustments=[adjusted("a", 5), adjusted("b", 6)])
    assert [row["score"] for row in found.scores] == [11]


def test_explain_says_who_gave_points_and_why() -> None:
    found = run(adjusted("ann", 40, created_at=datetime.fromisoformat("2026-01-02")))
    said = [one.sentence for one in scoville.explain_lead(found, "ann").contributions]
    assert "Adjusted by hand on 2 January 2026: met at the fair" in said


def adjustments_for(scene: Scene) -> st.SearchStrategy[list[Row]]:
    ids = [lead["lead_id"] for lead in scene.leads]
    near = st.sampled_from([None, *(scene.as_of + timedelta(days=d) for d in (-400, -30, -1, 0, 1, 30))])
    one = st.builds(
        lambda lead, points, reason, begin, end: {
            "lead_id": lead, "points": points, "reason": reason, "created_at": begin, "expires_at": end,
        },
        st.sampled_from(ids), st.sampled_from([-25.0, -0.5, 0.0, 3.25, 10.0, 80.0]),
        st.sampled_from([None, "met", "rude"]), near, near,
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=8)


def score_scene(scene: Scene, rows: list[Row]) -> scoville.ScoreRun:
    return scoville.score(
        scoville.Model.from_dict(scene.model), table(scene.leads, LEAD_COLUMNS, tuple(TRAITS)),
        table(scene.events, EVENT_COLUMNS, tuple(PROPERTIES)), as_of=scene.as_of, adjustments=table(rows, ROWS, ()),
    )  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_adjustments_of_any_model_agree_with_the_oracle(data: st.DataObject) -> None:
    scene = data.draw(scenes().filter(lambda scene: len(scene.leads) > 0))
    rows = data.draw(adjustments_for(scene))
    found = score_scene(scene, rows)
    assert_same_numbers(result_of(found), oracle(scene.model, scene.leads, scene.events, scene.as_of, rows))

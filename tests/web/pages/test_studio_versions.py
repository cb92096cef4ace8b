"""Versions: what was in force when, what differs, putting one in force and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from live_sending import NOW
from pages_world import MODEL, PagesWorld, Visitor
from scoville.live.models.drafts import Draft, keep_draft
from scoville.live.queries.in_force import in_force
from scoville.live.store.access import audit_log
from scoville.live.store.scores import model_versions, publications
from scoville.live.workbench import workbench_of
from scoville.web.auth.users import list_users
from scoville.web.pages.studio.side_by_side import side_by_side
from web_page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGED = MODEL.replace("points: 25, decay", "points: 5, decay")


@pytest.fixture(autouse=True)
def _let_go(world: PagesWorld) -> Iterator[None]:
    yield
    workbench_of(world.store).close()


def write(world: PagesWorld, draft: str, role: str = "marketing") -> Visitor:
    visitor = world.visitor(role)
    with world.store.writing() as connection:
        author = next(f"user:{user.user_id}" for user in list_users(connection) if user.role == role)
        keep_draft(connection, author, Draft(draft, 1, "version 1", NOW))
    return visitor


def switch(world: PagesWorld) -> None:
    """As the worker does when every lead is scored."""
    with world.store.writing() as connection:
        connection.execute(update(publications).where(publications.c.switched_at.is_(None)).values(switched_at=NOW))


def actions(world: PagesWorld) -> list[str]:
    with world.store.reading() as connection:
        return list(connection.execute(select(audit_log.c.action).order_by(audit_log.c.entry_no)).scalars())


def test_publishing_says_first_what_will_be_different(world: PagesWorld) -> None:
    page = write(world, CHANGED).page("/studio/publish")

    assert "Publish your draft" in page.text
    assert "points 25 → 5" in page.text
    with world.store.reading() as connection:
        assert len(connection.execute(select(model_versions)).all()) == 1  # nothing is written by looking


def test_a_draft_becomes_a_version_with_its_note_and_goes_into_force(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)

    answer = visitor.send("/studio/publish", note="demos count less")

    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/versions")
    page = visitor.page("/studio/versions")
    assert "Version 2 is on its way" in page.text
    assert "0 of 6 leads" in page.text
    assert "demos count less" in page.text
    assert "Marketing" in page.text  # who did it, by name
    assert actions(world)[-2:] == ["model.saved", "model.published"]
    assert "This is the model in force" in visitor.page("/studio").text  # the draft is done with


def test_progress_is_asked_for_until_it_is_in_force(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)
    visitor.send("/studio/publish", note="")

    part = visitor.get("/studio/versions", target="versions")
    assert 'hx-trigger="load delay:1s"' in part.text
    switch(world)
    part = visitor.get("/studio/versions", target="versions")
    assert "hx-trigger" not in part.text
    assert "Go back to version 1" in Page(part.text).text


def test_publishing_twice_publishes_once(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)
    visitor.send("/studio/publish", note="")

    assert visitor.send("/studio/publish", note="").status_code == 409
    with world.store.reading() as connection:
        assert len(connection.execute(select(publications)).all()) == 2


def test_who_takes_a_stage_away_is_told_what_goes_by_it(world: PagesWorld) -> None:
    visitor = write(world, MODEL.replace("{name: MQL, from: 41}", "{name: Warm, from: 41}"))
    visitor.send("/settings/speed", stage="MQL", touch_within_s="1", time_zone="UTC")
    visitor.send("/settings/speed", stage="Lead", touch_within_s="1", time_zone="UTC")
    world.visitor("admin").send(
        "/settings/actions", kind="tag", name="Nurture", tag="n", stages="MQL", is_enabled="yes"
    )

    page = visitor.page("/studio/publish").text
    assert "The action “Nurture” waits for MQL." in page
    assert "The clock of the first touch starts with MQL." in page
    assert "starts with Lead" not in page
    assert "goes by" not in write(world, CHANGED).page("/studio/publish").text


def test_going_back_publishes_the_version_from_before(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)
    visitor.send("/studio/publish", note="")
    switch(world)

    asked = visitor.page("/studio/publish?version=1")
    assert "Go back to version 1" in asked.text
    assert "points 5 → 25" in asked.text
    hidden = {str(one["name"]): str(one["value"]) for one in asked.all("input") if one.get("type") == "hidden"}
    assert hidden == {"version_no": "1", "back": "yes"}
    visitor.send("/studio/publish", note="it was better", **hidden)
    switch(world)

    with world.store.reading() as connection:
        now = in_force(connection)
    assert now is not None
    assert now.version_no == 1
    assert actions(world)[-1] == "model.rolled_back"
    assert "in force again: it was better" in visitor.page("/studio/versions").text


def test_any_version_can_be_put_in_force_again(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)
    visitor.send("/studio/publish", note="")

    visitor.send("/studio/publish", note="no, the old one", version_no="1")

    assert "Version 1 is on its way" in visitor.page("/studio/versions").text
    assert visitor.send("/studio/publish", version_no="99").status_code == 404
    assert visitor.send("/studio/publish", version_no="x").status_code == 422


def test_a_draft_with_faults_is_not_published(world: PagesWorld) -> None:
    visitor = write(world, MODEL.replace("points: 20", "points: many", 1))

    assert visitor.get("/studio/publish").headers["location"] == "/studio"
    assert visitor.send("/studio/publish", note="").status_code == 422


def test_two_versions_are_compared_in_words_and_side_by_side(world: PagesWorld) -> None:
    visitor = write(world, CHANGED)
    visitor.send("/studio/publish", note="")

    page = visitor.page("/studio/versions/differences?before=1&after=2")

    assert "points 25 → 5" in page.text
    assert "points: 25, decay: {linear: 60d}" in page.text
    assert "points: 5, decay: {linear: 60d}" in page.text
    assert "lines the same" in page.text
    assert "They are the same" in visitor.page("/studio/versions/differences?before=1&after=1").text
    assert visitor.get("/studio/versions/differences?before=1&after=7").status_code == 404
    last = visitor.page("/studio/versions/differences")
    assert "From version 1 to version 2, in words" in last.text


def test_a_version_is_downloaded_to_the_letter(world: PagesWorld) -> None:
    answer = world.visitor("viewer").get("/studio/versions/1/model.yaml")

    assert answer.text == MODEL
    assert answer.headers["content-disposition"] == 'attachment; filename="model-1.yaml"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_who_may_only_look_sees_the_versions_and_nothing_to_press(world: PagesWorld) -> None:
    for role in ("viewer", "sales"):
        visitor = write(world, CHANGED, role)
        page = visitor.page("/studio/versions")
        assert "in force" in page.text
        assert not [one for one in page.all("a") if "publish" in str(one.get("href"))]
        assert visitor.get("/studio/publish").status_code == 403
        assert visitor.send("/studio/publish", note="").status_code == 403


def test_texts_stand_line_beside_line_and_what_is_the_same_is_left_out() -> None:
    old = [f"line {number}" for number in range(20)]
    new = [*old[:10], "another", *old[11:], "more"]

    rows = side_by_side("\n".join(old), "\n".join(new))

    assert rows[0].skipped == 7
    changed = [(row.before and row.before.text, row.after and row.after.text) for row in rows
               if (row.before and row.before.is_changed) or (row.after and row.after.is_changed)]  # fmt: skip
    assert changed == [("line 10", "another"), (None, "more")]
    assert side_by_side("a\nb", "a\nb") == ()

"""The copy of the store that previews, evidence and learning work on: what is in it, and when it is made anew."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from live_sending import NOW, Live, message
from live_stores import maker
from pages_world import MODEL, PEOPLE, fill, filled_copy
from scoville.data.quality import Notice
from scoville.live.forget import forget_ids
from scoville.live.store.beside import folder_of
from scoville.live.store.people import leads
from scoville.live.store.scores import scores
from scoville.live.workbench import history, workbench_of
from scoville.live.workbench.preview import preview
from scoville.live.workbench.touching import holding, touched_by
from scoville.model.conditions import parse_condition
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store
    from scoville.live.workbench.bench import Bench


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of each kind, for tests that only ask."""
    if request.param == "sqlite":
        made = filled_copy(tmp_path_factory.mktemp("workbench"))
        yield made
        made.close()
        return
    with contextlib.ExitStack() as stack:
        made = maker(tmp_path_factory.mktemp("workbench"), request.getfixturevalue("postgres"), stack)()
        fill(made)
        yield made


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    """A store for a test that changes it."""
    made = filled_copy(tmp_path)
    yield made
    workbench_of(made).close()
    made.close()


def bench_of(store: Store) -> Bench:
    return workbench_of(store).bench_now(NOW)


def scored(store: Store) -> dict[str, tuple[Any, ...]]:
    """What the worker wrote, by lead."""
    chosen = select(leads.c.lead_id, scores.c.score, scores.c.fit, scores.c.engagement, scores.c.stage).join_from(
        leads, scores, leads.c.lead_no == scores.c.lead_no
    )
    with store.reading() as connection:
        return {name: tuple(row) for name, *row in connection.execute(chosen)}


def tried(bench: Bench, model: str) -> dict[str, tuple[Any, ...]]:
    side = bench.sides.of(model)
    rows = bench.rows(f"SELECT lead_id, score, fit, engagement, stage FROM {side.table}")  # noqa: S608 - a name of ours
    ids = bench.ids([row["lead_id"] for row in rows])
    return {ids[row.pop("lead_id")]: tuple(row.values()) for row in rows}


def test_a_model_says_of_every_lead_what_the_worker_says(store: Store) -> None:
    found, wanted = tried(bench_of(store), MODEL), scored(store)

    assert found.keys() == wanted.keys() == PEOPLE.keys()
    for lead, row in wanted.items():
        assert found[lead] == pytest.approx(row, abs=1e-9), lead


def test_columns_events_and_values_are_those_that_occur(store: Store) -> None:
    bench = bench_of(store)

    kinds = {one.name: (one.kind, one.leads, one.is_derived) for one in bench.columns}
    assert kinds["employees"] == ("number", 5, False)  # dan has no company
    assert kinds["created_at"] == ("time", 6, False)
    assert kinds["account.name"] == ("text", 4, False)
    assert kinds["job_title.seniority"][2]
    assert [(one.value, one.count) for one in bench.values_of("employees")][:2] == [("60", 2), ("800", 2)]
    assert [one.value for one in bench.values_of("company", "a")] == ["Acme"]
    assert {one.event: (one.events, one.leads) for one in bench.events}["page_viewed"] == (5, 4)
    (path,) = bench.properties_of("page_viewed")
    assert (path.name, path.share, path.values[0].value, path.values[0].count) == ("path", 1.0, "/pricing", 3)
    assert bench.properties_of("nothing of the kind") == ()


def test_a_rule_says_how_many_leads_it_would_touch(store: Store) -> None:
    bench, model = bench_of(store), Model.loads(MODEL)
    assert model.engagement.decay is not None
    counts = {rule.name: touched_by(bench, rule, model.engagement.decay)
              for rule in (*model.fit.rules, *model.engagement.rules)}  # fmt: skip

    # by hand, from the people of the world: dan is a student with a free address, without a company
    assert counts == {
        "Decision maker": 4, "Company size": 5, "Free email address": 1, "Pricing page": 3, "Email opened": 3,
        "Demo requested": 3, "Unsubscribed": 1,
    }  # fmt: skip
    assert holding(bench, parse_condition({"employees": {"gte": 100}})) == 3
    assert holding(bench, parse_condition({"not": {"nobody_has_this": "x"}})) == 6


def test_a_rule_about_nothing_touches_those_who_did_nothing(store: Store) -> None:
    quiet = Model.loads(MODEL.replace(
        "  rules:\n    - {name: Pricing page",
        "  rules:\n    - {name: Quiet, event: page_viewed, within: 2d, count: [{below: 1, points: -5}]}\n"
        "    - {name: Pricing page",
    )).engagement.rules[0]  # fmt: skip

    assert touched_by(bench_of(store), quiet) == 4  # all but ann and cleo, who looked at pages today


def test_a_preview_tells_who_moves_and_why(store: Store) -> None:
    found = preview(bench_of(store), MODEL, MODEL.replace("points: 25, decay", "points: 5, decay"))

    before = scored(store)
    assert (found.leads, found.moved) == (6, 2)  # ann and cleo asked for a demo; eve is disqualified
    assert [change.said for change in found.changes] == ["points 25 → 5"]
    ann = next(mover for mover in found.movers if mover.lead_id == "ann")
    assert ann.score_before == pytest.approx(before["ann"][0])
    causes = [(cause.rule, cause.before > cause.after) for cause in ann.causes]
    assert causes[0] == ("Demo requested", True)
    assert sum(stage.before for stage in found.stages) == sum(stage.after for stage in found.stages) == 6
    assert sum(stage.come for stage in found.stages) == sum(crossing.leads for crossing in found.crossings)
    assert sum(one.before for one in found.bins) == sum(one.after for one in found.bins) == 6
    assert {mover.lead_id for crossing in found.crossings for mover in crossing.first} <= PEOPLE.keys()


def test_who_is_newly_disqualified_is_among_those_who_cross(store: Store) -> None:
    found = preview(bench_of(store), MODEL, MODEL.replace("[rival.com]", "[rival.com, bolt.io]"))

    (crossing,) = found.crossings
    assert (crossing.after, crossing.leads, crossing.first[0].lead_id) == ("Disqualified", 1, "cleo")
    assert crossing.first[0].score_after == 0
    assert found.movers[0].causes[0].rule == "disqualified: Competitor"


def test_the_history_reads_as_that_of_files_does(store: Store) -> None:
    found = history(store, now=NOW)

    assert set(found.engine.arrow("SELECT lead_id FROM leads")["lead_id"].to_pylist()) == PEOPLE.keys()
    assert str(found.engine.columns("leads")["employees"]) == "float64"
    assert found.engine.arrow("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 12}]
    assert all(isinstance(notice, Notice) for notice in found.loaded.quality.notices)
    found.bind(plan := found.plan(Model.loads(MODEL)), NOW)
    rows = found.engine.arrow(plan.sql("scores")).to_pylist()
    wanted = scored(store)
    assert {row["lead_id"]: row["score"] for row in rows} == pytest.approx(
        {name: row[0] for name, row in wanted.items()}
    )


def test_nothing_of_somebody_who_was_forgotten_is_left(own_store: Store) -> None:
    workbench = workbench_of(own_store)
    assert "ann" in tried(workbench.bench_now(NOW), MODEL)
    assert [*workbench.folder.glob("history-*.duckdb")]

    forget_ids(own_store, ["ann"], NOW)

    assert not [*workbench.folder.glob("history-*.duckdb")]
    assert workbench.standing().as_of is None
    assert "ann" not in tried(workbench.bench_now(NOW), MODEL)


def test_a_file_from_before_a_forgetting_elsewhere_is_thrown_away_when_it_is_seen(own_store: Store) -> None:
    workbench = workbench_of(own_store)
    workbench.bench_now(NOW)
    with own_store.writing() as connection:  # as another machine would, which does not see our files
        connection.execute(text("INSERT INTO suppressed VALUES (:hash, 0)"), {"hash": bytes(16)})

    assert workbench.standing().as_of is None
    assert not [*workbench.folder.glob("history-*.duckdb")]


def test_an_old_copy_is_asked_while_a_newer_one_is_made_beside_us(own_store: Store) -> None:
    workbench = workbench_of(own_store)
    first = workbench.bench_now(NOW)
    Live(own_store).send(message("identify", "new", minutes_ago=0, traits={"title": "CTO"}))
    later = NOW + timedelta(minutes=11)

    assert workbench.bench(NOW + timedelta(minutes=9)) is first
    assert not workbench.standing().is_being_made
    assert workbench.bench(later) is first
    until = time.monotonic() + 20
    while workbench.standing().as_of != later and time.monotonic() < until:
        time.sleep(0.05)
    newer = workbench.bench(later)
    assert newer is not None
    assert (newer.as_of, newer.leads, first.as_of) == (later, 7, NOW)


def test_a_copy_is_let_go_while_somebody_still_asks_it(own_store: Store) -> None:
    bench = bench_of(own_store)
    counted: list[int] = []

    def ask() -> None:
        with bench.cursor() as cursor:
            row = cursor.execute("SELECT count(*) FROM range(400_000_000) WHERE range % 7 = 3").fetchone()
            counted.append(row[0] if row else 0)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.05)
    bench.close()
    asking.join()

    assert counted == [400_000_000 // 7]


def test_the_folder_is_for_its_owner_alone(own_store: Store) -> None:
    folder = folder_of(own_store)
    bench = bench_of(own_store)

    assert folder.stat().st_mode & 0o077 == 0
    assert bench.path.parent == folder


def test_progress_is_told(own_store: Store) -> None:
    told: list[tuple[float | None, str]] = []
    workbench_of(own_store).bench_now(NOW, lambda share, said: told.append((share, said)))

    shares = [share for share, _ in told if share is not None]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "Ready")


def test_a_trait_that_came_later_than_the_copy_is_nobodys(store: Store) -> None:
    model = MODEL.replace("industry", "x").replace("by: employees", "by: came_later")

    found = tried(bench_of(store), model)

    assert found.keys() == PEOPLE.keys()

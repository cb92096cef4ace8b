"""The score of a week ago: what the ledger said, else what the model gives for that instant, as files are scored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sqlalchemy import select, update

from live_sending import Live, message
from scoville import Model, score
from scoville.data.workspace import Workspace
from scoville.demo import generate, starter_model
from scoville.live.importing import import_history
from scoville.live.queries import week_ago as asked_of
from scoville.live.queries.in_force import in_force
from scoville.live.queries.week_ago import WeekAgo, week_ago
from scoville.live.store.people import leads
from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from live_stores import NewStore
    from scoville.live.importing import What
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-05-01T12:00:00")  # as `live_sending`
THEN = NOW - timedelta(days=7)
MODEL = """\
scoville: 1
name: Few
fit: {rules: [{name: Decision maker, when: {job_title.seniority: [c_level]}, points: 20}]}
engagement:
  decay: {half_life: 7d}
  rules: [{name: Demo, event: demo_requested, points: 40}]
"""
FEW = 120


def asked(store: Store, now: datetime = NOW) -> WeekAgo:
    """Of all leads."""
    with store.reading() as connection:
        model = in_force(connection)
        assert model is not None
        return week_ago(connection, model, list(connection.execute(select(leads.c.lead_no)).scalars()), now)


def by_id(store: Store, now: datetime = NOW) -> tuple[dict[str, float], set[str]]:
    """The same, by lead_id."""
    found = asked(store, now)
    with store.reading() as connection:
        ids = {row.lead_no: row.lead_id for row in connection.execute(select(leads.c.lead_no, leads.c.lead_id))}
    return {ids[number]: value for number, value in found.scores.items()}, {ids[number] for number in found.new}


def taken_in(store: Store, tables: dict[What, pa.Table], model: str) -> Live:
    """Files read in and scored now, as an upload does it."""
    live = Live(store, now=NOW)
    for what, table in tables.items():
        import_history(store, what, table, source="crm", workspace=Workspace(), now=NOW)
    live.fold()
    live.publish(model)
    live.score()
    return live


def until(table: pa.Table, column: str, at: datetime) -> pa.Table:
    return table.filter(pc.less_equal(table[column], pa.scalar(at, table[column].type)))


def test_after_files_were_read_in_it_is_what_score_gives_as_of_then(new_store: NewStore) -> None:
    made = generate(FEW, seed=3, end=NOW + timedelta(days=1))
    known = {"leads": until(made.leads, "created_at", NOW), "events": until(made.events, "occurred_at", NOW)}
    store = new_store()
    taken_in(store, {"leads": known["leads"], "events": known["events"]}, starter_model())

    found, new = by_id(store)
    run = score(Model.loads(starter_model()), known["leads"], known["events"], as_of=THEN.isoformat())
    expected = {row["lead_id"]: row["score"] for row in run.scores.to_pylist()}
    came_since = set(known["leads"].filter(pc.greater(known["leads"]["created_at"], THEN))["lead_id"].to_pylist())

    assert found == pytest.approx({lead_id: expected[lead_id] for lead_id in found})
    assert new == came_since
    assert set(found) == set(expected) - new
    assert len(found) > FEW / 2


def test_where_the_ledger_reaches_so_far_it_is_believed(new_store: NewStore) -> None:
    store = new_store()
    live = Live(store, now=NOW - timedelta(days=8))
    live.publish(MODEL)
    live.send(message("identify", "ann", minutes_ago=11_600, traits={"title": "CEO"}))
    live.score()
    live.now = NOW
    live.send(message("track", "ann", event="demo_requested", minutes_ago=11_000))  # it came late
    live.score()

    assert by_id(store) == ({"ann": 20.0}, set())  # what people saw then


def test_who_came_since_is_new_and_who_was_known_is_not(new_store: NewStore) -> None:
    store = new_store()
    live = Live(store, now=NOW)
    live.send(
        message("identify", "ann", minutes_ago=60, traits={"title": "CEO"}),
        message("track", "bob", event="demo_requested", minutes_ago=20_160),  # 14 days: half of it is left after 7
        message("identify", "cy", minutes_ago=60, traits={"title": "CEO", "createdAt": "2020-01-31"}),
    )
    live.publish(MODEL)

    assert by_id(store) == ({"bob": pytest.approx(20.0), "cy": 20.0}, {"ann"})


def test_what_was_said_later_alone_was_so_before_and_what_was_changed_was_not(new_store: NewStore) -> None:
    store = new_store()
    live = Live(store, now=NOW)
    live.send(
        *(message("track", name, event="seen", minutes_ago=20_160) for name in ("ann", "bob", "cy")),
        message("identify", "ann", minutes_ago=60, traits={"title": "CEO"}),
        message("identify", "bob", minutes_ago=20_000, traits={"title": "Clerk"}),
        message("identify", "bob", minutes_ago=60, traits={"title": "CEO"}),
        message("group", "cy", group="acme", minutes_ago=60, traits={"plan": "pro"}),
    )
    live.publish(MODEL.replace("points: 20}", "points: 20}, {name: Pays, when: {account.plan: pro}, points: 7}"))

    assert by_id(store) == ({"ann": 20.0, "bob": 0.0, "cy": 7.0}, set())


def test_what_changes_the_past_is_seen_at_once(new_store: NewStore) -> None:
    store = new_store()
    live = Live(store, now=NOW)
    live.send(message("track", "bob", event="demo_requested", minutes_ago=20_160))
    live.publish(MODEL)
    before = by_id(store)
    live.now = NOW + timedelta(minutes=1)
    live.send(message("identify", "bob", minutes_ago=60, traits={"title": "CEO"}))
    live.score()

    assert [scores["bob"] for scores, _ in (before, by_id(store, live.now))] == pytest.approx([20, 40])


def test_it_is_worked_out_once_for_all_until_one_is_scored_again(
    new_file: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_file()
    live = Live(store, now=NOW)
    live.send(*(message("track", name, event="demo_requested", minutes_ago=20_160) for name in ("ann", "bob")))
    live.publish(MODEL)
    runs: list[list[int]] = []
    work = asked_of.replayed

    def counted(*given: Any) -> dict[int, float]:
        runs.append(list(given[2]))
        return work(*given)

    monkeypatch.setattr(asked_of, "replayed", counted)
    first = [asked(store, NOW + timedelta(minutes=minutes)) for minutes in (0, 0, 59)]
    with store.writing() as connection:
        connection.execute(update(scores).where(scores.c.lead_no == 2).values(as_of=NOW + timedelta(minutes=1)))
    again = asked(store, NOW + timedelta(minutes=59))

    assert runs == [[1, 2], [2]]
    assert [*first, again] == [first[0]] * 4


def test_where_it_would_take_long_it_is_left_out_and_nobody_is_called_new(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    live = Live(store, now=NOW)
    for name, count in (("ann", 2), ("bob", 3), ("cy", 2)):
        live.send(*(message("track", name, event="demo_requested", minutes_ago=20_160) for _ in range(count)))
    live.publish(MODEL)
    monkeypatch.setattr(asked_of, "_MOST_EVENTS", 2)
    monkeypatch.setattr(asked_of, "_MOST_TOGETHER", 3)
    ann, _ = by_id(store)
    monkeypatch.setattr(asked_of, "_PATIENCE_S", 0.0)
    with asked_of._turn:
        while_others_ask = by_id(store)

    assert (set(ann), asked(store).new) == ({"ann"}, frozenset())  # bob did too much, cy comes after her
    assert while_others_ask == (ann, set())  # what was worked out before is there

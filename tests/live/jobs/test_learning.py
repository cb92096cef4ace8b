"""What is learned from a store is what is learned from the same data in files."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from live_sending import Live
from made_up_leads import HORIZON, made_up
from scoville.data.workspace import Workspace
from scoville.evidence.history import read_history
from scoville.learn.learning import learn
from scoville.learn.retuning.retune import retune
from scoville.live.importing import import_history
from scoville.live.jobs.learning import _leave_out_endings, _past, run_learn, run_retune
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.evidence.history import History
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-01-15T12:00:00")
ASKED = {"outcome": "won", "horizon_days": HORIZON // timedelta(days=1), "factors": 2, "leave_out": []}
TWISTED = """\
scoville: 1
name: By hand   # ours
fit:
  rules:
    - {name: Size, when: {employees: {gte: 100}}, points: 15}
    - {name: Partner, when: {source: partner}, points: -20}   # never liked them
engagement:
  decay: none
  rules:
    - {name: Demo, event: demo_requested, points: 25, max: 25}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = filled(tmp_path_factory.mktemp("learning"))
    yield opened
    opened.close()


def filled(folder: Path) -> Store:
    """A store with the made-up leads."""
    from scoville.live.store.opening import open_store  # noqa: PLC0415
    from scoville.live.store.tables import CATALOGUE  # noqa: PLC0415

    store = open_store(f"sqlite:///{folder}/learning.db")
    CATALOGUE.create_all(store.engine)
    leads, events, outcomes = made_up()
    leads = leads.assign(updated_at=leads["created_at"])
    live = Live(store, now=NOW)
    for what, rows in (("leads", leads), ("outcomes", outcomes), ("events", events)):
        import_history(store, what, rows, source="crm", workspace=Workspace(), now=NOW)  # type: ignore[arg-type]
        live.fold(5_000)
    return store


def names(past: History) -> set[str]:
    return {*past.engine.arrow("SELECT DISTINCT event FROM events")["event"].to_pylist()}


def test_a_store_teaches_what_files_teach(store: Store) -> None:
    told: list[tuple[float | None, str]] = []
    found = run_learn(store, ASKED, lambda share, said: told.append((share, said)), NOW)
    of_files = learn(read_history(*made_up()), horizon=HORIZON, factors=2)
    assert of_files.held_out is not None
    assert found["auc"] == [of_files.held_out.auc, of_files.held_out.auc_low, of_files.held_out.auc_high]
    assert (found["leads"], found["conversions"]) == (of_files.leads, of_files.conversions)
    assert [rule["name"] for side in found["card"]["sides"] for rule in side["rules"]][1:] == [
        one.rule for one in of_files.evidence
    ]
    assert Model.loads(found["text"]).name == found["name"]
    assert {name for one in found["leaks"] for name in one["names"]} == {"closed_reason"}  # it leaks, see made_up
    shares = [share for share, _ in told if share is not None]
    assert shares == sorted(shares)
    assert (shares[-1], told[-1][1]) == (1.0, "Writing the model")
    assert found["report"].startswith("<!doctype html>")


def test_how_a_lead_ended_is_no_behaviour(store: Store) -> None:
    """Outcomes stand among the events of a store: points for them would count what sales has said already."""
    with _past(store, ASKED, lambda _share, _said: None, NOW) as past:
        assert names(past) == {"won", "demo_requested", "page_viewed"}
        _leave_out_endings(store, past)
        assert names(past) == {"demo_requested", "page_viewed"}


def test_points_are_measured_anew_and_comments_stay(store: Store, tmp_path: Path) -> None:
    found = run_retune(store, {**ASKED, "text": TWISTED}, lambda _share, _said: None, NOW)
    file = tmp_path / "model.yaml"
    file.write_text(TWISTED)
    of_files = retune(read_history(*made_up()), file, horizon=HORIZON)
    assert [(one["rule"], one["old"], one["new"]) for one in found["changes"]] == [
        (one.rule, one.old, one.new) for one in of_files.changes
    ]
    assert {one["rule"] for one in found["changes"]} == {"Partner"}  # who win more often, see made_up
    assert "# never liked them" in found["text"]
    assert found["text"] == of_files.text
    assert (found["name"], found["old_text"]) == ("By hand", TWISTED)


def test_too_few_conversions_are_declined_with_the_reason(store: Store) -> None:
    found = run_learn(store, {**ASKED, "horizon_days": 1}, lambda _share, _said: None, NOW)
    assert found["text"] is None
    assert "20 are needed" in found["why_not"]
    assert found["headline"]["title"] == "Nothing was learned"

"""The demo fills an empty store with a history that ends now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from live_sending import Live
from scoville.errors import UsageError
from scoville.live.jobs import demo
from scoville.live.jobs.demo import check_is_bare, run_demo
from scoville.live.models.publishing import list_publications
from scoville.live.store.people import events, leads, outcomes

if TYPE_CHECKING:
    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-03T15:00:00")  # a Wednesday
ASKED = {"leads": 200, "by": "user:u1", "until": NOW.isoformat()}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_LONGEST_S", 0.0)  # nobody folds meanwhile


def run(store: Store) -> dict[str, Any]:
    return run_demo(store, ASKED, lambda _share, _said: None, NOW)


def test_an_empty_store_is_filled_and_its_model_is_on_its_way(new_store: NewStore) -> None:
    store = new_store()
    found = run(store)
    Live(store, now=NOW).fold()
    with store.reading() as connection:
        counts = {
            what: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for what, table in (("leads", leads), ("outcomes", outcomes))
        }
        first, last = connection.execute(select(func.min(events.c.occurred_at), func.max(events.c.occurred_at))).one()
        publication = list_publications(connection, 1)[0]
    assert counts == {"leads": found["leads"], "outcomes": found["outcomes"]}
    assert 150 < found["leads"] <= 200
    assert NOW - timedelta(hours=12) < last <= NOW  # on a working day somebody was active this morning
    assert first < NOW - timedelta(days=300)
    assert (publication.name, publication.published_by) == ("B2B SaaS", "user:u1")


def test_begun_again_it_comes_to_the_same_rows(new_file: NewStore) -> None:
    store = new_file()
    run(store)
    live = Live(store, now=NOW)
    live.fold()
    before = live.rows("SELECT count(*) AS n FROM events")
    run(store)
    live.fold()
    assert live.rows("SELECT count(*) AS n FROM events") == before
    with store.reading() as connection:
        assert len(list_publications(connection, 10)) == 1


def test_it_is_never_mixed_with_real_leads(new_file: NewStore) -> None:
    from live_sending import message  # noqa: PLC0415

    store = new_file()
    Live(store).send(message("identify", "ann", traits={"title": "CEO"}))
    with store.reading() as connection, pytest.raises(UsageError, match="for an empty store"):
        check_is_bare(connection)
    with pytest.raises(UsageError, match="for an empty store"):
        run(store)

"""What a server does before it starts, and what it says to who starts it."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from api_world import HASH
from live_sending import NOW, Live, message
from live_stores import maker
from pages_world import MODEL
from scoville.live.jobs.asking import list_jobs
from scoville.live.store.access import audit_log
from scoville.web.auth.users import NewUser, create_user, use_setup_token
from scoville.web.starting import ask_for_demo, notes_for, publish_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store

URL = "http://127.0.0.1:8080"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store with tables."""
    with contextlib.ExitStack() as stack:
        yield maker(tmp_path, None, stack)()


def notes(store: Store) -> str:
    return "\n".join(notes_for(store, URL, now=NOW))


def test_a_new_server_gives_a_link_that_makes_the_first_login_once(store: Store) -> None:
    first, second = notes(store), notes(store)

    tokens = [re.search(r"/setup\?token=(\S+)", said) for said in (first, second)]
    assert tokens[0] is not None
    assert tokens[1] is not None
    with store.writing() as connection:
        assert not use_setup_token(connection, tokens[0][1], now=NOW)  # a newer one ends it
        assert use_setup_token(connection, tokens[1][1], now=NOW)
        assert connection.execute(select(audit_log.c.action)).scalars().all() == ["setup.begun"] * 2
    assert "model" not in first  # the pages say what comes next


def test_a_server_with_logins_says_what_is_missing_and_where_it_is_made(tmp_path: Path, store: Store) -> None:
    with store.writing() as connection:
        create_user(connection, NewUser("a@example.com", "A", "admin", HASH), author="test", now=NOW)

    said = notes(store)
    assert "/setup" not in said
    assert f"There is no model yet, so nothing is scored: {URL}/welcome" in said
    assert f"Nobody can send events yet: {URL}/data/connect" in said

    (tmp_path / "model.yaml").write_text(MODEL)
    publish_file(store, tmp_path / "model.yaml", now=NOW)
    assert "scoring by B2B SaaS" in notes(store)
    assert "no model" not in notes(store)


def test_demo_data_are_asked_for_once_and_never_beside_real_leads(store: Store) -> None:
    assert ask_for_demo(store, now=NOW)
    assert ask_for_demo(store, now=NOW.replace(hour=NOW.hour + 1))  # it still waits
    with store.reading() as connection:
        assert [(job.kind, job.asked["leads"]) for job in list_jobs(connection)] == [("demo", 2_000)]

    Live(store).send(message("identify", "ann", traits={"title": "CEO"}))
    assert not ask_for_demo(store, now=NOW)

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from live_world import NOW
from scoville.live.models.drafts import Draft, discard_draft, find_draft, keep_draft
from scoville.live.models.versions import save_version

if TYPE_CHECKING:
    from live_stores import NewStore

MODEL = "scoville: 1\nname: M\n"


def test_each_author_has_one_draft_and_keeps_the_last_of_it(new_store: NewStore) -> None:
    store = new_store()
    with store.writing() as connection:
        version = save_version(connection, MODEL, author="test", now=NOW)
        keep_draft(connection, "user:a", Draft("first: [", version.version_no, "version 1", NOW))
        keep_draft(connection, "user:b", Draft("theirs", None, "an empty page", NOW))
        last = Draft("second\n", version.version_no, "version 1", NOW + timedelta(seconds=1))
        keep_draft(connection, "user:a", last)
    with store.reading() as connection:
        assert find_draft(connection, "user:a") == last
        assert find_draft(connection, "user:b") == Draft("theirs", None, "an empty page", NOW)
        assert find_draft(connection, "user:c") is None


def test_a_draft_that_was_thrown_away_is_gone(new_store: NewStore) -> None:
    store = new_store()
    with store.writing() as connection:
        keep_draft(connection, "user:a", Draft("text", None, "an empty page", NOW))
        assert discard_draft(connection, "user:a")
        assert not discard_draft(connection, "user:a")
        assert find_draft(connection, "user:a") is None

"""A version changes with the content and with nothing else; of several who change one version, one does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from live_world import NOW
from scoville.errors import ChangedError
from scoville.live.routing.owners import Owner, list_owners, save_owner
from scoville.live.store.seen import version_of

if TYPE_CHECKING:
    from live_stores import NewStore

SAME = ({"a": 1, "b": (1.0, None)}, {"b": [1, None], "a": 1.0})
OTHER: tuple[Any, ...] = (
    {"a": 1},
    {"a": 2},
    {"a": "1"},
    {"a": True},
    {"a": None},
    {"a": [1]},
    {"b": 1},
    {},
    None,
    "a",
    [],
    "",
)


def test_a_version_is_that_of_the_content_however_it_is_held() -> None:
    assert len({version_of(one) for one in SAME}) == 1
    assert len({version_of(one) for one in OTHER}) == len(OTHER)
    assert version_of(Owner("Olga", "o@x.test", hours={"mon": ["09:00-17:00"]})) == version_of(
        Owner("Olga", "o@x.test", hours={"mon": ("09:00-17:00",)}, weight=1)
    )


def test_of_several_who_change_what_they_saw_at_one_moment_one_does(new_store: NewStore) -> None:
    store = new_store()
    owner_id = save_owner(store, Owner("Olga", "olga@x.test"), NOW)
    seen = list_owners(store)[0].version

    def change(capacity: int) -> int | None:
        try:
            save_owner(store, Owner("Olga", "olga@x.test", capacity=capacity), NOW, owner_id=owner_id, seen=seen)
        except ChangedError:
            return None
        return capacity

    with ThreadPoolExecutor(4) as people:
        done = [one for one in people.map(change, (1, 2, 3, 4)) if one is not None]
    assert done == [list_owners(store)[0].owner.capacity]
    with pytest.raises(ChangedError, match="read it again"):
        save_owner(store, Owner("Olga", "olga@x.test"), NOW, owner_id=owner_id, seen=seen)

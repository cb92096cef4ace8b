from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from live_sending import message
from scoville.errors import UsageError
from scoville.live.fold.by_hand import joined, link_by_hand, undo_link

if TYPE_CHECKING:
    from live_sending import Live
    from scoville.live.ingest.messages import Message

MODEL = """
scoville: 1
name: M
engagement: {rules: [{name: Visit, event: page_viewed, points: 10, decay: none}]}
stages: [{name: Cold, from: 0}, {name: Hot, from: 15}]
"""


def visits(who: str, count: int) -> list[Message]:
    return [message("page", anonymous=who) for _ in range(count)]


def test_ids_hang_together_by_links() -> None:
    assert joined([1, 2, 3, 4], [(1, 3), (3, 4), (9, 1)]) == [{1, 3, 4}, {2}]


def test_a_merge_adds_up_what_both_did_and_the_ledger_says_so(live: Live) -> None:
    live.publish(MODEL)
    live.send(*visits("a", 1), message("identify", "u", "b"), *visits("b", 1))
    live.score()
    assert {name: row["score"] for name, row in live.scores().items()} == {"a": 10, "u": 10}
    live.send(message("identify", "u", "a"))
    live.score()
    (row,) = live.scores().values()
    assert (row["score"], row["standing"]) == (20, "Hot")
    told = live.rows("SELECT cause, score_before, score FROM ledger ORDER BY entry_no")
    assert [tuple(entry.values()) for entry in told] == [
        ("event", None, 10), ("event", None, 10), ("merge", 10, 0), ("merge", 10, 20),
    ]  # fmt: skip
    assert live.wrongs() == []


def test_three_leads_merged_before_they_are_scored_again_still_add_up(live: Live) -> None:
    live.publish(MODEL)
    live.send(*visits("a", 1), *visits("b", 2), *visits("c", 3))
    live.score()
    live.send(message("identify", "u", "c"), message("identify", "u", "b"))
    live.send(message("identify", "u", "a"))
    live.score()
    assert live.scores()["u"]["score"] == 60
    assert live.wrongs() == []


def test_who_was_hot_already_is_not_hot_anew(live: Live) -> None:
    live.publish(MODEL)
    live.send(*visits("cold", 1), *visits("hot", 2))
    live.score()
    live.send(message("identify", "u", "cold"), message("identify", "u", "hot"))
    live.score()
    crossings = live.rows("SELECT stage FROM stage_changes WHERE stage = 'Hot'")
    assert len(crossings) == 1
    assert live.scores()["u"]["standing"] == "Hot"


def test_an_undone_link_parts_two_people_and_no_message_joins_them_again(live: Live) -> None:
    live.publish(MODEL)
    live.send(message("identify", "u", "a", traits={"city": "Bonn"}), *visits("a", 2), message("track", "u", event="x"))
    live.score()
    (link,) = live.rows("SELECT link_no FROM links")
    assert len(undo_link(live.store, link["link_no"], by="Ann", now=live.now)) == 2
    live.send(message("identify", "u", "a"))
    live.score()
    assert {name: row["score"] for name, row in live.scores().items()} == {"u": 0, "a": 20}
    assert live.wrongs() == []
    with pytest.raises(UsageError, match="no link"):
        undo_link(live.store, link["link_no"], by="Ann", now=live.now)


def test_what_other_links_still_join_is_not_split(small: Live) -> None:
    small.send(
        message("identify", "u", "a", traits={"email": "x@x.io"}),
        message("identify", None, "a", traits={"email": "x@x.io"}),
    )
    links = small.rows("SELECT link_no FROM links")
    assert len(links) == 3
    assert len(undo_link(small.store, links[0]["link_no"], by="Ann", now=small.now)) == 1
    assert small.lead_ids() == ["u"]


def test_two_ids_are_joined_by_hand_and_an_undone_link_holds_again(live: Live) -> None:
    live.publish(MODEL)
    live.send(*visits("a", 1), *visits("b", 1))
    live.score()
    one, other = (row["identity_no"] for row in live.rows("SELECT identity_no FROM identities ORDER BY 1"))
    number = link_by_hand(live.store, one, other, by="Ann", now=live.now)
    live.now += timedelta(seconds=1)
    live.score()
    assert [row["score"] for row in live.scores().values()] == [20]
    undo_link(live.store, number, by="Ann", now=live.now)
    assert link_by_hand(live.store, other, one, by="Bob", now=live.now) == number
    live.score()
    assert [row["score"] for row in live.scores().values()] == [20]
    assert live.wrongs() == []


def test_an_id_is_not_joined_with_itself_or_with_nobody(small: Live) -> None:
    small.send(*visits("a", 1))
    for other in (1, 99):
        with pytest.raises(UsageError, match="two different ids"):
            link_by_hand(small.store, 1, other, by="Ann", now=small.now)

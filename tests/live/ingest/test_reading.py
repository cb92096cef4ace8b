"""Messages of a request: what is kept, what is put aside and why, and that neighbours never suffer."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_server import RECEIVED_US
from scoville.live.ingest.messages import Batch, Message, UnreadableError
from scoville.live.ingest.parsing import parse
from scoville.live.ingest.reading import Arrival, key_in, read_batch
from scoville.live.ingest.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD: dict[str, Any] = {"type": "track", "event": "Demo Requested", "userId": "u", "messageId": "m"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


def read(document: Any, *, rules: Rules | None = None, **arrival: Any) -> Batch:
    arrived = Arrival(**{"source_no": 1, "is_trusted": True, "received_us": RECEIVED_US} | arrival)
    return read_batch(document, arrived, rules or Rules(), counting())


def counting() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"made-{next(numbers)}"


def one(**fields: Any) -> Message:
    batch = read({"batch": [GOOD | fields]})
    assert not batch.refused, batch.refused
    return batch.messages[0]


def payload(**fields: Any) -> Any:
    return orjson.loads(one(**fields).payload)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


REFUSALS: dict[str, tuple[Any, str]] = {
    "a number": (7, "not_an_object"),
    "a text": ("track", "not_an_object"),
    "null": (None, "not_an_object"),
    "no type": ({"userId": "u"}, "unknown_type"),
    "another type": (GOOD | {"type": "purchase"}, "unknown_type"),
    "a type that is a list": (GOOD | {"type": ["track"]}, "unknown_type"),
    "nobody": (GOOD | {"userId": None}, "no_person"),
    "a blank person": (GOOD | {"userId": " ", "anonymousId": ""}, "no_person"),
    "a track without a name": (GOOD | {"event": " "}, "no_event"),
    "a group without an id": (GOOD | {"type": "group"}, "no_group"),
    "an alias from nobody": (GOOD | {"type": "alias"}, "no_previous_id"),
    "an alias to nobody": ({"type": "alias", "previousId": "a"}, "no_previous_id"),
    "an id that is an object": (GOOD | {"userId": {"id": 1}}, "bad_id"),
    "an id that is true": (GOOD | {"anonymousId": True}, "bad_id"),
    "an id that is no number": (GOOD | {"userId": float("nan")}, "bad_id"),
    "an id of 513 characters": (GOOD | {"userId": "x" * 513}, "bad_id"),
    "a name of 600 characters": (GOOD | {"event": "x" * 600}, "bad_id"),
    "a time that is none": (GOOD | {"timestamp": "soon"}, "bad_time"),
    "the zero of some languages": (GOOD | {"timestamp": "0001-01-01T00:00:00Z"}, "bad_time"),
    "traits that are a list": (GOOD | {"type": "identify", "traits": [1]}, "bad_field"),
    "properties that are a text": (GOOD | {"properties": "a=1"}, "bad_field"),
    "a context that is a number": (GOOD | {"context": 3}, "bad_field"),
    "more than 32 KiB": (GOOD | {"properties": {"a": "x" * 32_768}}, "too_large"),
    "201 levels": (GOOD | {"properties": nested(200)}, "too_deep"),
    "900 levels": (GOOD | {"properties": nested(900)}, "too_deep"),
    "a robot": (GOOD | {"context": {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}, "bot"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_message_that_cannot_be_used_is_put_aside_with_its_reason(case: str) -> None:
    item, reason = REFUSALS[case]
    batch = read({"batch": [GOOD, item, GOOD | {"messageId": "m2"}]})
    assert [message.message_id for message in batch.messages] == ["m", "m2"]
    assert [(refused.reason, refused.detail[-1]) for refused in batch.refused] == [(reason, ".")]
    assert len(batch.refused[0].body.encode()) <= 32 * 1024


def test_what_is_put_aside_keeps_the_type_that_its_address_said_so_it_can_be_let_in() -> None:
    item = {"event": "Demo Requested", "userId": "u", "context": {"userAgent": "Googlebot/2.1"}}
    aside = json.loads(read(item, type="track").refused[0].body)

    assert aside == {**item, "type": "track"}
    again = read({"batch": [aside]}, rules=Rules(are_bots_refused=False), is_history=True)
    assert [message.event for message in again.messages] == ["Demo Requested"]


@pytest.mark.parametrize("position", range(100))
def test_one_poison_event_in_a_batch_of_100_is_alone_in_quarantine(position: int) -> None:
    items = [GOOD | {"messageId": f"m{number}"} for number in range(100)]
    batch = read(parse(orjson.dumps({"batch": items[:position]})[:-2] + b"," * bool(position)
                       + rb'{"type": "track", "event": "Bad\ud800"}' + b"," * (position < 99)
                       + orjson.dumps(items[position + 1 :])[1:] + b"}"))  # fmt: skip
    assert [message.message_id for message in batch.messages] == [f"m{n}" for n in range(100) if n != position]
    assert [refused.reason for refused in batch.refused] == ["no_person"]


def test_ids_are_text_without_blanks_and_numbers_become_text() -> None:
    message = one(userId=12345, anonymousId=" a ", messageId=7, groupId="ignored here")
    assert (message.user_id, message.anonymous_id, message.message_id, message.group_id) == ("12345", "a", "7", None)
    assert one(userId=12345.0).user_id == "12345"
    assert one(userId=1.5).user_id == "1.5"


def test_a_missing_message_id_is_made_and_the_event_id_follows_from_source_and_message_id() -> None:
    assert one(messageId="").message_id == "made-1"
    ids = [read({"batch": [GOOD]}, source_no=source).messages[0].event_id for source in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 16


def test_history_gets_ids_from_its_content_and_keeps_its_times() -> None:
    old = GOOD | {"messageId": None, "timestamp": "2019-05-03T10:00:00Z", "sentAt": "2019-05-03T10:00:00Z"}
    first, again = (read({"batch": [old], "sentAt": "2020-01-01"}, is_history=True).messages[0] for _ in range(2))
    assert first.event_id == again.event_id
    assert first.occurred_us == 1_556_877_600_000_000  # 2019-05-03 10:00:00 UTC, by `date -d ... +%s`
    other = read({"batch": [old | {"event": "Other"}]}, is_history=True).messages[0]
    assert other.event_id != first.event_id


def test_traits_come_from_the_root_and_from_the_context_and_the_root_wins() -> None:
    said = payload(
        type="identify", traits={"plan": "pro"}, context={"traits": {"plan": "free", "city": "Bonn"}, "ip": "1"}
    )
    assert said == {"traits": {"plan": "pro", "city": "Bonn"}, "context": {"ip": "1"}}


def test_traits_of_a_group_are_the_accounts_and_those_of_its_context_stay_the_persons() -> None:
    said = payload(type="group", groupId=9, traits={"name": "Initech"}, context={"traits": {"name": "Peter"}})
    assert said == {"traits": {"name": "Initech"}, "context": {"traits": {"name": "Peter"}}}
    assert one(type="group", groupId=9).group_id == "9"


def test_pages_and_screens_are_events_with_name_and_category() -> None:
    page = one(type="page", name="Pricing", category="Site", properties={"name": "Prices"})
    assert (page.type, page.event) == ("page", "page_viewed")
    assert orjson.loads(page.payload)["properties"] == {"name": "Prices", "category": "Site"}
    assert one(type="screen").event == "screen_viewed"


def test_an_alias_speaks_of_its_previous_id_or_else_of_its_anonymous_id() -> None:
    assert one(type="alias", previousId="old").previous_id == "old"
    assert one(type="alias", anonymousId="anon").previous_id == "anon"


def test_what_the_batch_says_once_lies_under_what_each_event_says() -> None:
    document = {
        "context": {"ip": "1.2.3.4", "locale": "de"},
        "sentAt": "2026-11-21T19:00:00Z",
        "batch": [GOOD | {"context": {"locale": "en"}, "timestamp": "2026-11-21T18:00:00Z"}],
    }
    message = read(document).messages[0]
    assert orjson.loads(message.payload)["context"] == {"ip": "1.2.3.4", "locale": "en"}
    assert message.occurred_us == RECEIVED_US - 3_600_000_000  # sent an hour after it happened, arrived just now


def test_the_time_is_timestamp_or_else_original_timestamp() -> None:
    times = {"timestamp": "2026-01-02T03:04:05Z", "originalTimestamp": "2026-11-21T19:00:00Z"}
    assert one(**times).occurred_us == 1_767_323_045_000_000  # 2026-01-02 03:04:05 UTC
    assert one(originalTimestamp=times["originalTimestamp"]).occurred_us == RECEIVED_US - 3_600_000_000
    assert one().occurred_us == RECEIVED_US


def test_an_event_that_is_an_outcome_is_one() -> None:
    rules = Rules(outcomes={"Contract Signed": "won"})
    signed = read({"batch": [GOOD | {"event": "Contract Signed", "properties": {"value": 10}}]}, rules=rules).messages[
        0
    ]
    assert (signed.type, signed.event) == ("outcome", "Contract Signed")
    assert orjson.loads(signed.payload) == {"properties": {"value": 10}, "context": {}, "outcome": "won"}
    assert one(event="Contract Signed").type == "track"


def test_browsers_are_no_robots_and_robots_may_be_taken() -> None:
    assert one(context={"userAgent": AGENT})
    robot = {"batch": [GOOD | {"context": {"userAgent": "Googlebot/2.1"}}]}
    assert len(read(robot, rules=Rules(are_bots_refused=False)).messages) == 1


def test_the_address_says_the_type_of_a_single_event() -> None:
    batch = read(GOOD | {"type": "purchase"}, type="identify")
    assert [message.type for message in batch.messages] == ["identify"]


@pytest.mark.parametrize("document", [None, 3, "x", {}, {"batch": {}}, {"batch": None}])
def test_a_body_without_events_is_refused(document: Any) -> None:
    with pytest.raises(UnreadableError) as refused:
        read(document)
    assert refused.value.code == "no_events"


def test_a_single_event_has_to_be_an_object_and_a_batch_may_be_a_bare_list() -> None:
    with pytest.raises(UnreadableError):
        read([GOOD], type="track")
    assert len(read([GOOD]).messages) == 1


def test_more_events_than_a_batch_may_have_are_refused_whole() -> None:
    assert len(read({"batch": [GOOD] * 5000})) == 5000
    with pytest.raises(UnreadableError, match="5,001 events") as refused:
        read({"batch": [GOOD] * 5001})
    assert refused.value.code == "too_many_events"


def test_a_refused_event_names_its_person_and_is_the_same_one_when_it_is_sent_again() -> None:
    bad = {"type": "track", "userId": 5, "messageId": "m", "sentAt": "2026-01-01"}
    first, again = (read({"batch": [bad | {"sentAt": sent}]}).refused[0] for sent in ("2026-01-01", "2026-01-02"))
    assert (first.person, first.refusal_id) == ("5", again.refusal_id)
    assert first.refusal_id != read({"batch": [GOOD]}).messages[0].event_id


@pytest.mark.parametrize(
    ("document", "key"),
    [({"writeKey": "k"}, "k"), ({"batch": [3, {}, {"writeKey": "k2"}]}, "k2"), ({"writeKey": 3}, None), ([], None)],
)
def test_the_key_is_found_at_the_top_or_in_an_event(document: Any, key: str | None) -> None:
    assert key_in(document) == key


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=10)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
wild = st.fixed_dictionaries(
    {},
    optional={
        field: st.sampled_from(["track", "identify", "page", "group", "alias"]) | values
        for field in (
            "type", "event", "userId", "anonymousId", "messageId", "previousId", "groupId", "timestamp", "sentAt",
            "traits", "properties", "context", "name", "writeKey",
        )
    },
)  # fmt: skip


@given(st.lists(wild | values, max_size=6), values)
def test_every_item_becomes_a_message_or_a_refusal_whatever_it_holds(items: list[Any], shared: Any) -> None:

    good = [GOOD | {"messageId": f"good-{number}"} for number in range(2)]
    body = json.dumps({"batch": [good[0], *items, good[1]], "context": shared, "sentAt": shared})
    batch = read(parse(body.encode(errors="surrogatepass")))
    assert len(batch) == len(items) + 2
    assert [batch.messages[0].message_id, batch.messages[-1].message_id] == ["good-0", "good-1"]
    for text in itertools.chain.from_iterable((*batch.messages, *batch.refused)):
        assert not isinstance(text, str) or b"\0" not in text.encode()

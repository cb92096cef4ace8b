"""From a crossing to a receiver: once per crossing, at least once over the wire, always with the same id."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from live_world import NOW, World
from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import (
    Action,
    end_rotation,
    find_action,
    list_actions,
    rotate_secret,
    save_action,
)
from scoville.live.actions.delivering import LEASE, Parcel, deliver_some
from scoville.live.actions.messages import (
    count_messages_of,
    drop_old_messages,
    list_deliveries,
    list_messages,
    replay,
    replay_range,
)
from scoville.live.actions.queueing import queue_actions, queue_notices, queue_test
from scoville.live.actions.retrying import SCHEDULE
from scoville.live.actions.sender import Sender
from scoville.live.actions.sending import Attempt
from scoville.live.forget import forget
from scoville.live.routing.notice import Notice
from scoville.live.store.actions import deliveries, outbox, tags
from scoville.live.store.routing import waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live_receivers import Receiver
    from scoville.live.actions.sealing import Sealer


class Fake:
    """A carrier that ends every attempt at once, as it was told to."""

    def __init__(self, *outcomes: Attempt) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[tuple[datetime, Parcel]] = []
        self.ended: list[tuple[Parcel, datetime, Attempt]] = []

    def room(self, _action: Any) -> int:
        return 8

    def begin(self, parcel: Parcel, now: datetime) -> None:
        self.sent.append((now, parcel))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        self.ended.append((parcel, now, outcome))

    def finished(self) -> Sequence[tuple[Parcel, datetime, Attempt]]:
        return list(self.ended)

    def forget(self, count: int) -> None:
        del self.ended[:count]


def hook(receiver: Receiver, **more: Any) -> Action:
    return Action(name="CRM", kind="webhook", stages=("MQL",), url=receiver.url, **more)


def cross(world: World, lead_id: str = "ann", **more: Any) -> int:
    """One crossing, shown to the outbox in a transaction as the scorer's."""
    number = world.crossing(lead_id, **more)
    with world.store.writing() as connection:
        queue_actions(connection, [number], NOW)
    return number


def deliver(world: World, sender: Sender, now: datetime = NOW) -> None:
    """Send what is due, wait for it, write it down."""
    deliver_some(world.store, sender, now)
    assert sender.wait(10)
    deliver_some(world.store, sender, now, limit=0)


def clock() -> datetime:
    """The time of this machine: a signature is only valid near it."""
    return datetime.now(UTC).replace(tzinfo=None)


# Queueing


def test_a_crossing_makes_one_message_even_when_it_is_shown_twice(
    world: World, sealer: Sealer, receiver: Receiver
) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann", 61.5)
    number = cross(world)
    with world.store.writing() as connection:
        again = queue_actions(connection, [number, number], NOW)
    assert again == 0
    assert [row.cause for row in world.rows(outbox)] == [f"change:{number}"]


def test_a_rolled_back_crossing_leaves_no_message(world: World, sealer: Sealer, receiver: Receiver) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    number = world.crossing("ann")
    with world.store.writing() as connection:
        assert queue_actions(connection, [number], NOW) == 1
        connection.rollback()
    assert world.rows(outbox) == []


def test_the_payload_is_thin_and_names_traits_only_when_they_were_asked_for(
    world: World, sealer: Sealer, receiver: Receiver
) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    save_action(
        world.store, sealer, receiver.policy, replace(hook(receiver, traits=("company", "none")), name="Full"), NOW
    )
    number = world.lead("ann", 61.5, company="Acme", email="ann@acme.example")
    world.trait(number, "company", "Acme Corp", second=60)
    cross(world)
    thin, full = (row.payload for row in world.rows(outbox))
    assert thin == {
        "type": "lead.stage.entered",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "data": {
            "lead_id": "ann", "score": 61.5, "fit": 20.0, "engagement": 41.5, "grade": "A", "level": "2",
            "priority": "hot", "segment": "Enterprise", "reasons": "+20 Demo requested", "stage": "MQL",
            "stage_before": "Lead", "direction": "up", "caused_by": "event", "model_version": "abc123",
            "as_of": "2026-03-02T09:00:00.000Z", "owner": None,
        },
    }  # fmt: skip
    assert full["data"]["traits"] == {"company": "Acme Corp", "none": None}  # the newest value
    assert "acme.example" not in json.dumps(full)


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ({}, True),
        ({"stages": ("MQL",)}, True),
        ({"stages": ("SQL",)}, False),
        ({"direction": "down"}, False),
        ({"min_score": 61.5}, True),
        ({"min_score": 61.6}, False),
        ({"segments": ("Enterprise", "Other")}, True),
        ({"segments": ("Other",)}, False),
        ({"occasion": "left", "stages": ("Lead",)}, True),
        ({"occasion": "left", "stages": ("MQL",)}, False),
        ({"occasion": "assigned"}, False),
        ({"is_enabled": False}, False),
    ],
)
def test_conditions_choose_the_crossings(
    small_world: World, sealer: Sealer, receiver: Receiver, condition: dict[str, Any], *, applies: bool
) -> None:
    action = Action(name="CRM", kind="webhook", url=receiver.url)
    save_action(small_world.store, sealer, receiver.policy, replace(action, **condition), NOW)
    small_world.lead("ann", 61.5)
    cross(small_world)
    assert len(small_world.rows(outbox)) == applies


def test_a_lead_that_falls_out_of_all_stages_enters_none(
    small_world: World, sealer: Sealer, receiver: Receiver
) -> None:
    action = Action(name="CRM", kind="webhook", url=receiver.url)
    save_action(small_world.store, sealer, receiver.policy, action, NOW)
    small_world.lead("ann")
    cross(small_world, stage=None, before="MQL", direction="down")
    assert small_world.rows(outbox) == []


def test_notices_of_other_kinds_are_queued_once_too(world: World, sealer: Sealer, receiver: Receiver) -> None:
    action = Action(name="CRM", kind="webhook", url=receiver.url, occasion="assigned")
    save_action(world.store, sealer, receiver.policy, action, NOW)
    notice = Notice("assigned", "assignment:4", world.lead("ann", 61.49999967), {"owner": {"name": "Olga"}})
    with world.store.writing() as connection:
        assert queue_notices(connection, [notice], NOW) == 1
        assert queue_notices(connection, [notice], NOW) == 0
    (row,) = world.rows(outbox)
    assert (row.payload["type"], row.payload["data"]["stage"], row.payload["data"]["score"]) == (
        "lead.assigned",
        "MQL",
        61.5,  # without the millionths that fade in a second
    )
    assert row.payload["data"]["owner"] == {"name": "Olga"}


# Over the wire


def test_the_signature_is_what_the_library_of_standard_webhooks_accepts(
    world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    saved = save_action(world.store, sealer, receiver.policy, hook(receiver, headers={"X-Key": "k"}), NOW)
    world.lead("ann", 61.5)
    cross(world)
    deliver(world, sender, clock())
    ((headers, body, path),) = receiver.seen
    assert saved.secret is not None
    assert Webhook(saved.secret).verify(body, headers)["data"]["lead_id"] == "ann"
    with pytest.raises(WebhookVerificationError):
        Webhook(saved.secret).verify(body.replace(b"ann", b"bob"), headers)
    assert (path, headers["x-key"], headers["content-type"]) == ("/hook", "k", "application/json")
    (row,) = world.rows(outbox)
    assert (row.state, row.attempts, headers["webhook-id"]) == ("sent", 1, row.message_id)
    (tried,) = list_deliveries(world.store, row.message_id)
    assert (tried.outcome, tried.status, tried.attempt) == ("sent", 200, 1)


def test_while_a_secret_is_changed_both_are_accepted_and_afterwards_the_new_one_alone(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    saved = save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    new = rotate_secret(small_world.store, sealer, saved.action_id, NOW)
    cross(small_world)
    deliver(small_world, sender, clock())
    end_rotation(small_world.store, sealer, saved.action_id, NOW)
    cross(small_world)
    deliver(small_world, sender, clock())
    (both, first, _), (one, second, _) = receiver.seen
    for secret in (saved.secret, new):
        Webhook(str(secret)).verify(first, both)
    Webhook(new).verify(second, one)
    with pytest.raises(WebhookVerificationError):
        Webhook(str(saved.secret)).verify(second, one)


def test_a_message_whose_sending_was_not_written_down_goes_out_again_with_the_same_id_and_body(
    world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    cross(world)
    deliver_some(world.store, sender, NOW)
    sender.wait(10)
    sender.forget(1)  # the process died here: it was sent, and nobody knows
    deliver(world, sender, NOW + LEASE - timedelta(microseconds=1))
    assert len(receiver.seen) == 1  # while the lease lasts, somebody else may still be at it
    deliver(world, sender, NOW + LEASE)
    (first, body, _), (second, again, _) = receiver.seen
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert world.rows(outbox)[0].state == "sent"


def test_attempts_follow_the_schedule_and_end_as_a_dead_letter_that_can_be_replayed(
    world: World, sealer: Sealer, receiver: Receiver
) -> None:
    saved = save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    cross(world)
    carrier, now = Fake(Attempt("failed", "answered 500", 500)), NOW
    while world.rows(outbox)[0].state == "waiting":
        now = max(now, world.rows(outbox)[0].due_at)
        deliver_some(world.store, carrier, now)
        deliver_some(world.store, carrier, now, limit=0)
    waits = [later - sooner for (sooner, _), (later, _) in zip(carrier.sent, carrier.sent[1:], strict=False)]
    assert len(carrier.sent) == len(SCHEDULE) == 10
    for wait, planned in zip(waits, SCHEDULE[1:], strict=True):
        assert planned <= wait <= planned * 1.2
    assert count_messages_of(world.store, saved.action_id) == {"waiting": 0, "sent": 0, "dead": 1}
    (message,), _ = list_messages(world.store, state="dead")
    assert [one.attempt for one in list_deliveries(world.store, message.message_id)] == list(range(1, 11))
    shown = find_action(world.store, sealer, saved.action_id)
    assert shown is not None
    assert shown.failing_since == NOW

    replay(world.store, message.message_id, now)
    carrier.outcomes = [Attempt("sent", "", 200)]
    deliver_some(world.store, carrier, now)
    deliver_some(world.store, carrier, now, limit=0)
    assert carrier.sent[-1][1].messages[0].message_id == message.message_id
    assert world.rows(outbox)[0].state == "sent"
    assert list_actions(world.store, sealer)[0].failing_since is None


def test_a_range_is_sent_again(world: World, sealer: Sealer, receiver: Receiver) -> None:
    saved = save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    for name in "abc":
        world.lead(name)
        number = world.crossing(name)
        with world.store.writing() as connection:
            queue_actions(connection, [number], NOW + timedelta(hours=len(world.numbers)))
    carrier = Fake(Attempt("sent", "", 200))
    deliver_some(world.store, carrier, NOW + timedelta(days=1))
    deliver_some(world.store, carrier, NOW + timedelta(days=1), limit=0)
    since, until = NOW + timedelta(hours=2), NOW + timedelta(hours=3)
    assert replay_range(world.store, saved.action_id, since, until, NOW, state="sent") == 1
    assert [row.state for row in world.rows(outbox)] == ["sent", "waiting", "sent"]
    with pytest.raises(UsageError, match="allowed: dead, sent"):
        replay_range(world.store, saved.action_id, since, until, NOW, state="waiting")


def test_retry_after_makes_the_next_attempt_later(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    cross(small_world)
    receiver.answers = [(429, {"retry-after": "120"}, b"")]
    deliver(small_world, sender)
    wait = small_world.rows(outbox)[0].due_at - NOW
    assert timedelta(seconds=120) <= wait < timedelta(seconds=122)  # and what the attempt took


def test_410_ends_the_action_and_what_waits_for_it_waits_until_it_is_enabled_again(
    world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    saved = save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    world.lead("bob")
    cross(world)
    receiver.answers = [410, 200]
    deliver(world, sender)
    cross(world, "bob")
    shown = find_action(world.store, sealer, saved.action_id)
    assert shown is not None
    assert not shown.action.is_enabled
    assert "410" in str(shown.disabled_because)
    assert [row.state for row in world.rows(outbox)] == ["dead"]  # a disabled action queues nothing
    replay(world.store, world.rows(outbox)[0].message_id, NOW)
    deliver(world, sender)
    assert len(receiver.seen) == 1
    save_action(
        world.store, sealer, receiver.policy, replace(shown.action, is_enabled=True), NOW, action_id=saved.action_id
    )
    deliver(world, sender)
    assert [row.state for row in world.rows(outbox)] == ["sent"]
    assert len(receiver.seen) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500, 503])
def test_anything_but_2xx_is_a_failure_and_a_redirect_is_not_followed(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender, status: int
) -> None:
    save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    cross(small_world)
    receiver.answers = [(status, {"location": receiver.url}, b"")]
    deliver(small_world, sender)
    (row,) = small_world.rows(outbox)
    (tried,) = list_deliveries(small_world.store, row.message_id)
    assert (row.state, tried.outcome, tried.status, len(receiver.seen)) == ("waiting", "failed", status, 1)


def test_the_answer_is_kept_to_4_kib_and_not_shown(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    cross(small_world)
    receiver.answers = [(500, {}, b"secret\0" * 3000)]
    deliver(small_world, sender)
    (row,) = small_world.rows(deliveries)
    assert len(row.answer) <= 4096
    assert row.answer.startswith("secretsecret")
    shown = list_deliveries(small_world.store, small_world.rows(outbox)[0].message_id)
    assert "secretsecret" not in repr(shown)


def endless(handler: Any) -> None:
    """A responder that never stops talking."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def drip(handler: Any) -> None:
    """A responder that says one byte of its header at a time."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: yes\r\n" * 100:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.1)


def test_an_endless_answer_is_cut_and_a_dripping_one_is_given_up_in_time(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    small_world.lead("bob")
    receiver.answers = [endless, drip]
    started = time.monotonic()
    cross(small_world)
    deliver(small_world, sender)
    assert small_world.rows(outbox)[0].state == "sent"  # 200 was said
    cross(small_world, "bob")
    deliver(small_world, sender)
    assert small_world.rows(outbox)[1].state == "waiting"
    assert "within 1 s" in small_world.rows(deliveries)[1].detail
    assert time.monotonic() - started < 4  # two attempts of at most a second each, and a slow machine


def test_one_slow_receiver_does_not_hold_up_another(small_world: World, sealer: Sealer, receiver: Receiver) -> None:
    slow = threading.Event()

    def by_path(handler: Any) -> None:
        if handler.path == "/slow":
            slow.wait(5)
        handler.send_response(200)
        handler.send_header("content-length", "0")
        handler.end_headers()

    receiver.answers = [by_path]
    for name in ("slow", "fast"):
        url = receiver.url.replace("hook", name)
        save_action(small_world.store, sealer, receiver.policy, replace(hook(receiver), name=name, url=url), NOW)
    for i in range(30):
        small_world.lead(f"lead{i}")
        cross(small_world, f"lead{i}")
    sender = Sender(sealer, receiver.policy, timeout_s=5)
    until = time.monotonic() + 4
    while Counter(row.state for row in small_world.rows(outbox))["sent"] < 30 and time.monotonic() < until:
        deliver_some(small_world.store, sender, NOW)
        time.sleep(0.01)
    states = Counter((row.action_no, row.state) for row in small_world.rows(outbox))
    slow.set()
    sender.close()
    assert states == {(1, "waiting"): 30, (2, "sent"): 30}


def test_two_workers_take_each_message_once(world: World, sealer: Sealer, receiver: Receiver) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    for i in range(40):
        world.lead(f"lead{i}")
        cross(world, f"lead{i}")
    carriers = [Fake(Attempt("sent", "", 200)) for _ in range(2)]

    def work(carrier: Fake) -> None:
        for _ in range(40):
            deliver_some(world.store, carrier, NOW, limit=3)

    threads = [threading.Thread(target=work, args=(carrier,)) for carrier in carriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = Counter(message.message_id for c in carriers for _, parcel in c.sent for message in parcel.messages)
    assert len(sent) == 40
    assert set(sent.values()) == {1}
    assert len(world.rows(deliveries)) == 40


# In the store itself, tests, and forgetting


def test_a_tag_and_a_place_in_the_queue_are_given_once(world: World, sealer: Sealer) -> None:
    for kind in ("tag", "assign"):
        action = Action(name=kind, kind=kind, tag="nurture" if kind == "tag" else "")
        save_action(world.store, sealer, Policy(), action, NOW)
    world.lead("ann")
    cross(world)
    cross(world, stage="SQL", before="MQL")
    carrier = Fake(Attempt("failed", "nothing leaves the house"))
    deliver_some(world.store, carrier, NOW)
    assert carrier.sent == []
    assert [(row.identity_no, row.tag) for row in world.rows(tags)] == [(1, "nurture")]
    assert [(row.identity_no, row.cause, row.reason) for row in world.rows(waiting)] == [(1, "change:1", "new")]
    assert {row.state for row in world.rows(outbox)} == {"sent"}


def test_a_test_message_says_that_it_is_one(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    saved = save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    message_id = queue_test(small_world.store, saved.action_id, NOW)
    deliver(small_world, sender)
    ((headers, body, _),) = receiver.seen
    assert (headers["webhook-id"], json.loads(body)["type"]) == (message_id, "test")


def test_a_forgotten_lead_is_in_no_message(world: World, sealer: Sealer, receiver: Receiver, sender: Sender) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    world.lead("bob")
    cross(world)
    cross(world, "bob")
    deliver(world, sender)
    forget(world.store, [world.numbers["ann"]], NOW)
    with world.store.reading() as connection:
        assert connection.execute(select(outbox.c.lead_no)).scalars().all() == [world.numbers["bob"]]
    assert len(world.rows(deliveries)) == 1


def test_a_lead_may_be_forgotten_while_its_message_is_on_its_way(
    world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    world.lead("ann")
    cross(world)
    deliver_some(world.store, sender, NOW)
    forget(world.store, [world.numbers["ann"]], NOW)
    assert sender.wait(10)
    assert deliver_some(world.store, sender, NOW, limit=0) == 1
    assert (world.rows(outbox), world.rows(deliveries), sender.finished()) == ([], [], [])


def test_old_messages_go_and_those_that_wait_stay(world: World, sealer: Sealer, receiver: Receiver) -> None:
    save_action(world.store, sealer, receiver.policy, hook(receiver), NOW)
    for name in ("ann", "bob"):
        world.lead(name)
        cross(world, name)
    carrier = Fake(Attempt("sent", "", 200), Attempt("failed", "answered 500", 500))
    deliver_some(world.store, carrier, NOW)
    deliver_some(world.store, carrier, NOW, limit=0)
    assert drop_old_messages(world.store, NOW) == 0
    assert drop_old_messages(world.store, NOW + timedelta(minutes=1)) == 1
    assert [row.state for row in world.rows(outbox)] == ["waiting"]
    assert [row.outcome for row in world.rows(deliveries)] == ["failed"]


def test_pages_of_messages_follow_each_other(small_world: World, sealer: Sealer, receiver: Receiver) -> None:
    saved = save_action(small_world.store, sealer, receiver.policy, hook(receiver), NOW)
    small_world.lead("ann")
    numbers = [cross(small_world) for _ in range(5)]
    seen, before = [], None
    while True:
        page, before = list_messages(small_world.store, action_id=saved.action_id, before=before, limit=2)
        seen += [message.cause for message in page]
        if before is None:
            break
    assert seen == [f"change:{number}" for number in reversed(numbers)]

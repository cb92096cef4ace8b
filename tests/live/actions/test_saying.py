"""Chat and mail: the text of an action with the lead's values, and nothing that a value could turn into."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from live_world import NOW, World
from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import Action, MailServer, save_action
from scoville.live.actions.delivering import deliver_some
from scoville.live.actions.messages import list_deliveries
from scoville.live.actions.queueing import queue_actions, queue_test
from scoville.live.actions.sender import Sender
from scoville.live.actions.wording import body, sentence, slack_message, subject, unknown_words
from scoville.live.store.actions import outbox

if TYPE_CHECKING:
    from live_receivers import MailBox, Receiver
    from scoville.live.actions.sealing import Sealer

DATA: dict[str, Any] = {
    "lead_id": "ann", "score": 61.5, "stage": "MQL", "stage_before": "Lead", "reasons": "+20 Demo requested",
    "grade": None, "owner": {"name": "Olga", "email": "olga@example.com"}, "traits": {"company": "Acme"},
}  # fmt: skip


def cross(world: World, *lead_ids: str) -> None:
    numbers = [world.crossing(lead_id) for lead_id in lead_ids]
    with world.store.writing() as connection:
        queue_actions(connection, numbers, NOW)


def deliver(world: World, sender: Sender) -> None:
    deliver_some(world.store, sender, NOW)
    assert sender.wait(10)
    deliver_some(world.store, sender, NOW, limit=0)


# Text


def test_placeholders_are_names_and_nothing_else() -> None:
    text = "{lead_id} of {trait.company}: {score} points, {grade}, {owner} {x} {0} {lead_id!r} {lead_id.__class__} {{"
    assert unknown_words(text, ["company"]) == ["x", "lead_id.__class__"]
    said = sentence(text, "entered", DATA)
    assert said == "ann of Acme: 61.5 points, –, Olga – {0} {lead_id!r} – {{"


def test_a_value_is_no_placeholder_and_no_second_line() -> None:
    data = DATA | {"lead_id": "{owner}\r\nBcc: all@example.com", "traits": {"company": "x" * 1000}}
    assert sentence("{lead_id}", "entered", data) == "{owner} Bcc: all@example.com"
    assert len(sentence("{trait.company}", "entered", data)) == 300
    assert "\n" not in subject("Hot: {lead_id}", "entered", [data])


def test_every_occasion_has_words_of_its_own() -> None:
    for occasion in ("entered", "left", "assigned", "reassigned", "reminder", "escalation"):
        assert "ann" in sentence("", occasion, DATA | {"due_at": "2026-03-02T10:00:00Z"})
        assert subject("", occasion, [DATA])
    assert "test" in body("", "test", [{"lead_id": "test"}]).lower()


def test_slack_sees_no_link_and_no_mention_in_a_value() -> None:
    data = DATA | {"lead_id": "<!channel> <https://evil.example|click> & co"}
    said = json.dumps(slack_message("", "entered", [data]))
    assert "<!channel>" not in said
    assert "&lt;!channel&gt;" in said
    assert "<https" not in said


def test_many_leads_are_one_digest_of_twenty_lines() -> None:
    said = slack_message("", "entered", [DATA | {"lead_id": f"lead{i}"} for i in range(30)])
    assert said["text"] == "30 leads: entered"
    assert len(said["blocks"]) == 22  # the title, 20 leads, and how many more
    assert said["blocks"][-1]["text"]["text"] == "and 10 more"
    assert body("", "entered", [DATA] * 30).count("\n") == 20


def test_a_text_that_names_what_is_not_sent_is_refused(small_world: World, sealer: Sealer) -> None:
    action = Action("A", "slack", url="https://hooks.slack.com/x", text="{trait.email}")
    with pytest.raises(UsageError, match=r"trait\.email"):
        save_action(small_world.store, sealer, Policy(), action, NOW)
    save_action(small_world.store, sealer, Policy(), replace(action, traits=("email",)), NOW)


# Slack


def test_slack_gets_one_message_for_all_that_wait(
    small_world: World, sealer: Sealer, receiver: Receiver, sender: Sender
) -> None:
    save_action(small_world.store, sealer, receiver.policy, Action("Chat", "slack", url=receiver.url), NOW)
    for name in ("ann", "bob", "cyd"):
        small_world.lead(name)
    cross(small_world, "ann", "bob", "cyd")
    deliver(small_world, sender)
    ((_, said, _),) = receiver.seen
    assert json.loads(said)["text"] == "3 leads: entered"
    assert {row.state for row in small_world.rows(outbox)} == {"sent"}


# Mail


def mail(mailbox: MailBox, **more: Any) -> Action:
    server = MailServer("127.0.0.1", "scoville@example.com", mailbox.port, "none")
    return Action("Mail", "email", to=("owner", "team@example.com"), mail_server=server, **more)


def by_mail(world: World, sealer: Sealer, mailbox: MailBox, action: Action) -> Sender:
    policy = Policy(frozenset({f"127.0.0.1:{mailbox.port}"}))
    save_action(world.store, sealer, policy, action, NOW)
    return Sender(sealer, policy, timeout_s=3.0)


def test_mail_reaches_the_owner_and_the_team(small_world: World, sealer: Sealer, mailbox: MailBox) -> None:
    sender = by_mail(small_world, sealer, mailbox, mail(mailbox, traits=("company",), text="Call {trait.company}!"))
    small_world.lead("änn", company="Straße & Söhne")
    cross(small_world, "änn")
    deliver(small_world, sender)
    sender.close()
    assert mailbox.receivers == ["team@example.com"]  # nobody owns it yet
    (text,) = mailbox.mails
    (row,) = small_world.rows(outbox)
    assert f"Message-ID: <{row.message_id}@example.com>" in text
    assert "Auto-Submitted: auto-generated" in text
    assert "From: scoville@example.com" in text
    assert row.state == "sent"


def test_mail_that_is_refused_is_tried_again(small_world: World, sealer: Sealer, mailbox: MailBox) -> None:
    mailbox.refusal = "550 no such user"
    sender = by_mail(small_world, sealer, mailbox, mail(mailbox))
    small_world.lead("ann")
    cross(small_world, "ann")
    deliver(small_world, sender)
    sender.close()
    (row,) = small_world.rows(outbox)
    (tried,) = list_deliveries(small_world.store, row.message_id)
    assert (row.state, row.attempts, tried.outcome, mailbox.mails) == ("waiting", 1, "failed", [])


def test_a_test_of_mail_arrives(small_world: World, sealer: Sealer, mailbox: MailBox) -> None:
    sender = by_mail(small_world, sealer, mailbox, mail(mailbox))
    (shown,) = small_world.rows(outbox.metadata.tables["actions"])
    queue_test(small_world.store, shown.action_id, NOW)
    deliver(small_world, sender)
    sender.close()
    assert "Subject: A test message" in mailbox.mails[0]


def test_a_silent_mail_server_is_given_up_in_time(small_world: World, sealer: Sealer, receiver: Receiver) -> None:
    """An HTTP server waits for us to speak, as we wait for its greeting."""
    server = MailServer("127.0.0.1", "scoville@example.com", receiver.port, "none")
    action = Action("Mail", "email", to=("team@example.com",), mail_server=server)
    save_action(small_world.store, sealer, receiver.policy, action, NOW)
    small_world.lead("ann")
    cross(small_world, "ann")
    sender = Sender(sealer, receiver.policy, timeout_s=0.3)
    started = time.monotonic()
    deliver(small_world, sender)
    assert time.monotonic() - started < 3
    assert small_world.rows(outbox)[0].state == "waiting"
    sender.close()
    for thread in threading.enumerate():
        if thread.name.startswith("sender"):
            thread.join(5)

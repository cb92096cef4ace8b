"""Secrets lie encrypted, are shown as masks, and go nowhere but where they were given for."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from live_world import NOW, World
from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import (
    Action,
    MailServer,
    delete_action,
    find_action,
    list_actions,
    opened,
    save_action,
)
from scoville.live.actions.masking import MASK
from scoville.live.actions.queueing import queue_test
from scoville.live.actions.sealing import Sealer, sealer_of
from scoville.live.store.actions import actions

if TYPE_CHECKING:
    from scoville.live.actions.sealing import Sealer as SealerType

MARK = "planted-marker-7f3a"
SECRET = "whsec_" + "QUJD" * 10  # 30 bytes
WEBHOOK = Action(
    "CRM", "webhook", url=f"https://crm.example/{MARK}", secrets=(SECRET,), headers={"Authorization": f"Bearer {MARK}"}
)
MAIL = Action(
    "Mail", "email", to=("team@example.com",),
    mail_server=MailServer("smtp.example.com", "us@example.com", user="us", password=MARK),
)  # fmt: skip


def test_no_secret_lies_in_the_store_or_in_what_is_shown(world: World, sealer: SealerType) -> None:
    for action in (WEBHOOK, MAIL):
        save_action(world.store, sealer, Policy(), action, NOW)
    rows = world.rows(actions)
    shown = list_actions(world.store, sealer)
    for marker in (MARK, SECRET):
        assert marker not in repr(rows)
        assert marker not in repr(shown) + str([vars(one.action) for one in shown])
        assert marker not in repr(WEBHOOK) + repr(MAIL)
    if world.store.is_sqlite:
        database = Path(str(world.store.engine.url.database))
        with world.store.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        files = [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
        assert all(MARK.encode() not in path.read_bytes() for path in files)
    assert opened(rows[0], sealer) == WEBHOOK
    assert shown[0].action.url == f"https://crm.example/{MASK}"


def test_what_comes_back_as_a_mask_stays_as_it_was(world: World, sealer: SealerType) -> None:
    for action in (WEBHOOK, MAIL):
        saved = save_action(world.store, sealer, Policy(), action, NOW)
        shown = find_action(world.store, sealer, saved.action_id)
        assert shown is not None
        save_action(world.store, sealer, Policy(), replace(shown.action, min_score=5.0), NOW, action_id=saved.action_id)
    kept = [opened(row, sealer) for row in world.rows(actions)]
    assert kept == [replace(WEBHOOK, min_score=5.0), replace(MAIL, min_score=5.0)]


def test_a_new_host_does_not_learn_what_was_meant_for_the_old_one(small_world: World, sealer: SealerType) -> None:
    for action, change in (
        (WEBHOOK, {"url": "https://evil.example/"}),
        (MAIL, {"mail_server": MailServer("evil.example", "us@example.com", user="us", password=MASK)}),
    ):
        saved = save_action(small_world.store, sealer, Policy(), action, NOW)
        shown = find_action(small_world.store, sealer, saved.action_id)
        assert shown is not None
        moved: Any = replace(shown.action, **change)
        with pytest.raises(UsageError, match="given again"):
            save_action(small_world.store, sealer, Policy(), moved, NOW, action_id=saved.action_id)


def test_a_webhook_without_a_secret_gets_one_and_it_is_shown_once(small_world: World, sealer: SealerType) -> None:
    saved = save_action(small_world.store, sealer, Policy(), replace(WEBHOOK, secrets=()), NOW)
    assert saved.secret is not None
    assert saved.secret.startswith("whsec_")
    assert len(saved.secret) == 50  # the prefix, and 32 bytes in base64
    assert saved.secret not in repr(saved)
    shown = find_action(small_world.store, sealer, saved.action_id)
    assert shown is not None
    assert shown.action.secrets == (MASK,)


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(small_world: World) -> None:
    first, second = sealer_of(small_world.store, {}), sealer_of(small_world.store, {})
    path = Path(f"{small_world.store.engine.url.database}.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second.open(first.seal({"a": 1})) == {"a": 1}
    assert [one.name for one in path.parent.iterdir() if ".key" in one.name] == [path.name]


def test_a_key_can_be_followed_by_another(small_world: World) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = sealer_of(small_world.store, {"SCOVILLE_SECRET_KEY": old}).seal({"a": 1})
    assert sealer_of(small_world.store, {"SCOVILLE_SECRET_KEY": f"{new}, {old}"}).open(sealed) == {"a": 1}
    with pytest.raises(UsageError, match="another key"):
        Sealer(new).open(sealed)
    with pytest.raises(UsageError, match="no key"):
        sealer_of(small_world.store, {"SCOVILLE_SECRET_KEY": "secret"})


def test_postgres_has_no_key_file(world: World) -> None:
    if world.store.is_sqlite:
        assert sealer_of(world.store, {}).seal({})
    else:
        with pytest.raises(UsageError, match="SCOVILLE_SECRET_KEY"):
            sealer_of(world.store, {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "needs a name"), ({"kind": "fax"}, "no kind"), ({"occasion": "born"}, "no occasion"),
        ({"secrets": ("short",)}, "whsec_"), ({"secrets": ("whsec_" + "A" * 20,)}, "whsec_"),
        ({"secrets": (SECRET,) * 3}, "at most two"), ({"headers": {"Host": "evil"}}, "cannot be set"),
        ({"headers": {"webhook-id": "x"}}, "cannot be set"), ({"headers": {"X Y": "x"}}, "cannot be set"),
        ({"headers": {"X": "a\r\nY: b"}}, "HTTP does not carry"), ({"traits": ("t",) * 51}, "too many"),
        ({"url": "https://10.0.0.1/"}, "private network"), ({"kind": "email"}, "mail server"),
        ({"kind": "tag", "tag": "a b"}, "no tag"), ({"kind": "assign", "occasion": "reminder"}, "entered or left"),
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_is_refused(
    small_world: World, sealer: SealerType, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        save_action(small_world.store, sealer, Policy(), replace(WEBHOOK, **changes), NOW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"security": "none"}, "without encryption"), ({"security": "ssl"}, "no way to"), ({"port": 80}, "port 80"),
        ({"host": "127.0.0.1"}, "private network"), ({"sender": "us"}, "no mail address"),
        ({"sender": "us@example.com\nBcc: x@example.com"}, "no mail address"),
    ],
)  # fmt: skip
def test_a_mail_server_that_cannot_be_is_refused(
    small_world: World, sealer: SealerType, changes: dict[str, Any], message: str
) -> None:
    assert MAIL.mail_server is not None
    action = replace(MAIL, mail_server=replace(MAIL.mail_server, **changes))
    with pytest.raises(UsageError, match=message):
        save_action(small_world.store, sealer, Policy(), action, NOW)


def test_names_are_taken_once_and_an_action_with_messages_stays(world: World, sealer: SealerType) -> None:
    saved = save_action(world.store, sealer, Policy(), WEBHOOK, NOW)
    with pytest.raises(UsageError, match="already"):
        save_action(world.store, sealer, Policy(), WEBHOOK, NOW)
    other = save_action(world.store, sealer, Policy(), replace(WEBHOOK, name="Other"), NOW)
    delete_action(world.store, other.action_id)
    queue_test(world.store, saved.action_id, NOW)
    with pytest.raises(UsageError, match="disable it"):
        delete_action(world.store, saved.action_id)
    for unknown in (lambda: delete_action(world.store, "x"), lambda: queue_test(world.store, "x", NOW)):
        with pytest.raises(UsageError, match="no action 'x'"):
            unknown()

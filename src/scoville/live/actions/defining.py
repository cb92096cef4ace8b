"""What is to be said, when, and to whom: actions as a person writes them, and as they lie in the store.

In: an `Action`. Out: the same, checked, its secrets sealed; or shown with its secrets masked. Called by the API and by
whatever sends. One function here shows secrets: `opened`, for the sender alone.
"""

from __future__ import annotations

import re
import secrets as dice
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import delete, func, insert, select, update

from scoville.errors import UsageError
from scoville.live.actions.addresses import parsed_mail_host, parsed_url
from scoville.live.actions.masking import masked, unmasked
from scoville.live.actions.wording import unknown_words
from scoville.live.store.actions import actions, outbox
from scoville.live.store.seen import check_seen, hold, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from scoville.live.actions.addresses import Policy
    from scoville.live.actions.sealing import Sealer
    from scoville.live.store.opening import Store

Kind = Literal["webhook", "slack", "email", "assign", "tag"]
Occasion = Literal["entered", "left", "assigned", "reassigned", "reminder", "escalation"]
KINDS: tuple[str, ...] = get_args(Kind)
OCCASIONS: tuple[str, ...] = get_args(Occasion)
CROSSINGS = ("entered", "left")
_MOST_TRAITS = 50  # a body stays under the 20 KB of Standard Webhooks
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")
_OURS = re.compile(
    r"(webhook-.*|host|content-.*|transfer-encoding|connection|te|trailer|upgrade|user-agent|proxy-.*)$", re.IGNORECASE
)
_MAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}$")
_SECRET_BYTES = range(24, 65)  # Standard Webhooks


@dataclass(frozen=True)
class MailServer:
    """How mail leaves. `security`: starttls, tls or none (only to a host that the operator allowed)."""

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Action:
    """What is done when something happens to a lead. Empty conditions hold for all.

    `stages` are those entered or left, or, for the other occasions, the one the lead stands in. `traits` are sent only
    when they are named here. `secrets` sign a webhook: one, or two while one follows the other.
    """

    name: str
    kind: Kind
    occasion: Occasion = "entered"
    stages: tuple[str, ...] = ()
    direction: Literal["up", "down"] | None = None
    min_score: float | None = None
    segments: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = ""
    subject: str = ""
    to: tuple[str, ...] = ()  # addresses, or `owner`
    mail_server: MailServer | None = None
    tag: str = ""
    is_enabled: bool = True


@dataclass(frozen=True)
class Shown:
    """An action as pages and answers show it: secrets are masks. `version` changes with whatever a person changes."""

    action_id: str
    action: Action
    disabled_because: str | None
    failing_since: datetime | None
    created_at: datetime
    changed_at: datetime
    version: str


@dataclass(frozen=True)
class Saved:
    """What was saved. `secret` is the new signing secret, shown this once; null when none was made."""

    action_id: str
    secret: str | None = field(repr=False)


def new_secret() -> str:
    """A signing secret of 32 random bytes, as Standard Webhooks writes it."""
    return "whsec_" + b64encode(dice.token_bytes(32)).decode()


def save_action(
    store: Store,
    sealer: Sealer,
    policy: Policy,
    action: Action,
    now: datetime,
    *,
    action_id: str | None = None,
    seen: str | None = None,
) -> Saved:
    """Write a new action, or change one of which somebody saw a version: what comes as a mask stays as it was.

    Raises: UsageError for what cannot be sent, an unknown id, or a name that is taken; ChangedError.
    """
    with store.writing() as connection:
        hold(connection)
        before = connection.execute(select(actions).where(actions.c.action_id == action_id)).one_or_none()
        if action_id is not None and before is None:
            raise UsageError(f"there is no action '{action_id}'")
        if before is not None:
            check_seen(seen, _version(before), before.action_id)
        holder = connection.execute(select(actions.c.action_id).where(actions.c.name == action.name)).scalar()
        if holder not in {None, action_id}:
            raise UsageError(f"there is an action '{action.name}' already; give this one another name")
        action = action if before is None else unmasked(action, opened(before, sealer))
        made = new_secret() if action.kind == "webhook" and not action.secrets else None
        action = replace(action, secrets=(made,)) if made else action
        check_action(action, policy)
        row = _row(action, sealer) | {"changed_at": now, "disabled_because": None}
        if before is None:
            action_id = dice.token_urlsafe(16)
            connection.execute(insert(actions).values(row | {"action_id": action_id, "created_at": now}))
        else:
            connection.execute(update(actions).where(actions.c.action_no == before.action_no).values(row))
    return Saved(str(action_id), made)


def rotate_secret(store: Store, sealer: Sealer, action_id: str, now: datetime, *, seen: str | None = None) -> str:
    """A new signing secret. From now on both sign, until `end_rotation`: receivers change over without a gap.

    Raises: UsageError for an unknown id or an action that signs nothing; ChangedError.
    """
    made = new_secret()
    _change_secrets(store, sealer, action_id, lambda before: (made, before[0]), now, seen)
    return made


def end_rotation(store: Store, sealer: Sealer, action_id: str, now: datetime, *, seen: str | None = None) -> None:
    """Only the newest secret signs from here on. Raises: as `rotate_secret`."""
    _change_secrets(store, sealer, action_id, lambda before: before[:1], now, seen)


def _change_secrets(
    store: Store,
    sealer: Sealer,
    action_id: str,
    changed: Callable[[tuple[str, ...]], tuple[str, ...]],
    now: datetime,
    seen: str | None,
) -> None:
    with store.writing() as connection:
        hold(connection)
        row = connection.execute(select(actions).where(actions.c.action_id == action_id)).one_or_none()
        if row is None or row.kind != "webhook":
            raise UsageError(f"there is no webhook '{action_id}'")
        check_seen(seen, _version(row), action_id)
        action = opened(row, sealer)
        values = _row(replace(action, secrets=changed(action.secrets)), sealer) | {"changed_at": now}
        connection.execute(update(actions).where(actions.c.action_no == row.action_no).values(values))


def list_actions(store: Store, sealer: Sealer) -> list[Shown]:
    """All actions by name, secrets masked."""
    with store.reading() as connection:
        rows = connection.execute(select(actions).order_by(actions.c.name)).all()
    return [_shown(row, sealer) for row in rows]


def find_action(store: Store, sealer: Sealer, action_id: str) -> Shown | None:
    """One action, secrets masked; None for an unknown id."""
    with store.reading() as connection:
        row = connection.execute(select(actions).where(actions.c.action_id == action_id)).one_or_none()
    return None if row is None else _shown(row, sealer)


def delete_action(store: Store, action_id: str, *, seen: str | None = None) -> None:
    """Take away an action that never said anything, of which somebody saw a version.

    Raises: UsageError for an unknown id, or one with messages; ChangedError.
    """
    with store.writing() as connection:
        hold(connection)
        row = connection.execute(select(actions).where(actions.c.action_id == action_id)).one_or_none()
        if row is None:
            raise UsageError(f"there is no action '{action_id}'")
        check_seen(seen, _version(row), action_id)
        said = select(func.count()).select_from(outbox).where(outbox.c.action_no == row.action_no)
        if connection.execute(said).scalar_one():
            raise UsageError("this action has messages, which name it; disable it instead")
        connection.execute(delete(actions).where(actions.c.action_no == row.action_no))


def opened(row: Row[Any], sealer: Sealer) -> Action:
    """The action of a row of `actions`, with its secrets: for the sender. Raises: UsageError for another key."""
    hidden = sealer.open(row.sealed) if row.sealed else {}
    server = row.settings.get("mail_server")
    return Action(
        name=row.name, kind=row.kind, occasion=row.occasion, is_enabled=row.is_enabled,
        stages=tuple(row.conditions["stages"]), direction=row.conditions["direction"],
        min_score=row.conditions["min_score"], segments=tuple(row.conditions["segments"]),
        traits=tuple(row.settings["traits"]), text=row.settings["text"], subject=row.settings["subject"],
        to=tuple(row.settings["to"]), tag=row.settings["tag"],
        mail_server=MailServer(**server, password=hidden.get("password", "")) if server else None,
        url=hidden.get("url", ""), secrets=tuple(hidden.get("secrets", ())), headers=hidden.get("headers", {}),
    )  # fmt: skip


def _row(action: Action, sealer: Sealer) -> dict[str, Any]:
    server = action.mail_server
    hidden = {"url": action.url, "secrets": action.secrets, "headers": dict(action.headers)}
    if server:
        hidden["password"] = server.password
    return {
        "name": action.name,
        "kind": action.kind,
        "occasion": action.occasion,
        "is_enabled": action.is_enabled,
        "conditions": {name: getattr(action, name) for name in ("stages", "direction", "min_score", "segments")},
        "settings": {name: getattr(action, name) for name in ("traits", "text", "subject", "to", "tag")}
        | {"mail_server": {k: v for k, v in vars(server).items() if k != "password"} if server else None},
        "sealed": sealer.seal(hidden) if action.kind in {"webhook", "slack", "email"} else None,
    }


def _shown(row: Row[Any], sealer: Sealer) -> Shown:
    action, version = masked(opened(row, sealer)), _version(row)
    return Shown(
        row.action_id, action, row.disabled_because, row.failing_since, row.created_at, row.changed_at, version
    )


def _version(row: Row[Any]) -> str:
    """Of no secret, for it is shown; every change of one moves `changed_at`, and what happens by itself does not."""
    return version_of((row.name, row.conditions, row.settings, row.changed_at))


def check_action(action: Action, policy: Policy) -> None:
    """Raises: UsageError with the first thing that cannot be sent as it stands."""
    if not action.name.strip():
        raise UsageError("an action needs a name")
    for word, value, allowed in (("kind", action.kind, KINDS), ("occasion", action.occasion, OCCASIONS)):
        if value not in allowed:
            raise UsageError(f"'{value}' is no {word} of an action; allowed: {', '.join(allowed)}")
    if action.kind in {"assign", "tag"} and action.occasion not in CROSSINGS:
        raise UsageError(f"'{action.kind}' happens when a stage is entered or left, not when: {action.occasion}")
    if len(action.traits) > _MOST_TRAITS:
        raise UsageError(f"{len(action.traits)} traits are too many for one message; allowed: {_MOST_TRAITS}")
    if strange := unknown_words(f"{action.subject} {action.text}", action.traits):
        raise UsageError(
            f"the text names {{{strange[0]}}}, which is not sent; name it in traits as well, or take it out"
        )
    _CHECKS[action.kind](action, policy)


def _check_webhook(action: Action, policy: Policy) -> None:
    parsed_url(action.url, policy)
    if len(action.secrets) > 2:  # noqa: PLR2004 - the one, and the one that follows it
        raise UsageError(f"{len(action.secrets)} signing secrets; at most two, while one follows the other")
    for secret in action.secrets:
        _check_secret(secret)
    for name, value in action.headers.items():
        if not _HEADER.match(name) or _OURS.match(name):
            raise UsageError(f"the header '{name}' cannot be set here")
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"the value of the header '{name}' has letters that HTTP does not carry")


def _check_secret(secret: str) -> None:
    try:
        size = len(b64decode(secret.removeprefix("whsec_"), validate=True))
    except ValueError:
        size = 0
    if not secret.startswith("whsec_") or size not in _SECRET_BYTES:
        raise UsageError("a signing secret is whsec_ and 24 to 64 random bytes in base64; leave it out to get one made")


def _check_slack(action: Action, policy: Policy) -> None:
    parsed_url(action.url, policy)


def _check_email(action: Action, policy: Policy) -> None:
    server = action.mail_server
    if server is None:
        raise UsageError("mail needs a mail server: host, port, sender")
    address = parsed_mail_host(server.host, server.port, policy)
    if server.security not in {"starttls", "tls", "none"}:
        raise UsageError(f"'{server.security}' is no way to a mail server; allowed: starttls, tls, none")
    if server.security == "none" and not address.is_allowed:
        raise UsageError("mail without encryption goes only to a host that the operator allowed; use starttls or tls")
    if not action.to:
        raise UsageError("mail needs at least one address in `to`, or the word owner")
    for one in (server.sender, *action.to):
        if one != "owner" and not _MAIL.match(one):
            raise UsageError(f"'{one}' is no mail address")


def _check_tag(action: Action, _policy: Policy) -> None:
    if not re.match(r"[\w.:-]{1,100}$", action.tag):
        raise UsageError(f"'{action.tag}' is no tag: letters, digits and _ . : - alone, at most 100")


def _check_assign(_action: Action, _policy: Policy) -> None:
    """Nothing more: who gets the lead is decided by the routing."""


_CHECKS = MappingProxyType(
    {
        "webhook": _check_webhook,
        "slack": _check_slack,
        "email": _check_email,
        "tag": _check_tag,
        "assign": _check_assign,
    }
)

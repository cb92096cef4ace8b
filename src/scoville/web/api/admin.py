"""Users, keys, settings and the audit log: what an admin looks after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, JsonValue, SecretStr
from sqlalchemy import select

from scoville.live.store.access import audit_log
from scoville.live.store.seen import version_of
from scoville.live.store.settings import EXPLAINED, LiveSettings, as_json, change_settings, read_settings
from scoville.web.api.changes import Changes, Changing, Replacing
from scoville.web.api.fields import Answer, At, Body, Id, Name, Version, When
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.auth.audit import verify
from scoville.web.auth.keys import NewKey, create_key, list_keys, revoke_key
from scoville.web.auth.passwords import LONGEST, check_password, hash_in_turn
from scoville.web.auth.users import NewUser, change_password, change_user, create_user, find_user, list_users
from scoville.web.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(route_class=GuardedRoute, tags=["access"])
Role = Literal["viewer", "sales", "marketing", "admin"]


class User(Answer):
    """A person with a login."""

    user_id: str
    email: str
    name: str
    role: str
    created_at: At
    disabled_at: At | None
    version: Version


class Users(Answer):
    """Everybody with a login."""

    users: list[User]


class UserToMake(Body):
    """A login to make. The person changes the password after the first login."""

    email: Name = Field(examples=["ann@example.com"])
    name: Annotated[str, Field(max_length=200)] = ""
    role: Role = "viewer"
    password: Annotated[SecretStr, Field(max_length=LONGEST)]


class UserToChange(Body):
    """Another role, or a login switched off or on. Either ends the sessions of the user."""

    role: Role | None = None
    is_disabled: bool | None = None


class PasswordToSet(Body):
    """A new password for somebody who forgot theirs."""

    password: Annotated[SecretStr, Field(max_length=LONGEST)]


class Key(Answer):
    """A key, without what opens the door."""

    key_id: str
    prefix: str
    kind: str
    scopes: list[str]
    is_trusted: bool
    source: str
    name: str
    created_at: At
    created_by: str
    expires_at: At | None
    last_used_at: At | None
    revoked_at: At | None


class Keys(Answer):
    """All keys, the newest first."""

    keys: list[Key]


class KeyToMake(Body):
    """A key to make."""

    name: Name
    kind: Literal["write", "secret"] = "secret"
    scopes: tuple[Literal["ingest", "read", "write", "admin"], ...] = ()
    source: Annotated[str, Field(max_length=200)] = ""
    expires_at: When | None = None


class NewlyMadeKey(Answer):
    """A new key: `key` is shown this once, and null when the same request is sent again."""

    key_id: str
    key: str | None


class Entry(Answer):
    """One thing that somebody did."""

    entry_no: int
    at: At
    actor: str
    action: str
    object: str
    detail: Any
    hash: str


class Log(Answer):
    """The audit log, the newest first."""

    entries: list[Entry]
    next_cursor: str | None


class LogOptions(Body):
    """Which entries."""

    limit: int = Field(100, ge=1, le=500)
    cursor: int | None = Field(None, ge=1, le=2**53, description="`next_cursor` of the last page.")
    action: Name | None = Field(None, examples=["model.published"])


class Verdict(Answer):
    """Whether the log is as it was written."""

    sound: int = Field(description="Entries that are as they were written, from the first on.")
    fault: str | None = Field(description="What is wrong with the next one; null: nothing.")
    last_hash: str = Field(description="Note it elsewhere: it shows later whether the end was cut off.")


class Setting(Answer):
    """A setting with its value, and what it may be."""

    name: str
    value: Any
    about: str
    version: Version


class Settings(Answer):
    """All settings."""

    settings: list[Setting]


class Value(Body):
    """The value of a setting; null: as usual again."""

    value: JsonValue


@router.get("/v1/users", summary="Everybody with a login")
def show_users(here: Here) -> Users:
    """By e-mail address."""
    with here.store.reading() as connection:
        return Users(users=[User.of(user) for user in list_users(connection)])


@router.post("/v1/users", summary="Make a login", status_code=201, response_model=User)
def make_user(changing: Changing, asked: UserToMake) -> Response:
    """Who is made may log in at once."""
    password = asked.password.get_secret_value()
    check_password(password, email=asked.email)
    wanted = NewUser(asked.email, asked.name, asked.role, hash_in_turn(password))
    with changing.begin() as change:
        made = create_user(change.connection, wanted, author=change.caller.actor, now=change.now)
        return change.done("user.created", made.user_id, User.of(made), status=201, detail={"role": made.role})


@router.patch("/v1/users/{user_id}", summary="Give another role, or switch a login off", response_model=User)
def alter_user(changing: Replacing, user_id: Annotated[Id, Path()], asked: UserToChange) -> Response:
    """Ends the sessions of the user. The last admin stays one."""
    with changing.begin() as change:
        user = change_user(
            change.connection, user_id, role=asked.role, is_disabled=asked.is_disabled, now=change.now,
            seen=changing.seen,
        )  # fmt: skip
        if user is None:
            raise not_found("user")
        detail = {"role": user.role, "is_disabled": user.disabled_at is not None}
        return change.done("user.changed", user_id, User.of(user), detail=detail)


@router.post("/v1/users/{user_id}/password", summary="Give somebody a new password", status_code=204)
def set_password(changing: Changing, user_id: Annotated[Id, Path()], asked: PasswordToSet) -> Response:
    """For who forgot theirs. Ends the sessions of the user, who changes it after the next login."""
    password = asked.password.get_secret_value()
    with changing.store.reading() as connection:
        user = find_user(connection, user_id=user_id)
    if user is None:
        raise not_found("user")
    check_password(password, email=user.email)
    hashed = hash_in_turn(password)
    with changing.begin() as change:
        change_password(change.connection, user.user_no, hashed, now=change.now)
        return change.done("user.password_set", user_id)


@router.get("/v1/keys", summary="All keys")
def show_keys(here: Here) -> Keys:
    """The newest first; what opens the door is shown once, when a key is made."""
    with here.store.reading() as connection:
        return Keys(keys=[Key.of(row) for row in list_keys(connection)])


@router.post("/v1/keys", summary="Make a key", status_code=201, response_model=NewlyMadeKey)
def make_key(changing: Changing, asked: KeyToMake) -> Response:
    """Kind write: stands in pages and only sends events. Kind secret: for servers, with the scopes that you name."""
    wanted = NewKey(asked.name, asked.kind, asked.scopes, asked.source, expires_at=asked.expires_at)
    with changing.begin() as change:
        made = create_key(change.connection, wanted, author=change.caller.actor, now=change.now)
        answer = NewlyMadeKey(key_id=made.key_id, key=made.secret)
        kept = NewlyMadeKey(key_id=made.key_id, key=None)
        return change.done("key.created", made.key_id, answer, status=201, detail={"kind": asked.kind}, kept=kept)


@router.delete("/v1/keys/{key_id}", summary="End a key", status_code=204)
def end_key(changing: Changing, key_id: Annotated[Id, Path()]) -> Response:
    """At once for the API, within seconds for ingestion."""
    with changing.begin() as change:
        if not revoke_key(change.connection, key_id, change.now):
            raise not_found("key in force")
        return change.done("key.revoked", key_id)


@router.get("/v1/audit", summary="Who did what")
def show_log(here: Here, asked: Annotated[LogOptions, Query()]) -> Log:
    """The newest first."""
    chosen = select(audit_log).order_by(audit_log.c.entry_no.desc()).limit(asked.limit + 1)
    if asked.cursor is not None:
        chosen = chosen.where(audit_log.c.entry_no < asked.cursor)
    if asked.action is not None:
        chosen = chosen.where(audit_log.c.action == asked.action)
    with here.store.reading() as connection:
        rows = [{**row, "hash": row["hash"].hex()} for row in connection.execute(chosen).mappings()]
    shown = [Entry.of(row) for row in rows[: asked.limit]]
    return Log(entries=shown, next_cursor=str(shown[-1].entry_no) if len(rows) > asked.limit else None)


@router.get("/v1/audit/verify", summary="Is the audit log as it was written?")
def verify_log(here: Here) -> Verdict:
    """Walks the whole chain of hashes."""
    with here.store.reading() as connection:
        return Verdict.of(verify(connection))


@router.get("/v1/settings", summary="All settings")
def show_settings(here: Here) -> Settings:
    """With what holds where nobody said otherwise."""
    with here.store.reading() as connection:
        found = read_settings(connection)
    return Settings(settings=[_setting(found, name) for name in as_json(found)])


@router.put("/v1/settings/{name}", summary="Change a setting", response_model=Setting)
def set_setting(changing: Replacing, name: Annotated[Name, Path()], asked: Value) -> Response:
    """The server and its worker follow within seconds."""
    return set_settings(changing, {name: asked.value}, {name: changing.seen} if changing.seen is not None else {})


def set_settings(changing: Changes, wanted: Mapping[str, Any], seen: Mapping[str, str]) -> Response:
    """All of these settings or none; each is noted on its own, and the last one is the answer."""
    with changing.begin() as change:
        found = change_settings(change.connection, wanted, by=change.caller.actor, now=change.now, seen=seen)
        *others, last = wanted
        for name in others:
            change.note("setting.changed", name)
        return change.done("setting.changed", last, _setting(found, last))


def _setting(found: LiveSettings, name: str) -> Setting:
    value = as_json(found)[name]
    return Setting(name=name, value=value, about=EXPLAINED[name], version=version_of(value))

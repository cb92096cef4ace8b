"""Changes made through the API: whole, noted in the audit log, and made once however often they are asked for.

In: a request that changes something. Out: a transaction, and after it an answer. With an `Idempotency-Key` the answer
is kept in the very transaction that makes the change: a request that is sent again gets the same answer and changes
nothing, even when the first one was cut off, or is still running. A change that failed keeps nothing, and may be tried
again.

Whoever changes or takes away a thing may say which version of it they saw, a program by `If-Match`, a form by its field
`was`. If that is no longer the version, nothing is changed, and they are told who changed it, and when.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville import words
from scoville.errors import ChangedError
from scoville.live.store.access import answers
from scoville.live.store.opening import Store
from scoville.web.api.route import caller_of
from scoville.web.auth.access import Caller
from scoville.web.auth.audit import record
from scoville.web.auth.csrf import SAFE_METHODS
from scoville.web.auth.last_change import last_change_of
from scoville.web.auth.secret_text import digest
from scoville.web.errors import ApiError
from scoville.web.state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KEPT = timedelta(hours=24)
CHANGED = "changed"
"""The code of the refusal: what is to be changed is not what was seen."""
Made = TypeVar("Made")
_UNFINISHED = 0
_CONFLICT, _PRECONDITION_FAILED = 409, 412
_SINCE = {
    _CONFLICT: "while you had it open here",
    _PRECONDITION_FAILED: "after you read it: read it again, then change that",
}
_OTHER_REQUEST = "this Idempotency-Key came with another request before: take a new key for a new request"


class RepeatedError(Exception):
    """The request was answered before: with this."""

    def __init__(self, status: int, body: str) -> None:
        self.status, self.body = status, body
        super().__init__("answered before")


@dataclass(frozen=True)
class Once:
    """What makes a request known again: its caller with the key it brought, and what it asked. Null without a key."""

    key: bytes | None
    request: bytes


@dataclass(frozen=True)
class Change:
    """One change under way: its transaction, who makes it, and when."""

    connection: Connection
    caller: Caller
    now: datetime
    once: Once

    def note(self, action: str, thing: str, detail: Mapping[str, object] | None = None) -> None:
        """Write down in the audit log what was done."""
        record(self.connection, self.caller.actor, action, thing, detail, now=self.now)

    def done(
        self,
        action: str,
        thing: str,
        answer: BaseModel | None = None,
        *,
        status: int = 200,
        detail: Mapping[str, object] | None = None,
        kept: BaseModel | None = None,
    ) -> Response:
        """Note what was done, and answer. The last thing in the transaction.

        `kept` is the answer for a request that is sent again, where the first one holds a secret.
        """
        self.note(action, thing, detail)
        body = answer.model_dump_json() if answer is not None else ""
        status = status if answer is not None else 204
        if self.once.key is not None:
            again = {"status": status, "body": kept.model_dump_json() if kept is not None else body}
            self.connection.execute(update(answers).where(answers.c.hash == self.once.key).values(**again))
        return answered(status, body)


@dataclass(frozen=True)
class Changes:
    """The way to change something in answer to one request. `seen` is the version that the caller saw; null: unsaid."""

    store: Store
    caller: Caller
    now: datetime
    once: Once
    seen: str | None = None
    status_if_changed: int = _PRECONDITION_FAILED

    def having_seen(self, version: str) -> Changes:
        """The same for a form that was filled in for a version of the thing; empty: for whichever it has."""
        return replace(self, seen=version or None, status_if_changed=_CONFLICT)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Change]:
        """One transaction: at its end all of it stands, or nothing.

        Raises: RepeatedError; ApiError, also when somebody changed meanwhile what the caller saw.
        """
        with self._telling_who(), self.store.writing() as connection:
            self._claim(connection)
            yield Change(connection, self.caller, self.now, self.once)

    def made(self, work: Callable[[], Made]) -> Made:
        """What `work` gives, which has a transaction of its own; `begin` follows, to note it and to answer.

        Raises: RepeatedError when it was made before, ApiError, and what `work` raises.
        """
        with self.store.reading() as connection:
            self._answer_again(connection)
        with self._telling_who():
            return work()

    def noted(
        self,
        action: str,
        thing: str,
        answer: BaseModel | None = None,
        *,
        status: int = 200,
        kept: BaseModel | None = None,
    ) -> Response:
        """The answer to a change that was `made`."""
        with self.begin() as change:
            return change.done(action, thing, answer, status=status, kept=kept)

    @contextlib.contextmanager
    def _telling_who(self) -> Iterator[None]:
        try:
            yield
        except ChangedError as changed:
            with self.store.reading() as connection:
                last = last_change_of(connection, changed.thing)
            who = "somebody" if last is None else "you" if last.actor == self.caller.actor else last.who
            when = f" on {words.moment_of(last.at.replace(second=0, microsecond=0))}" if last is not None else ""
            what = "took it away" if last is not None and last.is_end else "changed it"
            said = f"{who} {what}{when}, {_SINCE[self.status_if_changed]}"
            raise ApiError(self.status_if_changed, CHANGED, said) from None

    def _claim(self, connection: Connection) -> None:
        """Take the key for this transaction; whoever comes with the same waits for its end."""
        if self.once.key is None:
            return
        connection.execute(delete(answers).where(answers.c.created_at <= self.now - KEPT))
        row = {
            "hash": self.once.key, "request_hash": self.once.request, "status": _UNFINISHED, "body": "",
            "created_at": self.now,
        }  # fmt: skip
        is_postgres = connection.dialect.name == "postgresql"
        new = postgresql.insert(answers) if is_postgres else sqlite.insert(answers)
        claimed = connection.execute(new.values(row).on_conflict_do_nothing().returning(answers.c.hash))
        if claimed.first() is None:
            self._answer_again(connection)

    def _answer_again(self, connection: Connection) -> None:
        if self.once.key is None:
            return
        fresh = (answers.c.hash == self.once.key) & (answers.c.created_at > self.now - KEPT)
        kept = connection.execute(select(answers).where(fresh)).first()
        if kept is None:
            return
        if kept.request_hash != self.once.request:
            raise ApiError(422, "idempotency_key_reused", _OTHER_REQUEST)
        raise RepeatedError(kept.status, kept.body)


def answered(status: int, body: str) -> Response:
    """A JSON answer; without a body there is nothing to say."""
    return Response(body, status, media_type="application/json") if body else Response(status_code=status)


def answer_again(request: Request, error: Exception) -> Response:
    """What a repeated request gets."""
    del request
    if not isinstance(error, RepeatedError):
        raise error
    response = answered(error.status, error.body)
    response.headers["Idempotent-Replayed"] = "true"
    return response


async def changes_of(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Sent again within 24 hours: same answer, no second change."),
    ] = None,
) -> Changes:
    """The way to change something, for a route."""
    state, caller = state_of(request), caller_of(request)
    asked = digest(request.method, request.url.path, request.url.query, (await request.body()).hex())
    is_change = request.method not in SAFE_METHODS
    key = digest(caller.actor, idempotency_key) if idempotency_key is not None and is_change else None
    return Changes(state.store, caller, state.clock(), Once(key, asked))


def replacing_of(
    changing: Annotated[Changes, Depends(changes_of)],
    if_match: Annotated[
        str | None,
        Header(
            max_length=100,
            description="The `version` that you read: refused with 412 when it is not that one any more.",
        ),
    ] = None,
) -> Changes:
    """The way to change what others may have changed meanwhile, for a route."""
    if if_match is None or if_match.strip() == "*":  # whichever version: HTTP's own word for it
        return changing
    return replace(changing, seen=if_match.strip().strip('"'))


Changing = Annotated[Changes, Depends(changes_of)]
Replacing = Annotated[Changes, Depends(replacing_of)]

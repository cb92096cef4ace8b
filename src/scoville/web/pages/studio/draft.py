"""The draft that somebody has open in the studio: what it says, what is wrong with it, and keeping it as it changes.

In: a person and their store. Out: a `Sheet`, or a changed draft. Called by every page of the studio. Until something is
changed the draft is the version in force as it stands; nothing that is done here changes a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from scoville.errors import ChangedError, ModelError
from scoville.live.models.drafts import Draft, discard_draft, find_draft, keep_draft
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.store.seen import check_seen, hold, version_of
from scoville.model.document import Document, read_document
from scoville.model.lint import find_advice
from scoville.model.load import Model
from scoville.web.api.changes import CHANGED
from scoville.web.api.fields import storable
from scoville.web.errors import ApiError
from scoville.web.pages.studio.rules import dotted, where_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scoville.errors import Problem
    from scoville.web.auth.access import Caller
    from scoville.web.pages.studio.rules import Where
    from scoville.web.state import State

MOST_CHARACTERS = 1_000_000  # as the API takes
_OTHERS = "this draft was changed in another window since you opened it here"
_NO_MODEL = "there is no draft yet: begin one first"


@dataclass(frozen=True)
class Found:
    """Something that was found in the text; `part` is the part that it lies in, empty where there is no form for it."""

    line: int
    column: int
    kind: str
    message: str
    reason: str
    part: str


@dataclass(frozen=True)
class Sheet:
    """A draft that is open. `draft` is null while it is still the version in force, untouched.

    `model` is null where there are errors, `document` where the text cannot even be read.
    """

    text: str
    draft: Draft | None
    in_force: InForce | None
    document: Document | None
    model: Model | None
    errors: tuple[Found, ...]
    advice: tuple[Found, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """What the text says; empty where it cannot be read."""
        return cast("dict[str, Any]", self.document.data) if self.document is not None else {}

    @property
    def before(self) -> dict[str, Any]:
        """What the model in force says; empty where there is none, or no draft beside it."""
        if self.draft is None or self.in_force is None:
            return {}
        document = judge(self.in_force.text).document
        return cast("dict[str, Any]", document.data) if document is not None else {}

    @property
    def is_behind(self) -> bool:
        """Whether another version is in force than the one that the draft began as."""
        based_on = self.draft.based_on if self.draft is not None else None
        return based_on is not None and self.in_force is not None and based_on != self.in_force.version_no

    @property
    def is_changed(self) -> bool:
        """Whether it says anything else, or says it otherwise, than what is in force."""
        return self.in_force is None or self.text != self.in_force.text


def open_sheet(here: State, who: Caller) -> Sheet | None:
    """What somebody is writing, else what is in force; null where there is neither."""
    with here.store.reading() as connection:
        draft, now = find_draft(connection, who.actor), in_force(connection)
    if draft is None and now is None:
        return None
    return sheet_of(draft.text if draft is not None else cast("InForce", now).text, draft, now)


def sheet_of(text: str, draft: Draft | None, now: InForce | None) -> Sheet:
    """A text with what is wrong with it, and what could be better."""
    judged = judge(text)
    errors = tuple(found(judged.document, one) for one in judged.errors)
    advice = tuple(found(judged.document, one) for one in judged.advice)
    return Sheet(text, draft, now, judged.document, judged.model, errors, advice)


@dataclass(frozen=True)
class Judged:
    """A text as it was read, what is wrong, and what could be better. `document` is null where it cannot be read."""

    document: Document | None
    model: Model | None
    errors: tuple[Problem, ...]
    advice: tuple[Problem, ...]


@lru_cache(maxsize=32)  # the same draft is looked at with every key that is pressed
def judge(text: str) -> Judged:
    """Read a text as far as it can be read."""
    try:
        model = Model.loads(text)
    except ModelError as wrong:
        return Judged(_readable(text), None, wrong.problems, ())
    return Judged(model.document, model, (), tuple(find_advice(model)))


def _readable(text: str) -> Document | None:
    try:
        return read_document(text, "model")
    except ModelError:
        return None


def needed_sheet(here: State, who: Caller) -> Sheet:
    """The same where there must be one. Raises: ApiError 409."""
    sheet = open_sheet(here, who)
    if sheet is None:
        raise ApiError(409, "no_draft", _NO_MODEL)
    return sheet


def keep(
    here: State, who: Caller, text: str, *, begun: tuple[int | None, str] | None = None, seen: str | None = None
) -> None:
    """Keep a text as somebody's draft. `begun` is the version that it starts from, and what it starts from in words.

    `seen` is the version of the text that they saw. Raises: ApiError for a text that is too long or cannot be stored,
    and when the draft is no longer what they saw.
    """
    if len(text) > MOST_CHARACTERS:
        raise ApiError(413, "too_large", f"a model has at most {MOST_CHARACTERS:,} characters")
    try:
        storable(text)
    except ValueError as refused:
        raise ApiError(422, "invalid", f"the text {refused}") from None
    with here.store.writing() as connection:
        _check_seen(connection, who, seen)
        held = find_draft(connection, who.actor)
        if begun is None:
            begun = (held.based_on, held.origin) if held is not None else _of_in_force(in_force(connection))
        keep_draft(connection, who.actor, Draft(text, *begun, here.clock()))


def discard(here: State, who: Caller, *, seen: str | None = None) -> None:
    """Throw away what somebody is writing. Raises: ApiError when it is no longer what they saw."""
    with here.store.writing() as connection:
        _check_seen(connection, who, seen)
        discard_draft(connection, who.actor)


def _check_seen(connection: Connection, who: Caller, seen: str | None) -> None:
    if seen is None:
        return
    hold(connection)
    held, now = find_draft(connection, who.actor), in_force(connection)
    text = held.text if held is not None else now.text if now is not None else None
    try:
        check_seen(seen, version_of(text), "draft")
    except ChangedError:
        raise ApiError(409, CHANGED, _OTHERS) from None


def path_at(document: Document, line: int, column: int) -> Where:
    """What stands at a place: the outermost thing that begins there."""
    paths = [path for path, place in document.places.items() if place == (line, column)]
    return min(paths, key=len, default=())


def found(document: Document | None, problem: Problem) -> Found:
    """A problem with the part that it lies in."""
    where = path_at(document, problem.line, problem.column) if document is not None else ()
    parts = (where_of(dotted(where[:length])) for length in range(len(where), 0, -1))
    part = next((dotted(one) for one in parts if one is not None), _LINES.get(str(where[0]), "") if where else "")
    return Found(problem.line, problem.column, problem.kind, problem.message, problem.reason, part)


_LINES = {"name": "about", "description": "about", "scale": "about"}


def _of_in_force(now: InForce | None) -> tuple[int | None, str]:
    return (now.version_no, f"version {now.version_no}") if now is not None else (None, "an empty page")

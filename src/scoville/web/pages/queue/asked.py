"""What somebody asks of the queue: the filters in its address, read and written again.

In: the query of an address. Out: `Asked`, what the store is asked for it, and addresses of lists that differ in one
thing. Every filter is in the address, so that a list can be sent to a colleague, saved, and gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Request
from pydantic import Field

from scoville.live.queries.matching import Wanted
from scoville.model.load import Model
from scoville.web.api.fields import Body, Id, Name, Points
from scoville.web.pages.forms import read_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.live.routing.owners import KnownOwner

Changed = Literal["1d", "7d", "30d"]
_CHANGED: Mapping[str, timedelta] = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
NOT_KEPT = ("q", "cursor", "view")
"""What a saved view leaves out: what somebody searched for is about a person; the others are no filters."""
_NOBODY_ID = "-"  # no owner has it: they are 22 characters


class Asked(Body):
    """The filters of a list; null and false: all leads. Those that are given must all hold."""

    stage: Name | None = None
    priority: Name | None = None
    grade: Name | None = None
    level: Name | None = None
    owner: Name | None = None  # mine, nobody, waiting, or an owner_id
    waits: Name | None = None  # why it waits for an owner
    account: Id | None = None
    min: Points | None = None
    changed: Changed | None = None
    q: Name | None = None
    answered: Literal["1"] | None = None  # also those who are rejected, won or lost
    view: Name | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None

    def wanted(self, now: datetime, my_owner_id: str | None) -> Wanted:
        """The same as the store is asked. Whoever is no owner has no leads of their own."""
        waits_for = (self.waits or "any") if self.owner == "waiting" else None
        return Wanted(
            standing=self.stage, priority=self.priority, grade=self.grade, level=self.level, min_score=self.min,
            owner_id=_owner_id(self.owner, my_owner_id), account_id=self.account,
            changed_since=_since(self.changed, now), search=self.q, is_unowned=self.owner == "nobody",
            waits_for=waits_for, is_open=self.answered is None,
        )  # fmt: skip

    def said(self, *without: str, **other: str | None) -> str:
        """As in an address, without some of it, or with something else: `stage=MQL&owner=mine`."""
        values = {**_texts(self), **other}
        return urlencode([(name, value) for name, value in values.items() if value and name not in without])

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list, by name."""
        return {name: value for name, value in _texts(self).items() if name not in {"cursor", "view"}}

    @property
    def kept(self) -> str:
        """As a saved view holds it."""
        return self.said(*NOT_KEPT)


def asked_of(request: Request) -> Asked:
    """The filters in an address; what is no filter is passed over. Raises: ApiError 422, in words."""
    known = {name: value for name, value in request.query_params.items() if name in Asked.model_fields}
    return read_form(Asked, {name: value.strip() for name, value in known.items()})


What = Annotated[Asked, Depends(asked_of)]


@dataclass(frozen=True)
class Said:
    """The words that a model has for leads, in its own order: what filters can choose from."""

    stages: tuple[str, ...]
    priorities: tuple[str, ...]
    grades: tuple[str, ...]
    levels: tuple[str, ...]

    @property
    def first_stage(self) -> str | None:
        """Where leads begin; null in a model without stages."""
        return self.stages[-2] if len(self.stages) > 1 else None


@lru_cache(maxsize=8)
def said_by(text: str) -> Said:
    """The words of a model, the best stage first; kept, because every list asks."""
    model = Model.loads(text)
    stages = tuple(stage.name for stage in reversed(model.stages))
    priorities = tuple(one.name for one in model.priority_rules)
    return Said((*stages, "Disqualified"), priorities, tuple(model.grades or ()), tuple(map(str, model.levels or ())))


def chips(asked: Asked, owners: Sequence[KnownOwner]) -> Iterator[tuple[str, str]]:
    """Each filter in words, with the address of the list without it."""
    for name, value in asked.filters.items():
        gone = ("waits",) if name == "owner" else ()
        yield _words(name, value, owners), asked.said(name, "cursor", *gone)


_OWNERS = {"mine": "Mine", "nobody": "Nobody's", "waiting": "Waiting for an owner"}
_SINCE = {"1d": "Score changed in 24 hours", "7d": "Score changed in 7 days", "30d": "Score changed in 30 days"}
WAITS = {
    "new": "Not tried yet", "no_rule": "No rule fits", "no_owner": "Nobody is set", "absent": "Everybody is away",
    "at_capacity": "Everybody is full", "outside_hours": "Outside working hours",
}  # fmt: skip
"""Why a lead waits for an owner, in a few words."""


def _words(name: str, value: str, owners: Sequence[KnownOwner]) -> str:
    if name == "owner":
        names = {one.owner_id: one.owner.name for one in owners}
        return _OWNERS.get(value) or f"Owner: {names.get(value, 'unknown')}"
    said = {
        "changed": _SINCE.get(value, ""), "waits": WAITS.get(value, value), "answered": "With those answered",
        "min": f"Score from {value}", "q": f"Begins with “{value}”",
    }  # fmt: skip
    return said.get(name) or f"{name.title()}: {value}"


def _texts(asked: Asked) -> dict[str, str]:
    values: dict[str, Any] = {name: getattr(asked, name) for name in Asked.model_fields}
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _owner_id(owner: str | None, mine: str | None) -> str | None:
    if owner is None or owner in {"nobody", "waiting"}:
        return None
    return (mine or _NOBODY_ID) if owner == "mine" else owner


def _since(changed: str | None, now: datetime) -> datetime | None:
    """To the hour, so that the next page is one of the same list."""
    if changed is None:
        return None
    return (now - _CHANGED[changed]).replace(minute=0, second=0, microsecond=0)

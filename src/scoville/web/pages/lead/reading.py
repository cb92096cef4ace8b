"""What the page of a lead shows, part by part, read through the same functions as the API and by queries of its own.

In: the app's own things, a lead, and what is asked. Out: plain values for the template. Called by `lead`. The light
parts come along an index in a few milliseconds; the heavy ones, `why` in sentences and `ahead`, run the model and are
asked for by themselves, once the rest is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field

from scoville import words
from scoville.data.values import TIME_COLUMNS
from scoville.live.adjusting import list_adjustments
from scoville.live.queries import around
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.queries.lead import (
    SHOWN_TRAITS,
    contributions_of,
    identities_of,
    lead_no_of,
    links_of,
    owners_of,
    score_rows,
    traits_of,
)
from scoville.live.queries.owner_of_user import owner_id_of_user
from scoville.live.queries.story import KINDS, OURS, THEIRS, place_of_text, story_of, text_of_place
from scoville.live.queries.week_ago import week_ago
from scoville.live.routing.owners import list_owners
from scoville.web.api import explaining, sales
from scoville.web.api.leads import Contribution
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.lead.advice import Situation, advice_for
from scoville.web.pages.lead.story import actors_of, called, line_of, plain_text
from scoville.web.pages.lead.waterfall import moved_between, waterfall_of
from scoville.web.pages.lead_said import REJECTIONS, name_of, reasons_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from scoville.live.queries.story import Kind
    from scoville.web.auth.access import Caller
    from scoville.web.state import State

Values = dict[str, Any]
_ENTRIES, _MATES = 25, 10
_SOON = timedelta(minutes=1)
_KINDS: Mapping[str, Sequence[Kind]] = {"all": KINDS, "theirs": THEIRS, "ours": OURS}
_FIRST = (
    "name", "first_name", "last_name", "job_title", "company", "email", "phone", "country", "region", "city",
    "industry", "employees", "revenue", "company_domain", "website", "source", "plan", "created_at",
)  # fmt: skip


class Asked(BaseModel):
    """What the address asks for. `part` is a heavy one, to be worked out now; `day` that of a past score."""

    model_config = ConfigDict(frozen=True)

    part: Literal["", "why", "ahead", "mates"] = ""
    day: Annotated[str, Field(max_length=40)] = ""
    before: Annotated[str, Field(max_length=100)] = ""
    shown: Literal["all", "theirs", "ours"] = "all"


@dataclass(frozen=True)
class Lead:
    """Who is shown. `score` is null without one; `path` is the address of the page."""

    lead_no: int
    lead_id: str
    path: str
    person: Mapping[str, Any]
    model: InForce | None
    score: Mapping[str, Any] | None
    traits: Mapping[str, Any]
    now: datetime

    @property
    def name(self) -> str:
        """What a person calls it."""
        return name_of({"traits": self.traits, "lead_id": self.lead_id})

    def address(self, **asked: str) -> str:
        """The page with something asked of it; what is empty is left out."""
        given = urlencode({name: value for name, value in asked.items() if value}, quote_via=quote)
        return f"{self.path}?{given}" if given else self.path


def path_of(lead_id: str) -> str:
    """The address of a lead's page, whatever its id holds."""
    return f"/leads/{quote(lead_id, safe='')}"


def lead_of(here: State, lead_id: str) -> Lead:
    """The lead behind any of its ids. Raises: ApiError 404."""
    with here.store.reading() as connection:
        lead_no, model = lead_no_of(connection, lead_id), in_force(connection)
        if lead_no is None:
            raise not_found("lead; it may have been merged with another one, or forgotten")
        person = around.person_of(connection, lead_no)
        rows = score_rows(connection, model.publication_no, [lead_no]) if model is not None else []
        traits = traits_of(connection, [lead_no]).get(lead_no, {})
    own = person["lead_id"]
    return Lead(lead_no, own, path_of(own), person, model, rows[0] if rows else None, traits, here.clock())


def head_of(here: State, lead: Lead, me: Caller) -> Values:
    """Who, how hot, why now, what to do."""
    everybody = [(one.owner_id, one.owner.name) for one in list_owners(here.store) if one.owner.is_active]
    with here.store.reading() as connection:
        situation = _situation(connection, lead, me)
        done = around.done_lately(connection, lead.lead_no, 1)
        heat = _heat(connection, lead) | _waiting(connection, lead)
    return heat | {
        "advice": advice_for(situation), "owner": situation.owner, "my_owner_id": situation.my_owner_id,
        "last": situation.last, "last_deed": done[0] if done else None, "owner_pairs": everybody,
        "reject_pairs": [("", "Choose …"), *((one, one) for one in REJECTIONS)],
    }  # fmt: skip


def _situation(connection: Connection, lead: Lead, me: Caller) -> Situation:
    owner, mine = owners_of(connection, [lead.lead_no]).get(lead.lead_no), owner_id_of_user(connection, me.user_no)
    return Situation(
        lead.score, owner, mine, around.clock_of(connection, lead.lead_no), around.queued(connection, lead.lead_no),
        around.last_outcome(connection, lead.lead_no), around.last_touch(connection, lead.lead_no), lead.now,
    )  # fmt: skip


def _heat(connection: Connection, lead: Lead) -> Values:
    if lead.score is None or lead.model is None:
        return {"change": None, "is_new": False, "place": None, "reasons": []}
    score, number = lead.score["score"], lead.model.publication_no
    ago = week_ago(connection, lead.model, [lead.lead_no], lead.now)
    before = ago.scores.get(lead.lead_no)
    given = contributions_of(connection, number, lead.lead_no)
    return {
        "change": None if before is None else score - before,
        "is_new": lead.lead_no in ago.new,
        "place": around.place_among(connection, number, score),
        "reasons": list(reasons_of(lead.score, given)),
    }


def _waiting(connection: Connection, lead: Lead) -> Values:
    """Whether the score is about to change. After a while there is no use in asking every second: many wait then."""
    since = around.waits_for_score(connection, lead.lead_no)
    return {"is_waiting": since is not None, "is_soon": since is not None and lead.now - since < _SOON}


def why_of(here: State, lead: Lead, asked: Asked) -> Values:
    """Where the points come from: as stored at once, in sentences when that is asked for, or those of a past day."""
    as_of = _end_of(asked.day, lead.now) if asked.day else None
    values: Values = {"why": None, "is_told": False, "then": None, "moved": []}
    with here.store.reading() as connection:
        values |= _waiting(connection, lead)
        if lead.score is None or lead.model is None:
            return values
        rows = contributions_of(connection, lead.model.publication_no, lead.lead_no)
    stored = [Contribution.of(row) for row in rows]
    if asked.part != "why" and as_of is None:
        return values | {"why": waterfall_of(stored, lead.score["score"])}
    told = explaining.explain(here, lead.lead_id, as_of)  # it waits for its turn: no connection is held meanwhile
    values |= {"why": waterfall_of(told.contributions, told.score), "is_told": True}
    return values if as_of is None else values | {"then": told, "moved": moved_between(told.contributions, stored)}


def _end_of(day: str, now: datetime) -> datetime:
    """The last instant of a day, naive UTC, or now on this one. Raises: ApiError 422."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise ApiError(422, "invalid", f"'{day[:40]}' is no day: write it like 2026-01-31") from None
    if found > now.date():
        raise ApiError(422, "invalid", "that day is still to come: choose one that is over")
    return min(datetime.combine(found, time.max), now)


def story_of_lead(here: State, lead: Lead, asked: Asked) -> Values:
    """What happened, the newest first."""
    before = place_of_text(asked.before) if asked.before else None
    with here.store.reading() as connection:
        found = story_of(connection, lead.lead_no, _ENTRIES + 1, before, _KINDS[asked.shown])
        page = found[:_ENTRIES]
        names = around.names_of(connection, actors_of(page))
    return {
        "story": [line_of(entry, names) for entry in page], "is_first": before is None,
        "earlier": text_of_place(page[-1].place) if len(found) > _ENTRIES else "",
    }  # fmt: skip


def facts_of(here: State, lead: Lead) -> Values:
    """Who they are: traits in a good order, ids, what holds them together, points by hand."""
    with here.store.reading() as connection:
        adjusted = [sales.Adjustment.of(row) for row in list_adjustments(connection, lead.lead_no)]
        links, ids = links_of(connection, lead.lead_no), identities_of(connection, lead.lead_no)
        said = [one.author for one in adjusted] + [one[name] for one in links for name in ("linked_by", "undone_by")]
        names = around.names_of(connection, said)
    return {
        "facts": [(name, _said(name, lead.traits[name])) for name in _in_order(lead.traits)],
        "ids": ids,
        "links": [(one, called(one["linked_by"], names), called(one["undone_by"], names)) for one in links],
        "adjustments": [(one, called(one.author, names), _holds(one, lead.now)) for one in adjusted],
    }  # fmt: skip


def _said(name: str, value: Any) -> str:  # noqa: ANN401 - a value of a trait
    """A value as people read it; the fold writes instants as ISO 8601."""
    text = plain_text(value)
    if name not in TIME_COLUMNS:
        return text
    try:
        return words.moment_of(datetime.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None))
    except ValueError:
        return text


def _holds(one: sales.Adjustment, now: datetime) -> bool:
    return one.removed_at is None and (one.expires_at is None or one.expires_at > now)


def _in_order(traits: Mapping[str, Any]) -> list[str]:
    first = [name for name in _FIRST if name in traits]
    return first + sorted(name for name in traits if name not in _FIRST)


def mates_of_lead(here: State, lead: Lead, asked: Asked) -> Values:
    """The other people of the account; null until that is asked for."""
    account_no = lead.person["account_no"]
    if asked.part != "mates" or account_no is None or lead.model is None:
        return {"mates": None}
    with here.store.reading() as connection:
        rows = around.mates_of(connection, lead.model.publication_no, account_no, lead.lead_no, _MATES + 1)
        traits = traits_of(connection, [row["lead_no"] for row in rows], SHOWN_TRAITS)
    mates = [_mate(row, traits.get(row["lead_no"], {})) for row in rows[:_MATES]]
    return {"mates": mates, "has_more_mates": len(rows) > _MATES}


def _mate(row: Mapping[str, Any], traits: Mapping[str, Any]) -> Values:
    named = name_of({"traits": traits, "lead_id": row["lead_id"]})
    return {**row, "name": named, "title": traits.get("job_title"), "path": path_of(row["lead_id"])}

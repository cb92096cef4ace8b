"""Who works leads: owners, their absences, territories, whose an account is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field, JsonValue

from scoville.live.routing import owners, territories
from scoville.live.store.opening import Store
from scoville.web.api.changes import Changing, Replacing
from scoville.web.api.fields import Answer, At, Body, Id, Name, Text, Version, When
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import not_found

router = APIRouter(route_class=GuardedRoute, tags=["routing"])
OwnerId = Annotated[Id, Path()]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Hours = dict[str, tuple[Annotated[str, Field(max_length=20)], ...]]


class Owner(Body):
    """A person who works leads. Null limits: none."""

    name: Name
    email: Name
    is_active: bool = True
    capacity: Count | None = Field(None, description="Leads in a period.")
    period: Literal["day", "week"] = "day"
    carry_over: Count = 0
    open_limit: Count | None = Field(None, description="Leads held at one time.")
    weight: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] = 1.0
    hours: Hours = Field(default_factory=dict, examples=[{"mon": ["09:00-12:00", "13:00-17:00"]}])
    time_zone: Annotated[str, Field(max_length=64)] = Field("UTC", examples=["Europe/Berlin"])


class KnownOwner(Answer):
    """An owner with an id."""

    owner_id: str
    owner: Owner
    created_at: At
    version: Version


class Owners(Answer):
    """All owners by name."""

    owners: list[KnownOwner]


class SavedOwner(Answer):
    """The id of who was added or changed."""

    owner_id: str


class AbsenceToAdd(Body):
    """Away from here to there."""

    from_at: When
    until_at: When = Field(description="Back from here on.")
    note: Text = ""


class Absence(Answer):
    """When somebody is away."""

    absence_no: int
    from_at: At
    until_at: At
    note: str


class SavedAbsence(Answer):
    """The number of what was noted."""

    absence_no: int


class Absences(Answer):
    """The first one first."""

    absences: list[Absence]


class Territory(Body):
    """Whose leads are those for whom `when` holds (null: everybody). The first that holds decides."""

    name: Name
    owner_ids: tuple[Id, ...]
    when: dict[str, JsonValue] | None = Field(None, examples=[{"country": ["DE", "AT"]}])
    position: Annotated[int, Field(ge=0, le=100_000)] = 0
    falls_through: bool = Field(default=False, description="Ask the next one when nobody here can take a lead.")
    is_enabled: bool = True


class KnownTerritory(Answer):
    """A territory with an id."""

    territory_id: str
    territory: Territory
    version: Version


class SavedTerritory(Answer):
    """The id of what was added or changed."""

    territory_id: str


class Territories(Answer):
    """In the order in which they are asked."""

    territories: list[KnownTerritory]


class OwnerOfAccount(Body):
    """Whose an account is; null: as the territories say."""

    owner_id: Id | None


@router.get("/v1/owners", summary="Who works leads")
def show_owners(here: Here) -> Owners:
    """By name, also those who are no longer active."""
    return Owners(owners=[_shown(one) for one in owners.list_owners(here.store)])


@router.post("/v1/owners", summary="Add an owner", status_code=201, response_model=SavedOwner)
def add_owner(changing: Changing, asked: Owner) -> Response:
    """Leads come from the next crossing on."""
    wanted = owners.Owner(**dict(asked))
    owner_id = changing.made(lambda: owners.save_owner(changing.store, wanted, changing.now))
    return changing.noted("owner.added", owner_id, SavedOwner(owner_id=owner_id), status=201)


@router.put("/v1/owners/{owner_id}", summary="Change an owner", response_model=SavedOwner)
def change_owner(changing: Replacing, owner_id: OwnerId, asked: Owner) -> Response:
    """The whole of it. To give somebody no more leads: is_active false."""
    _check_owner(changing.store, owner_id)
    wanted = owners.Owner(**dict(asked))
    changing.made(
        lambda: owners.save_owner(changing.store, wanted, changing.now, owner_id=owner_id, seen=changing.seen)
    )
    return changing.noted("owner.changed", owner_id, SavedOwner(owner_id=owner_id))


@router.get("/v1/owners/{owner_id}/absences", summary="When an owner is away")
def show_absences(here: Here, owner_id: OwnerId) -> Absences:
    """The first one first."""
    _check_owner(here.store, owner_id)
    return Absences(absences=[Absence.of(one) for one in owners.list_absences(here.store, owner_id)])


@router.post(
    "/v1/owners/{owner_id}/absences", summary="Say that an owner is away", status_code=201, response_model=SavedAbsence
)
def add_absence(changing: Changing, owner_id: OwnerId, asked: AbsenceToAdd) -> Response:
    """Nobody who is away gets leads."""
    _check_owner(changing.store, owner_id)
    number = changing.made(
        lambda: owners.save_absence(
            changing.store, owner_id, asked.from_at, asked.until_at, changing.now, note=asked.note
        )
    )
    return changing.noted("absence.added", owner_id, SavedAbsence(absence_no=number), status=201)


@router.delete("/v1/owners/{owner_id}/absences/{absence_no}", summary="Take an absence back", status_code=204)
def end_absence(changing: Changing, owner_id: OwnerId, absence_no: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """Leads come again from then on."""
    changing.made(lambda: owners.delete_absence(changing.store, owner_id, absence_no, changing.now))
    return changing.noted("absence.removed", owner_id)


@router.get("/v1/territories", summary="Whose leads are whose")
def show_territories(here: Here) -> Territories:
    """In the order in which they are asked."""
    found = territories.list_territories(here.store)
    shown = [
        KnownTerritory(
            territory_id=one.territory_id, territory=Territory.model_validate(vars(one.territory)), version=one.version
        )
        for one in found
    ]
    return Territories(territories=shown)


@router.post("/v1/territories", summary="Add a territory", status_code=201, response_model=SavedTerritory)
def add_territory(changing: Changing, asked: Territory) -> Response:
    """`when` is a condition as in a model, over traits and the score row."""
    wanted = territories.Territory(**dict(asked))
    made = changing.made(lambda: territories.save_territory(changing.store, wanted, changing.now))
    return changing.noted("territory.added", made, SavedTerritory(territory_id=made), status=201)


@router.put("/v1/territories/{territory_id}", summary="Change a territory", response_model=SavedTerritory)
def change_territory(changing: Replacing, territory_id: Annotated[Id, Path()], asked: Territory) -> Response:
    """The whole of it."""
    wanted = territories.Territory(**dict(asked))
    changing.made(
        lambda: territories.save_territory(
            changing.store, wanted, changing.now, territory_id=territory_id, seen=changing.seen
        )
    )
    return changing.noted("territory.changed", territory_id, SavedTerritory(territory_id=territory_id))


@router.delete("/v1/territories/{territory_id}", summary="Take a territory away", status_code=204)
def end_territory(changing: Replacing, territory_id: Annotated[Id, Path()]) -> Response:
    """Leads that have an owner keep it."""
    changing.made(lambda: territories.delete_territory(changing.store, territory_id, changing.now, seen=changing.seen))
    return changing.noted("territory.removed", territory_id)


@router.put("/v1/accounts/{account_id}/owner", summary="Say whose an account is", status_code=204)
def set_account_owner(changing: Changing, account_id: Annotated[Id, Path()], asked: OwnerOfAccount) -> Response:
    """Its people go to this owner from now on."""
    by = changing.caller.actor
    changing.made(
        lambda: owners.save_account_owner(
            changing.store, account_id, asked.owner_id, by, changing.now, seen=changing.seen
        )
    )
    return changing.noted("account.owner_set", account_id)


def _shown(one: owners.KnownOwner) -> KnownOwner:
    return KnownOwner.of({**vars(one), "owner": Owner.model_validate(vars(one.owner)), "version": one.version})


def _check_owner(store: Store, owner_id: str) -> None:
    if owners.find_owner(store, owner_id) is None:
        raise not_found("owner")

"""Who sells in the demo: three made-up people, what each takes in a day, and when a hot lead has to be called.

In: a store that has none of it yet. Out: owners, a territory, an action that gives hot leads to an owner, and the time
for the first touch: written by the functions that the API calls. Called by the job `demo`, and by who makes the first
login. Nothing of it leaves the store: the action gives leads to owners, and no address is one that mail could go to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet
from sqlalchemy import select, update

from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.sealing import Sealer
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.routing.territories import Territory, save_territory
from scoville.live.sla import SlaRule, save_sla_rule
from scoville.live.store.access import users
from scoville.live.store.routing import owners, sla_rules, territories

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

HOURS = {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
STAGES = ("MQL", "SQL")
_TOUCH_WITHIN_S = 2 * 3600
_SEAT = "maya@demo.example"  # whoever looks around sits here
TEAM = tuple(
    Owner(name, email, capacity=12, hours=HOURS)
    for name, email in (("Maya Lind", _SEAT), ("Tom Okoro", "tom@demo.example"), ("Sofia Reyes", "sofia@demo.example"))
)


def has_sales(connection: Connection) -> bool:
    """Whether somebody has set up who sells, or how: then nothing is made up beside that."""
    return any(connection.execute(select(table).limit(1)).first() for table in (owners, territories, sla_rules))


def hire(store: Store, by: str, now: datetime) -> None:
    """The team, with what it goes by. Who asked for the demo, or has the first login, is one of the three."""
    with store.reading() as connection:
        person = _who_looks_around(connection, by)
    seat, *others = TEAM
    team = (replace(seat, email=person[0], name=person[1]) if person else seat, *others)
    owner_ids = tuple(save_owner(store, owner, now) for owner in team)
    save_territory(store, Territory("Everybody", owner_ids), now)
    action = Action("Hot leads get an owner", "assign", stages=STAGES, direction="up")
    # nothing of it is sealed, so any key will do: also where the store has none
    save_action(store, Sealer(Fernet.generate_key().decode()), Policy(), action, now)
    for stage in STAGES:
        save_sla_rule(store, SlaRule(stage, _TOUCH_WITHIN_S, hours=HOURS))


def take_seat(connection: Connection, email: str, name: str) -> None:
    """Who makes the first login after the demo was filled is the first of its team; nothing without a demo."""
    connection.execute(update(owners).where(owners.c.email == _SEAT).values(email=email, name=name))


def _who_looks_around(connection: Connection, by: str) -> tuple[str, str] | None:
    """E-mail address and name of who asked, else of the first login; null while there is none."""
    people = connection.execute(select(users.c.user_id, users.c.email, users.c.name).order_by(users.c.user_no)).all()
    found = next((one for one in people if by == f"user:{one.user_id}"), people[0] if people else None)
    return (found.email, found.name) if found is not None else None

"""A world with owners, whose leads are given out by hand-made rules: what the tests of routing stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from live_world import NOW, World
from scoville.live.routing.assigning import route_some
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.routing.queue import enqueue
from scoville.live.routing.territories import Territory, save_territory
from scoville.live.store.routing import assignments, owners, waiting

if TYPE_CHECKING:
    from datetime import datetime

    from scoville.live.routing.notice import Notice


@dataclass
class Office(World):
    """A world with owners, whose ids are kept by name; `told` is what was said of assignments."""

    ids: dict[str, str] = field(default_factory=dict)
    told: list[Notice] = field(default_factory=list)

    def owner(self, name: str, since: datetime = NOW, **more: Any) -> str:
        owner = Owner(name=name, email=f"{name.lower()}@example.com", **more)
        self.ids[name] = save_owner(self.store, owner, since)
        return self.ids[name]

    def territory(self, name: str, *names: str, now: datetime = NOW, **more: Any) -> str:
        owner_ids = tuple(self.ids[one] for one in names)
        return save_territory(self.store, Territory(name, owner_ids, **more), now)

    def wait(self, *lead_ids: str, now: datetime = NOW) -> None:
        with self.store.writing() as connection:
            enqueue(connection, {self.numbers[lead_id]: "manual" for lead_id in lead_ids}, now)

    def tell(self, _connection: object, notices: Any, _now: object) -> None:
        self.told += notices

    def route(self, now: datetime = NOW, **more: Any) -> int:
        return route_some(self.store, now, self.tell, **more)

    def held(self) -> dict[str, str]:
        """Who holds which lead now: lead id -> name."""
        leads = {number: lead_id for lead_id, number in self.numbers.items()}
        names = {row.owner_no: row.name for row in self.rows(owners)}
        open_rows = [row for row in self.rows(assignments) if row.released_at is None]
        return {leads[row.identity_no]: names[row.owner_no] for row in open_rows}

    def reasons(self) -> dict[str, str]:
        """Why who waits: lead id -> reason."""
        leads = {number: lead_id for lead_id, number in self.numbers.items()}
        return {leads[row.identity_no]: row.reason for row in self.rows(waiting)}

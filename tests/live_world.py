"""A store of Live with people in it that cross lines, made by hand: what the tests of actions and routing stand on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from scoville.live.store import actions, log, people, routing, scores
from scoville.live.store.metadata import metadata
from scoville.live.store.opening import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Table

    from postgres_server import Server

TABLES = (actions, log, people, routing, scores)  # importing them puts them into `metadata`
NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - naive UTC, as all instants inside; a Monday
VERSION = "abc123"


@contextlib.contextmanager
def new_store(kind: str, folder: Path, server: Server | None) -> Iterator[Store]:
    """An empty store: `sqlite` in the folder, or `postgres` as a new database of the server."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{folder}/live.db" if server is None else stack.enter_context(server.database())
        assert (kind == "postgres") == (server is not None)
        store = open_store(url)
        stack.callback(store.close)
        metadata.create_all(store.engine)
        yield store


@dataclass
class World:
    """Leads by name. Every lead has one identity of the same number, and a score by the one publication."""

    store: Store
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put(
            scores.model_versions,
            {"version_no": 1, "model_version": VERSION, "name": "M", "text": "", "author": "", "note": ""}
            | {"created_at": NOW},
        )
        self.put(
            scores.publications,
            {"publication_no": 1, "version_no": 1, "published_at": NOW, "published_by": "", "note": ""}
            | {"switched_at": NOW},
        )

    def put(self, table: Table, *rows: dict[str, Any]) -> None:
        """Insert rows in a transaction of their own."""
        with self.store.writing() as connection:
            connection.execute(insert(table), list(rows))

    def lead(self, lead_id: str, score: float = 50.0, *, account: str | None = None, **traits: Any) -> int:
        """A lead with a score and traits; its number."""
        number = self.numbers[lead_id] = len(self.numbers) + 1
        account_no = None if account is None else self._account(account)
        self.put(
            people.leads,
            {"lead_no": number, "lead_id": lead_id, "first_seen_at": NOW, "last_seen_at": NOW}
            | {"account_no": account_no, "is_anonymous": False},
        )
        self.put(
            people.identities,
            {"identity_no": number, "kind": "user", "value": lead_id, "lead_no": number, "first_seen_at": NOW},
        )
        for at, (name, value) in enumerate(traits.items()):
            self.trait(number, name, value, at)
        self.put(scores.scores, self._score(number, score))
        return number

    def trait(self, number: int, name: str, value: Any, second: int = 0) -> None:
        """A value that a trait got so many seconds after NOW."""
        at = NOW + timedelta(seconds=second)
        row = {"identity_no": number, "name": name, "changed_at": at, "event_id": bytes(16), "value": value}
        self.put(people.traits, row)

    def crossing(self, lead_id: str, stage: str | None = "MQL", before: str | None = "Lead", **more: Any) -> int:
        """A stage change of a lead; its number. It calls nobody."""
        row = {
            "lead_no": self.numbers[lead_id], "at": NOW, "stage_before": before, "stage": stage, "direction": "up",
            "score": 61.5, "cause": "event", "model_version": VERSION, "received_at": NOW,
        } | more  # fmt: skip
        self.put(scores.stage_changes, row)
        with self.store.reading() as connection:
            return int(connection.execute(select(func.max(scores.stage_changes.c.change_no))).scalar_one())

    def rows(self, table: Table) -> list[Any]:
        """All rows of a table in the order of its key."""
        with self.store.reading() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def _account(self, account_id: str) -> int:
        known = {row.account_id: row.account_no for row in self.rows(people.accounts)}
        if account_id not in known:
            self.put(people.accounts, {"account_id": account_id, "first_seen_at": NOW})
            return self._account(account_id)
        return int(known[account_id])

    def _score(self, number: int, score: float) -> dict[str, Any]:
        return {
            "publication_no": 1, "lead_no": number, "score": score, "fit": 20.0, "engagement": score - 20,
            "grade": "A", "level": "2", "priority": "hot", "stage": "MQL", "standing": "MQL", "standing_since": NOW,
            "segment": "Enterprise", "reasons": "+20 Demo requested", "contributions": [], "model_version": VERSION,
            "as_of": NOW,
        }  # fmt: skip

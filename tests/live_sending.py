"""Messages as a sender means them, for tests: written into the inbox, folded in, scored, and read back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, text

from scoville.live.audit import audit
from scoville.live.fold.folding import fold_some
from scoville.live.ingest.messages import Batch, Message, event_id_of
from scoville.live.ingest.sources import source_named
from scoville.live.ingest.writing import write_batches
from scoville.live.scoring.compiled import Compiled
from scoville.live.scoring.in_force import Models
from scoville.live.scoring.score import OnStageChanges, build_some, nothing_more, refresh_some, score_some
from scoville.live.scoring.switching import switch
from scoville.live.store.metadata import to_us
from scoville.live.store.scores import model_versions, publications
from scoville.live.store.settings import LiveSettings
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.live.audit import Difference
    from scoville.live.store.opening import Store

NOW = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - naive UTC, as all instants inside
_numbers = itertools.count(1)
_compiled: dict[str, Compiled] = {}


class _Kept(Compiled):
    """A model that stays ready to run, for the next test."""

    def close(self) -> None:
        """It stays."""


def compiled_once(model: Model, lists: Mapping[str, Path]) -> Compiled:
    """A model ready to run: the same for all tests of a process."""
    if lists:
        return Compiled(model, lists)
    if model.version not in _compiled:
        _compiled[model.version] = _Kept(model)
    return _compiled[model.version]


def message(  # noqa: PLR0913 - the fields of the protocol
    kind: str,
    user: str | None = None,
    anonymous: str | None = None,
    *,
    event: str | None = None,
    previous: str | None = None,
    group: str | None = None,
    minutes_ago: float = 60.0,
    is_trusted: bool = True,
    key: str | None = None,
    **payload: Any,
) -> Message:
    """A row of the inbox. `key` makes its id; without one each message is another."""
    key = key or f"message-{next(_numbers)}"
    at_us = to_us(NOW - timedelta(minutes=minutes_ago))
    named = {"page": "page_viewed", "screen": "screen_viewed"}.get(kind, event)
    return Message(
        event_id_of(1, key), 1, is_trusted, kind, key, user, anonymous, group, previous, named, at_us, at_us,
        orjson.dumps(payload).decode(),
    )  # fmt: skip


@dataclass
class Live:
    """A store with a source, its models, and a clock that stands where a test puts it."""

    store: Store
    settings: LiveSettings = field(default_factory=LiveSettings)
    now: datetime = NOW
    models: Models = field(default_factory=lambda: Models(make=compiled_once))

    def __post_init__(self) -> None:
        with self.store.writing() as connection:
            source_named(connection, "site", NOW)  # the first of its store, and so number 1, as messages here say

    def receive(self, *messages: Message) -> None:
        """Accept messages: they wait in the inbox."""
        with self.store.writing() as connection:
            write_batches(connection, [Batch([*messages], [])])

    def send(self, *messages: Message) -> None:
        """Accept messages and fold them all in."""
        self.receive(*messages)
        self.fold()

    def fold(self, limit: int = 500) -> None:
        while fold_some(self.store, self.settings, self.now, limit):
            pass

    def score(self, limit: int = 200) -> int:
        """Score until nobody is dirty."""
        return sum(iter(lambda: score_some(self.store, self.models, self.settings, self.now, limit), 0))

    def refresh(self) -> int:
        return sum(iter(lambda: refresh_some(self.store, self.models, self.settings, self.now), 0))

    def publish(self, model: str | Path, *, on_stage_changes: OnStageChanges = nothing_more) -> None:
        """Put a model in force: every lead is scored by it first."""
        written = model.read_text() if isinstance(model, Path) else model
        with self.store.writing() as connection:
            row = {"model_version": Model.loads(written).version, "name": "m", "text": written, "author": "a",
                   "note": "", "created_at": self.now}  # fmt: skip
            version = connection.execute(insert(model_versions).values(row).returning(model_versions.c.version_no))
            row = {"version_no": version.scalar_one(), "published_at": self.now, "published_by": "a", "note": ""}
            connection.execute(insert(publications).values(row))
        while build_some(self.store, self.models, self.settings, self.now):
            pass
        assert switch(self.store, self.models, self.now, on_stage_changes=on_stage_changes)

    def rows(self, query: str, **marks: object) -> list[dict[str, Any]]:
        """Rows of a query."""
        with self.store.reading() as connection:
            return [dict(row) for row in connection.execute(text(query), marks).mappings()]

    def wrongs(self) -> list[Difference]:
        """What an audit finds."""
        return [*audit(self.store, batches=1, models=self.models).differences]

    def lead_ids(self) -> list[str]:
        return [row["lead_id"] for row in self.rows("SELECT lead_id FROM leads ORDER BY lead_id")]

    def scores(self) -> dict[str, dict[str, Any]]:
        """The score rows in force, by lead id."""
        return {
            row["lead_id"]: row
            for row in self.rows(
                "SELECT l.lead_id, s.* FROM scores s JOIN leads l ON l.lead_no = s.lead_no WHERE s.publication_no = "
                "(SELECT max(publication_no) FROM publications WHERE switched_at IS NOT NULL)"
            )
        }

    def facts(self) -> dict[str, dict[str, Any]]:
        """Everything that is known of each lead, whatever numbers it has: the same for any order of arrival."""
        found: dict[str, dict[str, Any]] = {}
        for lead in self.rows(
            "SELECT l.*, a.account_id FROM leads l LEFT JOIN accounts a ON a.account_no = l.account_no"
        ):
            number = lead["lead_no"]
            found[lead["lead_id"]] = {
                "seen": (lead["first_seen_at"], lead["last_seen_at"], bool(lead["is_anonymous"]), lead["account_id"]),
                "ids": self._of(number, "SELECT i.kind, i.value, i.first_seen_at FROM identities i"),
                "traits": self._of(
                    number, "SELECT t.name, t.value, t.changed_at FROM identities i JOIN traits t USING (identity_no)"
                ),
                "events": self._of(
                    number,
                    "SELECT e.event, e.occurred_at, e.properties FROM identities i JOIN events e USING (identity_no)",
                ),
            }
        return found

    def _of(self, lead: int, query: str) -> list[tuple[Any, ...]]:
        rows = self.rows(f"{query} WHERE lead_no = :lead", lead=lead)
        return sorted((tuple(row.values()) for row in rows), key=repr)

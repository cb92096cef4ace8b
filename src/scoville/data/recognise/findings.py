"""What looking at files comes to: files with their kinds, columns with their roles, and what to be careful with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scoville.data.recognise.looks import ColumnLook, FileLook
    from scoville.data.recognise.roles import Role
    from scoville.data.recognise.signals import EventSeen


@dataclass(frozen=True)
class Caution:
    """A column that the starter model leaves alone, or a person should know about: `kind`, and the reason in words.

    Kinds: constant, empty, id, free text, placeholders, afterwards, unknown.
    """

    column: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """Where it stands who won: a column of leads or of outcomes, its values that mean won, and the share of winners.

    `won` is empty when every row of the relation is a win; `share` is in [0, 1], null when unknown.
    """

    relation: str
    column: str | None
    won: tuple[str, ...]
    share: float | None
    reason: str


@dataclass(frozen=True)
class RecognisedFile:
    """A file, what it is, and what its columns are for. `is_numbered`: its rows need numbers for ids."""

    kind: str
    look: FileLook
    confidence: float
    reason: str
    roles: tuple[Role, ...] = ()
    cautions: tuple[Caution, ...] = ()
    is_numbered: bool = False

    @property
    def source(self) -> str:
        """What the user called it."""
        return self.look.name

    @property
    def short_name(self) -> str:
        """The same without the folder, for sentences."""
        return Path(self.source).name

    def role(self, name: str) -> Role | None:
        """The sure role of this name; null when no column has it."""
        return next((role for role in self.roles if role.name == name and role.is_sure), None)

    def plain_columns(self) -> tuple[ColumnLook, ...]:
        """Columns without a sure role that nothing speaks against: what a model may give points for."""
        taken = {role.column for role in self.roles if role.is_sure}
        spoilt = {caution.column for caution in self.cautions if caution.kind not in {"placeholders", "unknown"}}
        return tuple(one for one in self.look.columns if one.name not in taken | spoilt)


@dataclass(frozen=True)
class Recognition:
    """All that was found. `aside` names files that are not used, with the reason; `unsure` is for a person to decide.

    `newest_at` is the newest event seen, naive UTC. `derived` has the shares of the values of derived traits.
    """

    leads: RecognisedFile
    events: RecognisedFile | None = None
    outcomes: RecognisedFile | None = None
    accounts: RecognisedFile | None = None
    outcome: Outcome | None = None
    events_seen: tuple[EventSeen, ...] = ()
    newest_at: datetime | None = None
    derived: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    aside: tuple[tuple[str, str], ...] = ()
    unsure: tuple[str, ...] = ()

    def files(self) -> tuple[RecognisedFile, ...]:
        """The files in use, in the order leads, events, outcomes, accounts."""
        return tuple(file for file in (self.leads, self.events, self.outcomes, self.accounts) if file is not None)

"""Who is who, while one batch is folded: ids, the leads they belong to, and which leads turn out to be one.

In: what the store knows of the ids of a batch. Out: which ids, links and leads are new, and which leads merge. Pure:
`reading` fills it, `folding` asks it message by message, `writing` writes what it found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scoville.live.fold.messages import Id

MOST_IDS = 1_000  # of one lead: past it something that many people share, such as a placeholder, ties them together


@dataclass
class Known:
    """One id. `number` is null until it is stored; `lead` is a lead's number, below 0 for one that is not stored."""

    id: Id
    number: int | None
    lead: int
    first_seen_us: int
    is_new: bool = False
    is_earlier: bool = False  # seen at an earlier instant than the store knows


@dataclass(frozen=True)
class Tie:
    """Two ids that are one person, and the message that says so."""

    one: Id
    other: Id
    cause: str
    event_id: bytes | None
    at_us: int


@dataclass
class People:
    """The ids of a batch. Leads are joined as in a forest: `_under` says which one a lead became part of.

    `previous` are the anonymous ids that an alias named: a user id of the same text is the same person.
    """

    known: dict[Id, Known] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    undone: set[frozenset[Id]] = field(default_factory=set)
    ties: dict[frozenset[Id], Tie] = field(default_factory=dict)
    previous: set[Id] = field(default_factory=set)
    _under: dict[int, int] = field(default_factory=dict)
    _given_out: int = 0

    def lead_of(self, one: Id) -> int:
        """The lead of an id, whatever it has become part of."""
        return self.root(self.known[one].lead)

    def root(self, lead: int) -> int:
        """The lead that a lead has become part of: itself while it stands alone."""
        while lead in self._under:
            lead = self._under[lead]
        return lead

    def is_one_lead(self, one: Id, other: Id) -> bool:
        """Whether both are known to be one person."""
        return one in self.known and other in self.known and self.lead_of(one) == self.lead_of(other)

    def see(self, one: Id, at_us: int) -> None:
        """An id was named, at an instant: it is known from now on."""
        known = self.known.get(one)
        if known is None:
            self._given_out -= 1
            self.known[one] = Known(one, None, self._given_out, at_us, is_new=True)
        elif at_us < known.first_seen_us:
            known.first_seen_us, known.is_earlier = at_us, True

    def tie(self, tie: Tie) -> bool:
        """Two seen ids are one person, unless somebody undid it. False when the lead would get too large."""
        pair = frozenset((tie.one, tie.other))
        if len(pair) == 1 or pair in self.undone or pair in self.ties:
            return True
        one, other = self.lead_of(tie.one), self.lead_of(tie.other)
        if one != other and not self._join(one, other):
            return False
        self.ties[pair] = tie
        return True

    def _join(self, one: int, other: int) -> bool:
        size = self.sizes.get(one, 1) + self.sizes.get(other, 1)
        if size > MOST_IDS:
            return False
        survivor, joined = _older(one, other)
        self._under[joined] = survivor
        self.sizes[survivor] = size
        return True

    def merged(self) -> dict[int, int]:
        """Stored leads that are part of another now -> that one."""
        return {lead: self.root(lead) for lead in self._under if lead > 0}

    def new_leads(self) -> set[int]:
        """Leads that have to be stored, by their numbers below 0."""
        return {root for root in (self.root(known.lead) for known in self.known.values()) if root < 0}

    def changed(self) -> Iterator[Known]:
        """Ids that are new, or were seen earlier than the store knows."""
        return (known for known in self.known.values() if known.is_new or known.is_earlier)

    def of(self, ids: Iterable[Id]) -> set[int]:
        """The leads of some ids."""
        return {self.lead_of(one) for one in ids}


def _older(one: int, other: int) -> tuple[int, int]:
    """The lead that stays and the one that goes: a stored one stays, of two stored ones the first."""
    if one > 0 and other > 0:
        return min(one, other), max(one, other)
    return max(one, other), min(one, other)

"""Where a candidate comes from, and so how it is written as a rule of a model.

Made by `candidates`, read by `card`. Plain values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trait:
    """A trait of leads: a banded rule or a rule by value in `fit`."""

    trait: str


@dataclass(frozen=True)
class Happening:
    """Events of one name, or only those whose property `where[0]` equals `where[1]`; or begins with it, if `below`.

    The name `*` means every event.
    """

    event: str
    where: tuple[str, str] | None = None
    below: bool = False

    @property
    def when(self) -> dict[str, object] | None:
        """The condition of the model format."""
        if self.where is None:
            return None
        name, value = self.where
        return {name: {"starts_with": value} if self.below else value}


@dataclass(frozen=True)
class Decayed:
    """The sum of 2^(-age / half-life) over the events, an amount; `half_life_days` None: each counts 1 for ever."""

    of: Happening
    half_life_days: float | None


@dataclass(frozen=True)
class Counted:
    """How many of the events are younger than `within_days`; None: all of them. Banded."""

    of: Happening
    within_days: float | None


@dataclass(frozen=True)
class Recent:
    """Days since the newest of the events, missing where there is none. Banded."""

    of: Happening


@dataclass(frozen=True)
class Summed:
    """The sum of a property over the events younger than `within_days`; None: over all of them. Banded."""

    of: Happening
    what: str
    within_days: float | None


Origin = Trait | Decayed | Counted | Recent | Summed

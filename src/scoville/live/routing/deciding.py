"""Who gets which lead: a fair choice that can be made again. Pure: it reads no store and no clock, and rolls no dice.

In: leads that wait, with the rules that hold for each; owners with what they can take and have got. Out: for each
lead an owner with the reason, or the reason why nobody. The best lead chooses first. Among those who can take it, the
one with the least for its share does; between equals a hash of the lead and a seed decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Taker:
    """An owner as of now. `room` is how many more leads fit; None: any number.

    `got` counts what it was given this week, `weight` is its share, `presence` the part of the week it was there.
    """

    owner_no: int
    owner_id: str
    name: str
    is_active: bool = True
    is_absent: bool = False
    is_open: bool = True
    room: int | None = None
    got: int = 0
    weight: float = 1.0
    presence: float = 1.0

    @property
    def state(self) -> str:
        """able, or what keeps it from taking a lead now."""
        if not self.is_active:
            return "inactive"
        if self.is_absent:
            return "absent"
        if self.room is not None and self.room <= 0:
            return "at_capacity"
        return "able" if self.is_open else "outside_hours"

    @property
    def load(self) -> float:
        """What it got for its share of the time it was there: the smallest is next."""
        return self.got / (self.weight * self.presence)


@dataclass(frozen=True)
class Lead:
    """A lead that waits. `holds`: places of the rules that hold for it, in their order."""

    identity_no: int
    lead_id: str
    score: float | None
    since: datetime
    account_no: int | None = None
    not_owner_no: int | None = None
    holds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Share:
    """One rule as the choice sees it: its name, who shares its leads, and whether the next one is asked after it."""

    name: str
    owner_nos: tuple[int, ...]
    falls_through: bool = False


@dataclass(frozen=True)
class Choice:
    """Who gets a lead and why; without `owner_no`, why nobody does: `reason` in a word and `detail` in a sentence."""

    lead: Lead
    owner_no: int | None
    reason: str
    detail: str
    why: Mapping[str, Any] = field(default_factory=dict)


def choose(
    leads: Iterable[Lead], takers: Mapping[int, Taker], shares: Sequence[Share], accounts: Mapping[int, int], seed: str
) -> list[Choice]:
    """A choice for every lead, the best score first; `accounts` maps accounts to their owners.

    What one lead takes is no longer there for the next, and the owner of an account's first lead gets the others.
    """
    takers, accounts = dict(takers), dict(accounts)
    choices = []
    for lead in sorted(leads, key=_best_first):
        choice = _by_account(lead, takers, accounts) or _by_rules(lead, takers, shares, seed)
        if choice.owner_no is not None:
            takers[choice.owner_no] = _given(takers[choice.owner_no])
            if lead.account_no is not None:
                accounts.setdefault(lead.account_no, choice.owner_no)
        choices.append(choice)
    return choices


def _best_first(lead: Lead) -> tuple[bool, float, datetime, int]:
    return (lead.score is None, -(lead.score or 0.0), lead.since, lead.identity_no)


def _given(taker: Taker) -> Taker:
    return replace(taker, got=taker.got + 1, room=None if taker.room is None else taker.room - 1)


def _by_account(lead: Lead, takers: Mapping[int, Taker], accounts: Mapping[int, int]) -> Choice | None:
    """To the owner of its account. Outside its hours the lead waits; where it cannot take it at all, the rules say."""
    owner = takers.get(accounts.get(lead.account_no or 0, 0))
    if owner is None or owner.owner_no == lead.not_owner_no:
        return None
    if owner.state == "able":
        return Choice(
            lead, owner.owner_no, "account", f"{owner.name} owns its account", {"account_owner": owner.owner_id}
        )
    if owner.state == "outside_hours":
        return Choice(lead, None, "outside_hours", f"{owner.name}, who owns its account, is not at work now")
    return None


def _by_rules(lead: Lead, takers: Mapping[int, Taker], shares: Sequence[Share], seed: str) -> Choice:
    nobody = Choice(lead, None, "no_rule", "no territory's conditions hold for it")
    for place in lead.holds:
        share = shares[place]
        asked = _asked(lead, share, takers)
        able = [taker for taker in asked if taker.state == "able"]
        if able:
            chosen = min(able, key=lambda taker: _turn(taker.load, seed, lead.lead_id, taker.owner_id))
            return Choice(lead, chosen.owner_no, "rule", share.name, _why(share, asked, seed))
        nobody = _nobody(lead, share, asked)
        if not share.falls_through:
            break
    return nobody


def _asked(lead: Lead, share: Share, takers: Mapping[int, Taker]) -> list[Taker]:
    """Those of a rule, without the one who has just lost the lead, unless nobody else works there."""
    everybody = [takers[number] for number in share.owner_nos if number in takers]
    others = [taker for taker in everybody if taker.owner_no != lead.not_owner_no]
    return others if any(taker.is_active for taker in others) else everybody


def _turn(load: float, seed: str, lead_id: str, owner_id: str) -> tuple[float, bytes]:
    return (load, hashlib.sha256(f"{seed}\0{lead_id}\0{owner_id}".encode()).digest())


def _why(share: Share, asked: Sequence[Taker], seed: str) -> dict[str, Any]:
    """All that the choice was made of, so that anybody can make it again."""
    return {
        "territory": share.name,
        "seed": seed,
        "asked": [
            {"owner_id": one.owner_id, "name": one.name, "state": one.state, "got": one.got, "weight": one.weight,
             "presence": one.presence, "room": one.room} for one in asked
        ],
    }  # fmt: skip


def chosen_again(why: Mapping[str, Any], lead_id: str) -> str | None:
    """The owner id that a recorded reason leads to: the same as was chosen. None for one that no rule made."""
    able = [one for one in why.get("asked", ()) if one["state"] == "able"]
    if not able:
        return None
    turns = {
        one["owner_id"]: _turn(one["got"] / (one["weight"] * one["presence"]), why["seed"], lead_id, one["owner_id"])
        for one in able
    }
    return str(min(turns, key=lambda owner_id: turns[owner_id]))


def _nobody(lead: Lead, share: Share, asked: Sequence[Taker]) -> Choice:
    """Why nobody of a rule can take it: the reason of those who are nearest to it."""
    states = {taker.state for taker in asked}
    names = ", ".join(taker.name for taker in asked if taker.is_active)
    if "outside_hours" in states:
        return Choice(lead, None, "outside_hours", f"{share.name}: nobody with room is at work now ({names})")
    if "at_capacity" in states:
        return Choice(lead, None, "at_capacity", f"{share.name}: all who are there have as many as they take ({names})")
    if "absent" in states:
        return Choice(lead, None, "absent", f"{share.name}: all are away ({names})")
    return Choice(lead, None, "no_owner", f"{share.name}: nobody of it is active")

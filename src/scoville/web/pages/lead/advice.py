"""What to do with a lead now, in one sentence: what somebody reads before they lift the receiver.

In: where the lead stands, who has it, its clock, what was said of it last. Out: `Advice`. Pure; the first line of the
list that holds decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from scoville import words
from scoville.model.checks import DISQUALIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Deed = Literal["claim", "touch", "nothing"]
_ENDINGS = ("rejected", "won", "lost")
_CLAIM = "Claim it if you want to work it."
_NO_OWNER = "Assign it to somebody. To claim leads, be an owner yourself: Settings, Owners, with your e-mail address."


@dataclass(frozen=True)
class Advice:
    """`deed` is what to offer first; `tone` how urgent it is: bad, weak, good or nothing."""

    title: str
    says: str
    tone: str
    deed: Deed


@dataclass(frozen=True)
class Situation:
    """What advice rests on. Null where there is none; `my_owner_id`: which owner reads this."""

    score: Mapping[str, Any] | None
    owner: Mapping[str, Any] | None
    my_owner_id: str | None
    clock: Mapping[str, Any] | None
    queue: Mapping[str, Any] | None
    last: Mapping[str, Any] | None
    touch: Mapping[str, Any] | None
    now: datetime

    @property
    def is_mine(self) -> bool:
        """Whether who reads this has the lead."""
        return self.owner is not None and self.owner["owner_id"] == self.my_owner_id


def advice_for(situation: Situation) -> Advice:
    """What to do, and why."""
    return _not_to_work(situation) or _by_the_clock(situation) or _by_who_has_it(situation)


def _not_to_work(now: Situation) -> Advice | None:
    if now.score is None:
        return Advice("Not scored yet", "The first score is on its way; look again in a moment.", "", "nothing")
    if now.score["standing"] == DISQUALIFIED:
        return Advice("Leave this one", f"Disqualified by the rule “{now.score['disqualified_by']}”.", "bad", "nothing")
    last = now.last
    if last is None or last["outcome"] not in _ENDINGS:
        return None
    since, reason = now.score["standing_since"], f": {last['reason']}" if last["reason"] else ""
    said = f"{last['outcome'].capitalize()} on {words.day(last['at'])}{reason}"
    if last["outcome"] != "won" and since is not None and since > last["at"]:
        back = f"Became {now.score['standing'] or 'unstaged'} on {words.day(since)}, after that. Worth another look."
        return Advice("Back again", f"{said}. {back}", "weak", "claim" if now.owner is None else "touch")
    return Advice("Nothing to do", f"{said}.", "good" if last["outcome"] == "won" else "", "nothing")


def _by_the_clock(now: Situation) -> Advice | None:
    if now.clock is None:
        return None
    left = now.clock["due_at"] - now.now
    who = "You have it" if now.is_mine else f"{now.owner['name']} has it" if now.owner else "Nobody has it yet"
    deed: Deed = "touch" if now.owner is not None else "claim"
    first = f"It became {now.clock['stage']} {words.lasting(now.now - now.clock['started_at'])} ago"
    if left < timedelta(0):
        return Advice(f"First touch overdue by {words.lasting(left)}", f"{first}. {who}.", "bad", deed)
    return Advice(f"First touch due in {words.lasting(left)}", f"{first}. {who}.", "weak", deed)


def _by_who_has_it(now: Situation) -> Advice:
    if now.owner is None and now.queue is not None:
        waits = f"Waits for an owner for {words.lasting(now.now - now.queue['since'])}"
        return Advice("Nobody has it yet", f"{waits}: {now.queue['detail']}", "weak", "claim")
    if now.owner is None:
        return Advice("Nobody has it", _CLAIM if now.my_owner_id else _NO_OWNER, "", "claim")
    since = f"since {words.day(now.owner['assigned_at'])}"
    said = f"{_answered(now)} {_touched(now)}"
    if now.is_mine:
        return Advice("Yours", f"You have it {since}. {said}", "good", "touch")
    return Advice(f"{now.owner['name']} has it", f"{since[:1].upper()}{since[1:]}. {said}", "", "touch")


def _answered(now: Situation) -> str:
    if now.last is not None and now.last["outcome"] == "accepted":
        return f"Accepted on {words.day(now.last['at'])}."
    return "Not accepted or rejected yet."


def _touched(now: Situation) -> str:
    if now.touch is None:
        return "Nobody has touched it."
    kind = {"email": "e-mail"}.get(now.touch["kind"], now.touch["kind"])
    return f"Last touch: {kind}, {words.day(now.touch['at'])}."

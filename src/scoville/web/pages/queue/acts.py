"""What people do with leads in the queue, one at a time or many at once: claim, assign, accept, reject, touch.

In: a form with the ids of leads and what is to be done. Out: the same calls of the API that a program makes, one for
each lead, and a sentence about what was done and what was not. One lead that cannot be claimed holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville import words
from scoville.errors import ScovilleError
from scoville.web.api import routing
from scoville.web.errors import ApiError
from scoville.web.pages.forms import read_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.web.api.changes import Changes
    from scoville.web.pages.forms import Sent

TOUCHES = {"call": "a call", "email": "an e-mail", "meeting": "a meeting", "note": "a note"}
_MOST = 200  # leads at once: one page of the list
_SHOWN = 3  # faults told one by one
_DONE = {
    "claim": "yours now", "assign": "assigned", "accept": "accepted", "reject": "rejected", "touch": "noted as touched",
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One thing to do with some leads. `reason` is of a rejection, empty while it was not asked for."""

    verb: str
    lead_ids: tuple[str, ...]
    owner_id: str
    reason: str
    kind: str

    @property
    def lacks_reason(self) -> bool:
        """Whether sales has yet to say why: it is what the model can learn from."""
        return self.verb == "reject" and not self.reason


def act_of(form: Sent, my_owner_id: str | None) -> Act:
    """What a form asks for: a button of one row, or one of those over all that are selected. Raises: ApiError 422."""
    verb, lead_ids = form.get("do"), form.list("lead")
    for one in _DONE:
        if form.list(one):
            verb, lead_ids = one, form.list(one)[-1:]
    if verb not in _DONE:
        raise ApiError(422, "invalid", f"nothing is asked for; buttons: {', '.join(_DONE)}")
    if not lead_ids:
        raise ApiError(422, "invalid", "no lead is selected: tick some first")
    if len(lead_ids) > _MOST:
        raise ApiError(422, "invalid", f"at most {_MOST} leads at once")
    if verb == "claim" and my_owner_id is None:
        raise ApiError(409, "no_owner", "you cannot claim leads yet: no owner in the settings has your e-mail address")
    owner_id = form.get("owner") if verb == "assign" else (my_owner_id or "")
    if verb == "assign" and not owner_id:
        raise ApiError(422, "invalid", "choose to whom the leads go")
    said = [form.get("reason"), form.get("more")]
    return Act(verb, tuple(dict.fromkeys(lead_ids)), owner_id, ": ".join(one for one in said if one), form.get("kind"))


def perform(changing: Changes, act: Act) -> str:
    """Do it, lead by lead; a sentence about it."""
    faults: list[str] = []
    for lead_id in act.lead_ids:
        try:
            _VERBS[act.verb](changing, lead_id, act)
        except (ScovilleError, ApiError) as refused:
            faults.append(str(refused))
    return _told(act, len(act.lead_ids) - len(faults), faults)


def _told(act: Act, count: int, faults: Sequence[str]) -> str:
    done = f"{words.counted(count, 'lead')} {_DONE[act.verb]}"
    if not faults:
        return f"{done}."
    told = "; ".join(dict.fromkeys(faults[:_SHOWN])) + (" ..." if len(faults) > _SHOWN else "")
    return f"{done}; {len(faults)} not: {told}." if count else f"Not done: {told}."


def _claim(changing: Changes, lead_id: str, act: Act) -> None:
    routing.assign(changing, lead_id, routing.Assignee(owner_id=act.owner_id, claim=True))


def _assign(changing: Changes, lead_id: str, act: Act) -> None:
    routing.assign(changing, lead_id, routing.Assignee(owner_id=act.owner_id))


def _accept(changing: Changes, lead_id: str, act: Act) -> None:
    del act
    routing.answer(changing, lead_id, routing.SalesAnswer(outcome="accepted"))


def _reject(changing: Changes, lead_id: str, act: Act) -> None:
    answer = read_form(routing.SalesAnswer, {"outcome": "rejected", "reason": act.reason})
    routing.answer(changing, lead_id, answer)


def _touch(changing: Changes, lead_id: str, act: Act) -> None:
    routing.add_touch(changing, lead_id, read_form(routing.TouchToAdd, {"kind": act.kind}))


_VERBS: dict[str, Callable[[Changes, str, Act], None]] = {
    "claim": _claim, "assign": _assign, "accept": _accept, "reject": _reject, "touch": _touch,
}  # fmt: skip

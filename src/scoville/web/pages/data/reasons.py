"""Why a message was put aside, in words for the person who looks after the data, and what to do about it.

In: the code of a reason. Out: a `Reason`. Called by the tabs that show messages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Reason:
    """`title` is what happened, `advice` what helps. `is_partial`: the message counted, but for a part of it.

    `can_go_in`: that somebody vouches for it may help. What a message lacks, it lacks the next time as well.
    """

    title: str
    advice: str
    is_partial: bool = False
    can_go_in: bool = True


_FIX_SENDER = "Correct it where it is sent; what comes after that counts."
_VOUCH = "If you know that it is true, let it in: then it counts as if your server had said it."
_NEVER_IN = frozenset(
    {"no_person", "bad_id", "bad_time", "bad_field", "no_event", "no_group", "no_previous_id", "unknown_type",
     "not_an_object", "too_large", "too_deep", "unreadable"}
)  # fmt: skip
_REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "no_person": Reason(
            "It does not say who", "Send userId or anonymousId with every message; the official clients do."
        ),
        "bad_id": Reason("The id is none", f"An id is a text or a number of at most 512 characters. {_FIX_SENDER}"),
        "bad_time": Reason(
            "The time cannot be read",
            "Write it like 2026-05-03T14:30:00Z. A message without a time happened now; a row of a file needs one.",
        ),
        "bad_field": Reason("A field has the wrong form", f"traits, properties and context are objects. {_FIX_SENDER}"),
        "no_event": Reason("The event has no name", f"A track message names what was done in event. {_FIX_SENDER}"),
        "no_group": Reason("The group has no id", f"A group message names the account in groupId. {_FIX_SENDER}"),
        "no_previous_id": Reason("The alias lacks an id", f"An alias needs userId and previousId. {_FIX_SENDER}"),
        "unknown_type": Reason(
            "It is of no known kind", "There are identify, track, page, screen, group and alias. Check the sender."
        ),
        "not_an_object": Reason("It is no message", f"Each message is a JSON object. {_FIX_SENDER}"),
        "bot": Reason(
            "A robot sent it", "Crawlers and monitors do not count. If it was a person after all, let it in."
        ),
        "too_large": Reason("It is too large", "A message has at most 32 KiB. Send less with it; the rest was cut."),
        "too_deep": Reason("It is nested too deeply", f"Keep properties flat, or a few levels deep. {_FIX_SENDER}"),
        "unproven_person": Reason(
            "A page spoke for somebody without showing a browser's id",
            f"Send it with the anonymousId of the browser, or from a server with a secret key. {_VOUCH}",
        ),
        "known_person": Reason(
            "A page claimed to be somebody who is known from elsewhere",
            f"Anybody can write that into a page, so it is not believed. {_VOUCH}",
        ),
        "known_account": Reason(
            "A page wanted to change an account that is known",
            "The rest of the message counted. Set facts of accounts from a server, with a secret key.",
            is_partial=True,
        ),
        "protected_trait": Reason(
            "A page wanted to set a protected trait",
            "The rest of the message counted. Set it from a server, or take it off the protected traits in Settings.",
            is_partial=True,
        ),
        "too_many_ids": Reason(
            "It would have made one person of too many ids",
            "It counted, but the ids were not merged: a shared or made-up id ties strangers together.",
            is_partial=True,
        ),
        "unreadable": Reason("It could not be read", "Its content is no JSON object. Check what sends it."),
        "unfoldable": Reason("It could not be taken in", "This should not happen: please report it with the message."),
    }
)


def reason_of(code: str) -> Reason:
    """The words for a code; for a code that is not known here, the code itself."""
    reason = _REASONS.get(code, Reason(code.replace("_", " ").capitalize(), ""))
    return replace(reason, can_go_in=code not in _NEVER_IN)

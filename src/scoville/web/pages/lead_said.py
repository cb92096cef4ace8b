"""A lead in words, wherever a page names one: what it is called, why it is hot, and why sales may turn it away.

In: a score row with its traits and contributions. Out: a name, `Reason`s. Called by the queue, by the page of a lead
and by that of an account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scoville.plan.adjusted import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REJECTIONS = (
    "Not a fit", "No budget", "Not now", "Cannot be reached", "Already a customer", "Has chosen another product",
)  # fmt: skip
"""Why leads are rejected, most often: the same words each time are what a model can learn from."""
NOTICED = 0.5
"""Points: what is not a point is no news."""
_MOST_UP = 3
_BETWEEN = re.compile(r"; (?=[+-]\d)")
_MINUS = re.compile(r"^-(?=\d)")


@dataclass(frozen=True)
class Reason:
    """Points that one rule gave, with what met it: `Pricing page`, `2 times`, and when last. Null points: no rule."""

    text: str
    points: float | None = None
    times: int = 1
    newest_at: datetime | None = None


def name_of(one: Mapping[str, Any]) -> str:
    """What a person calls this lead: a name, else an address, else its id."""
    traits = one["traits"]
    whole = " ".join(str(traits[part]) for part in ("first_name", "last_name") if traits.get(part))
    return str(traits.get("name") or whole or traits.get("email") or one["lead_id"])


def reasons_of(one: Mapping[str, Any], contributions: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """The three rules that gave most and the one that took most, as everywhere; a disqualification says it all."""
    if one["disqualified_by"]:
        yield Reason(f"Disqualified: {one['disqualified_by']}")
        return
    best = sorted((row for row in contributions if _is_reason(row)), key=lambda row: -row["points"])
    chosen = [row for row in best[:_MOST_UP] if row["points"] >= NOTICED]
    chosen += [row for row in best[-1:] if row["points"] <= -NOTICED]
    if chosen:
        yield from (_reason(row) for row in chosen)
    elif one["reasons"]:
        yield from (Reason(_MINUS.sub("−", part)) for part in _BETWEEN.split(one["reasons"]))


def _reason(row: Mapping[str, Any]) -> Reason:
    newest = row.get("newest_at")
    at = datetime.fromisoformat(newest) if isinstance(newest, str) else newest
    return Reason(row["rule"].replace(PREFIX, "By hand: ", 1), row["points"], row.get("matched") or 1, at)


def _is_reason(row: Mapping[str, Any]) -> bool:
    """What a limit took is none: it says nothing of the lead."""
    rule = row["rule"]
    return bool(rule.startswith(PREFIX) if row["section"] == "score" else not rule.startswith("cap: "))

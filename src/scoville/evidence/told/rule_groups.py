"""Rules sorted by what is to be said of them: which earn their place, and which do not.

In: the evidence of each rule. Out: groups with a title. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.rules.earning import RuleEvidence

_Kind = Literal["wrong", "earns", "worse", "little", "unshown", "nobody", "untold"]
_KIND_OF: dict[str, _Kind] = {
    "missed": "earns", "better without": "worse", "not missed": "little", "not shown": "unshown",
}  # fmt: skip
_SAID: dict[_Kind, tuple[str, str, str, str]] = {
    "wrong": (
        "bad", "Contradicted by the data", "against the data",
        "The points go one way, and the conversions of those leads the other.",
    ),
    "earns": (
        "good", "Earn their place", "missed", "Without any one of these the score ranks worse, beyond chance.",
    ),
    "worse": (
        "weak", "Better without these points", "better without their points",
        "Without the points of any one of these the score ranks better, beyond chance: are they too many?",
    ),
    "little": (
        "unknown", "Make no difference", "without a difference",
        "The score ranks the same with and without any one of these.",
    ),
    "unshown": (
        "unknown", "Not shown either way", "not shown either way",
        "Chance alone may make as much of a difference as these do.",
    ),
    "nobody": ("weak", "Touch nobody", "that touch nobody", "No lead got points from these."),
    "untold": (
        "unknown", "Cannot tell", "of which nothing can be told", "There is too little to say anything about these.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class RuleGroup:
    """Rules of which the same is to be said: `tone` is how good that is, `counted` goes after their number."""

    tone: str
    title: str
    counted: str
    text: str
    rules: tuple[RuleEvidence, ...]


def contradicts(rule: RuleEvidence) -> bool:
    """Whether the sign of a rule's points goes against its leads' conversion, beyond chance."""
    return rule.note is not None and "but its leads convert" in rule.note


def better_without(rule: RuleEvidence) -> bool:
    """Whether the score ranks better without the rule's points, beyond chance."""
    return rule.verdict == "better without"


def has_too_many_points(rule: RuleEvidence) -> bool:
    """Whether the score ranks better without the points, though leads convert as they say."""
    return better_without(rule) and rule.goes_along is True and not contradicts(rule)


def rule_groups(rules: Sequence[RuleEvidence]) -> tuple[RuleGroup, ...]:
    """Each rule in exactly one group; in a group, the one that is missed most comes first."""
    by_kind: dict[_Kind, list[RuleEvidence]] = {kind: [] for kind in _SAID}
    for rule in rules:
        by_kind[_kind(rule)].append(rule)
    return tuple(
        RuleGroup(*_SAID[kind], tuple(sorted(members, key=lambda rule: rule.auc_change or 0.0)))
        for kind, members in by_kind.items()
        if members
    )


def _kind(rule: RuleEvidence) -> _Kind:
    if not rule.leads:
        return "nobody"
    return "wrong" if contradicts(rule) else _KIND_OF.get(rule.verdict, "untold")

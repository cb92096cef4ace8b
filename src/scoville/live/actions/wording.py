"""What people read: the text of an action with the lead's values in it, for chat and for mail. Pure.

A placeholder is one name in braces, `{score}` or `{trait.company}`; anything else stays as it is written. Nothing is
evaluated, and a value cannot become a placeholder, a link or a header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WORDS = (
    "lead_id", "score", "fit", "engagement", "grade", "level", "priority", "segment", "stage", "stage_before",
    "direction", "reasons", "owner", "due_at", "name",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[^{}\s]+)?)\}")
_LONGEST_VALUE = 300
_LISTED = 20  # leads named in one digest

_TEXTS = {
    "entered": "{lead_id} is now {stage} with {score} points. {reasons}",
    "left": "{lead_id} is no longer {stage_before}: {score} points. {reasons}",
    "assigned": "{lead_id} ({score} points, {stage}) goes to {owner}. {reasons}",
    "reassigned": "{lead_id} ({score} points, {stage}) was not touched in time and waits for another owner.",
    "reminder": "{lead_id} ({score} points, {stage}) waits for a first touch until {due_at}. Owner: {owner}",
    "escalation": "{lead_id} ({score} points, {stage}) was to be touched by {due_at}, and was not. Owner: {owner}",
    "test": "A test message from Scoville.",
}


def unknown_words(text: str, traits: Iterable[str]) -> list[str]:
    """Placeholders that would stay empty: no word of ours, and no trait that is sent."""
    known = {*WORDS, *(f"trait.{name}" for name in traits)}
    return [name for name in _PLACEHOLDER.findall(text) if name not in known]


def sentence(text: str, occasion: str, data: Mapping[str, Any]) -> str:
    """The text, or our own where there is none, with the values of one message."""
    return _PLACEHOLDER.sub(lambda found: _value(data, found[1]), text or _TEXTS[occasion]).strip()


def subject(text: str, occasion: str, parcels: Sequence[Mapping[str, Any]]) -> str:
    """The subject of a mail: one line."""
    if len(parcels) > 1 and not text:
        return f"{len(parcels)} leads: {occasion}"
    usual = {"test": "A test message", "left": "{lead_id} is no longer {stage_before}"}
    return " ".join(
        sentence(text or usual.get(occasion, "{lead_id}: {stage}, {score} points"), occasion, parcels[0]).split()
    )


def body(text: str, occasion: str, parcels: Sequence[Mapping[str, Any]]) -> str:
    """Plain text for one lead, or a list for many."""
    lines = [sentence(text, occasion, data) for data in parcels[:_LISTED]]
    more = len(parcels) - len(lines)
    return "\n".join([*lines, *([f"and {more} more"] if more else [])])


def slack_message(text: str, occasion: str, parcels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A message for Slack and what speaks like it: `text` for notices, `blocks` for the page; a digest for many."""
    lines = [sentence(text, occasion, _escaped(data)) for data in parcels]
    title = lines[0] if len(lines) == 1 else f"{len(lines)} leads: {occasion}"
    shown, more = lines[:_LISTED], len(lines) - _LISTED
    blocks = [_section(line) for line in ([f"*{title}*", *shown] if len(lines) > 1 else shown)]
    return {"text": title, "blocks": blocks + ([_section(f"and {more} more")] if more > 0 else [])}


def _section(line: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": line[:3000]}}  # Slack's limit


def _escaped(data: Mapping[str, Any]) -> dict[str, Any]:
    """Values in which Slack sees no link and no @channel."""
    traits = {name: _slack_text(value) for name, value in (data.get("traits") or {}).items()}
    owner = {name: _slack_text(value) for name, value in (data.get("owner") or {}).items()}
    return {name: _slack_text(value) for name, value in data.items()} | {"traits": traits, "owner": owner}


def _slack_text(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, str):
        return value
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _value(data: Mapping[str, Any], name: str) -> str:
    head, _, trait = name.partition(".")
    if trait:
        value = (data.get("traits") or {}).get(trait) if head == "trait" else None
    elif name == "owner":
        value = (data.get("owner") or {}).get("name", "nobody yet")
    else:
        value = data.get(name)
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return " ".join(str(value).split())[:_LONGEST_VALUE]

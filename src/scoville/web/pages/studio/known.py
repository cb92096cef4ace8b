"""What a form offers: traits, events and values that really occur, each with how many have it.

In: the history of the store, and the part that is open. Out: `Known`. Called by the editor and by the completion of the
text. Where there is no history yet nothing is offered, and anything may be typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.model.schema import as_written
from scoville.web.pages.studio.conditions import read_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoville.live.workbench.bench import Bench, Value

_SHOWN = 12  # values of a trait
_MOST_NAMES = 300  # traits, or events: a list that a browser shows at once
_SCORES = {"score": "0 to 100", "fit": "points of fit", "engagement": "points of engagement"}


@dataclass(frozen=True)
class Choice:
    """A name that can be chosen. `kind` is text, number, time, or yes or no; `said` is how many have it."""

    name: str
    kind: str
    said: str


@dataclass(frozen=True)
class Known:
    """What can be chosen: names for conditions, names of events, and by trait its values with their counts."""

    traits: tuple[Choice, ...] = ()
    events: tuple[Choice, ...] = ()
    values: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def kind_of(self, trait: str) -> str:
        """What sort of values a trait has; text where nobody knows."""
        return next((one.kind for one in self.traits if one.name == trait), "text")


def known_for(bench: Bench | None, kind: str, filled: Mapping[str, Any], plain: Mapping[str, Any]) -> Known:
    """What the form of a part offers; `plain` is the model, whose own words stages and priorities are written in."""
    if kind in ("stage", "priority"):
        return _of_scores(plain)
    if bench is None:
        return Known()
    asked = list(dict.fromkeys(traits_in(filled)))
    if "event" not in filled:
        return Known(traits_of(bench), (), {name: _shown(bench.values_of(name, most=_SHOWN)) for name in asked})
    events, said = events_of(bench), read_list(str(filled.get("event", "")))
    properties = {one.name: one for name in said[:5] or ["*"] for one in reversed(bench.properties_of(name, _SHOWN))}
    traits = tuple(
        Choice(name, _kind_of(value.value for value in one.values), words.share(one.share) + " of them")
        for name, one in properties.items()
    )
    return Known(traits, events, {name: _shown(properties[name].values) for name in asked if name in properties})


def traits_of(bench: Bench) -> tuple[Choice, ...]:
    """Traits of leads, the most frequent first."""
    whole = max(bench.leads, 1)
    return tuple(
        Choice(one.name, one.kind, f"{words.share(one.leads / whole)} of leads") for one in bench.columns[:_MOST_NAMES]
    )


def events_of(bench: Bench) -> tuple[Choice, ...]:
    """Names of events, the most frequent first."""
    return tuple(
        Choice(one.event, "text", f"{words.counted(one.events, 'time')}, {words.counted(one.leads, 'lead')}")
        for one in bench.events[:_MOST_NAMES]
    )


def traits_in(filled: Mapping[str, Any]) -> Iterator[str]:
    """Traits that a form reads, as far as they are named."""
    if filled.get("by"):
        yield str(filled["by"])
    for key in ("when", "needs"):
        if isinstance(filled.get(key), dict):
            yield from _compared(filled[key])


def _compared(group: Mapping[str, Any]) -> Iterator[str]:
    for part in group.get("parts", ()):
        if "kind" in part:
            yield from _compared(part)
        elif part.get("trait"):
            yield str(part["trait"])


def _shown(values: Iterable[Value]) -> tuple[tuple[str, str], ...]:
    return tuple((one.value, f"{one.count:,}") for one in values if len(one.value) <= 60)  # noqa: PLR2004 - longer is no choice


def _kind_of(values: Iterable[str]) -> str:
    found = list(values)
    return "number" if found and all(isinstance(as_written(value), float) for value in found) else "text"


def _of_scores(plain: Mapping[str, Any]) -> Known:
    """The columns of a scored lead, with the letters and names that this model gives."""
    given = {
        "grade": plain.get("grades") or {}, "level": plain.get("levels") or {},
        "segment": [one.get("name") for one in _listed(plain, "segments")],
        "priority": [one.get("name") for one in _listed(plain, "priorities")] or ["hot", "nurture", "engaged", "cold"],
    }  # fmt: skip
    values = {name: tuple((str(value), "") for value in found) for name, found in given.items() if found}
    numbers = tuple(Choice(name, "number", said) for name, said in _SCORES.items())
    return Known((*numbers, *(Choice(name, "text", "") for name in values)), (), values)


def _listed(plain: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = plain.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

"""The values of a trait -> what a person should know of it: how full it is, what kind, examples, what looks wrong.

In: the values of some leads as they are now. Out: a `TraitLook`. Pure. Called by the tab Traits.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from scoville.data.identity import ADDRESS
from scoville.data.workspace import PLACEHOLDERS
from scoville.live.fold.names import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.live.queries.trait_values import TraitValues

Value = str | int | float | bool
_EXAMPLES, _NAMED = 3, 3
_LONGEST_EXAMPLE = 40
_ENOUGH = 20  # values, below which nothing is made of their being all alike or all different
_RARE = 0.2  # share of values up to which another kind among them is a slip
_ALL_DIFFERENT = 0.98
_NOTHING = PLACEHOLDERS | {"unknown", "tbd", "todo", "xxx", "none given"}
_MADE_UP = re.compile(
    r"test|asdf\w*|qwert\w*|foo|bar|foobar|lorem ipsum|.*@(?:example|test)\.(?:com|org|net)|(?:test|asdf)\w*@.*",
    re.IGNORECASE,
)
_AN_ADDRESS = re.compile(ADDRESS)
_MAY_BE_ID = re.compile(r"(?:^|[._])(?:id|key|uuid|email|phone|name|url|website)$")
_NEVER_NEGATIVE = re.compile(r"employees|size|revenue|age|seats|users|count")


@dataclass(frozen=True)
class TraitLook:
    """One trait. `filled` is the share of the leads that have it, from 0 to 1; `doubts` are sentences."""

    name: str
    filled: float
    kind: str
    distinct: int
    examples: tuple[str, ...]
    sources: tuple[tuple[str, float], ...]
    doubts: tuple[str, ...]


def trait_look(trait: TraitValues, leads: int, now: datetime) -> TraitLook:
    """What can be said of a trait that was looked up for so many leads; now is naive UTC."""
    kinds = Counter(_kind(value) for value in trait.values)
    said = Counter(_shown(value) for value in trait.values)
    return TraitLook(
        name=trait.name,
        filled=len(trait.values) / leads if leads else 0.0,
        kind=kinds.most_common(1)[0][0] if len(kinds) == 1 or _is_slip(kinds) else "mixed",
        distinct=len(said),
        examples=tuple(_short(value) for value, _ in said.most_common(_EXAMPLES)),
        sources=tuple((name, count / len(trait.values)) for name, count in trait.by_source.most_common()),
        doubts=tuple(_doubts(trait, kinds, said, now)),
    )


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "number"
    text = value.strip()
    if re.fullmatch(r"[-+]?\d+(?:\.\d+)?", text):
        return "number"
    return "date" if _instant(text) is not None else "text"


def _shown(value: Value) -> str:
    """As rules read it: whole numbers without a fraction."""
    return as_text(value) or ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[: _LONGEST_EXAMPLE - 1]}…"


def _is_slip(kinds: Mapping[str, int]) -> bool:
    return min(kinds.values()) <= _RARE * sum(kinds.values())


def _doubts(trait: TraitValues, kinds: Mapping[str, int], said: Mapping[str, int], now: datetime) -> Iterator[str]:
    values, texts = trait.values, [value for value in trait.values if isinstance(value, str)]
    if (nothing := _named({text for text in texts if text.strip().lower() in _NOTHING})) is not None:
        yield f"Says nothing: {nothing}."
    if (made_up := _named({text for text in texts if _MADE_UP.fullmatch(text.strip())})) is not None:
        yield f"Looks made up: {made_up}."
    if len(kinds) > 1:
        yield f"Of several kinds: {', '.join(f'{count:,} {kind}' for kind, count in Counter(kinds).most_common())}."
    yield from _spellings(texts)
    if len(values) >= _ENOUGH and len(said) == 1:
        yield "All have the same value: it tells nobody apart."
    is_id = trait.name.lower() in {"email", "phone"} or _MAY_BE_ID.search(trait.name.lower()) is not None
    if len(values) >= _ENOUGH and not is_id and {*kinds} == {"text"} and len(said) >= _ALL_DIFFERENT * len(values):
        yield "Nearly all are different: perhaps an id or free text, of little use to rules."
    yield from _of_its_name(trait, now)


def _spellings(texts: Sequence[str]) -> Iterator[str]:
    """Rules ignore capitals and outer blanks; people who count do not."""
    alike: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        alike[text.strip().lower()].add(text)
    several = sorted((found for found in alike.values() if len(found) > 1), key=sorted)
    if several:
        one = ", ".join(f"“{text}”" for text in sorted(several[0])[:_NAMED])
        more = f", and {len(several) - 1:,} more" if len(several) > 1 else ""
        yield f"Written in several ways: {one}{more}. Rules take them as one."


def _of_its_name(trait: TraitValues, now: datetime) -> Iterator[str]:
    """What the name of a trait leads one to expect."""
    name = trait.name.lower()
    if name == "email":
        wrong = {str(value) for value in trait.values if not _AN_ADDRESS.match(str(value).strip().lower())}
        if (named := _named(wrong)) is not None:
            yield f"No e-mail addresses: {named}."
    numbers = [value for value in trait.values if isinstance(value, int | float) and not isinstance(value, bool)]
    if _NEVER_NEGATIVE.search(name) and (below := sum(value < 0 for value in numbers)):
        yield f"{below:,} below zero."
    if name.endswith(("_at", "_on", "date")) and not name.startswith(("next", "renew", "expire", "due")):
        moments = [at for value in trait.values if isinstance(value, str) and (at := _instant(value)) is not None]
        if later := sum(at > now for at in moments):
            yield f"{later:,} lie in the future."


def _named(found: set[str]) -> str | None:
    """Some of the values; null when there is none."""
    if not found:
        return None
    shown = ", ".join(f"“{_short(text)}”" for text in sorted(found)[:_NAMED])
    return shown if len(found) <= _NAMED else f"{shown}, and {len(found) - _NAMED:,} more"


def _instant(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.replace(tzinfo=None) if at.tzinfo is None else (at - (at.utcoffset() or at - at)).replace(tzinfo=None)

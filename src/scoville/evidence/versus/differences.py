"""What differs between two model files, in words: rules, points, bands, windows, caps, lines.

In: two models. Out: one `Change` for each rule or setting that is not the same. Pure. Called by `compare.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scoville import words
from scoville.model.conditions import parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoville.model.load import Model

Kind = Literal["added", "removed", "renamed", "changed"]
Key = tuple[str, str]  # what it is, and its name

_ARROW = " → "
_NAMED = {
    "qualify": "qualification",
    "disqualify": "disqualification",
    "priorities": "priority",
    "stages": "stage",
    "segments": "segment",
}
_ORDERED = ("priorities", "stages", "segments")  # the first, or the last, that holds: their order has a meaning
_SAID = {"within": "window", "at_most": "at most", "at_most_per_day": "at most per day", "from": "from"}
_CONDITIONS = frozenset({"when", "needs"})
_UNSAID = frozenset({"scoville", "name", "description"})  # they change no score


@dataclass(frozen=True)
class Change:
    """One rule or setting that differs. `part` says what it is ("fit rule", "stage", "settings"), `name` which one.

    `said` is what to read: "points 10 → 15; window none → 30d".
    """

    kind: Kind
    part: str
    name: str
    said: str


def model_changes(before: Model, after: Model) -> tuple[Change, ...]:
    """Every difference that can change a score, a stage or who is scored, in the order of the file.

    Example: `model_changes(a, b)[0].said` -> "points 10 → 15"
    """
    old, new = before.to_dict(), after.to_dict()
    was, now = dict(_parts(old)), dict(_parts(new))
    renamed = dict(_renamed(was, now))
    found = []
    for key in [*was, *(key for key in now if key not in was)]:
        if key in renamed:
            found.append(Change("renamed", *key, f"now called {renamed[key][1]}"))
        elif key not in renamed.values():
            found += _change(key, was.get(key), now.get(key))
    return (*found, *_moved(old, new))


# The parts of a model, each under what it is and its name


def _parts(content: Mapping[str, Any], within: str = "") -> Iterator[tuple[Key, dict[str, Any]]]:
    """Rules, stages and whatever else has a name; and last the settings, each under its path."""
    settings = []
    for key, value in content.items():
        if key in {"fit", "engagement"}:
            part = f"{key} rule{within}"
            yield from (((part, rule["name"]), _nameless(rule)) for rule in value.get("rules", ()))
            settings += [leaf for name, of in value.items() if name != "rules" for leaf in _leaves(f"{key} {name}", of)]
        elif key in _NAMED:
            for item in value:
                own = {name: of for name, of in _nameless(item).items() if name not in {"fit", "engagement"}}
                yield (_NAMED[key], item["name"]), own
                inner = {name: item[name] for name in ("fit", "engagement") if item.get(name) is not None}
                yield from _parts(inner, f" of segment {item['name']}")
        elif key not in _UNSAID:
            settings += list(_leaves(key, value))
    for path, value in settings:
        yield (f"settings{within}", path), {"when" if path.endswith(" when") else "": value}


def _nameless(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: of for name, of in item.items() if name != "name"}


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Nested settings as one line each: `fit max`, `engagement decay half life`. A condition stays whole."""
    if value is None and path.partition(" ")[0] in {"grades", "levels"}:
        yield path, "everything below"
    elif isinstance(value, dict) and value and not path.endswith(" when"):
        for name, inner in value.items():
            if name == "score_version":  # follows from the rules
                continue
            yield from _leaves(f"{path} {name.replace('_', ' ')}", inner)
    else:
        yield path, value if value != {} else "as usual"


def _renamed(was: Mapping[Key, object], now: Mapping[Key, object]) -> Iterator[tuple[Key, Key]]:
    """Parts that are the same but for their name."""
    gone, come = ([key for key in one if key not in other] for one, other in ((was, now), (now, was)))
    for old in gone:
        same = next(
            (new for new in come if new[0] == old[0] and "settings" not in old[0] and now[new] == was[old]), None
        )
        if same is not None:
            come.remove(same)
            yield old, same


# In words


def _change(key: Key, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[Change]:
    if was == now:
        return
    if key[0].startswith("settings") and (was is None or now is None):  # a setting is always there: it has a default
        was, now = was or dict.fromkeys(now or ()), now or dict.fromkeys(was or ())
    if was is None or now is None:
        part = was if now is None else now
        yield Change("removed" if now is None else "added", *key, "; ".join(_content(part or {})) or "for everybody")
        return
    said = [text for name in {**was, **now} for text in _differences(name, was.get(name), now.get(name))]
    yield Change("changed", *key, "; ".join(said))


def _content(part: Mapping[str, Any]) -> Iterator[str]:
    """All that a part says, such as `event demo_requested; points 25`."""
    yield from (f"{_label(name)} {_value(name, value)}" for name, value in part.items())


def _differences(name: str, was: object, now: object) -> Iterator[str]:
    """What changed under one key: bands and values one by one, the rest as a whole."""
    if was == now:
        return
    if _is_bands(was) or _is_bands(now):
        yield from _each(_label(name), _by_range(was), _by_range(now))
    elif name == "values" or (name == "sum" and isinstance(was, dict) and isinstance(now, dict)):
        yield from _nested(name, was, now)
    else:
        yield f"{_label(name)} {_value(name, was)}{_ARROW}{_value(name, now)}".strip()


def _nested(name: str, was: object, now: object) -> Iterator[str]:
    old, new = (one if isinstance(one, dict) else {} for one in (was, now))
    if name == "values":
        yield from _each("", old, new)
    else:
        yield from (text for key in {**old, **new} for text in _differences(key, old.get(key), new.get(key)))


def _each(label: str, was: Mapping[str, float], now: Mapping[str, float]) -> Iterator[str]:
    """Points by band or value: those that are not the same."""
    start = f"{label} " if label else ""
    for name in {**was, **now}:
        if name not in now:
            yield f"{start}{name}: {words.signed(was[name])}{_ARROW}no longer there"
        elif name not in was:
            yield f"{start}{name}: new, {words.signed(now[name])}"
        elif was[name] != now[name]:
            yield f"{start}{name}: {words.signed(was[name])}{_ARROW}{words.signed(now[name])}"


def _is_bands(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _by_range(bands: object) -> dict[str, float]:
    return {_range(band): band["points"] for band in bands} if isinstance(bands, list) else {}


def _range(band: Mapping[str, Any]) -> str:
    low, high = band.get("from"), band.get("below")
    if low is None:
        return f"below {words.plain(high)}" if high is not None else "any"
    return f"from {words.plain(low)}" + (f" to below {words.plain(high)}" if high is not None else "")


def _label(name: str) -> str:
    return _SAID.get(name, name.replace("_", " "))


def _value(name: str, value: object) -> str:
    """A value as a person would say it; a condition as a sentence."""
    if value is None:
        return "none"
    if name in _CONDITIONS:
        return words.condition(parse_condition(value))
    if name == "values" and isinstance(value, dict):
        return ", ".join(f"{key}: {words.signed(points)}" for key, points in value.items())
    if isinstance(value, dict):
        return " ".join(f"{_label(key)} {_value(key, item)}" for key, item in value.items())
    if _is_bands(value):
        return ", ".join(f"{each}: {words.signed(points)}" for each, points in _by_range(value).items())
    if isinstance(value, list) and value and isinstance(value[0], list):  # scores with probabilities
        return f"{words.counted(len(value), 'point')} from {words.plain(value[0][1])} to {words.plain(value[-1][1])}"
    if isinstance(value, list):
        return words.listed([_value("", item) for item in value])
    return words.value(value)


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Lists of which the first or the last that holds counts, when what is in both stands in another order."""
    for key in _ORDERED:
        was, now = ([item["name"] for item in one.get(key) or ()] for one in (old, new))
        before, after = _common(was, now), _common(now, was)
        if before != after:
            yield Change("changed", "settings", f"order of {key}", f"{', '.join(before)}{_ARROW}{', '.join(after)}")


def _common(names: Iterable[str], other: Iterable[str]) -> list[str]:
    known = set(other)
    return [name for name in names if name in known]

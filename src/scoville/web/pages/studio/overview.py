"""A whole draft as a page reads it: sections with their rules as sentences, lines, and whatever else the file says.

In: plain values of a draft, which may have faults. Out: `Section`s of `Row`s. A part with a fault keeps its row and
says no sentence. Called by the editor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from scoville import words
from scoville.model.conditions import ConditionError, parse_condition
from scoville.model.rewriting import same
from scoville.model.schema import AnyEventRule, AnyFitRule, Decay
from scoville.web.pages.studio import sentences
from scoville.web.pages.studio.rules import Plain, Where, dotted, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.model.schema import Rule

_FIT: TypeAdapter[Any] = TypeAdapter(AnyFitRule)
_EVENTS: TypeAdapter[Any] = TypeAdapter(AnyEventRule)
_DECAY: TypeAdapter[Any] = TypeAdapter(Decay)
_TITLES = {
    "fit": ("Who they are", "Fit: points for facts about a person and their company. They do not fade."),
    "engagement": ("What they did", "Engagement: points for events."),
    "qualify": ("Must be true", "Who does not meet all of these is out: no score, stage Disqualified."),
    "disqualify": ("Never", "Who meets any of these is out, whatever they do."),
    "stages": ("Stages", "The lines of the funnel. A lead is in the last one whose score and needs it meets."),
    "priorities": ("Priorities", "What to do with a lead: the first that fits."),
}
KINDS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "fit": (
        ("when", "Something is true", "such as: the country is Germany"),
        ("values", "By a value", "such as: points for each industry"),
        ("bands", "By a number", "such as: points by company size"),
    ),
    "engagement": (
        ("points", "Each time they do something", "such as: the pricing page, fading with time"),
        ("count", "How often they did it", "such as: 10 visits in 30 days"),
        ("recency", "How lately they did it", "such as: seen this week"),
        ("sum", "A total", "such as: minutes of webinars watched"),
    ),
}
"""The kinds of rule that can be added: what the form is, what people call it, and an example."""


@dataclass(frozen=True)
class Row:
    """One part: `span` is its points, or where it begins. `at` is its number, `last` that of the last one beside it.

    `mark` is `new` or `changed`, beside the model in force.
    """

    where: str
    name: str
    span: str
    sentence: str
    at: int
    last: int
    mark: str = ""


@dataclass(frozen=True)
class Section:
    """A list of parts. `settings` is the part that holds what is common to them, empty where there is none."""

    where: str
    kind: str
    title: str
    about: str
    rows: tuple[Row, ...]
    settings: str
    common: str
    empty: str = "None yet."


def sections(plain: Plain, before: Plain) -> Iterator[Section]:
    """Fit and engagement, then those of segments. `before` is the model in force, empty where there is none."""
    for where, content in _sections(plain):
        yield _marked(_section(where, content, plain), where, plain, before)


def around(plain: Plain, before: Plain) -> Iterator[Section]:
    """Who is out, stages and priorities."""
    for section in _around(plain):
        yield _marked(section, (), plain, before)


def _marked(section: Section, where: Where, plain: Plain, before: Plain) -> Section:
    """The same with a mark on every part that is new, or says something else than in force."""
    if not before:
        return section
    path = (*where, "rules") if where else (section.where,)
    held = {str(one.get("name")): one for one in entries(part_at(path, before))}
    now = entries(part_at(path, plain))
    marked = (replace(row, mark=_mark(now[row.at], held.get(row.name))) for row in section.rows)
    return replace(section, rows=tuple(marked))


def _mark(now: Plain, held: Plain | None) -> str:
    return "new" if held is None else "" if same(now, held) else "changed"


def _around(plain: Plain) -> Iterator[Section]:
    for key, shown in (
        ("stages", _stage),
        ("priorities", _priority),
        ("disqualify", _excluded),
        ("qualify", _excluded),
    ):
        parts = entries(plain.get(key))
        rows = (Row(f"{key}.{at}", *shown(one), at, len(parts) - 1) for at, one in enumerate(parts))
        yield Section(key, key, *_TITLES[key], tuple(rows), "", "", _nothing(key, plain))


def _nothing(key: str, plain: Plain) -> str:
    """What holds where a list has nothing in it."""
    if key == "priorities" and plain.get("grades") and plain.get("levels"):
        return (
            "The usual four hold: hot is grade A or B with level 1 or 2, nurture those grades with less, engaged those "
            "levels with other grades, cold the rest."
        )
    return {"disqualify": "Nobody is kept out.", "qualify": "Nothing is asked for."}.get(key, "None yet.")


def entries(value: object) -> list[Plain]:
    """The mappings of a list; one that is none stands as an empty one, so that numbers stay."""
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def mapping(value: object) -> Plain:
    """A mapping; empty for what is none."""
    return value if isinstance(value, dict) else {}


def rule_of(section: str, data: Plain) -> Rule | None:
    """A rule as the model reads it; null where it has a fault."""
    try:
        found: Rule = (_FIT if section == "fit" else _EVENTS).validate_python(data)
    except ValidationError:
        return None
    return found


def decay_of(data: object) -> Any:  # noqa: ANN401 - a decay of the model
    """How points fade; not at all where it has a fault."""
    try:
        return _DECAY.validate_python(data)
    except ValidationError:
        return "none"


def sentence_of(section: str, data: Plain, content: Plain) -> str:
    """A rule as a sentence; empty where it has a fault. `content` is the section that it stands in."""
    rule = rule_of(section, data)
    return sentences.sentence(rule, decay_of(content.get("decay", "none"))) if rule is not None else ""


def condition_of(data: object) -> str:
    """A condition in words; empty where it has a fault or says nothing."""
    try:
        return words.condition(parse_condition(data)) if data else ""
    except ConditionError:
        return ""


def _sections(plain: Plain) -> Iterator[tuple[Where, Plain]]:
    for key in ("fit", "engagement"):
        yield (key,), mapping(plain.get(key))
    for at, segment in enumerate(entries(plain.get("segments"))):
        for key in ("fit", "engagement"):
            if key in segment:
                yield ("segments", at, key), mapping(segment[key])


def _section(where: Where, content: Plain, plain: Plain) -> Section:
    kind = str(where[-1])
    title, about = _TITLES[kind]
    if where[0] == "segments":
        segment = entries(plain["segments"])[int(where[1])]
        title = f"{segment.get('name', '')}: {title[:1].lower()}{title[1:]}"
        about = f"Instead of the rules above, for leads whose {condition_of(segment.get('when'))}."
    parts = entries(content.get("rules"))
    rows = [_rule_row((*where, "rules", at), one, content, len(parts) - 1) for at, one in enumerate(parts)]
    return Section(dotted((*where, "rules")), kind, title, about, tuple(rows), dotted(where), _common(kind, content))


def _rule_row(where: Where, data: Plain, content: Plain, last: int) -> Row:
    section = str(where[-3])
    rule = rule_of(section, data)
    span = sentences.span(rule) if rule is not None else ""
    return Row(
        dotted(where), str(data.get("name", "")), span, sentence_of(section, data, content), int(where[-1]), last
    )


def _common(kind: str, content: Plain) -> str:
    """What holds for all rules of a section, such as: `At most 55 points in all. Half of it is left after 30 days.`."""
    groups = [f"{name}: {_ends(mapping(clamp))} together" for name, clamp in mapping(content.get("groups")).items()]
    limit = _ends(content)
    said = [f"{limit[:1].upper()}{limit[1:]} points in all."] if limit else []
    said += [f"{'; '.join(groups)}."] if groups else []
    return " ".join(
        [*said, *([sentences.fades(decay_of(content.get("decay", "none")))] if kind == "engagement" else [])]
    )


def _ends(clamp: Plain) -> str:
    ends = [f"at {word} {clamp[key]}" for key, word in (("min", "least"), ("max", "most")) if key in clamp]
    return ", ".join(ends).replace("-", "−")


def _stage(data: Plain) -> tuple[str, str, str]:
    needs = condition_of(data.get("needs"))
    return str(data.get("name", "")), f"from {data.get('from', '?')}", f"and only if {needs}." if needs else ""


def _priority(data: Plain) -> tuple[str, str, str]:
    when = condition_of(data.get("when"))
    return str(data.get("name", "")), "", f"When {when}." if when else "Everybody else."


def _excluded(data: Plain) -> tuple[str, str, str]:
    return str(data.get("name", "")), "", f"When {condition_of(data.get('when'))}."


def kind_at(where: Where, plain: Plain) -> str:
    """Which form the part at a path has."""
    return kind_of(where, mapping(part_at(where, plain)))


def part_at(where: Where, plain: Plain) -> object:
    """What stands at a path; null where nothing does. The name and scale of a model are parts of the whole."""
    found: object = plain
    for step in () if where == ("about",) else where:
        is_entry = isinstance(found, list) and isinstance(step, int) and step < len(found)
        found = found[step] if is_entry or (isinstance(found, dict) and step in found) else None  # type: ignore[index]
    return found

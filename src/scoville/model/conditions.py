"""The small language of `when:` and `needs:`: plain values -> a typed tree, and back.

In: what stands in the file, such as `{employees: {gte: 50}, country: [US, CA]}`. Out: `All`, `Either`, `Not` and
`Compare` nodes. Called by `schema.py`. Nothing here is ever evaluated as code; `plan/terms.py` turns the tree into an
expression.

A mapping is AND of its entries; `any`, `all` and `not` nest. A missing value makes every comparison false, also `not`
and `not_in`; `not: {...}` is the plain complement, so it is true for a missing value.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, cast, get_args

from scoville.model.patterns import PatternError, portable_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoville.model.document import Path

Scalar = str | int | float | bool
Operator = Literal[
    "equals", "not", "in", "not_in", "gt", "gte", "lt", "lte", "between",
    "contains", "starts_with", "ends_with", "matches", "is", "newer_than", "older_than",
]  # fmt: skip
OPERATORS: tuple[str, ...] = get_args(Operator)
ORDERING = ("gt", "gte", "lt", "lte", "between")
_LISTS = ("in", "not_in")
_TEXTS = ("contains", "starts_with", "ends_with", "matches")
AGES = ("newer_than", "older_than")
DURATION_PATTERN = r"^\s*(?!0+(?:\.0*)?[hdw])([0-9]+(?:\.[0-9]+)?)([hdw])\s*$"
_HOURS = {"h": 1, "d": 24, "w": 168}
_LONGEST_DAYS = 36_500  # a century; longer is a slip of the hand


@dataclass(frozen=True)
class Compare:
    """One comparison of one trait. `value` is normalised: numbers, text, datetimes, timedeltas, or tuples of them."""

    trait: str
    operator: Operator
    value: Scalar | datetime | timedelta | tuple[Scalar | datetime, ...]
    written: object  # as it stands in the file: what `to_data` gives back
    where: tuple[str | int, ...] = field(
        default=(), compare=False, repr=False
    )  # path inside the condition, for messages

    @property
    def trait_where(self) -> Path:
        """Path of the trait's own key."""
        return self.where[:-1] if self.where[-2:] == (self.trait, self.operator) else self.where


@dataclass(frozen=True)
class All:
    """True when every part is true; an empty one is always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """True when at least one part is true (`any:` in the file)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The plain complement: true for a missing value."""

    part: Condition


Condition = Compare | All | Either | Not


class ConditionError(ValueError):
    """All that is wrong in one condition: (path inside the condition, message) pairs."""

    def __init__(self, problems: list[tuple[Path, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(message for _, message in problems))


def parse_condition(data: object) -> Condition:
    """The tree for one condition. Raises ConditionError with every problem found."""
    problems: list[tuple[Path, str]] = []
    condition = _mapping(data, (), problems)
    if problems:
        raise ConditionError(problems)
    return condition


def traits_of(condition: Condition) -> Iterator[str]:
    """Names of the traits (or properties) that a condition reads, in order, with repeats."""
    for comparison in comparisons_of(condition):
        yield comparison.trait


def comparisons_of(condition: Condition) -> Iterator[Compare]:
    """Every comparison in a condition, in order."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, Not):
        yield from comparisons_of(condition.part)
    else:
        for part in condition.parts:
            yield from comparisons_of(part)


def to_data(condition: Condition) -> dict[str, object]:
    """The plain mapping that parses to this condition: the canonical form, as short as a person would write it.

    Example: `All((employees >= 50, country in US, CA))` gives `{employees: {gte: 50}, country: [US, CA]}`.
    """
    if isinstance(condition, All):
        return _together(condition.parts)
    if isinstance(condition, Either):
        return {"any": [to_data(part) for part in condition.parts]}
    if isinstance(condition, Not):
        return {"not": to_data(condition.part)}
    return {condition.trait: _short(condition.trait, {condition.operator: condition.written})}


def _together(parts: Iterable[Condition]) -> dict[str, object]:
    """AND as one mapping; where a key would stand twice, as a list under `all`."""
    together: dict[str, object] = {}
    operators: dict[str, object] = {}  # those of the last key, while it is a trait
    trait: str | None = None
    for part in parts:
        if isinstance(part, Compare) and part.trait == trait and part.operator not in operators:
            operators[part.operator] = part.written
            together[trait] = _short(trait, operators)
            continue
        written = to_data(part)
        if together.keys() & written.keys():
            return {"all": [to_data(each) for each in parts]}
        together |= written
        trait = part.trait if isinstance(part, Compare) else None
        operators = {part.operator: part.written} if isinstance(part, Compare) else {}
    return together


def _short(trait: str, operators: Mapping[str, object]) -> object:
    (name, value), *further = operators.items()
    plain = name in ("equals", "in") and not further and trait not in OPERATORS
    return value if plain else dict(operators)


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'employees'?` for a slip of the pen, else nothing."""
    close = closest(name, known)
    return f" Did you mean '{close}'?" if close else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, else None."""
    options = {str(option).lower(): str(option) for option in known}
    close = difflib.get_close_matches(name.lower(), options, n=1, cutoff=0.6)
    return options[close[0]] if close else None


def parse_duration(text: object) -> timedelta:
    """`30d`, `12h` or `2w` as an exact length of time (a day is 86,400 s). Raises ValueError."""
    match = re.match(DURATION_PATTERN, text) if isinstance(text, str) else None
    if not match:
        message = f"{_shown(text)} is not a length of time; {_meant(text)}"
        raise ValueError(message)
    hours = float(match[1]) * _HOURS[match[2]]
    duration = timedelta(hours=min(hours, 25.0 * _LONGEST_DAYS))  # more of them than a timedelta may have
    if not timedelta(0) < duration <= timedelta(days=_LONGEST_DAYS):
        message = f"{text!r} must be more than 0 and at most {_LONGEST_DAYS:,} days"
        raise ValueError(message)
    return duration


def _meant(text: object) -> str:
    words = re.match(r"^\s*([0-9]+(?:\.[0-9]+)?) *(h|d|w|hour|day|week)s?\s*$", str(text), re.IGNORECASE)
    if words and float(words[1]) == 0:
        return "it must be more than 0"
    if words:
        return f"write {words[1]}{words[2][0].lower()}"
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return f"write {text}d for days"
    if re.match(r"^\s*[0-9]+ *mo", str(text), re.IGNORECASE):
        return "months differ in length: write days, such as 30d"
    return "write a number and h, d or w, such as 12h, 30d or 2w"


def format_duration(duration: timedelta) -> str:
    """The shortest way to write a duration: `2w` stays 14d, `36h` stays 36h."""
    hours = duration.total_seconds() / 3600
    return f"{hours / 24:g}d" if hours % 24 == 0 else f"{hours!r}h".replace(".0h", "h")


def parse_instant(text: str) -> datetime | None:
    """An ISO 8601 date or instant as naive UTC; None when the text is not one."""
    if not re.match(r"^\d{4}-\d{2}-\d{2}", text.strip()):
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def as_number(text: str) -> float | None:
    """A plain decimal or scientific number in text, else None. The plan casts text columns by the same rule."""
    return float(text) if re.match(r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$", text) else None


def _mapping(data: object, where: Path, problems: list[tuple[Path, str]]) -> Condition:
    if not isinstance(data, dict):
        problems.append((where, f"a condition is a mapping such as {{country: [US, CA]}}{_but(data)}"))
        return All(())
    if not data:
        problems.append((where, "an empty condition holds for everybody; leave the key out, or say what must hold"))
    return _all([part for key, value in data.items() for part in _entry(key, value, (*where, str(key)), problems)])


def _all(parts: Iterable[Condition]) -> Condition:
    """AND without needless nesting, so that equal conditions are equal however they were written."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,)))
    return flat[0] if len(flat) == 1 else All(flat)


def _entry(key: object, value: object, where: Path, problems: list[tuple[Path, str]]) -> list[Condition]:
    if key in ("any", "all"):
        if not isinstance(value, list) or not value:
            problems.append((where, f"`{key}` takes a list of conditions{_but(value)}"))
            return []
        parts = [_mapping(item, (*where, i), problems) for i, item in enumerate(value)]
        return [_all(parts) if key == "all" or len(parts) == 1 else Either(tuple(parts))]
    if key == "not":
        return [Not(_mapping(value, where, problems))]
    if key is None or not str(key).strip():
        problems.append((where, "a comparison needs the name of a trait before its value"))
        return []
    trait = str(key).strip()
    if trait in OPERATORS and not isinstance(value, dict):
        instead = f"write {{the trait: {{{trait}: ...}}}}; for a trait of that name {{{trait}: {{equals: ...}}}}"
        problems.append((where, f"`{trait}` compares a trait: {instead}"))
        return []
    if isinstance(value, dict):
        return _operators(trait, value, where, problems)
    operator: Operator = "in" if isinstance(value, list) else "equals"
    return _comparison(trait, operator, value, where, problems)


def _operators(
    trait: str, data: Mapping[str, object], where: Path, problems: list[tuple[Path, str]]
) -> list[Condition]:
    if not data:
        problems.append((where, f"'{trait}' has no operator; allowed: {', '.join(OPERATORS)}"))
    parts: list[Condition] = []
    for name, value in data.items():
        if name in OPERATORS:
            parts += _comparison(trait, cast("Operator", name), value, (*where, name), problems)
        else:
            hint = nearest(str(name), OPERATORS)
            problems.append(((*where, str(name)), f"unknown operator '{name}'.{hint} Allowed: {', '.join(OPERATORS)}"))
    return parts


def _comparison(
    trait: str, operator: Operator, value: object, where: Path, problems: list[tuple[Path, str]]
) -> list[Condition]:
    try:
        return [Compare(trait, operator, _operand(operator, value), _canonical(operator, value), where)]
    except ValueError as error:
        problems.append((where, str(error)))
        return []


def _canonical(operator: Operator, value: object) -> object:
    if operator in AGES:
        return format_duration(parse_duration(value))
    if operator in _LISTS or operator == "between":
        return tuple(_plain(item) for item in cast("list[object]", value))
    return value if operator in _TEXTS else _plain(value)


def _plain(value: object) -> object:
    """20.0 and 20 are the same number, and give the same version of a model."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _operand(operator: Operator, value: object) -> Scalar | datetime | timedelta | tuple[Scalar | datetime, ...]:
    if operator in _LISTS:
        return _listed(operator, value)
    if operator == "between":
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a lower and an upper end
            message = f"`between` takes two values [from, to], both included{_but(value)}"
            raise ValueError(message)
        low, high = (_ordered("between", item) for item in value)
        if isinstance(low, datetime) != isinstance(high, datetime) or low > high:  # type: ignore[operator]
            message = f"`between` needs the smaller value first and two of a kind{_but(value)}"
            raise ValueError(message)
        return (low, high)
    if operator in ORDERING:
        return _ordered(operator, value)
    if operator in _TEXTS:
        return _textual(operator, value)
    if operator in AGES:
        return parse_duration(value)
    if operator == "is":
        if value not in ("missing", "present"):
            message = f"`is` takes missing or present{_but(value)}"
            raise ValueError(message)
        return str(value)
    return _scalar(operator, value)


def _scalar(operator: str, value: object) -> Scalar:
    if isinstance(value, str) and not value.strip():
        message = "empty text is a missing value; write {is: missing}"
        raise ValueError(message)
    if not isinstance(value, (str, int, float, bool)):
        hint = "; for a missing value write {is: missing}" if value is None else ""
        message = f"`{operator}` takes one text, number or true/false{_but(value)}{hint}"
        raise ValueError(message)  # noqa: TRY004 - collected with the other problems
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - NaN
        message = f"`{operator}` takes a finite number{_but(value)}"
        raise ValueError(message)
    return value


def _listed(operator: str, value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not value:
        message = f"`{operator}` takes a list with at least one value{_but(value)}"
        raise ValueError(message)
    return tuple(_scalar(operator, item) for item in value)


def _ordered(operator: str, value: object) -> float | datetime:
    if isinstance(value, str) and (instant := parse_instant(value)) is not None:
        return instant
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        hint = "; take the quotes away" if isinstance(value, str) and as_number(value) is not None else ""
        message = f"`{operator}` takes a number or a date such as 2026-01-31{_but(value)}{hint}"
        raise ValueError(message)  # noqa: TRY004 - as above
    return cast("float", _scalar(operator, value))


def _textual(operator: str, value: object) -> str:
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip():
        message = f"`{operator}` takes a text{_but(value)}"
        raise ValueError(message)
    if operator != "matches":
        return text
    try:
        portable_pattern(text)
    except PatternError as error:
        raise ValueError(str(error)) from None
    return text


def _but(value: object) -> str:
    return ", but nothing stands here" if value is None else f", not {_shown(value)}"


def _shown(value: object) -> str:
    text = repr(value)
    return "nothing" if value is None else text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line

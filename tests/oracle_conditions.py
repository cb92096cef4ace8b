"""Conditions of the oracle: does a `when` hold for one row? Written from the design alone, one operator at a time."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


def holds(condition: Row, row: Row, as_of: datetime) -> bool:
    """A mapping holds when all its entries hold; the empty one always does."""
    return all(entry_holds(key, wanted, row, as_of) for key, wanted in condition.items())


def entry_holds(key: str, wanted: Any, row: Row, as_of: datetime) -> bool:
    """One entry: a nested condition, or a trait against a value, a list of values, or operators."""
    if key == "any":
        return any(holds(part, row, as_of) for part in wanted)
    if key == "all":
        return all(holds(part, row, as_of) for part in wanted)
    if key == "not":
        return not holds(wanted, row, as_of)
    trait = row.get(key)
    if isinstance(wanted, dict):
        return all(operator_holds(name, trait, operand, as_of) for name, operand in wanted.items())
    if isinstance(wanted, list):
        return operator_holds("in", trait, wanted, as_of)
    return operator_holds("equals", trait, wanted, as_of)


def operator_holds(name: str, trait: Any, operand: Any, as_of: datetime) -> bool:  # noqa: C901, PLR0911 -- a flat list of operators
    """One operator. A missing trait makes every one of them false, except `is: missing`."""
    if name == "is":
        return is_missing(trait) if operand == "missing" else not is_missing(trait)
    if is_missing(trait):
        return False
    if name == "equals":
        return equals(trait, operand)
    if name == "in":
        return any(equals(trait, value) for value in operand)
    if name == "not":
        return not equals(trait, operand)
    if name == "not_in":
        return not any(equals(trait, value) for value in operand)
    if name == "between":
        return ordered("gte", trait, operand[0]) and ordered("lte", trait, operand[1])
    if name in ("gt", "gte", "lt", "lte"):
        return ordered(name, trait, operand)
    if name in ("contains", "starts_with", "ends_with", "matches"):
        return text_holds(name, trait, operand)
    if name in ("newer_than", "older_than"):
        return age_holds(name, trait, operand, as_of)
    raise AssertionError(f"unknown operator {name!r}")


def is_missing(trait: Any) -> bool:
    """Nothing, not a number, or text with nothing in it."""
    if trait is None:
        return True
    if isinstance(trait, float):
        return math.isnan(trait)
    return isinstance(trait, str) and trait.strip() == ""


def plain(text: str) -> str:
    """Text compares without case and outer blanks."""
    return text.strip().lower()


def number_of(value: Any) -> float | None:
    """A number, also out of text in plain or scientific notation; None for everything else."""
    if isinstance(value, bool) or is_missing(value):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return float(value.strip())
    return None


def instant_of(value: Any) -> datetime | None:
    """An instant in naive UTC, also out of a date or ISO text; None for everything else."""
    if isinstance(value, str) and ISO_INSTANT.fullmatch(value.strip()):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return None


def equals(trait: Any, value: Any) -> bool:
    """Equality of a present trait and a value of the model."""
    if isinstance(value, bool) or isinstance(trait, bool):
        truth = truth_of(trait)
        return truth is not None and truth == truth_of(value)
    if isinstance(value, int | float) or isinstance(trait, int | float):
        left, right = number_of(trait), number_of(value)
        return left is not None and left == right
    if isinstance(value, date) or isinstance(trait, date):
        return instant_of(trait) is not None and instant_of(trait) == instant_of(value)
    return plain(trait) == plain(value)


def truth_of(value: Any) -> bool | None:
    """True and false, also as forms write them: yes and no."""
    return {"true": True, "yes": True, "false": False, "no": False}.get(plain(str(value)))


def ordered(name: str, trait: Any, value: Any) -> bool:
    """Order of numbers when the model names a number, of instants when it names a date."""
    reading: Callable[[Any], Any] = number_of if isinstance(value, int | float) else instant_of
    left, right = reading(trait), reading(value)
    if left is None:
        return False
    return bool({"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[name])


def text_holds(name: str, trait: Any, pattern: str) -> bool:
    """Parts of text, and regular expressions (unanchored), all without case and outer blanks."""
    if not isinstance(trait, str):
        return False
    if name == "matches":
        return re.search(pattern, trait.strip(), re.IGNORECASE) is not None
    text, part = plain(trait), plain(pattern)
    return {"contains": part in text, "starts_with": text.startswith(part), "ends_with": text.endswith(part)}[name]


def age_holds(name: str, trait: Any, limit: str, as_of: datetime) -> bool:
    """Newer than, or its exact complement; an instant in the future is newer than anything."""
    instant = instant_of(trait)
    if instant is None:
        return False
    is_newer = as_of - instant < duration(limit)
    return is_newer if name == "newer_than" else not is_newer


def duration(text: str) -> timedelta:
    """`30d`, `36h`, `2w`: exact spans, a day being 86,400 seconds."""
    return float(text[:-1]) * UNITS[text[-1]]

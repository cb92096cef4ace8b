"""What values from outside must be before anything looks at them: the base of every body, and types of fields.

In: JSON, parameters. Out: values that both stores can hold: no NUL, no half of a surrogate pair, no number that is
none, instants in UTC within the calendar of the store. Bodies with a field that is not described are refused.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

_DEEPEST = 32
_MOST_VALUES = 20_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def storable(text: str) -> str:
    """A text that both stores hold. Raises: ValueError."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("has a character that cannot be stored (NUL, or half of a surrogate pair)")
    return text


def _utc(instant: datetime) -> datetime:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if not _FIRST <= aware < _LAST:
        raise ValueError("lies outside of the years 1970 to 2199")
    return aware.astimezone(UTC).replace(tzinfo=None)


def _iso(instant: datetime) -> str:
    return instant.isoformat() + "Z"


Text = Annotated[str, Field(max_length=2_000), AfterValidator(storable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
Id = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(storable)]
Points = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
When = Annotated[datetime, AfterValidator(_utc)]
"""An instant from outside: naive is UTC."""
Version = Annotated[str, Field(description="Changes with the content. Send it as `If-Match` to change just this.")]
At = Annotated[datetime, PlainSerializer(_iso, return_type=str)]
"""An instant to outside."""


class Body(BaseModel):
    """What comes in: exactly the fields that are described, and nothing that a store cannot hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_stored(cls, data: Any) -> Any:  # noqa: ANN401 - any JSON
        _check(data, [0], 0)
        return data


class Answer(BaseModel):
    """What goes out: only what is described, whatever the store holds beside it."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, frozen=True)

    @classmethod
    def of(cls, row: object) -> Self:
        """From a row of the store."""
        return cls.model_validate(row)


def _check(value: object, count: list[int], depth: int) -> None:
    count[0] += 1
    if count[0] > _MOST_VALUES or depth > _DEEPEST:
        raise ValueError(f"has more than {_MOST_VALUES:,} values, or more than {_DEEPEST} levels")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("has a number that is none")
    elif isinstance(value, dict):
        for name, inner in value.items():
            storable(name)
            _check(inner, count, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, count, depth + 1)

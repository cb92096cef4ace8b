"""What the tables of the store have in common: their catalogue, and how instants, JSON and ids are written.

In: nothing. Out: `metadata`, to which every table of `store/` belongs, and column types that mean the same on SQLite
and PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as all instants inside
_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """Now, naive UTC: read at the edges alone, and handed inwards as an argument."""
    return datetime.now(UTC).replace(tzinfo=None)


def to_us(instant: datetime) -> int:
    """An instant (naive UTC) as microseconds since 1970: how the store holds it.

    Example: 1970-01-01 00:00:01 -> 1000000
    """
    return (instant - EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The instant, naive UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """An instant as whole microseconds: sorts, compares and reads fast, and is the same number on both stores."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:  # noqa: ARG002
        """Naive UTC to microseconds; an aware instant is turned to UTC."""
        if value is None:
            return None
        return to_us(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value)

    def process_result_value(self, value: int | None, dialect: object) -> datetime | None:  # noqa: ARG002
        """Microseconds to naive UTC."""
        return None if value is None else from_us(value)


class Json(TypeDecorator[Any]):
    """A JSON value as compact text: both stores give back what was written, byte for byte."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:  # noqa: ANN401, ARG002 - any JSON
        """A Python value to JSON text; None is NULL."""
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: object) -> Any:  # noqa: ANN401, ARG002 - any JSON
        """JSON text to a Python value."""
        return None if value is None else orjson.loads(value)


Number = BigInteger().with_variant(Integer, "sqlite")
"""A number that the store gives out, counting up; on SQLite only INTEGER can be the row's own id."""

EventId = LargeBinary(16)
"""128 bits: the first half of a SHA-256 of source and message id. One message has one id, however often it is sent."""

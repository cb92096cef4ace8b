"""What an installation decides for itself, beside its model: who merges, what an outcome is, how long things are kept.

In: rows of the table `settings`. Out: `LiveSettings`. Called by the server and the worker, who read them again every
few seconds, and by the API, which changes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from scoville.errors import UsageError
from scoville.live.store.access import settings as table
from scoville.live.store.seen import check_seen, hold, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_OUTCOMES = MappingProxyType({"Order Completed": "won", "Deal Won": "won", "Deal Lost": "lost"})
_YEARS_10 = 3_650
_NO_HOST = re.compile(r"[/@?#*\s]")  # an address or a pattern: it would be kept, and allow nothing


@dataclass(frozen=True)
class LiveSettings:
    """Settings by name, each with what holds where nobody said otherwise. Days and minutes are whole numbers."""

    merge_by_email: bool = True
    protected_traits: tuple[str, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=lambda: _OUTCOMES)
    refresh_minutes: int = 15
    stage_margin: float = 3.0
    are_bots_refused: bool = True
    event_days: int | None = None
    quarantine_days: int = 30
    allowed_private_hosts: tuple[str, ...] = ()


EXPLAINED: Mapping[str, str] = MappingProxyType(
    {
        "merge_by_email": "true or false: whether two people with one e-mail address are one person",
        "protected_traits": "a list of trait names that only servers (secret keys) may set",
        "outcomes": 'names of events that are outcomes, such as {"Deal Won": "won"}',
        "refresh_minutes": "a whole number from 1 to 1440: how old a score that moves with time may be shown",
        "stage_margin": "points from 0 to 50: how far below its line a lead must fall to leave a stage",
        "are_bots_refused": "true or false: whether events of known crawlers go to quarantine",
        "event_days": "a whole number from 30 on, or null: how long events are kept; null: for ever",
        "quarantine_days": "a whole number from 1 to 3650: how long messages in quarantine are kept",
        "allowed_private_hosts": "a list of hosts inside your network that actions may call, each as host or host:port",
    }
)


def read_settings(connection: Connection) -> LiveSettings:
    """The settings in force."""
    found = dict(connection.execute(select(table.c.name, table.c.value).where(table.c.name.in_(EXPLAINED))).all())
    given: dict[str, Any] = {name: _frozen(value) for name, value in found.items()}
    return LiveSettings(**given)


def change_settings(
    connection: Connection,
    changes: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    seen: Mapping[str, str] = MappingProxyType({}),
) -> LiveSettings:
    """Set some settings; null takes one back to what holds without it, where null is no value of its own.

    `seen` are versions of values that somebody saw, by name. Raises: UsageError that names every setting that is
    unknown or cannot have this value; ChangedError.
    """
    problems = [said for name, value in changes.items() if (said := _problem(name, value))]
    if problems:
        raise UsageError("\n".join(problems))
    hold(connection)
    present = as_json(read_settings(connection))
    for name in changes:
        check_seen(seen.get(name), version_of(present[name]), name)
    for name, value in changes.items():
        connection.execute(delete(table).where(table.c.name == name))
        if value is not None:
            connection.execute(insert(table).values(name=name, value=value, changed_at=now, changed_by=by))
    return read_settings(connection)


def as_json(settings: LiveSettings) -> dict[str, Any]:
    """The settings as plain values."""
    return {one.name: getattr(settings, one.name) for one in fields(settings)} | {"outcomes": dict(settings.outcomes)}


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(value) if isinstance(value, dict) else value


def _problem(name: str, value: object) -> str | None:
    if name not in EXPLAINED:
        return f"there is no setting '{name}'; settings: {', '.join(one.name for one in fields(LiveSettings))}"
    if value is None or _ALLOWED[name](value):
        return None
    return f"{name} cannot be {value!r}: it is {EXPLAINED[name]}"


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_margin(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 50  # noqa: PLR2004 - half of a scale


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) and one.strip() for one in value)


def _are_hosts(value: object) -> bool:
    return isinstance(value, list | tuple) and _are_texts(value) and not any(_NO_HOST.search(one) for one in value)


def _are_outcomes(value: object) -> bool:
    return isinstance(value, dict) and _are_texts([one for pair in value.items() for one in pair])


_ALLOWED: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        "merge_by_email": _is_flag,
        "protected_traits": _are_texts,
        "outcomes": _are_outcomes,
        "refresh_minutes": _whole(1, 1440),
        "stage_margin": _is_margin,
        "are_bots_refused": _is_flag,
        "event_days": _whole(30, _YEARS_10 * 10),
        "quarantine_days": _whole(1, _YEARS_10),
        "allowed_private_hosts": _are_hosts,
    }
)

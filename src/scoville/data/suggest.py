"""The nearest known name, for messages that help someone who mistyped one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 12  # names listed before "and N more": a wide CRM export has hundreds of columns


def nearest(found: str, known: Iterable[str]) -> str | None:
    """The known name that `found` most likely means, ignoring case; null when none is near."""
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(found.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with a leading blank, or nothing."""
    near = nearest(found, known)
    return f" Did you mean '{near}'?" if near else ""


def listed(names: Iterable[str]) -> str:
    """Names in their order, comma separated, the tail counted instead of shown."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more if every else "none"

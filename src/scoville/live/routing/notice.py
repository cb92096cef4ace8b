"""What routing and clocks have to tell: taken by whoever sends messages, inside the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True)
class Notice:
    """Something that happened to a lead, other than a crossing: `cause` names it once and for all: `assignment:17`."""

    occasion: str
    cause: str
    lead_no: int
    more: Mapping[str, Any]


Tell = Callable[[Connection, Sequence[Notice], datetime], object]
"""`actions.queueing.queue_notices`, which the layers below do not know."""

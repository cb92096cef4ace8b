"""What is taken and what is not: the limits of ingestion, and the events that are outcomes.

In: the settings of an installation, or nothing. Out: `Rules`, which everything else here gets as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scoville.live.store.settings import LiveSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.live.store.opening import Store


@dataclass(frozen=True)
class Rules:
    """Limits and settings of ingestion.

    Units: bytes of UTF-8 JSON; seconds.
    """

    body_bytes: int = 5 * 1024 * 1024  # after inflating; the largest request seen of a client has 1.2 MB
    batch_messages: int = 5_000
    message_bytes: int = 32 * 1024  # what Segment takes; larger ones are put aside, and their neighbours kept
    depth: int = 200  # of objects and lists in each other
    outcomes: Mapping[str, str] = field(default_factory=lambda: LiveSettings().outcomes)  # name of an event -> outcome
    are_bots_refused: bool = True


def rules_in_force(store: Store) -> Rules:
    """The rules by the settings of an installation."""
    with store.reading() as connection:
        settings = read_settings(connection)
    return Rules(outcomes=settings.outcomes, are_bots_refused=settings.are_bots_refused)

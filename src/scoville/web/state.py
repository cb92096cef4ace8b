"""What all routes of one app share: the store, the settings, the clock, the counters.

In: what `create_app` was given. Out: `State`, by the request. The clock is here so that nothing deeper looks at one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from scoville.live.store.metadata import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scoville.live.store.opening import Store
    from scoville.web.limits import Buckets
    from scoville.web.metrics import Metrics
    from scoville.web.settings import Settings


@dataclass(frozen=True)
class State:
    """One app's own things."""

    store: Store
    settings: Settings
    metrics: Metrics
    buckets: Buckets
    clock: Callable[[], datetime] = utc_now

    def is_open(self, pattern: str) -> bool:
        """Whether the operator opened a route that is closed by default."""
        opened = {"/openapi.json": self.settings.shows_description, "/metrics": self.settings.shows_metrics}
        return opened.get(pattern, False)


def state_of(request: Request) -> State:
    """The app's own things."""
    state: State = request.app.state.scoville
    return state

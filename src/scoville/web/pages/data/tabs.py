"""The tabs of the page Data, in one place. In: nothing. Out: addresses with names. Called by its templates."""

from __future__ import annotations

TABS = (
    ("/data", "Sources"),
    ("/data/events", "As they arrive"),
    ("/data/traits", "Traits"),
    ("/data/identity", "Identity"),
    ("/data/outcomes", "Outcomes"),
    ("/data/connect", "Send data"),
)

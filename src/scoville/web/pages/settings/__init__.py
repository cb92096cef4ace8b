"""The settings: everything about an installation that people decide, one page each.

In: requests of people. Out: HTML. Every change goes through the functions of the API, which check it, note it in the
audit log and write it.
"""

from __future__ import annotations

from scoville.web.pages.settings import (
    actions,
    audit,
    data,
    home,
    keys,
    me,
    messages,
    owners,
    routing,
    speed,
    users,
)

ROUTERS = (
    home.router, me.router, users.router, keys.router, owners.router, routing.router, speed.router, actions.router,
    messages.router, data.router, audit.router,
)  # fmt: skip

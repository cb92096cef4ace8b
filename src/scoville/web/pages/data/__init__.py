"""Data: where messages come from, what becomes of them, and how good it is what is known.

Each module is a tab: `sources`, `arriving` (the newest messages as they come), `traits`, `identity`, `outcomes`,
`connecting` (what to paste). All are for people who steer, for they show what was said of whom.
"""

from __future__ import annotations

from scoville.web.pages.data import arriving, connecting, identity, outcomes, sources, traits

ROUTERS = (sources.router, arriving.router, traits.router, identity.router, outcomes.router, connecting.router)

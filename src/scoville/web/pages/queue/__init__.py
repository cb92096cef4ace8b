"""The queue: whom to call now, and why.

`listing` shows the ranked list as `asked` for, row by row (`rows`); `acts` are what is done with leads from there,
`views` are lists that are kept, `export` takes one away.
"""

from __future__ import annotations

from scoville.web.pages.queue import listing, views

ROUTERS = (listing.router, views.router)

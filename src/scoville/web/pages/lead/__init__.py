"""One lead: who they are, how hot, why now, what to do.

`shown` is the page and its parts: `reading` what is known, `waterfall` where the points come from, `chart` and `story`
what was, `ahead` what will be, `advice` what to do. `deeds` are its forms.
"""

from __future__ import annotations

from scoville.web.pages.lead import deeds, shown

ROUTERS = (shown.router, deeds.router)

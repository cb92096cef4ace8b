"""The first run: from nothing to a ranked list, without reading anything first.

`start` shows where one is and the three ways to begin, `uploading` takes files in, `modelling` makes the first model
and waits until every lead has a score. Then it is over: the queue is the first page.
"""

from __future__ import annotations

from scoville.web.pages.welcome import modelling, start, uploading

ROUTERS = (start.router, uploading.router, uploading.streamed, modelling.router)

"""The door for events: Segment's protocol, and what RudderStack has beside it.

`routes` says which address does what; `desk` takes a request through reading, key, limits and the inbox; `answers` are
what goes back; `pixel` and `browser` serve what has no body: images, and what the scripts in a page ask for.
"""

from __future__ import annotations

from scoville.web.ingest.desk import Desk, desk_of
from scoville.web.ingest.routes import EventsFirst, ingest_routes
from scoville.web.ingest.senders import Keys, Sender, StoredKeys

__all__ = ["Desk", "EventsFirst", "Keys", "Sender", "StoredKeys", "desk_of", "ingest_routes"]

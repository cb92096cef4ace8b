"""Every table of the store in one catalogue: whoever needs all of them (migrations, backups, tests) asks here."""

from __future__ import annotations

from scoville.live.store import access, actions, jobs, log, people, routing, scores, summed
from scoville.live.store.metadata import metadata

PARTS = (log, people, scores, actions, routing, access, jobs, summed)
CATALOGUE = metadata
"""All tables, once every part has been read."""

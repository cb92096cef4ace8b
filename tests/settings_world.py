"""Forms of the settings in tests: somebody to work leads, an action, and what a page answers to a form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoville.live.routing.owners import list_owners

if TYPE_CHECKING:
    from pages_world import PagesWorld

SEALED_BY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OLGA = {"name": "Olga", "email": "olga@example.com", "is_active": "yes", "weight": "1", "time_zone": "Europe/Berlin"}
HOOK = {"kind": "webhook", "name": "CRM", "occasion": "entered", "url": "https://hooks.example.com/secret-path"}


def problem(html: str) -> str:
    """Why a form was refused."""
    found = re.search(r'<p class="problem" role="alert">([^<]*)</p>', html)
    assert found is not None
    return found[1]


def secret(html: str) -> str:
    """What a page shows this once."""
    found = re.search(r'class="secret">([^<]+)</code>', html)
    assert found is not None
    return found[1]


def olga(world: PagesWorld, **more: str) -> str:
    """An owner; the id."""
    answer = world.visitor("marketing").send("/settings/owners", **(OLGA | more))
    assert answer.status_code == 303, answer.text
    return list_owners(world.store)[0].owner_id

"""Forms of the settings in tests: somebody to work leads, an action, and what a page answers to a form."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from scoville.live.routing.owners import list_owners

if TYPE_CHECKING:
    import httpx

    from pages_world import PagesWorld, Visitor

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


class Forms(HTMLParser):
    """The forms of a page by their address, each with the fields as a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, list[str]]] = {}
        self._form: dict[str, list[str]] = {}
        self._name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = dict(attrs)
        if tag == "form":
            self._form = self.found.setdefault(str(one.get("action")), {})
        elif tag in {"select", "textarea"}:
            self._name = str(one["name"])
            if tag == "textarea":
                self._add(self._name, "")
        elif tag == "option" and self._name and "selected" in one:
            self._add(self._name, one["value"])
        elif tag == "input" and "name" in one and (one.get("type") not in {"checkbox", "radio"} or "checked" in one):
            self._add(str(one["name"]), one.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self._name = ""

    def handle_data(self, data: str) -> None:
        if self._name and self._name in self._form and self.lasttag == "textarea":
            self._form[self._name][-1] += data

    def _add(self, name: str, value: str | None) -> None:
        self._form.setdefault(name, []).append(value or "")


def form(html: str, address: str) -> dict[str, list[str]]:
    """The form of a page that is sent to an address, as it is filled in."""
    return dict(Forms(html).found[address])


def sent(visitor: Visitor, address: str, filled: dict[str, list[str]], **typed: Any) -> httpx.Response:
    """Send a form with something typed into it."""
    return visitor.send(address, **{**filled, **typed})

"""A report as a browser would see it, and what holds for every report."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "link", "br", "img", "hr", "input", "col"}


class Page(HTMLParser):
    """What a browser would see: every element with its attributes and its text, and that all are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(text for tag, text in self.texts if tag not in {"style", "title"}).split())

    @property
    def colours(self) -> set[str]:
        """The colours of all drawings."""
        inside = self.all("path", "g", "text", "rect", "circle", "line")
        return {str(one[name]) for one in inside for name in ("fill", "stroke") if name in one}

    def check_it_needs_nothing_else(self) -> None:
        """No script runs, and nothing is loaded."""
        assert not self.all("script", "link", "img", "iframe", "object", "embed", "form", "base")
        for tag, attributes in self.elements:
            assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "srcset"}], tag
            assert (attributes.get("href") or "#").startswith("#")
        assert "url(" not in self.html
        assert "@import" not in self.html

    def check_its_policy(self) -> None:
        """The one style sheet is allowed, and nothing else."""
        style = next(text for tag, text in self.texts if tag == "style")
        policy = next(one["content"] for one in self.all("meta") if "http-equiv" in one)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"

    def check_its_outline(self) -> None:
        """Headings never skip a level, landmarks are there, sections and tables have names."""
        levels = [int(tag[1]) for tag, _ in self.elements if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert self.all("html")[0]["lang"] == "en"
        assert [len(self.all(tag)) for tag in ("header", "main", "footer")] == [1, 1, 1]
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert all(one["aria-labelledby"] in ids for one in self.all("section"))
        assert len(self.all("caption")) == len(self.all("table"))
        assert all(one.get("scope") in {"row", "col"} for one in self.all("th"))

    def check_its_drawings(self) -> None:
        """Each drawing is one image with words, and has no colour but those of the theme."""
        assert all(one["role"] == "img" and one["aria-label"] for one in self.all("svg"))
        inside = self.all("path", "g", "text", "rect", "circle", "line")
        assert not [one for one in inside if "role" in one or "aria-label" in one or "id" in one]
        assert all(colour in {"none", "transparent"} or colour.startswith("var(--") for colour in self.colours)

"""One lead explained, as it shows itself: lines on a terminal, a page in a notebook."""

from __future__ import annotations

from scoville.explain.facts import Facts
from scoville.explain.lines import text_lines
from scoville.explain.page import explanation_html


class Explanation(Facts):
    """One lead explained: the facts, and how to show them."""

    def lines(self) -> list[str]:
        """What the command line prints, line by line."""
        return text_lines(self)

    def __str__(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return explanation_html(self)

"""Patterns for dialects that know less than RE2: the same meaning in fewer signs.

In: a pattern of the portable subset (`model/patterns.py`). Out: one that the dialect reads. Called by the dialects.
"""

from __future__ import annotations

import re

# What may stand in a pattern, in the order in which it is read; a bracket or an escaped sign is kept as it is.
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>\((?:\?:)?)|(?P<repeat>[*+?]|\{[0-9,]+\})\??", re.DOTALL)


def posix(pattern: str) -> str:
    """Without `(?:` and lazy repeats, which find the same in any search.

    Example: `(?:vp|chief).*?` -> `(vp|chief).*`.
    """
    return _PART.sub(lambda part: "(" if part["group"] else part["repeat"] or part.group(), pattern)


def uncaptured(pattern: str) -> str:
    """With groups that keep nothing. Example: `([^.]+[.])+x` -> `(?:[^.]+[.])+x`."""
    return _PART.sub(lambda part: "(?:" if part["group"] else part.group(), pattern)

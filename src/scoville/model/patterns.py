"""Regular expressions that mean the same on every engine: the subset of RE2 allowed in `matches`.

In: a pattern from a model. Out: the pattern rewritten so that DuckDB (RE2), Spark (Java) and PostgreSQL (POSIX ARE) agree
on it, to be searched in lower-case, stripped text. Called by `conditions.py` (to refuse) and `plan/terms.py` (to run).

Allowed: literals, `.`, `[...]`, `^ $ | ( ) (?: )`, `* + ?` (also lazy), `{n} {n,} {n,m}`, `\\d \\w \\s` (and upper case, outside
brackets) and an escaped sign. Everything else either differs between engines or has exponential cost somewhere.
"""

from __future__ import annotations

import re

MAX_LENGTH = 500
MAX_REPEAT = 1000  # RE2's own limit

_CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[0-9a-z_]", "W": "[^0-9a-z_]", "s": r"[ \t\n\r]", "S": r"[^ \t\n\r]",
}  # fmt: skip
_INNER = {"d": "0-9", "w": "0-9a-z_", "s": r" \t\n\r"}
_TOKEN = re.compile(
    r"\\(?P<escape>.)|(?P<bracket>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<group>\(\?(?:P?<[^>]*>|[^)]?))|(?P<count>\{[0-9]+(?:,[0-9]*)?\})|(?P<plain>.)",
    re.DOTALL,
)


class PatternError(ValueError):
    """The pattern is outside the portable subset; the message says what to write instead."""


def portable_pattern(pattern: str) -> str:
    r"""The same pattern for every engine, in lower case: `\d` becomes `[0-9]`, `.` becomes `[^\n]`.

    Raises: PatternError.   Example: `^VP\b` is refused (word boundaries differ); `^VP ` gives `^vp `.
    """
    if len(pattern) > MAX_LENGTH:
        message = f"the pattern has {len(pattern)} characters; at most {MAX_LENGTH} are allowed"
        raise PatternError(message)
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"the pattern {pattern!r} is not valid: {error}"
        raise PatternError(message) from None
    return "".join(_rewritten(match) for match in _TOKEN.finditer(pattern))


def _rewritten(match: re.Match[str]) -> str:
    token = match.group()
    if (sign := match["escape"]) is not None:
        return _escape(sign)
    if match["bracket"] is not None:
        return _bracket(token)
    if match["group"] is not None:
        if token != "(?:":
            message = f"{token!r} is not allowed: engines differ in it; use a plain group ( ) or (?: )"
            raise PatternError(message)
        return token
    if match["count"] is not None:
        if any(int(part) > MAX_REPEAT for part in token[1:-1].split(",") if part):
            message = f"{token} repeats too often; at most {MAX_REPEAT}"
            raise PatternError(message)
        return token
    return r"[^\n]" if token == "." else token.lower()


def _escape(sign: str) -> str:
    if sign in _CLASSES:
        return _CLASSES[sign]
    if sign in "tnr":
        return "\\" + sign
    if sign.isalnum():
        message = f"'\\{sign}' is not allowed: engines differ in it; for a word's edge write (^|[^a-z]) or ([^a-z]|$)"
        raise PatternError(message)
    return "\\" + sign


def _bracket(token: str) -> str:
    if "[:" in token:
        message = f"{token!r} is not allowed: engines differ in named classes; write the range, such as [a-z0-9]"
        raise PatternError(message)

    def inner(match: re.Match[str]) -> str:
        sign = match[1]
        if sign in _INNER:
            return _INNER[sign]
        if sign.isalnum() and sign not in "tnr":
            message = f"'\\{sign}' inside {token!r} is not allowed; write the characters themselves"
            raise PatternError(message)
        return "\\" + sign

    escaped = re.sub(r"\\(.)|[^\\]+", lambda m: inner(m) if m[1] else m.group().lower(), token)
    return escaped.replace("[^", "[^", 1)

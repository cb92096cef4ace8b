r"""Regular expressions that mean the same on every engine: the subset of RE2 allowed in `matches`.

In: a pattern from a model. Out: the pattern rewritten so that DuckDB (RE2), Spark (Java) and PostgreSQL (POSIX ARE)
agree on it, to be searched in lower-case, stripped text. Called by `conditions.py` (to refuse) and `plan/terms.py`
(to run).

Allowed: literals, `.`, `[...]`, `^ $ | ( ) (?: )`, `* + ?` (also lazy), `{n} {n,} {n,m}`, `\d \w \s` (and upper
case, outside brackets) and an escaped sign. Everything else either differs between engines or has exponential cost
somewhere.
"""

from __future__ import annotations

import math
import re

MAX_LENGTH = 500
MAX_REPEAT = 255  # PostgreSQL's limit; RE2 stops at 1000, also for repeats inside repeats

_CLASSES = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[0-9a-z_]", "W": "[^0-9a-z_]", "s": r"[ \t\n\r]", "S": r"[^ \t\n\r]",
}  # fmt: skip
_INNER = {"d": "0-9", "w": "0-9a-z_", "s": r" \t\n\r"}
_INSTEAD = {
    "b": "for a word's edge write (^|[^a-z]) or ([^a-z]|$)",
    "B": "name the characters around it",
    "A": "write ^",
    "Z": "write $",
    "z": "write $",
    "p": "write the characters as a range, such as [a-zà-ÿ]",
}
_TOKEN = re.compile(
    r"\\(?P<escape>.)|(?P<bracket>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<group>\(\?(?:P?<[^>]*>|[^)]?))"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})[?+]?)|(?P<plain>.)",
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
    tokens = list(_TOKEN.finditer(pattern))
    _check_repeats(tokens)
    portable = "".join(_rewritten(match) for match in tokens)
    try:
        re.compile(portable)
    except (re.error, OverflowError) as error:
        message = f"the pattern {pattern!r} is not valid: {error}"
        raise PatternError(message) from None
    return portable


def _check_repeats(tokens: list[re.Match[str]]) -> None:
    counts: list[int] = []
    for before, match in zip([None, *tokens], tokens, strict=False):
        if (repeat := match["repeat"]) is None:
            continue
        if repeat.endswith("+") and len(repeat) > 1:
            message = f"`{repeat}` is not allowed: only some engines have possessive repeats; leave the last + out"
            raise PatternError(message)
        if before is None or before.group() in ("^", "$", "|", "("):
            message = f"`{repeat}` has nothing before it to repeat; write \\{repeat} for the sign itself"
            raise PatternError(message)
        counts += [max(1, *(int(part) for part in re.findall("[0-9]+", repeat)))] if "{" in repeat else []
        nested = math.prod(counts) if before.group() == ")" else 1  # a group may hold every repeat before it
        if counts and max(counts[-1], nested) > MAX_REPEAT:
            message = f"{repeat} repeats too often; at most {MAX_REPEAT}, repeats inside repeats counted together"
            raise PatternError(message)


def _rewritten(match: re.Match[str]) -> str:
    part = match.group()
    if (sign := match["escape"]) is not None:
        return _CLASSES[sign] if sign in _CLASSES else _escape(sign)
    if match["bracket"] is not None:
        return _bracket(part)
    if match["group"] is not None:
        if part != "(?:":
            instead = "case is ignored anyway, leave it out" if part == "(?i" else "use a plain group ( ) or (?: )"
            message = f"`{part}` is not allowed: engines differ in it; {instead}"
            raise PatternError(message)
        return part
    if part in ("{", "}", "]"):
        if part == "{":
            message = "'{' outside a repeat such as {2} or {2,5} is read differently by engines; write \\{"
            raise PatternError(message)
        return "\\" + part
    return r"[^\n]" if part == "." else part.lower()


def _escape(sign: str) -> str:
    if sign in "tnr":
        return "\\" + sign
    if sign.isalnum():
        instead = _INSTEAD.get(sign, "write the characters themselves")
        message = f"`\\{sign}` is not allowed: engines differ in it; {instead}"
        raise PatternError(message)
    return "\\" + sign if sign.isascii() else sign


def _bracket(token: str) -> str:
    r"""A bracket with every sign escaped, since engines give `[`, `&&` and `--` in it meanings of their own."""
    for start in ("[:", "[.", "[="):
        if start in token:
            message = f"`{token}` is not allowed: engines differ in named classes; write the range, such as [a-z0-9]"
            raise PatternError(message)
    negated = token.startswith("[^")
    items = re.findall(r"\\.|.", token[2 if negated else 1 : -1], re.DOTALL)
    inner = ""
    while items:
        first, *rest = items
        is_class = first[0] == "\\" and first[1:] in _INNER
        if len(rest) > 1 and rest[0] == "-":  # not the last: a range, or something only some engines understand
            inner += _range(first, rest[1], rest[2:], token)
            items = rest[2:]
        else:
            inner += _INNER[first[1:]] if is_class else _member(first, token)
            items = rest
    return f"[{'^' if negated else ''}{inner}]"


def _range(low: str, high: str, rest: list[str], token: str) -> str:
    ends = [_member(end, token) for end in (low, high)]
    kinds = {(plain.isdigit(), plain.islower(), plain.isupper()) for plain in (low[-1], high[-1])}
    if len(kinds) > 1 or (len(rest) > 1 and rest[0] == "-"):
        message = (
            f"`{token}`: the range {low}-{high} is not clear; write letters as a-z, digits as 0-9, and a minus as \\-"
        )
        raise PatternError(message)
    return "-".join(ends)


def _member(item: str, token: str) -> str:
    if item[0] == "\\":
        if item[1:] in _CLASSES:
            message = f"`{item}` in `{token}` is not clear; write the characters themselves, and a minus as \\-"
            raise PatternError(message)
        return _escape(item[1:])
    return item.lower() if item.isalnum() or item.isspace() or not item.isascii() else "\\" + item

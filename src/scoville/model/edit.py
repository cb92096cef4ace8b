"""A model file with another `probability`: its text is edited in place, so that comments and layout stay.

In: the text of a model file. Out: the text with the new block, after reading it again: nothing else may have changed.
Pure; who writes it to disk is `evidence/probability.py`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

import yaml

from scoville.errors import ModelError, UsageError
from scoville.model.document import dump
from scoville.model.load import Model
from scoville.model.rewriting import end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.model.schema import Probability

_KEY = "probability"
_NOTE = "# measured "  # begins the remark that we wrote ourselves, so that a new one replaces it
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_END_OF_DOCUMENT = re.compile(r"^\.\.\.", re.MULTILINE)


def with_probability(text: str, probability: Probability, remark: str = "") -> str:
    """`text` with `probability`, in the place of an old one or at the end. `remark` says beside it what was measured.

    Comments inside an old block stay, on lines of their own, but for the remark of the last time.

    Raises:  ModelError when `text` is no model; UsageError when the file is written in a way in which it cannot be done
    safely (anchors, an unfinished last line), with the text to put in by hand.
    """
    before = Model.loads(text).to_dict()
    wanted: dict[str, object] = probability.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    edited = _edited(text, {_KEY: wanted}, f"{_NOTE}{remark}" if remark else "")
    try:
        after = Model.loads(edited).to_dict()
    except ModelError:
        after = {}
    if after != {**before, _KEY: wanted}:
        raise UsageError(
            "cannot put the probability into the model without touching the rest of it; put this in by hand:\n\n"
            + dump({_KEY: wanted})
        )
    return edited


def _edited(text: str, block: dict[str, object], note: str) -> str:
    root = cast("yaml.MappingNode", yaml.compose(text, yaml.SafeLoader))  # what was read as a model is a mapping
    old = next(((key, value) for key, value in root.value if key.value == _KEY), None)
    if root.flow_style:
        return _edited_in_braces(text, root, old, block)
    indent = " " * (root.start_mark.column)
    line_break = next((found[0] for found in _LINE_BREAK.finditer(text)), "\n")
    if old is None:
        lines = _lines(block, note, [], indent)
        return _appended(text, line_break.join(lines), line_break)
    start = old[0].start_mark.index
    end = _end_of_line(text, max(old[0].end_mark.index, end_of(old[1], text)))
    lines = _lines(block, note, list(_comments(text, start, end)), indent)
    return text[:start] + line_break.join(lines).removeprefix(indent) + text[end:]


def _edited_in_braces(
    text: str, root: yaml.MappingNode, old: tuple[yaml.Node, yaml.Node] | None, block: dict[str, object]
) -> str:
    """A model in JSON, or in braces: a comment there could swallow the rest of its line, so none is written."""
    entry = json.dumps(block, ensure_ascii=False)[1:-1]
    if old is not None:
        return text[: old[0].start_mark.index] + entry + text[old[1].end_mark.index :]
    last = max(value.end_mark.index for _, value in root.value)
    return f"{text[:last]}, {entry}{text[last:]}"


def _lines(block: dict[str, object], note: str, comments: list[str], indent: str) -> list[str]:
    first, *rest = dump(block).splitlines()
    head = f"{first}  {note}" if note else first
    return [indent + line for line in (head, *(f"  {comment}" for comment in comments), *rest)]


def _appended(text: str, lines: str, line_break: str) -> str:
    """At the end of the document, after an empty line."""
    closing = _END_OF_DOCUMENT.search(text)
    body, rest = (text[: closing.start()], text[closing.start() :]) if closing else (text, "")
    body += "" if body.endswith(("\n", "\r")) else line_break
    gap = "" if body.endswith(2 * line_break) else line_break
    return f"{body}{gap}{lines}{line_break}{rest}"


def _end_of_line(text: str, at: int) -> int:
    found = _LINE_BREAK.search(text, at)
    return found.start() if found else len(text)


def _comments(text: str, start: int, end: int) -> Iterator[str]:
    """The comments in a part of the text, but for our own remark: what no token covers."""
    bare = list(text)
    for token in yaml.scan(text, yaml.SafeLoader):
        first, last = token.start_mark.index, token.end_mark.index
        bare[first:last] = [letter if letter in "\r\n" else " " for letter in text[first:last]]
    for line in _LINE_BREAK.split("".join(bare[start:end])):
        comment = line.strip()
        if comment and not comment.startswith(_NOTE):
            yield comment

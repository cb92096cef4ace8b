"""A model file that is to say something else: edited where it must be, so that comments, order and layout stay.

In: YAML text, and the plain values that it is to say. Out: the text, after reading it again: it says those values.
Pure. Called by `in_place` and by the studio of the web app. The file need not be a sound model: a draft with a fault
can be put right part by part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import yaml

from scoville.errors import ModelError, UsageError
from scoville.model.document import flow, lines_of, read_document, read_with_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_SHARED = (
    "this cannot be changed here without touching other parts of the file (does it share values by & and *?): "
    "change it in the text"
)
Plain = dict[Any, Any]


class _Edit(NamedTuple):
    """Instead of what stands from `start` to before `end`: `new`."""

    start: int
    end: int
    new: str


def rewritten(text: str, wanted: Mapping[str, object]) -> str:
    """`text` with other values, so that it reads as `wanted`.

    An entry of a list that only moved takes its comments with it; one that is gone takes them along; a key that is gone
    leaves what stands above it.

    Raises:  ModelError when `text` cannot be read at all; UsageError when a value stands in two places at once.
    Example: `rewritten("a: 1  # one", {"a": 2, "b": [1]})` gives `a: 2  # one` and below it `b: [1]`.
    """
    document, root = read_with_nodes(text, "model")
    page = _Page(text, next((found[0] for found in _LINE_BREAK.finditer(text)), "\n"))
    edited = _applied(text, list(page.value(root, document.data, wanted, None)))
    try:
        found = read_document(edited, "model").data
    except ModelError:
        raise UsageError(_SHARED) from None
    if not same(found, wanted):
        raise UsageError(_SHARED)
    return edited


def same(one: object, other: object) -> bool:
    """Whether two plain values are the same: 20 and 20.0 are, true and 1 are not; the order of keys says nothing."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other if isinstance(one, str) else one == other


def end_of(node: yaml.Node, text: str) -> int:
    """Where the last word or bracket of a value ends; of a block PyYAML only says where the next thing begins."""
    if not isinstance(node, yaml.CollectionNode):
        start = int(node.start_mark.index)
        return start + len(text[start : node.end_mark.index].rstrip())
    if node.flow_style:
        return int(node.end_mark.index)
    inner = [part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,))]
    return max((end_of(part, text) for part in inner), default=int(node.start_mark.index))


def _applied(text: str, edits: Sequence[_Edit], base: int = 0) -> str:
    """`text`, which begins at `base`, with all edits; those at the same place are made in their order."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start - base] + edit.new + text[edit.end - base :]
    return text


class _Pair(NamedTuple):
    """An entry of a mapping as it stands in the text."""

    key: object
    key_node: yaml.Node
    node: yaml.Node


@dataclass(frozen=True)
class _Page:
    """The text under change, and how its lines end."""

    text: str
    line_break: str

    def value(self, node: yaml.Node, old: object, new: object, key: yaml.Node | None) -> Iterator[_Edit]:
        """What to do so that the value of `node` becomes `new`. `key` stands before it, in a mapping."""
        if same(old, new) and not _is_reordered(old, new):
            return
        if isinstance(node, yaml.MappingNode) and isinstance(new, dict) and _can_stay(cast("Plain", old), new):
            yield from self._mapping(node, cast("Plain", old), new)
        elif isinstance(node, yaml.SequenceNode) and isinstance(new, list) and old and new and self._is_plain(node):
            yield from self._sequence(node, cast("list[object]", old), new)
        else:
            yield self._instead(node, new, key)

    def _is_plain(self, node: yaml.SequenceNode) -> bool:
        """A list between brackets, or one whose first dash begins its line."""
        start = int(node.start_mark.index)
        return bool(node.flow_style) or not self.text[self._line_start(start) : start].strip()

    def _instead(self, node: yaml.Node, new: object, key: yaml.Node | None) -> _Edit:
        """The whole value anew, on one line; a list of things in a block gets a line for each."""
        start, end = int(node.start_mark.index), end_of(node, self.text)
        if key is None:
            return _Edit(start, end, flow(new))
        colon = self.text.index(":", int(key.end_mark.index)) + 1
        in_lines = key.start_mark.line != node.start_mark.line or start == end
        if isinstance(new, list) and new and isinstance(new[0], dict) and not self._in_braces(key):
            lines = self._lines(new, " " * (key.start_mark.column + 2))
            return _Edit(colon, max(end, colon), self.line_break + self.line_break.join(lines))
        return _Edit(colon if in_lines else start, max(end, colon), (" " if in_lines else "") + flow(new))

    def _in_braces(self, key: yaml.Node) -> bool:
        """Whether a key stands in a mapping between braces: something other than blanks and dashes is before it."""
        start = int(key.start_mark.index)
        return bool(self.text[self._line_start(start) : start].strip(" -"))

    # --- mappings ----------------------------------------------------------------------------------------------------

    def _mapping(self, node: yaml.MappingNode, old: Plain, new: Plain) -> Iterator[_Edit]:
        pairs = [_Pair(key, *nodes) for key, nodes in zip(old, node.value, strict=True)]
        for pair in pairs:
            if pair.key in new:
                yield from self.value(pair.node, old[pair.key], new[pair.key], pair.key_node)
        for at, pair in enumerate(pairs):
            if pair.key not in new:
                yield self._taken_out(pairs, at, new, is_flow=bool(node.flow_style))
        by_key = {pair.key: pair for pair in pairs if pair.key in new}
        for before, added in _runs(by_key, new):
            yield self._put_in(by_key.get(before), pairs, added, is_flow=bool(node.flow_style))

    def _taken_out(self, pairs: Sequence[_Pair], at: int, new: Plain, *, is_flow: bool) -> _Edit:
        start, end = int(pairs[at].key_node.start_mark.index), self._end(pairs[at])
        is_first = not any(pair.key in new for pair in pairs[:at])
        if is_first and (is_flow or self.text[self._line_start(start) : start].strip()):  # behind a dash
            return _Edit(start, int(pairs[at + 1].key_node.start_mark.index), "")
        if is_flow:
            return _Edit(self._end(pairs[at - 1]), end, "")
        return _Edit(self._line_start(start), self._next_line(end), "")

    def _put_in(self, before: _Pair | None, pairs: Sequence[_Pair], added: Plain, *, is_flow: bool) -> _Edit:
        """New entries behind `before`, or in front of all."""
        start = int(pairs[0].key_node.start_mark.index)
        if is_flow:
            entries = ", ".join(f"{flow(key)}: {flow(value)}" for key, value in added.items())
            at = self._end(before) if before is not None else start
            return _Edit(at, at, f", {entries}" if before is not None else f"{entries}, ")
        indent = " " * pairs[0].key_node.start_mark.column
        lines = [line for key, value in added.items() for line in self._lines({key: value}, indent)]
        if before is None:
            text = self.line_break.join([*lines, indent]).removeprefix(indent)
            return _Edit(start, start, text)
        at = self._line_end(self._end(before))
        gap = self.line_break if not indent and len(lines) > 1 else ""
        return _Edit(at, at, gap + "".join(self.line_break + line for line in lines))

    # --- lists -------------------------------------------------------------------------------------------------------

    def _sequence(self, node: yaml.SequenceNode, old: list[object], new: list[object]) -> Iterator[_Edit]:
        sources = _sources(old, new)
        inner = {
            source: list(self.value(node.value[source], old[source], new[at], None))
            for at, source in enumerate(sources)
            if source is not None
        }
        if sources == list(range(len(old))):
            yield from (edit for edits in inner.values() for edit in edits)
        elif node.flow_style:
            yield self._list_in_brackets(node, new, sources, inner)
        else:
            yield self._list_in_lines(node, new, sources, inner)

    def _list_in_brackets(
        self,
        node: yaml.SequenceNode,
        new: list[object],
        sources: Sequence[int | None],
        inner: Mapping[int, Sequence[_Edit]],
    ) -> _Edit:
        entries = []
        for value, source in zip(new, sources, strict=True):
            if source is None:
                entries.append(flow(value))
                continue
            start, end = int(node.value[source].start_mark.index), end_of(node.value[source], self.text)
            entries.append(_applied(self.text[start:end], inner[source], start))
        return _Edit(int(node.start_mark.index), int(node.end_mark.index), f"[{', '.join(entries)}]")

    def _list_in_lines(
        self,
        node: yaml.SequenceNode,
        new: list[object],
        sources: Sequence[int | None],
        inner: Mapping[int, Sequence[_Edit]],
    ) -> _Edit:
        """Each entry with the comments and empty lines above it is a chunk; chunks are put together anew."""
        indent = " " * node.start_mark.column
        starts = self._chunk_starts(node)
        gaps = [self._gap(start) for start in starts]
        between = gaps[1] if len(node.value) > 1 else ""
        made: list[str] = []
        for value, source in zip(new, sources, strict=True):
            if source is None:
                lines = self._lines([value], indent)
                gap, body = between, "".join(line + self.line_break for line in lines)
            else:
                start, end = starts[source], starts[source + 1]
                gap = gaps[source] if source else between
                body = _applied(self.text[start:end], inner[source], start)[len(gaps[source]) :]
                body += "" if body.endswith(("\n", "\r")) else self.line_break
            made.append((gap if made else gaps[0]) + body)
        return _Edit(starts[0], starts[-1], "".join(made))

    def _chunk_starts(self, node: yaml.SequenceNode) -> list[int]:
        """Where each entry begins with what is said above it, and where the last one ends."""
        start = self._line_start(int(node.start_mark.index))
        while start and self.text[self._line_start(start - 1) : start].strip()[:1] in ("", "#"):
            start = self._line_start(start - 1)
        return [start, *(self._next_line(end_of(item, self.text)) for item in node.value)]

    def _gap(self, start: int) -> str:
        """The empty lines at a place."""
        end = start
        while (after := self._next_line(end)) > end and not self.text[end:after].strip():
            end = after
        return self.text[start:end]

    # --- lines -------------------------------------------------------------------------------------------------------

    def _lines(self, value: Any, indent: str) -> list[str]:  # noqa: ANN401 - a mapping or a list
        return [indent + line if line else line for line in lines_of(value)]

    def _end(self, pair: _Pair) -> int:
        return max(end_of(pair.node, self.text), int(pair.key_node.end_mark.index))

    def _line_start(self, at: int) -> int:
        before = max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at - 1) if at else -1)
        return before + 1

    def _line_end(self, at: int) -> int:
        found = _LINE_BREAK.search(self.text, at)
        return found.start() if found else len(self.text)

    def _next_line(self, at: int) -> int:
        found = _LINE_BREAK.search(self.text, at)
        return found.end() if found else len(self.text)


def _is_reordered(old: object, new: object) -> bool:
    return isinstance(old, dict) and isinstance(new, dict) and list(old) != list(new)


def _can_stay(old: Plain, new: Plain) -> bool:
    """Whether entries of a mapping can stay where they are: some do, and in their order."""
    kept = [key for key in new if key in old]
    return bool(kept) and kept == [key for key in old if key in new]


def _runs(kept: Mapping[object, _Pair], new: Plain) -> Iterator[tuple[object, Plain]]:
    """New entries that follow each other, with the kept key before them (one that is no key: none)."""
    before: object = _Pair
    added: Plain = {}
    for key, value in new.items():
        if key not in kept:
            added[key] = value
            continue
        if added:
            yield before, added
        before, added = key, {}
    if added:
        yield before, added


def _sources(old: list[object], new: list[object]) -> list[int | None]:
    """For each new entry the old one that it is made from: the same, one of its name, or the next."""
    left = list(range(len(old)))
    sources: list[int | None] = [None] * len(new)
    for is_it in (_stayed, _moved, _renamed, _any):
        for at, value in enumerate(new):
            if sources[at] is None:
                found = next((i for i in left if is_it(old[i], value, i == at)), None)
                if found is not None:
                    left.remove(found)
                    sources[at] = found
    return sources


def _stayed(old: object, new: object, is_there: bool) -> bool:  # noqa: FBT001 - as its siblings
    return is_there and same(old, new)


def _moved(old: object, new: object, is_there: bool) -> bool:  # noqa: ARG001, FBT001 - as its siblings
    return same(old, new)


def _renamed(old: object, new: object, is_there: bool) -> bool:  # noqa: ARG001, FBT001 - as its siblings
    return isinstance(old, dict) and isinstance(new, dict) and "name" in old and old["name"] == new.get("name")


def _any(old: object, new: object, is_there: bool) -> bool:  # noqa: ARG001, FBT001 - as its siblings
    return isinstance(old, dict) == isinstance(new, dict) and isinstance(old, list) == isinstance(new, list)

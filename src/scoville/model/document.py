"""Text of a model file -> plain values, each with its place (line and column).

In: YAML text. Out: a `Document`. Called by `load.py`.

Scalars follow YAML 1.2's core schema, not 1.1: `country: [NO]` is Norway, not false, and `22:30` is text
(docs/decisions/0003-yaml-scalars.md). Nothing is ever constructed from a tag. Size, depth and the total number of
values after aliases are bounded, so that a hostile file ("billion laughs") fails at once.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from scoville.errors import ModelError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 1_000_000  # a model of 1,000 rules is about 100 kB
MAX_VALUES = 50_000  # after aliases are followed
MAX_DEPTH = 60

Place = tuple[int, int]
Path = tuple[str | int, ...]

_PREFIX = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_MERGE = "<<"
_WIDTH = 120
_LONGEST_INT = 18  # digits that surely fit 64 bits; a longer number is read as a float


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's scanner and parser with the implicit types of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the shape PyYAML wants
    nodes = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As PyYAML's, but a file that is too large or too deep ends at once, not after it has been read whole."""
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_VALUES or self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=_too_large(self.depth), problem_mark=mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _too_large(depth: int) -> str:
    limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_VALUES:,} values with aliases followed"
    return f"too large: a model has at most {limit}"


def _resolve(kind: str, pattern: str, first: str) -> None:
    _CoreLoader.add_implicit_resolver(_PREFIX + kind, re.compile(pattern), list(first))


_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_CoreLoader.yaml_implicit_resolvers.setdefault("", []).append((_PREFIX + "null", re.compile(r"^$")))
_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?[0-9]+$", "-+0123456789")
_resolve("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789")
_resolve("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+.")


@dataclass(frozen=True)
class Document:
    """Plain values (dict, list, str, int, float, bool, None) and where each stands in the text."""

    data: object
    places: Mapping[Path, Place]
    path: str

    def place(self, where: Path) -> Place:
        """Line and column of the value at `where`, or of the nearest thing around it."""
        for length in range(len(where), -1, -1):
            keyed = (*where[: length - 1], str(where[length - 1])) if length else ()  # a key such as 5 is kept as text
            if (found := self.places.get(where[:length]) or self.places.get(keyed)) is not None:
                return found
        return (0, 0)

    def problem(self, where: Path, message: str, *, reason: str = "", advice: bool = False) -> Problem:
        """A problem at the place of `where`."""
        line, column = self.place(where)
        if not self.places and where:  # built in Python: the path stands in for line and column
            message = f"{_dotted(where)}: {message}"
        return Problem(self.path, line, column, message, "advice" if advice else "error", reason)


def read_document(text: str, path: str) -> Document:
    """Parse `text`; every duplicate key and forbidden tag is reported at once.

    Raises: ModelError for text that is not YAML, that is too large, or whose root is not a mapping.
    """
    return read_with_nodes(text, path)[0]


def read_with_nodes(text: str, path: str) -> tuple[Document, yaml.Node]:
    """The same, with the nodes it was read from: each says where in the text it begins and ends."""
    if len(text) > MAX_BYTES:
        raise ModelError(
            [Problem(path, 1, 1, f"the file has {len(text):,} characters; a model has at most {MAX_BYTES:,}")]
        )
    try:
        root = yaml.compose(text, _CoreLoader)
    except yaml.MarkedYAMLError as error:
        raise ModelError([_syntax_problem(error, path)]) from None
    except yaml.YAMLError as error:
        raise ModelError([Problem(path, 1, 1, f"this is not YAML text: {_first_line(error)}")]) from None
    if root is None:
        hint = "the file is empty. Write a first model with: scoville init"
        raise ModelError([Problem(path, 1, 1, hint)])
    walk = _Walk(path)
    data = walk.value(root, (), 0)
    if walk.problems:
        raise ModelError(walk.problems)
    if not isinstance(data, dict):
        raise ModelError([Problem(path, 1, 1, "a model is a mapping that starts with `scoville: 1`")])
    return Document(data, walk.places, path), root


def plain_document(data: Mapping[str, object], path: str = "model") -> Document:
    """A document for values that come from Python, without places."""
    return Document(dict(data), {}, path)


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would not read as text, and shares nothing by aliases."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {  # noqa: RUF012 - the shape PyYAML wants
        first: yaml.SafeDumper.yaml_implicit_resolvers.get(first, [])
        + _CoreLoader.yaml_implicit_resolvers.get(first, [])
        for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_CoreLoader.yaml_implicit_resolvers}
    }

    def ignore_aliases(self, data: object) -> bool:
        """Always: a model is read by people."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # line separators get lost between other quotes
    style = '"' if any(sign in text for sign in "\x85\u2028\u2029\n\r") else None
    return dumper.represent_scalar(_PREFIX + "str", text, style)


_Dumper.add_representer(str, _text)


def dump(data: Mapping[str, object]) -> str:
    """Plain values as YAML text: one rule, band or stage a line where it fits, keys in the given order."""
    text: str = yaml.dump(
        dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text


def flow(value: object) -> str:
    """A plain value on one line, as it may stand anywhere: `12`, `[US, CA]`, `{half_life: 30d}`."""
    text: str = yaml.dump(
        [_short(value)], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=True
    )
    return text.strip()[1:-1]


def lines_of(value: dict[Any, Any] | list[object]) -> list[str]:
    """A mapping or a list as lines of a block: what holds only plain values on one line where it fits."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _entry_lines(key, inner)]
    is_collection = any(isinstance(one, (dict, list)) for one in value)
    return _block_lines(value) if is_collection else [f"- {flow(one)}" for one in value]


def _entry_lines(key: object, value: object) -> list[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    line = f"{flow(key)}: {flow(value)}"
    is_plain = not any(isinstance(one, (dict, list)) for one in inner)
    return [line] if is_plain and len(line) <= _WIDTH else _block_lines({key: value})


def _block_lines(value: object) -> list[str]:
    text: str = yaml.dump(
        _short(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=None
    )
    return text.splitlines()


def _short(value: object) -> object:
    """20.0 is written as 20."""
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _dotted(where: Path) -> str:
    """`fit.rules[2].points`, counted from 0 as Python does."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return "".join(steps).removeprefix(".")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


# what PyYAML says -> what the writer probably meant
_HINTS = (
    ("\\t", "indent with blanks, not tabs"),
    ("cannot start any token", "put a text that starts with a sign in quotes"),
    ("mapping values are not allowed", "put a text with ': ' in it in quotes, a blank after each colon"),
    ("while scanning an alias", 'for every event write "*" in quotes'),
    ("undefined alias", "put a text that starts with * in quotes"),
    ("quoted scalar", "the quote that opens here is never closed"),
    ("expected a single document", "keep one model in one file, without a second ---"),
    ("flow sequence", "a [ that opens here is not closed, or a comma is missing"),
    ("flow mapping", "a { that opens here is not closed, or a comma is missing"),
    ("block mapping", "check the indentation of this line"),
    ("block collection", "check the indentation of this line"),
)  # fmt: skip
_OPENED = (
    "quoted scalar",
    "flow sequence",
    "flow mapping",
    "scanning an alias",
)  # the fault lies where it began, not where it was noticed


def _syntax_problem(error: yaml.MarkedYAMLError, path: str) -> Problem:
    said = " ".join(part for part in (error.context, error.problem) if part)
    began = any(word in str(error.context) for word in _OPENED)
    mark = (error.context_mark if began else None) or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if said.startswith("too large"):
        return Problem(path, line, column, said)
    hint = next((hint for sign, hint in _HINTS if sign in said), None)
    return Problem(path, line, column, f"not valid YAML: {hint} ({said})" if hint else f"not valid YAML: {said}")


class _Walk:
    """Turns nodes into values, remembering places and collecting problems."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.count = 0
        self.open: set[int] = set()  # nodes that enclose the present one: an alias to one of them never ends

    def value(self, node: yaml.Node, where: Path, depth: int) -> object:
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            raise ModelError([self._problem(node, _too_large(depth))])
        self.places.setdefault(where, _place(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self.open:
            raise ModelError([self._problem(node, "an alias (*) in here stands for the very value that it is part of")])
        self.open.add(id(node))
        plain = self._collection(node, where, depth)
        self.open.remove(id(node))
        return plain

    def _collection(self, node: yaml.Node, where: Path, depth: int) -> object:
        self._check_tag(node)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, where, depth))
        return [self.value(child, (*where, i), depth + 1) for i, child in enumerate(node.value)]

    def _pairs(self, node: yaml.MappingNode, where: Path, depth: int) -> Iterator[tuple[object, object]]:
        seen: dict[object, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(self._problem(key_node, "a key must be plain text"))
            elif key == _MERGE and key_node.style is None:
                said = "`<<` is not part of YAML 1.2; write the keys out, or share a whole value with &name and *name"
                self.problems.append(self._problem(key_node, said))
            elif key in seen:
                self.problems.append(
                    self._problem(
                        key_node, f"the key '{key}' stands here a second time (first on line {seen[key]}); keep one"
                    )
                )
            seen.setdefault(key, _place(key_node)[0])
            inner = (*where, key if isinstance(key, str) else str(key))
            self.places.setdefault(inner, _place(key_node))
            yield key, self.value(value_node, inner, depth + 1)

    def _scalar(self, node: yaml.Node) -> object:
        kind, text = node.tag.removeprefix(_PREFIX), str(node.value)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return _BOOLEANS.get(text, text)
        if kind in ("int", "float"):
            return _number(text, whole=kind == "int")
        self._refuse_tag(node)
        return None

    def _check_tag(self, node: yaml.Node) -> None:
        if node.tag.removeprefix(_PREFIX) not in ("map", "seq"):
            self._refuse_tag(node)

    def _refuse_tag(self, node: yaml.Node) -> None:
        said = f"the tag '{node.tag.replace(_PREFIX, '!!')}' is not allowed; a model holds plain values only"
        self.problems.append(self._problem(node, said))

    def _problem(self, node: yaml.Node, message: str) -> Problem:
        return Problem(self.path, *_place(node), message)


def _place(node: yaml.Node) -> Place:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _number(text: str, *, whole: bool) -> float:
    try:
        return (
            int(text)
            if whole and len(text) <= _LONGEST_INT
            else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        )
    except ValueError:
        return float("nan")

"""Text of a model file -> plain values, each with its place (line and column).

In: YAML text. Out: a `Document`. Called by `load.py`.

Scalars follow YAML 1.2's core schema, not 1.1: `country: [NO]` is Norway, not false, and `22:30` is text
(docs/decisions/0003-yaml-scalars.md). Nothing is ever constructed from a tag. Size, depth and the total number of values after aliases
are bounded, so that a hostile file ("billion laughs") fails at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
_LONGEST_INT = 18  # digits that surely fit 64 bits; a longer number is read as a float


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's scanner and parser with the implicit types of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the shape PyYAML wants


def _resolve(kind: str, pattern: str, first: str) -> None:
    _CoreLoader.add_implicit_resolver(_PREFIX + kind, re.compile(pattern), list(first))  # type: ignore[no-untyped-call]


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
            if (found := self.places.get(where[:length])) is not None:
                return found
        return (0, 0)

    def problem(self, where: Path, message: str, *, reason: str = "", advice: bool = False) -> Problem:
        """A problem at the place of `where`."""
        line, column = self.place(where)
        return Problem(self.path, line, column, message, "advice" if advice else "error", reason)


def read_document(text: str, path: str) -> Document:
    """Parse `text`; every duplicate key and forbidden tag is reported at once.

    Raises: ModelError for text that is not YAML, that is too large, or whose root is not a mapping.
    """
    if len(text) > MAX_BYTES:
        raise ModelError([Problem(path, 1, 1, f"the file has {len(text):,} characters; a model has at most {MAX_BYTES:,}")])
    try:
        root = yaml.compose(text, _CoreLoader)
    except yaml.MarkedYAMLError as error:
        raise ModelError([_syntax_problem(error, path)]) from None
    except yaml.YAMLError as error:
        raise ModelError([Problem(path, 1, 1, f"this is not YAML text: {_first_line(error)}")]) from None
    except RecursionError:
        raise ModelError([Problem(path, 1, 1, f"nested too deeply; a model has at most {MAX_DEPTH} levels")]) from None
    if root is None:
        hint = "the file is empty. Write a first model with: scoville init"
        raise ModelError([Problem(path, 1, 1, hint)])
    walk = _Walk(path)
    data = walk.value(root, (), 0)
    if walk.problems:
        raise ModelError(walk.problems)
    if not isinstance(data, dict):
        raise ModelError([Problem(path, 1, 1, "a model is a mapping that starts with `scoville: 1`")])
    return Document(data, walk.places, path)


def plain_document(data: Mapping[str, object], path: str = "model") -> Document:
    """A document for values that come from Python, without places."""
    return Document(dict(data), {}, path)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _syntax_problem(error: yaml.MarkedYAMLError, path: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = " ".join(part for part in (error.context, error.problem) if part)
    hint = " (indent with blanks, not tabs)" if "\\t" in said else ""
    return Problem(path, line, column, f"not valid YAML: {said}{hint}")


class _Walk:
    """Turns nodes into values, remembering places and collecting problems."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def value(self, node: yaml.Node, where: Path, depth: int) -> object:
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_VALUES:,} values with aliases followed"
            raise ModelError([self._problem(node, f"too large: a model has at most {limit}")])
        self.places.setdefault(where, _place(node))
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, where, depth))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*where, i), depth + 1) for i, child in enumerate(node.value)]
        return self._scalar(node)

    def _pairs(self, node: yaml.MappingNode, where: Path, depth: int) -> Iterator[tuple[object, object]]:
        seen: dict[object, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(self._problem(key_node, "a key must be plain text"))
            elif key in seen:
                self.problems.append(
                    self._problem(key_node, f"the key '{key}' stands here a second time (first on line {seen[key]}); keep one")
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
        self.problems.append(self._problem(node, f"the tag '{node.tag}' is not allowed; a model holds plain values only"))
        return None

    def _problem(self, node: yaml.Node, message: str) -> Problem:
        return Problem(self.path, *_place(node), message)


def _place(node: yaml.Node) -> Place:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _number(text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole and len(text) <= _LONGEST_INT else float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return float("nan")

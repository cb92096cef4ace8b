"""A model file with other values in some places: its text is edited in place, so that comments and layout stay.

In: the text of a model file, and new values by where they stand. Out: the text, after reading it again: nothing else
may have changed. Pure. Called by `learn/retuning`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import yaml

from scoville.errors import ModelError, UsageError
from scoville.model.document import read_document
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

Where = tuple[str | int | float, ...]


def with_values(text: str, changes: Mapping[Where, object]) -> str:
    """`text` with numbers, words or decays replaced. Keys are paths from the root, lists counted from 0.

    Raises:  ModelError when `text` is no model; UsageError when a value stands in two places at once (an anchor), or
    there is none at a path.
    Example: `with_values(text, {("fit", "rules", 0, "points"): 12})`
    """
    Model.loads(text)
    root = cast("yaml.Node", yaml.compose(text, yaml.SafeLoader))
    spans = sorted(((*_span(root, where), flow(value)) for where, value in changes.items()), reverse=True)
    edited = text
    for start, end, new in spans:
        edited = f"{edited[:start]}{new}{edited[end:]}"
    try:
        found = Model.loads(edited).document.data
    except ModelError as error:
        raise UsageError(f"with the new values it would be no model: {error}; {_by_hand(changes)}") from None
    if found != changed(read_document(text, "model").data, changes):
        raise UsageError(
            "cannot put the new values into the model without touching the rest of it (does it share values by & and "
            f"*?); {_by_hand(changes)}"
        )
    return edited


def _by_hand(changes: Mapping[Where, object]) -> str:
    return "put them in by hand: " + "; ".join(f"{dotted(where)}: {flow(value)}" for where, value in changes.items())


def changed(data: object, changes: Mapping[Where, object]) -> dict[str, Any]:
    """Plain values with some of them replaced, as `with_values` does in the text."""
    new = copy.deepcopy(cast("dict[str, Any]", data))
    for where, value in changes.items():
        inner: Any = new
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = value
    return new


def _span(root: yaml.Node, where: Where) -> tuple[int, int]:
    """Where the value at a path begins and ends in the text."""
    node = root
    for step in where:
        node = _child(node, step, where)
    return int(node.start_mark.index), _end(node)


def _child(node: yaml.Node, step: str | float, where: Where) -> yaml.Node:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return cast("yaml.Node", node.value[step])
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step) or read_key(str(key.value)) == step:
                return cast("yaml.Node", value)
    raise UsageError(f"the model has nothing at {dotted(where)}")


def read_key(text: str) -> object:
    """A key as it is read: 5 is a number, and so is 5.0."""
    found = read_document(f"{{{text}: 1}}", "key").data if text.replace(".", "", 1).lstrip("+-").isdigit() else {text}
    return next(iter(cast("dict[object, object]", found)))


def _end(node: yaml.Node) -> int:
    """Where the last word or bracket of a value ends; of a block PyYAML only says where the next thing begins."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        return int(node.end_mark.index)
    inner = [part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,))]
    return max((_end(part) for part in inner), default=int(node.start_mark.index))


def dotted(where: Where) -> str:
    """`fit.rules[2].points`, counted from 0 as Python does."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return "".join(steps).removeprefix(".")


def flow(value: object) -> str:
    """A plain value on one line: a number, a word, or a decay in braces."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(of)}" for key, of in value.items()) + "}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

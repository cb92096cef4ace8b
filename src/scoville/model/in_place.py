"""A model file with other values in some places: its text is edited in place, so that comments and layout stay.

In: the text of a model file, and new values by where they stand. Out: the text, after reading it again: nothing else
may have changed. Pure. Called by `learn/retuning`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from scoville.errors import ModelError, UsageError
from scoville.model.document import flow, read_document
from scoville.model.load import Model
from scoville.model.rewriting import rewritten

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
    plain = read_document(text, "model").data
    if (nowhere := next((where for where in changes if not _is_there(plain, where)), None)) is not None:
        raise UsageError(f"the model has nothing at {dotted(nowhere)}")
    try:
        edited = rewritten(text, changed(plain, changes))
    except UsageError as refused:
        raise UsageError(f"{refused}; {_by_hand(changes)}") from None
    try:
        Model.loads(edited)
    except ModelError as error:
        raise UsageError(f"with the new values it would be no model: {error}; {_by_hand(changes)}") from None
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


def _is_there(data: Any, where: Where) -> bool:  # noqa: ANN401 - plain values
    for step in where:
        is_entry = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if not (is_entry or (isinstance(data, dict) and step in data)):
            return False
        data = data[step]
    return True


def dotted(where: Where) -> str:
    """`fit.rules[2].points`, counted from 0 as Python does."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return "".join(steps).removeprefix(".")

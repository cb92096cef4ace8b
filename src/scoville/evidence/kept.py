"""Figures as plain values and back: worked out once, kept, and shown, drawn or told again at any time.

In: an `Evidence`, or any figures. Out: values for JSON, and from these the same figures. Pure. Called by whoever keeps
evidence longer than a run, such as the server.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

Figures = TypeVar("Figures")


def plain(figures: object) -> dict[str, Any]:
    """Every field of frozen figures, by name. Instants are ISO 8601, naive UTC; infinity is a word, as JSON asks."""
    values: dict[str, Any] = json.loads(to_json(figures, inf_nan_mode="strings"))
    return values


def figures_of(kind: type[Figures], values: Mapping[str, Any]) -> Figures:
    """The figures that `plain` made these values of. Raises: pydantic.ValidationError for values of another kind.

    Example: `figures_of(Evidence, plain(evidence)) == evidence`
    """
    reader: TypeAdapter[Figures] = _reader(kind)  # type: ignore[arg-type]  # mypy takes no class for hashable
    return reader.validate_python(values)


@cache
def _reader(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)

"""A form that is refused: why, in words; and, where somebody else was quicker, what holds now.

In: a refusal, what was typed, and what holds now. Out: a sentence, and the `Basis` of the form that comes back. Called
by every form for things that several people change. Nothing that was typed is lost: it stays in the form, with what
holds now beside it. Saving it again is then a choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.errors import UsageError
from scoville.web.api.changes import CHANGED
from scoville.web.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scoville.web.pages.forms import Sent

REFUSED = (ApiError, UsageError)
"""What a person can put right in the form."""
_REFUSED_STATUS = 422


def status_of(refused: Exception) -> int:
    """The status with which a refused form comes back."""
    return refused.status if isinstance(refused, ApiError) else _REFUSED_STATUS


def said_of(refused: Exception) -> str:
    """Why it was refused, as a sentence."""
    said = refused.message if isinstance(refused, ApiError) else str(refused)
    return f"{said[:1].upper()}{said[1:]}" + ("" if said.endswith((".", "!", "?")) else ".")


@dataclass(frozen=True)
class Basis:
    """The version for which a form is filled in; and, when somebody was quicker, what holds now: title and value."""

    was: str = ""
    is_late: bool = False
    now: tuple[tuple[str, str], ...] = ()


NEW = Basis()
"""Of a form for what is not there yet."""


def is_late(refused: Exception) -> bool:
    """Whether it was refused because somebody else was quicker."""
    return isinstance(refused, ApiError) and refused.code == CHANGED


def basis_after(refused: Exception, form: Sent, version: str, now: Iterable[tuple[str, str]]) -> Basis:
    """What a refused form goes by from here on: the present version, if that is what its writer is shown now."""
    return Basis(version, is_late=True, now=tuple(now)) if is_late(refused) else Basis(form.get("was"))


def differing(
    titles: Mapping[str, str],
    typed: Mapping[str, Any],
    present: Mapping[str, Any],
    said: Mapping[str, Callable[[Any], str]] | None = None,
) -> list[tuple[str, str]]:
    """What holds now of the fields that are not as somebody typed them, each as its title and in words."""
    words = said or {}
    return [
        (title, words.get(name, plainly)(present[name]))
        for name, title in titles.items()
        if typed[name] != present[name]
    ]


def plainly(value: Any) -> str:  # noqa: ANN401 - any field
    """A value as a person writes it; a dash for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items()) or "–"
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value in {None, ""} else str(value)

"""What people send with a form: fields by name, and files.

In: a request. Out: `Sent`, as plain text; and from that the bodies that the API takes, so that a form and a program
are checked by the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from scoville.web.api.fields import storable
from scoville.web.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = TypeVar("Kind", bound=BaseModel)
_MOST_FIELDS = 3_000  # each column of a wide file has two
_MOST_DIGITS = 18  # of the numbers that both stores give to their rows


@dataclass(frozen=True)
class Upload:
    """A file that somebody chose."""

    name: str
    body: bytes


@dataclass(frozen=True)
class Sent:
    """The fields of a form. A name may stand there several times."""

    fields: Mapping[str, tuple[str, ...]]
    files: Mapping[str, Upload]

    def get(self, name: str, default: str = "") -> str:
        """The last value under a name, without outer blanks."""
        return self.fields.get(name, (default,))[-1].strip()

    def number(self, name: str) -> int | None:
        """The whole number under a name, as rows are numbered; null when there is none."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None

    def list(self, name: str) -> tuple[str, ...]:
        """All values under a name."""
        return self.fields.get(name, ())

    def file(self, name: str) -> Upload | None:
        """The file under a name; null when none was chosen."""
        return self.files.get(name)


async def form_of(request: Request) -> Sent:
    """The form of a request. Raises: ApiError 422 for text that no store holds."""
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_fields=_MOST_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    files[name] = Upload(value.filename, await value.read())
            else:
                fields[name] = (*fields.get(name, ()), _storable(name, value))
    return Sent(fields, files)


def _storable(name: str, value: str) -> str:
    try:
        storable(name)
        return storable(value)
    except ValueError as wrong:
        raise ApiError(422, "invalid", f"one of the fields {wrong}: type it again") from None


Form = Annotated[Sent, Depends(form_of)]


def read_form(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """The body that the API takes; an empty field is one that was left out. Raises: ApiError 422, in words."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    try:
        return kind.model_validate(given)
    except ValidationError as wrong:
        raise ApiError(422, "invalid", "; ".join(_words(one) for one in wrong.errors())) from None


def _words(problem: Any) -> str:  # noqa: ANN401 - as pydantic gives it
    field = " ".join(str(part) for part in problem["loc"]).replace("_", " ") or "this"
    if problem["type"] == "missing":
        return f"{field} is missing"
    said = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{field}: {said[:1].lower()}{said[1:]}"

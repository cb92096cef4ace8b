"""A model file -> a `Model` that makes sense as a whole, or every problem at once.

In: a path, YAML text, or a plain mapping. Out: `Model`. Called by everything that scores, checks or learns.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import PrivateAttr, ValidationError

from scoville.errors import ModelError, Problem, UsageError
from scoville.model.checks import find_errors
from scoville.model.conditions import nearest
from scoville.model.document import Document, dump, plain_document, read_document
from scoville.model.messages import path_of, problems_of
from scoville.model.salvage import sound_part
from scoville.model.schema import Content, Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEFAULT_PRIORITIES: tuple[dict[str, object], ...] = (
    {"name": "hot", "when": {"grade": ["A", "B"], "level": ["1", "2"]}},
    {"name": "nurture", "when": {"grade": ["A", "B"]}},
    {"name": "engaged", "when": {"level": ["1", "2"]}},
    {"name": "cold"},
)
_MAKES_THE_SCORE = ("scale", "qualify", "disqualify", "fit", "engagement", "segments")
_VERSION_LENGTH = 12  # hex digits: 48 bits, so that two versions of one model never meet by chance


class Model(Content):
    """A lead scoring model that has passed every check: immutable, and equal to any other with the same content.

    Raises (all constructors): ModelError with every problem, each with line and column where there is a file.
    Example: `Model.load("model.yaml").version`
    """

    _document: Document = PrivateAttr()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read and check a model file."""
        return cls.loads(_text_of(Path(path)), path=str(path))

    @classmethod
    def loads(cls, text: str, *, path: str = "model") -> Self:
        """Check a model given as YAML text; `path` is what messages call it."""
        return cls._from_document(read_document(text, path))

    @classmethod
    def from_dict(cls, data: Mapping[str, object], *, path: str = "model") -> Self:
        """Check a model given as plain values, as YAML would give them."""
        return cls._from_document(plain_document(data, path))

    @classmethod
    def _from_document(cls, document: Document) -> Self:
        try:
            model = cls.model_validate(document.data)
        except ValidationError as error:
            raise ModelError([*problems_of(error, document), *_further_problems(error, document)]) from None
        model._document = document  # noqa: SLF001 - its own, set once, while it is made
        problems = [document.problem(where, said) for where, said in find_errors(model)]
        if problems:
            raise ModelError(problems)
        return model

    @property
    def document(self) -> Document:
        """Where each part of the model was written."""
        return self._document

    @cached_property
    def version(self) -> str:
        """Short hash of the canonical content: reformatting does not change it, a changed point does."""
        return _hash(self.to_dict())

    @cached_property
    def score_version(self) -> str:
        """Short hash of what makes the score: other stages, grades or words leave it, a changed point does not.

        A probability measured with one score_version says nothing of another.
        """
        return _hash({key: value for key, value in self.to_dict().items() if key in _MAKES_THE_SCORE})

    @property
    def priority_rules(self) -> tuple[Priority, ...]:
        """The priorities in force: the model's own, or the usual four when it has grades and levels."""
        if self.priorities is not None:
            return self.priorities
        if self.grades and self.levels:
            return tuple(Priority.model_validate(priority) for priority in _DEFAULT_PRIORITIES)
        return ()

    def to_dict(self) -> dict[str, Any]:
        """The content as plain values, without what is default; `from_dict` gives an equal model."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def to_yaml(self) -> str:
        """The content as YAML text, in the order of the format."""
        return dump(self.to_dict())

    def __eq__(self, other: object) -> bool:
        """Equal content, wherever it was written."""
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        """Equal models share a version."""
        return hash(self.version)

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - only a notebook needs it

        return f"<h4>{escape(self.name)} <small>{self.version}</small></h4><pre>{escape(self.to_yaml())}</pre>"


def _hash(content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_LENGTH]


def _further_problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    """What is wrong with the sound part as a whole, as far as that can be said without what is missing from it."""
    sound = sound_part(cast("dict[str, object]", document.data), [path_of(each["loc"]) for each in error.errors()])
    try:
        content = Content.model_validate(sound.data)
    except ValidationError:
        return
    for where, said in find_errors(content, is_whole=False):
        no_groups = (*where[:1], "groups") in sound.without
        if not (no_groups and where[-1] == "group"):
            yield document.problem(sound.original(where), said)


def _text_of(path: Path) -> str:
    if path.is_dir():
        message = f"{path} is a folder; name the model file in it"
        raise UsageError(message)
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        siblings = [str(p.name) for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) or (f" Models there: {', '.join(sorted(siblings))}." if siblings else "")
        message = f"there is no model file {path}.{hint} Write a first one with: scoville init"
        raise UsageError(message) from None
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start}); is this really a model file?"
        raise ModelError([Problem(str(path), 1, 1, message)]) from None
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message) from None

"""Every error that Scoville raises on purpose.

ScovilleError
├── ModelError      the model file is wrong; carries every problem found, not only the first
├── DataError       leads, events, outcomes or accounts cannot be read or understood
├── PlanError       the model is fine by itself, but does not fit these columns
├── EngineError     an engine cannot be reached or refuses to run the plan
└── UsageError      the request itself makes no sense (flags, paths, names)
    └── ChangedError   what is to be changed is no longer what the caller saw

A message says where, what was found, what is allowed, and what to do. Nothing here imports anything of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Problem:
    """One thing found in a model file: an error that stops it, or advice that does not.

    `line` and `column` count from 1; 0 means that the problem has no place in a file (a model built in Python).
    """

    path: str
    line: int
    column: int
    message: str
    kind: Literal["error", "advice"] = "error"
    reason: str = ""

    def __str__(self) -> str:
        """`model.yaml:14:9 message (why)`."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place} {self.message}" + (f" ({self.reason})" if self.reason else "")


class ScovilleError(Exception):
    """Something a user can put right. The message is written for that user; no traceback is shown for it."""


class ModelError(ScovilleError):
    """The model file is wrong. `problems` holds all that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class DataError(ScovilleError):
    """Leads, events, outcomes or accounts cannot be read or understood."""


class PlanError(ScovilleError):
    """The model is fine by itself, but does not fit the columns it is asked to score."""


class EngineError(ScovilleError):
    """An engine cannot be reached, or refuses to run the plan."""


class UsageError(ScovilleError):
    """The request makes no sense: a flag, a path or a name that does not exist."""


class ChangedError(UsageError):
    """What is to be changed is no longer what the caller saw: somebody changed it meanwhile. `thing` is its id."""

    def __init__(self, thing: str) -> None:
        self.thing = thing
        super().__init__(f"'{thing}' was changed since it was read: read it again, then change it")

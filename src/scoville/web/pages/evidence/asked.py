"""Which past is looked at, as the address has it: the version, how far ahead, who counts as won, from which days.

In: the query of an address, and what was worked out before. Out: a `Question`. What the address leaves open is as the
newest evidence of that version has it; before there is any, what the data are long enough for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from scoville.live.queries.proof import Proof, usual_past
from scoville.web.api.evidence import EvidenceToFind
from scoville.web.pages.forms import read_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.live.jobs.asking import Job

HORIZONS = (7, 14, 30, 60, 90, 180, 365)
Snapshots = Literal["monthly", "weekly"]


@dataclass(frozen=True)
class Asked:
    """What the address says; null where it says nothing."""

    version: int | None
    horizon: int | None
    snapshots: Snapshots | None
    won: tuple[str, ...]


def asked_of(
    version: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    horizon: Annotated[int | None, Query(ge=1, le=730)] = None,
    snapshots: Annotated[Snapshots | None, Query()] = None,
    won: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> Asked:
    """The part of an address that all pages of evidence share."""
    return Asked(version, horizon, snapshots, tuple(name[:200] for name in won or ()))


FromAddress = Annotated[Asked, Depends(asked_of)]


@dataclass(frozen=True)
class Question:
    """What is asked, with nothing left open."""

    version_no: int
    horizon_days: int
    snapshots: Snapshots
    won: tuple[str, ...]

    @property
    def body(self) -> EvidenceToFind:
        """As the API takes it. Raises: ApiError 422 for a name that cannot be stored."""
        given = {"version_no": self.version_no, "horizon_days": self.horizon_days, "snapshots": self.snapshots}
        return read_form(EvidenceToFind, {**given, "won": list(self.won)})

    @property
    def asked(self) -> dict[str, Any]:
        """As the job has it."""
        return self.body.model_dump(mode="json")

    @property
    def query(self) -> str:
        """As an address has it."""
        given = {"version": self.version_no, "horizon": self.horizon_days, "snapshots": self.snapshots}
        return urlencode({**given, "won": self.won}, doseq=True)


def question_of(asked: Asked, version_no: int, jobs: Sequence[Job], proof: Proof | None) -> Question:
    """What is asked of a version whose jobs, the newest first, and whose outcomes these are."""
    before = next((job.asked for job in jobs if job.state == "done"), None) or (jobs[0].asked if jobs else None)
    usual = before if before is not None else usual_past(proof or Proof({}, None, None))
    return Question(
        version_no,
        asked.horizon or usual["horizon_days"],
        asked.snapshots or usual["snapshots"],
        asked.won or tuple(usual["won"]),
    )

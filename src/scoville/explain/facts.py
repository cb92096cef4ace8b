"""What an explanation knows: one lead's score row, every point of it, what becomes of it, and what would lift it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from scoville.words import signed


@dataclass(frozen=True)
class Contribution:
    """What one rule (or clamp) gives the score, in words.

    `points` add up to the score; `running_total` is their sum so far, in the order of the explanation. `fresh_points`
    is what the same events would give if nothing faded, before the rule's own clamp; null for what cannot fade.
    """

    section: str
    rule: str
    points: float
    raw_points: float
    fresh_points: float | None
    matched: int
    newest_at: datetime | None
    running_total: float
    sentence: str

    def __str__(self) -> str:
        """`+12.4 Pricing page: 3 times, last on 3 May 2026 (25 when fresh)`."""
        return f"{signed(self.points)} {self.sentence}"


@dataclass(frozen=True)
class Future:
    """The lead at a later instant, if nothing happens until then."""

    days: int
    as_of: datetime
    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None


@dataclass(frozen=True)
class Outlook:
    """What time alone does to the lead.

    `leaves` is the first day found on which the stage is another one, within `horizon_days`; null when it stays.
    """

    futures: tuple[Future, ...]
    leaves: Future | None
    horizon_days: int


@dataclass(frozen=True)
class Way:
    """Something that, by the plan itself, takes the lead to a later stage, counted from `as_of`."""

    steps: int
    gain: float
    score: float
    stage: str
    sentence: str

    def __str__(self) -> str:
        """`Demo requested once: +25, reaches SQL at 73`."""
        return self.sentence


@dataclass(frozen=True)
class Unknown:
    """A trait that is not known, and what fit could gain at best if it were."""

    trait: str
    rule: str
    gain: float
    sentence: str


@dataclass(frozen=True)
class NextStage:
    """How to get to the next stage: up to three ways, shortest first; where there is none, `why_not` says why.

    `name` is null when there is no next stage: the model has none, or the lead is in the last one.
    """

    name: str | None
    ways: tuple[Way, ...]
    unknown: tuple[Unknown, ...]
    why_not: str | None


@dataclass(frozen=True)
class Facts:
    """Everything known about one lead's score.

    `lead_id` differs from `asked_for` when that id was merged into another lead.

    Units:   instants are naive UTC; `percentile` is in (0, 100]; `leads` is how many the rank is among; `probability`
             is a share of 1, and null (as its sentence) for a disqualified lead and for a model without it.
    """

    asked_for: str
    lead_id: str
    model: str
    model_version: str
    as_of: datetime
    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None
    segment: str | None
    disqualified_by: str | None
    rank: int
    leads: int
    percentile: float
    probability: float | None
    probability_sentence: str | None
    contributions: tuple[Contribution, ...]
    outlook: Outlook
    next_stage: NextStage

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dicts, lists, text and numbers, for JSON. Instants end in `Z`."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON can hold
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else value

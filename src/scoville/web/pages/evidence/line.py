"""Where should the line be? It is moved about, and what it would have given is said at once: leads, wins and money.

In: a line, a capacity, a cost and a value, all in the address. Out: the page, or the part that follows the line. The
counts were made by a job; here they are only looked up, so that moving the line costs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from scoville.errors import ModelError, UsageError
from scoville.evidence.lines.choices import Choice, choices
from scoville.evidence.lines.wishes import Wishes
from scoville.evidence.report import charts
from scoville.evidence.report.drawing import Figure, Movable, movable
from scoville.evidence.told.numbers import short_share
from scoville.live.models.drafts import Draft, find_draft, keep_draft
from scoville.live.models.versions import text_of
from scoville.model.document import read_document
from scoville.model.rewriting import rewritten
from scoville.web.api.route import Here, Who
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.evidence.kept import kept
from scoville.web.pages.evidence.numbers import number_in
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    from scoville.evidence.figures.estimates import Figure as Estimate
    from scoville.evidence.lines.positions import Positions
    from scoville.evidence.lines.trade_off import Reach
    from scoville.live.store.opening import Store
    from scoville.web.auth.access import Caller
    from scoville.web.pages.evidence.frame import Frame
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Typed = Annotated[str, Query(max_length=40)]
_NEXT = "MQL"  # the line that sales works from, where the model has one of this name
_MIDDLE = 0.2  # of buyers at least a fifth are reached there: where to begin without any stage
_CHARTS = 8  # held in memory
_TWO = 2


@dataclass(frozen=True)
class Wanted:
    """What was typed; null where nothing was. `typed` is the same as it was typed, by field."""

    at: float | None
    capacity: float | None
    cost: float | None
    value: float | None
    typed: Mapping[str, str]

    @property
    def wishes(self) -> Wishes:
        """As `threshold` takes it."""
        return Wishes(capacity_per_week=self.capacity, cost=self.cost, value=self.value)


def wanted_of(at: Typed = "", capacity: Typed = "", cost: Typed = "", value: Typed = "") -> Wanted:
    """What the address says of the line. Raises: ApiError 422."""
    try:
        line = float(at) if at.strip() else None
    except ValueError:
        line = math.nan
    if line is not None and not math.isfinite(line):
        raise ApiError(422, "invalid", f"the line must be a number: found '{at[:40]}'")
    return Wanted(
        line, number_in(capacity, "the capacity"), number_in(cost, "the cost of a lead"),
        number_in(value, "the value of a win"), {"capacity": capacity, "cost": cost, "value": value},
    )  # fmt: skip


@dataclass(frozen=True)
class Position:
    """One line: what it gives (`choice`), wins a week, leads that stand there now, and its stage, where it is one."""

    line: float
    choice: Choice
    at: Reach
    wins: Estimate | None
    standing_now: int
    stage: str | None


@router.get("/evidence/line")
def show_line(
    request: Request, here: Here, who: Who, asked: FromAddress, wanted: Annotated[Wanted, Depends(wanted_of)]
) -> Response:
    """The line as it is, as it could be, and as wishes would have it."""
    frame = look(here, asked)
    lines = frame.found.positions if frame.found is not None else None
    if frame.found is None or lines is None:
        return framed(request, frame, "line.html", "/line", lines=None)
    place = lines.place(wanted.at) if wanted.at is not None else _first_place(lines)
    return framed(
        request, frame, "line.html", "/line",
        lines=lines, wanted=wanted, position=_position(lines, wanted.wishes, place),
        suggested=_suggested(lines, wanted), chart=_chart(here.store, frame.found.job_no, lines, place),
        stages=list(lines.stages), stage=_stage_of(lines), step=_step(lines), mean_value=_mean_value(lines),
        kept_query=f"{frame.query}&{urlencode(wanted.typed)}", other_draft=_other_draft(here, who, frame),
    )  # fmt: skip


@router.post("/evidence/line/draft")
def use_line(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Write the line into this person's draft of the model, and go on to the studio to try it and publish it.

    A draft of another version stays as it is: the page of the line says so, and where to go.
    """
    version_no, stage, line = form.number("version") or 0, form.get("stage"), form.get("at")
    at = wanted_of(at=line).at
    if at is None:
        raise ApiError(422, "invalid", "say where the line is to be")
    with here.store.writing() as connection:
        draft, text = find_draft(connection, who.actor), text_of(connection, version_no)
        if text is None:
            raise not_found("version of the model")
        before = draft if draft is not None and draft.based_on == version_no else None
        changed = with_line(before.text if before is not None else text, stage, at)
        if draft is not None and before is None:
            back = f"/evidence/line?{'&'.join(filter(None, (request.url.query, urlencode({'at': line}))))}"
            return done(request, back, "The line was not put into your draft: it is of another version.")
        origin = before.origin if before is not None else f"version {version_no}"
        keep_draft(connection, who.actor, Draft(changed, version_no, origin, here.clock()))
    return done(request, "/studio", f"{stage} begins at {at:g} in your draft. Nothing changes until you publish it.")


def _other_draft(here: State, who: Caller, frame: Frame) -> Draft | None:
    """The draft that this person has of another version than this line's; null where none is in the way."""
    with here.store.reading() as connection:
        draft = find_draft(connection, who.actor)
    asked = frame.question.version_no if frame.question is not None else None
    return draft if draft is not None and draft.based_on != asked else None


def with_line(text: str, stage: str, line: float) -> str:
    """A model file whose stage begins elsewhere. Raises: ApiError 422, which says what to change by hand."""
    by_hand = f"this file cannot be changed from here: in the studio, let the stage {stage} begin at {line:g}"
    try:
        content: Any = read_document(text, "model").data
        stages = [dict(one) for one in content["stages"]]
        [found] = [one for one in stages if one.get("name") == stage]
        found["from"] = int(line) if float(line).is_integer() else line
        return rewritten(text, {**content, "stages": stages})
    except (ModelError, UsageError, KeyError, TypeError, ValueError):
        raise ApiError(422, "by_hand", by_hand) from None


def _position(lines: Positions, wishes: Wishes, place: int) -> Position:
    choice = lines.chooser(wishes).given("today", "", place)
    if choice.at is None:
        raise AssertionError("a line that is given has figures")
    line = lines.lines[place]
    stage = next((name for name, begins in lines.stages.items() if begins == line), None)
    return Position(line, choice, choice.at, lines.wins_a_week(place), lines.standing[-1][place], stage)


def _suggested(lines: Positions, wanted: Wanted) -> tuple[Choice, ...]:
    """The line for each wish; where none is wished, those worth a look."""
    return choices(lines.chooser(wanted.wishes))


def _stage_of(lines: Positions) -> str | None:
    """The stage whose line is looked at first."""
    names = list(lines.stages)
    return next((name for name in names if name.lower() == _NEXT.lower()), names[-1] if names else None)


def _first_place(lines: Positions) -> int:
    stage = _stage_of(lines)
    return lines.place(lines.stages[stage]) if stage is not None else int(len(lines.lines) * (1 - _MIDDLE))


def _step(lines: Positions) -> float:
    """What a key of the slider moves: the distance of most lines."""
    gaps = [round(after - before, 9) for before, after in zip(lines.lines, lines.lines[1:], strict=False)]
    return max(gaps, key=gaps.count, default=1.0)


def _mean_value(lines: Positions) -> float | None:
    return lines.value_sum / lines.valued if lines.valued else None


def _chart(store: Store, job_no: int, lines: Positions, place: int) -> Figure | None:
    """Both shares over the line, with this one marked; null where nobody bought, or all stand alike."""
    if not lines.buyers or len(lines.lines) < _TWO:
        return None
    at, first, last = lines.reaches[place], lines.lines[0], lines.lines[-1]
    words = (
        f"With the line at {at.threshold:g}, {short_share(at.precision)} of the leads that newly reach it win, and "
        f"{short_share(at.recall)} of all who win reach it."
    )
    return _drawn(store, job_no).at((at.threshold - first) / (last - first), words)


@lru_cache(_CHARTS)
def _drawn(store: Store, job_no: int) -> Movable:
    lines = kept(store, job_no).positions
    if lines is None:
        raise AssertionError("without lines nothing is drawn")

    def draw(width: int, at: float) -> alt.LayerChart:
        return charts.trade_off_chart(lines.reaches, lines.stages, width, at)

    return movable(draw, lines.lines[0], lines.lines[-1])

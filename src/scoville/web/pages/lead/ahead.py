"""The score of a lead over time, behind and ahead: what the ledger tells, what came before it, and what is to come.

In: the store, a lead, and whether the model may be run for it. Out: plain values for the template. Called by `lead`.
Without running the model there is the ledger alone; with it the days before the ledger began, and the outlook.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.live.queries import around
from scoville.live.queries.past import history_of
from scoville.model.load import Model
from scoville.web.api import explaining
from scoville.web.pages.lead.chart import Course, Line, Point, chart_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.web.pages.lead.reading import Asked, Lead, Values
    from scoville.web.state import State

WIDE, NARROW = (760, 250), (340, 230)
_MOST_ENTRIES, _MOST_EVENTS, _LISTED = 200, 300, 20
_NO_GAP = timedelta(days=2)  # between the first event and the first entry of the ledger
_LONGEST_BACK_DAYS, _RETRACED = 90, 16
_CAUSES = {
    "event": "by what it did", "decay": "faded with time", "model": "another model came into force",
    "adjustment": "points by hand", "merge": "two people became one", "outcome": "an outcome was said",
}  # fmt: skip


def ahead_of(here: State, lead: Lead, asked: Asked) -> Values:
    """The chart, what it is made of, and, when asked for, what becomes of the lead."""
    if lead.score is None or lead.model is None:
        return {"ahead": None, "charts": [], "changes": [], "is_traced": False}
    with here.store.reading() as connection:
        changes = history_of(connection, lead.lead_no, _MOST_ENTRIES)[::-1]
        deeds = around.done_lately(connection, lead.lead_no, _MOST_EVENTS)
    events = [(row["occurred_at"], row["event"].replace("_", " ")) for row in deeds]
    ahead = explaining.look_ahead(here, lead.lead_id) if asked.part == "ahead" else None
    before = _before(here, lead, changes, events) if ahead is not None else []
    course = Course(
        [*before, *_told(changes), _now(lead)], _to_come(ahead, lead), _lines(lead.model.text), events,
        _scale(lead.model.text), lead.now,
    )  # fmt: skip
    listed = [(row, _CAUSES.get(row["cause"], row["cause"])) for row in changes[::-1][:_LISTED]]
    return {
        "ahead": ahead, "charts": [("wide", chart_of(course, *WIDE)), ("narrow", chart_of(course, *NARROW))],
        "changes": listed, "is_traced": bool(before),
    }  # fmt: skip


def _told(changes: Sequence[dict[str, Any]]) -> list[Point]:
    """The ledger: it came there at once by whatever was done, and bit by bit by fading."""
    points = []
    for number, row in enumerate(changes):
        came = f"{words.number(row['score_before'])} to " if row["score_before"] is not None else ""
        says = f"{words.day(row['at'])}: {came}{words.number(row['score'])}, {_CAUSES.get(row['cause'], row['cause'])}"
        points.append(Point(row["at"], row["score"], number > 0 and row["cause"] != "decay", says))
    return points


def _now(lead: Lead) -> Point:
    score = lead.score["score"] if lead.score is not None else 0.0
    return Point(lead.now, score, is_jump=False)


def _before(
    here: State, lead: Lead, changes: Sequence[dict[str, Any]], events: Sequence[tuple[datetime, str]]
) -> list[Point]:
    """Scores of the time that no ledger tells of, such as before an import, by the model of now."""
    began = changes[0]["at"] if changes else lead.now
    if len(changes) == _MOST_ENTRIES or not events or began - events[-1][0] < _NO_GAP:
        return []
    found = explaining.retrace(here, lead.lead_id, _LONGEST_BACK_DAYS, _RETRACED, until=began)
    return [Point(one.at, one.score, is_jump=False) for one in found.scores if one.at < began]


def _to_come(ahead: explaining.Ahead | None, lead: Lead) -> list[Point]:
    if ahead is None:
        return []
    later = {one.as_of: one.score for one in (*ahead.futures, *([ahead.leaves] if ahead.leaves else []))}
    last = max(one.as_of for one in ahead.futures)
    shown = [Point(at, score, is_jump=False) for at, score in sorted(later.items()) if at <= last]
    return [_now(lead), *shown]


@lru_cache(maxsize=4)
def _model_of(text: str) -> Model:
    return Model.loads(text)


def _lines(text: str) -> list[Line]:
    """Where stages begin; the first one begins where the scale does, and needs no line."""
    model = _model_of(text)
    return [Line(one.name, one.from_) for one in model.stages if one.from_ > model.scale.min]


def _scale(text: str) -> tuple[float, float]:
    scale = _model_of(text).scale
    return scale.min, scale.max

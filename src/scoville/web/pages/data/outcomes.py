"""The tab Outcomes: which events say how a lead ended, and how many ended how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from scoville.live.queries.outcome_counts import outcome_totals, outcomes_by_month, ways_of_outcomes
from scoville.live.queries.sources import names_seen
from scoville.live.store.settings import read_settings
from scoville.web.api.admin import Value, set_setting
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, show

if TYPE_CHECKING:
    from collections.abc import Iterable

router = APIRouter(route_class=PageRoute, include_in_schema=False)
USUAL = ("won", "accepted", "lost", "rejected")
_EMPTY_ROWS = 2


@router.get("/data/outcomes")
def show_outcomes(request: Request, here: Here) -> Response:
    """The mapping, the counts, and the ways."""
    with here.store.reading() as connection:
        mapping = dict(read_settings(connection).outcomes)
        months = outcomes_by_month(connection, here.clock())
        totals, ways = outcome_totals(connection), ways_of_outcomes(connection)
        names = names_seen(connection)
    offered = {name: count for name, count in names.items() if name not in mapping}
    return show(
        request, "data/outcomes.html", tabs_shown=TABS, mapping=mapping, months=months, totals=totals, ways=ways,
        offered=offered, names=names, usual=_choices(mapping.values()), empty_rows=_EMPTY_ROWS,
        stacked=[*(name for name in USUAL if name in totals), *(name for name in totals if name not in USUAL)],
        highest=max((sum(month.counts.values()) for month in months), default=0),
    )  # fmt: skip


@router.post("/data/outcomes")
def change_outcomes(request: Request, changing: Changing, form: Form) -> Response:
    """Which events are outcomes from now on. A row without an event is none."""
    rows = zip(form.list("event"), form.list("outcome"), strict=False)
    said = [(event.strip(), outcome.strip()) for event, outcome in rows if event.strip() and outcome.strip()]
    twice = sorted({event for event, _ in said if sum(event == other for other, _ in said) > 1})
    if twice:
        raise ApiError(422, "invalid", f"the event '{twice[0]}' stands there twice: it can mean one outcome only")
    set_setting(changing, "outcomes", Value(value=dict(said)))
    return done(request, "/data/outcomes", "Saved. It holds for what arrives from now on.")


def _choices(mapped: Iterable[str]) -> list[str]:
    return [*dict.fromkeys((*USUAL, *mapped))]

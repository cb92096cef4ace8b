"""The tab Outcomes: which events say how a lead ended, and how many ended how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from scoville.live.queries.outcome_counts import outcome_totals, outcomes_by_month, ways_of_outcomes
from scoville.live.queries.sources import names_seen
from scoville.live.store.seen import version_of
from scoville.live.store.settings import read_settings
from scoville.web.api.admin import Value, set_setting
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, show
from scoville.web.pages.refused import REFUSED, Basis, basis_after, plainly, said_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
USUAL = ("won", "accepted", "lost", "rejected")
_EMPTY_ROWS = 2


@router.get("/data/outcomes")
def show_outcomes(request: Request, here: Here) -> Response:
    """The mapping, the counts, and the ways."""
    mapping = _mapping(here)
    return _page(request, here, list(mapping.items()), Basis(version_of(mapping)))


@router.post("/data/outcomes")
def change_outcomes(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Which events are outcomes from now on. A row without an event is none."""
    rows = zip(form.list("event"), form.list("outcome"), strict=False)
    said = [(event.strip(), outcome.strip()) for event, outcome in rows if event.strip() and outcome.strip()]
    twice = sorted({event for event, _ in said if sum(event == other for other, _ in said) > 1})
    try:
        if twice:
            raise ApiError(422, "invalid", f"the event '{twice[0]}' stands there twice: it can mean one outcome only")
        set_setting(changing.having_seen(form.get("was")), "outcomes", Value(value=dict(said)))
    except REFUSED as refused:
        mapping = _mapping(here)
        basis = basis_after(refused, form, version_of(mapping), [("The list", plainly(mapping))])
        return _page(request, here, said, basis, refused)
    return done(request, "/data/outcomes", "Saved. It holds for what arrives from now on.")


def _mapping(here: State) -> dict[str, str]:
    with here.store.reading() as connection:
        return dict(read_settings(connection).outcomes)


def _page(
    request: Request, here: State, mapping: list[tuple[str, str]], basis: Basis, problem: Exception | None = None
) -> Response:
    named = dict(mapping)
    with here.store.reading() as connection:
        months = outcomes_by_month(connection, here.clock())
        totals, ways = outcome_totals(connection), ways_of_outcomes(connection)
        names = names_seen(connection)
    offered = {name: count for name, count in names.items() if name not in named}
    return show(
        request, "data/outcomes.html", status=status_of(problem) if problem else 200, tabs_shown=TABS, mapping=mapping,
        months=months, totals=totals, ways=ways, offered=offered, names=names, usual=_choices(named.values()),
        empty_rows=_EMPTY_ROWS, basis=basis, problem=said_of(problem) if problem else "",
        stacked=[*(name for name in USUAL if name in totals), *(name for name in totals if name not in USUAL)],
        highest=max((sum(month.counts.values()) for month in months), default=0),
    )  # fmt: skip


def _choices(mapped: Iterable[str]) -> list[str]:
    return [*dict.fromkeys((*USUAL, *mapped))]

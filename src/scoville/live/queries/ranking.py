"""The ranked list of leads, page by page: every lead once, although scores change while somebody reads.

In: which leads, how many, and where the last page ended. Out: lead numbers in their order, and where this page ends.

The first page notes how far the ledger had come. Later pages show each lead at the place that it had then: those that
did not change since come straight from the index, and of those that did, the ledger says what their score was. So no
lead is shown twice, and none is missed, whatever happened meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Literal

from sqlalchemy import and_, func, literal, select, tuple_

from scoville.errors import UsageError
from scoville.live.queries.cursors import from_cursor, to_cursor
from scoville.live.queries.matching import Filter, Wanted, filter_of
from scoville.live.store.scores import ledger, scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection, Select

Order = Literal["score", "lowest"]
_MOST_CHANGES = 200_000  # entries since the first page; beyond it, a later page would no longer be quick


@dataclass(frozen=True)
class Place:
    """Where a page ended: the last lead with its score of then, and what the list was."""

    publication_no: int
    ledger_no: int
    shown: int
    score: float
    lead_no: int
    question: str


@dataclass(frozen=True)
class Question:
    """A list: which leads, in which order, of which publication."""

    publication_no: int
    wanted: Wanted
    order: Order = "score"

    @property
    def digest(self) -> str:
        """A short text that another question does not have."""
        said = f"{self.order} {self.wanted}"
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Page:
    """Lead numbers in their order, with the number of the first in the whole list; the end is null on the last page."""

    lead_nos: tuple[int, ...]
    first: int
    end: Place | None


class CursorEndedError(UsageError):
    """The list that a cursor goes on with is no more: begin again."""


def page_of(connection: Connection, question: Question, limit: int, after: Place | None = None) -> Page:
    """One page. Raises: UsageError for a place in another list; CursorEndedError for a list that is no more."""
    newest = connection.execute(select(func.max(ledger.c.entry_no))).scalar() or 0
    _check(question, after, newest)
    began = after.ledger_no if after is not None else newest
    walk = _Walk(question, filter_of(connection, question.wanted), began, newest, limit + 1)
    found = list(islice(_leads(connection, walk, after), limit + 1))
    shown = after.shown if after is not None else 0
    page, more = found[:limit], len(found) > limit
    end = None
    if more:
        score, lead_no = page[-1]
        end = Place(question.publication_no, began, shown + len(page), score, lead_no, question.digest)
    return Page(tuple(lead_no for _, lead_no in page), shown + 1, end)


def cursor_of(place: Place) -> str:
    """A place as the text that a caller hands back. It tells nothing but numbers."""
    return to_cursor(*astuple(place))


def place_of(cursor: str) -> Place:
    """The place that a cursor names. Raises: UsageError for a text that is none."""
    return Place(*from_cursor(cursor, int, int, int, float, int, str))


def _check(question: Question, after: Place | None, newest: int) -> None:
    if after is None:
        return
    if after.question != question.digest:
        raise UsageError("this cursor belongs to another list: keep the filters and the order while paging")
    if after.publication_no != question.publication_no or not 0 <= newest - after.ledger_no <= _MOST_CHANGES:
        raise CursorEndedError("the list has changed too much since its first page: begin again without a cursor")


@dataclass(frozen=True)
class _Walk:
    """One page's way: the list with its filter, the ledger's end when the list began and now, how many leads."""

    question: Question
    filter: Filter
    began: int
    newest: int
    count: int


def _leads(connection: Connection, walk: _Walk, after: Place | None) -> Iterator[tuple[float, int]]:
    """Score and number of the next leads, in order."""
    pairs = [(row.score, row.lead_no) for row in connection.execute(_unchanged(walk, after))]
    if after is None or walk.began == walk.newest:
        yield from pairs
        return
    others = [(row.score, row.lead_no) for row in connection.execute(_changed(walk, after))]
    yield from merge(pairs, others, reverse=walk.question.order == "score")


def _unchanged(walk: _Walk, after: Place | None) -> Select[tuple[float, int]]:
    # where few leads are left, `+ 0` keeps the store from walking the index of all
    score = scores.c.score + literal(0.0) if walk.filter.is_narrow else scores.c.score
    chosen = select(scores.c.score, scores.c.lead_no).where(
        scores.c.publication_no == walk.question.publication_no, *walk.filter.conditions
    )
    if after is not None:
        chosen = chosen.where(_beyond(score, scores.c.lead_no, after, walk.question.order))
    if walk.began != walk.newest:
        chosen = chosen.where(scores.c.lead_no.not_in(select(ledger.c.lead_no).where(ledger.c.entry_no > walk.began)))
    return _ordered(chosen, score, scores.c.lead_no, walk.question.order).limit(walk.count)


def _changed(walk: _Walk, after: Place) -> Select[tuple[float, int]]:
    """Leads whose score changed since the list began, with the score of then. New ones had none, and stay out."""
    firsts = (
        select(func.min(ledger.c.entry_no).label("entry_no"))
        .where(ledger.c.entry_no > walk.began)
        .group_by(ledger.c.lead_no)
        .subquery()
    )
    then, order = ledger.c.score_before, walk.question.order
    chosen = (
        select(then.label("score"), ledger.c.lead_no)
        .join(firsts, firsts.c.entry_no == ledger.c.entry_no)
        .where(then.is_not(None), _beyond(then, ledger.c.lead_no, after, order))
    )
    if walk.filter.conditions:
        same = and_(scores.c.publication_no == walk.question.publication_no, scores.c.lead_no == ledger.c.lead_no)
        chosen = chosen.join(scores, same).where(*walk.filter.conditions)
    return _ordered(chosen, then, ledger.c.lead_no, order).limit(walk.count)


def _beyond(
    score: ColumnElement[float], lead_no: ColumnElement[int], after: Place, order: Order
) -> ColumnElement[bool]:
    here, there = tuple_(score, lead_no), tuple_(literal(after.score), literal(after.lead_no))
    return here < there if order == "score" else here > there


def _ordered(
    chosen: Select[tuple[float, int]], score: ColumnElement[float], lead_no: ColumnElement[int], order: Order
) -> Select[tuple[float, int]]:
    return chosen.order_by(score.desc(), lead_no.desc()) if order == "score" else chosen.order_by(score, lead_no)

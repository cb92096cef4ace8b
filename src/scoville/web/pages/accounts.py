"""Accounts: companies ranked by the people in them, and one of them with its people, what they do, and its owner."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from scoville import words
from scoville.errors import UsageError
from scoville.live.queries import accounts as stored
from scoville.live.queries.cursors import from_cursor, to_cursor
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.store.seen import version_of
from scoville.model.load import Model
from scoville.web.api import owners
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Id, Text
from scoville.web.api.route import Here
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.lead_said import name_of, reasons_of
from scoville.web.pages.page import PageRoute, done, show
from scoville.web.pages.refused import Basis, is_late, said_of, status_of
from scoville.web.pages.templates import in_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.model.schema import Accounts
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
AccountId = Annotated[Id, Path()]
_ON_A_PAGE = 50
_LATELY = 12  # events
_MOST_PEOPLE = 100_000  # in one account: a page beyond them is a slip of the hand
_HOW = {"mean": "the mean of", "max": "the highest of", "sum": "the sum of"}


@router.get("/accounts")
def show_accounts(
    request: Request,
    here: Here,
    q: Annotated[Text, Query()] = "",
    after: Annotated[str | None, Query(max_length=4_000)] = None,
) -> Response:
    """Ranked, page by page, as the model sums them up."""
    place = stored.Place(*from_cursor(after, float, str, int)) if after else None
    with here.store.reading() as connection:
        published = in_force(connection)
        model = Model.loads(published.text) if published is not None else None
        if published is None or model is None or model.accounts is None:
            return show(request, "accounts.html", model=model, page=None)
        number, sought = published.publication_no, q.strip()
        page = stored.page_of_accounts(connection, number, _ON_A_PAGE, search=sought, after=place)
        return show(
            request, "accounts.html", model=model, page=page, q=q, sum_said=_sum_said(model.accounts),
            total=stored.count_accounts(connection, number), waits=stored.waiting_accounts(connection),
            next=to_cursor(*astuple(page.end)) if page.end else None, is_first=place is None, stages=_stages(model),
        )  # fmt: skip


@router.get("/accounts/{account_id:path}")
def show_account(
    request: Request, here: Here, account_id: AccountId, first: Annotated[int, Query(ge=0, le=_MOST_PEOPLE)] = 0
) -> Response:
    """One account: its people, why they are hot, what they did lately, whose it is."""
    return _account(request, here, account_id, first)


def _account(
    request: Request,
    here: State,
    account_id: str,
    first: int = 0,
    *,
    chosen: str | None = None,
    problem: ApiError | None = None,
) -> Response:
    """`chosen` is whom somebody wanted to have it, where another one was quicker."""
    with here.store.reading() as connection:
        published = in_force(connection)
        found = stored.find_account(connection, published.publication_no if published else 0, account_id)
        if found is None or published is None:
            raise not_found("account")
        model, number = Model.loads(published.text), published.publication_no
        people = stored.people_of(connection, number, found, _ON_A_PAGE + 1, first)
        events = stored.events_of_account(connection, number, found, _LATELY)
        rank = stored.rank_of(connection, number, found["score"]) if found["score"] is not None else None
    held, choices = found["owner"] or {"owner_id": None, "name": ""}, _owners(here)
    now = [("Its people go to", held["name"] or choices[0][1])]
    return show(
        request, "account.html", status=status_of(problem) if problem else 200, account=found, account_id=account_id,
        people=[_person(one) for one in people[:_ON_A_PAGE]], first=first, has_more=len(people) > _ON_A_PAGE,
        step=_ON_A_PAGE, events=[{**one, "who": name_of(one)} for one in events], rank=rank, model=model,
        sum_said=_sum_said(model.accounts) if model.accounts else "", owners=choices, stages=_stages(model),
        chosen=held["owner_id"] if chosen is None else chosen, problem=said_of(problem) if problem else "",
        basis=Basis(version_of(held["owner_id"]), is_late=problem is not None, now=tuple(now)),
        title=found["name"] or found["account"],
    )  # fmt: skip


@router.post("/accounts/{account_id:path}/owner")
def set_owner(request: Request, here: Here, changing: Changing, account_id: AccountId, form: Form) -> Response:
    """Say whose it is; nobody means: as the rules say."""
    with changing.store.reading() as connection:
        found = stored.find_account(connection, _number(in_force(connection)), account_id)
    if found is None:
        raise not_found("account")
    if found["account_id"] is None:
        raise UsageError("this account is known from its people alone, and can have no owner yet")
    chosen = read_form(owners.OwnerOfAccount, {"owner_id": form.get("owner")}) if form.get("owner") else None
    asked = chosen or owners.OwnerOfAccount(owner_id=None)
    try:
        owners.set_account_owner(changing.having_seen(form.get("was")), found["account_id"], asked)
    except ApiError as refused:
        if not is_late(refused):
            raise
        return _account(request, here, account_id, chosen=form.get("owner"), problem=refused)
    said = "Its people go to this owner from now on." if chosen else "Its people go to whom the rules say."
    return done(request, f"/accounts/{in_path(account_id)}", said)


def _number(published: InForce | None) -> int:
    return published.publication_no if published is not None else 0


def _person(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "name": name_of(one), "why": [reason.text for reason in reasons_of(one, ())]}


def _owners(here: State) -> list[tuple[str, str]]:
    """Who may be given an account, as the choices of a form."""
    found = owners.show_owners(here).owners
    return [("", "Nobody: as the rules say"), *((one.owner_id, one.owner.name) for one in found if one.owner.is_active)]


def _stages(model: Model) -> list[str]:
    """From the highest to the lowest: so people of an account are counted."""
    return [stage.name for stage in reversed(model.stages)]


def _sum_said(accounts: Accounts) -> str:
    """How the model sums up an account, in words."""
    top = accounts.rollup.top
    best = "its best person's score" if top == 1 else f"{_HOW[accounts.rollup.how]} its best {top} people's scores"
    if accounts.breadth is None:
        return f"An account's score is {best}."
    most = f", at most {words.number(accounts.breadth.max)}" if accounts.breadth.max is not None else ""
    each = words.points(accounts.breadth.points)
    return f"An account's score is {best}, and {each} for each further engaged person{most}."

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import text, update

from live_sending import Live, message
from pages_world import MODEL, PagesWorld
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.scoring.accounts import RollUps, roll_up_some
from scoville.live.store.scores import model_versions
from settings_world import form, problem, sent
from web_page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

BY_DOMAIN = f"{MODEL}accounts: {{by: company_domain, rollup: {{top: 2, how: sum}}}}\n"
HOSTILE = "<script>alert(1)</script>/../é%2F.example"


class _There(Live):
    """A store that was filled before."""

    def __post_init__(self) -> None:
        """Nothing: its source is there already."""


def summed_up(world: PagesWorld, model: str = BY_DOMAIN) -> Live:
    """The world by a model with accounts, all of them summed up."""
    live = _There(world.store)
    live.publish(model)
    roll_up(world)
    return live


def roll_up(world: PagesWorld) -> None:
    ways = RollUps()
    while roll_up_some(world.store, ways):
        pass


def names(page: Page) -> list[str]:
    return [str(one["href"]) for one in page.all("a") if str(one.get("href")).startswith("/accounts/")]


def test_accounts_are_ranked_by_what_the_model_sums_up_of_their_people(either_world: PagesWorld) -> None:
    summed_up(either_world)
    page = either_world.visitor("viewer").page("/accounts")

    # acme has two people with 40 for fit; eve's rival.com is disqualified; gmail.com is nobody's
    assert names(page) == ["/accounts/acme.com", "/accounts/bolt.io", "/accounts/dune.org"]
    assert "An account's score is the sum of its best 2 people's scores." in page.text
    assert "Acme acme.com" in page.text  # the name that messages gave, and what it is grouped by


def test_an_account_shows_its_people_best_first_and_what_they_did(either_world: PagesWorld) -> None:
    summed_up(either_world)
    page = either_world.visitor("viewer").page("/accounts/acme.com")

    people = [str(one["href"]) for one in page.all("a") if str(one.get("href")).startswith("/leads/")]
    assert people[:2] == ["/leads/ann", "/leads/bob"]
    assert "+25 Demo requested" in page.text
    assert "Page viewed" in page.text
    assert "place 1" in page.text


def test_a_list_goes_on_where_its_first_page_ended_and_is_searched_by_a_beginning(
    either_world: PagesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    summed_up(either_world)
    monkeypatch.setattr("scoville.web.pages.accounts._ON_A_PAGE", 2)
    visitor = either_world.visitor("viewer")
    first = visitor.page("/accounts")
    (following,) = [str(one["href"]) for one in first.all("a") if "after=" in str(one.get("href"))]

    assert names(first) + names(visitor.page(following)) == [
        "/accounts/acme.com", "/accounts/bolt.io", "/accounts/dune.org",
    ]  # fmt: skip
    assert names(visitor.page("/accounts?q=BOL")) == ["/accounts/bolt.io"]
    assert "Nothing begins with “zzz”" in visitor.page("/accounts?q=zzz").text
    part = visitor.get("/accounts?q=bol", target="rows")
    assert "<html" not in part.text
    assert "bolt.io" in part.text
    assert visitor.get("/accounts?after=nonsense").status_code == 422


def test_marketing_says_whose_an_account_is_and_sales_only_sees_it(either_world: PagesWorld) -> None:
    summed_up(either_world)
    owner_id = save_owner(either_world.store, Owner("Olga", "olga@example.com"), either_world.clock())
    marketing, sales = either_world.visitor("marketing"), either_world.visitor("sales")

    answer = marketing.send("/accounts/acme.com/owner", owner=owner_id)
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts/acme.com")
    assert "Its people go to this owner from now on." in marketing.page("/accounts/acme.com").text
    shown = sales.page("/accounts/acme.com")
    assert "Olga" in shown.text
    assert [one for one in shown.all("form") if str(one.get("action")).endswith("/owner")] == []
    assert "Olga" in sales.page("/accounts").text
    assert sales.send("/accounts/acme.com/owner", owner="").status_code == 403
    assert marketing.send("/accounts/acme.com/owner", owner="").status_code == 303
    assert "Olga" not in sales.page("/accounts").text


def test_an_account_is_not_given_away_over_what_somebody_just_said(world: PagesWorld) -> None:
    summed_up(world)
    owner_id = save_owner(world.store, Owner("Olga", "olga@example.com"), world.clock())
    first, second, page = world.visitor("admin"), world.visitor("marketing"), "/accounts/acme.com"
    mine = form(second.get(page).text, f"{page}/owner")

    assert first.send(f"{page}/owner", owner=owner_id).status_code == 303
    refused = sent(second, f"{page}/owner", mine, owner="")
    assert (refused.status_code, problem(refused.text)[:16]) == (409, "Admin changed it")
    assert "this holds now: Its people go to Olga" in Page(refused.text).text


def test_an_account_that_messages_name_is_found_by_that_name_too(world: PagesWorld) -> None:
    page = world.visitor("viewer").page("/accounts/acme")  # the model of this world sums up no accounts

    assert "The model in force does not add people up to accounts." in page.text
    assert "2 people" in page.text
    assert "This model does not add people up to accounts" in world.visitor("viewer").page("/accounts").text
    assert world.visitor("viewer").get("/accounts/nobody").status_code == 404


def test_names_that_strangers_choose_are_text(world: PagesWorld) -> None:
    live = summed_up(world, f"{MODEL}accounts: {{by: account_id}}\n")
    live.send(
        message("identify", "x", traits={"name": HOSTILE}, minutes_ago=5),
        message("group", "x", group=HOSTILE, traits={"name": HOSTILE}, minutes_ago=4),
        message("track", "x", event=HOSTILE, minutes_ago=3),
    )
    live.score()
    roll_up(world)
    visitor = world.visitor("admin")

    listed = visitor.get("/accounts")
    address = f"/accounts/{quote(HOSTILE.lower(), safe='')}"
    assert address in names(Page(listed.text))
    for answer in (listed, visitor.get(address)):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert HOSTILE in Page(answer.text).text


def test_the_way_a_model_sums_up_is_said_in_words(world: PagesWorld) -> None:
    said: Mapping[str, str] = {
        "{by: company_domain}": "the mean of its best 3 people's scores.",
        "{by: company_domain, rollup: {top: 1, how: max}, breadth: {points: 5, when: {engagement: {gte: 1}}, max: 15}}":
            "its best person's score, and +5 for each further engaged person, at most 15.",
    }  # fmt: skip
    for accounts, words in said.items():
        with world.store.writing() as connection:
            connection.execute(update(model_versions).values(text=f"{MODEL}accounts: {accounts}\n"))
        assert words in world.visitor("viewer").page("/accounts").text


def test_the_ranked_list_is_read_along_an_index(world: PagesWorld) -> None:
    summed_up(world)
    with world.store.reading() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM account_scores WHERE publication_no = 1 ORDER BY score DESC, "
                "account DESC LIMIT 51"
            )
        ).all()
    assert "USING INDEX ix_account_scores_ranked" in str(plan)
    assert "TEMP B-TREE" not in str(plan)

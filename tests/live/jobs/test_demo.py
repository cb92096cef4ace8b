"""The demo fills an empty store with a history that ends now, and with what a small sales team has by then."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select, text

from live_sending import Live, message
from live_stores import maker
from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.sealing import Sealer
from scoville.live.jobs import demo, demo_weeks
from scoville.live.jobs.demo import check_is_bare, run_demo
from scoville.live.jobs.demo_team import STAGES, hire, take_seat
from scoville.live.jobs.demo_weeks import times_looked_at
from scoville.live.models.publishing import list_publications, publish
from scoville.live.models.versions import save_version
from scoville.live.queries.matching import Wanted
from scoville.live.queries.owner_of_user import owner_id_of_user
from scoville.live.queries.ranking import Question, page_of
from scoville.live.routing.owners import Owner, list_owners, save_owner
from scoville.live.sla import list_sla_rules, speed_to_lead
from scoville.live.store.metadata import from_us
from scoville.live.store.people import events
from scoville.live.store.routing import territories
from scoville.web.auth.users import NewUser, create_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-03T15:00:00")  # a Wednesday
ASKED = {"leads": 200, "by": "user:u1", "until": NOW.isoformat()}
DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def _a_worker_that_only_folds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(demo, "_wait", lambda store, is_so: Live(store, now=NOW).fold())  # noqa: ARG005
        patched.setattr(demo_weeks, "_HOURS_LOOKED_AT", (10,))  # the fewer, the sooner the tests are done
        yield


@dataclass(frozen=True)
class Filled:
    """A store that the demo was filled into, for somebody who has the second login."""

    live: Live
    found: dict[str, Any]
    user_no: int
    user_id: str

    def counts(self, *tables: str) -> list[int]:
        return [self.live.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]  # noqa: S608


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Once for all that look at it."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with contextlib.ExitStack() as stack:
        store = maker(tmp_path_factory.mktemp("demo"), server, stack)()
        user(store, "first@acme.com", "First")
        number, user_id = user(store, "kim@acme.com", "Kim Doe")
        yield Filled(Live(store, now=NOW), run(store, f"user:{user_id}"), number, user_id)


def run(store: Store, by: str = "user:u1") -> dict[str, Any]:
    return run_demo(store, ASKED | {"by": by}, lambda _share, _said: None, NOW)


def user(store: Store, email: str, name: str) -> tuple[int, str]:
    """Somebody with a login: number and id."""
    with store.writing() as connection:
        made = create_user(connection, NewUser(email, name, "admin", "x"), author="test", now=NOW)
    return made.user_no, made.user_id


def mine(store: Store, user_no: int) -> list[int]:
    """The leads that the queue shows somebody as theirs."""
    with store.reading() as connection:
        number = list_publications(connection, 1)[0].publication_no
        owner_id = owner_id_of_user(connection, user_no)
        return list(page_of(connection, Question(number, Wanted(owner_id=owner_id, is_open=True)), 50).lead_nos)


def test_an_empty_store_is_filled_with_a_year_that_ends_now(filled: Filled) -> None:
    with filled.live.store.reading() as connection:
        first, last = connection.execute(select(func.min(events.c.occurred_at), func.max(events.c.occurred_at))).one()
    assert filled.counts("leads", "outcomes") == [filled.found["leads"], filled.found["outcomes"]]
    assert 150 < filled.found["leads"] <= 200
    assert NOW - timedelta(hours=12) < last <= NOW  # on a working day somebody was active this morning
    assert first < NOW - timedelta(days=300)


def test_its_model_is_in_force_for_two_weeks_and_every_score_is_that_of_its_facts(filled: Filled) -> None:
    with filled.live.store.reading() as connection:
        publication = list_publications(connection, 1)[0]
    assert (publication.name, publication.published_by) == ("B2B SaaS", f"user:{filled.user_id}")
    assert publication.switched_at == NOW - 14 * DAY
    assert filled.counts("scores", "dirty") == [filled.found["leads"], 0]
    assert filled.counts("scores WHERE refresh_at IS NOT NULL") > [0]  # they go on to cool
    assert filled.live.wrongs() == []  # the ledger adds up too


def test_three_people_were_given_the_hot_leads_and_called_them(filled: Filled) -> None:
    store = filled.live.store
    held = filled.live.rows("SELECT DISTINCT owner_no FROM assignments WHERE released_at IS NULL ORDER BY owner_no")
    assert [row["owner_no"] for row in held] == [1, 2, 3]
    begun = filled.live.rows("SELECT min(assigned_at) AS first, max(assigned_at) AS last FROM assignments")[0]
    assert from_us(begun["first"]) >= NOW - 14 * DAY
    assert NOW - 7 * DAY < from_us(begun["last"]) <= NOW
    speed = speed_to_lead(store, NOW - 14 * DAY, NOW)
    assert sum(one.touched for one in speed) > 3
    assert sum(one.still_waiting for one in speed) < sum(one.touched for one in speed)


def test_nothing_that_it_makes_leaves_the_store(filled: Filled) -> None:
    assert filled.live.rows("SELECT DISTINCT kind FROM actions") == [{"kind": "assign"}]
    assert filled.live.rows("SELECT DISTINCT state FROM outbox") == [{"state": "sent"}]  # done here: leads have owners
    made_up = {known.owner.email for known in list_owners(filled.live.store)} - {"kim@acme.com"}
    assert {address.rpartition(".")[2] for address in made_up} == {"example"}  # RFC 2606: no host has this name


def test_who_asked_is_one_of_the_team_and_has_leads(filled: Filled) -> None:
    assert [known.owner.name for known in list_owners(filled.live.store)] == ["Kim Doe", "Sofia Reyes", "Tom Okoro"]
    assert len(mine(filled.live.store, filled.user_no)) > 3


def test_begun_again_it_comes_to_the_same_rows(filled: Filled) -> None:
    tables = ("events", "owners", "assignments", "ledger", "publications", "traits")
    before = filled.counts(*tables)
    run(filled.live.store, f"user:{filled.user_id}")
    assert filled.counts(*tables) == before


def test_the_first_login_takes_its_seat_before_the_demo_and_after_it(new_file: NewStore) -> None:
    before, after = new_file(), new_file()
    early, _ = user(before, "kim@acme.com", "Kim Doe")
    hire(before, "scoville serve", NOW)
    hire(after, "scoville serve", NOW)
    late, _ = user(after, "kim@acme.com", "Kim Doe")
    for _ in range(2):  # a second one finds no seat
        with after.writing() as connection:
            take_seat(connection, "kim@acme.com", "Kim Doe")
    for store, number in ((before, early), (after, late)):
        with store.reading() as connection:
            owner_id = owner_id_of_user(connection, number)
        assert [known.owner.name for known in list_owners(store) if known.owner_id == owner_id] == ["Kim Doe"]


def test_the_stages_of_the_team_are_the_upper_ones_of_the_model_and_have_a_time_each(new_file: NewStore) -> None:
    from scoville.demo import starter_model  # noqa: PLC0415
    from scoville.model.load import Model  # noqa: PLC0415

    store = new_file()
    hire(store, "", NOW)
    assert tuple(stage.name for stage in Model.loads(starter_model()).stages[-2:]) == STAGES
    assert {rule.stage for rule in list_sla_rules(store)} == set(STAGES)


def test_it_is_never_mixed_with_real_leads(new_file: NewStore) -> None:
    store = new_file()
    Live(store).send(message("identify", "ann", traits={"title": "CEO"}))
    with store.reading() as connection, pytest.raises(UsageError, match="for an empty store"):
        check_is_bare(connection)
    with pytest.raises(UsageError, match="for an empty store"):
        run(store)


def test_where_an_action_would_tell_others_nothing_is_filled_in(new_file: NewStore) -> None:
    store = new_file()
    hook = Action("Tell the CRM", "webhook", url="https://crm.example.com/hook")
    save_action(store, Sealer(Fernet.generate_key().decode()), Policy(), hook, NOW)
    with pytest.raises(UsageError, match="'Tell the CRM' would send messages about made-up leads"):
        run(store)
    assert Live(store, now=NOW).rows("SELECT count(*) AS n FROM inbox") == [{"n": 0}]


@pytest.mark.parametrize("have", ["owner", "model"])
def test_beside_people_who_sell_or_a_model_no_team_is_made_up(new_file: NewStore, have: str) -> None:
    store = new_file()
    if have == "owner":
        save_owner(store, Owner("Ann", "ann@acme.com"), NOW)
    else:
        with store.writing() as connection:
            version = save_version(connection, "scoville: 1\nname: Mine\n", author="a", note="", now=NOW)
            publish(connection, version.version_no, author="a", now=NOW)
    found = run(store)
    with store.reading() as connection:
        made = connection.execute(select(func.count()).select_from(territories)).scalar_one()
        names = [one.name for one in list_publications(connection, 5)]
        assert connection.execute(text("SELECT count(*) FROM leads")).scalar_one() == found["leads"]
    assert [known.owner.name for known in list_owners(store)] == (["Ann"] if have == "owner" else [])
    assert (made, names) == (0, ["B2B SaaS"] if have == "owner" else ["Mine"])


def test_leads_are_looked_at_from_two_weeks_ago_until_now_in_order() -> None:
    times = times_looked_at(NOW)
    assert (times[0], times[-1]) == (NOW - 14 * DAY, NOW)
    assert times == sorted(set(times))
    assert sum(at.hour == 10 for at in times) == 14  # today too: it is 15:00

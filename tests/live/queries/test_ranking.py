# ruff: noqa: S608 - statements of the test's own, to fill a store quickly

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, text, update

from live_world import NOW, World, new_store
from scoville.live.queries.matching import Wanted
from scoville.live.queries.ranking import Place, Question, cursor_of, page_of, place_of
from scoville.live.store.scores import ledger, scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from scoville.live.store.opening import Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as opened:
        yield opened


@pytest.fixture
def full(store: Store) -> Store:
    """A store with enough leads that an index is worth it."""
    World(store)
    with store.writing() as connection:
        for table, row in (
            ("leads", "n, 'u' || n, 0, 0, NULL, FALSE"),
            ("identities", "n, 'user', 'u' || n, n, 0"),
        ):
            columns = {
                "leads": "lead_no, lead_id, first_seen_at, last_seen_at, account_no, is_anonymous",
                "identities": "identity_no, kind, value, lead_no, first_seen_at",
            }[table]
            connection.execute(text(f"{counted(5_000)} INSERT INTO {table} ({columns}) SELECT {row} FROM numbers"))
        connection.execute(
            text(
                f"{counted(5_000)} INSERT INTO scores (publication_no, lead_no, score, fit, engagement, grade, "
                "standing, contributions, model_version, as_of) "
                "SELECT 1, n, n % 100, 0, 0, 'A', 'MQL', '[]', 'v', 0 FROM numbers"
            )
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not store.is_sqlite:
            connection.execute(text("VACUUM ANALYZE"))
    return store


def counted(most: int) -> str:
    return f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most})"


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        (Wanted(), None),
        (Wanted(), 50.0),
        (Wanted(standing="MQL"), 50.0),
        (Wanted(grade="A", min_score=20, max_score=80), None),
        (Wanted(search="u77"), None),
        (Wanted(account_id="acme"), None),
        (Wanted(owner_id="x"), None),
        (Wanted(changed_since=NOW), None),
        (Wanted(is_open=True), None),
        (Wanted(is_open=True, standing="MQL"), 50.0),
        (Wanted(is_open=True, is_unowned=True, grade="A"), None),
        (Wanted(is_open=True, waits_for="any"), None),
    ],
)
def test_every_list_is_answered_by_indexes(full: Store, wanted: Wanted, after: float | None) -> None:
    question = Question(1, wanted)
    place = Place(1, 0, 50, after, 7, question.digest) if after is not None else None
    with full.reading() as connection:
        asked = list(recorded(connection, question, place))
        plans = [explained(connection, *one) for one in asked]

    for plan in plans:
        assert "SCAN scores" not in plan.replace("SCAN scores USING", "")
        assert "Seq Scan on scores" not in plan
        assert "Seq Scan on identities" not in plan
        assert "SCAN identities" not in plan
    broad = not (wanted.search or wanted.account_id or wanted.owner_id or wanted.changed_since or wanted.waits_for)
    if full.is_sqlite and broad:  # in the order of the index: nothing is sorted
        assert "TEMP B-TREE FOR ORDER BY" not in plans[-1]
        assert "USING COVERING INDEX ix_scores" in plans[-1]


def recorded(connection: Any, question: Question, place: Place | None) -> Iterator[tuple[str, Any]]:
    """The statements that a page asks, as the driver gets them."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    page_of(connection, question, 50, place)
    event.remove(connection, "before_cursor_execute", note)
    yield from asked


def explained(connection: Any, statement: str, values: Any) -> str:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(str(row[3]) for row in rows)
    return "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), limit=st.integers(1, 5), order=st.sampled_from(["score", "lowest"]))
def test_whatever_changes_between_pages_every_lead_of_the_beginning_comes_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int, limit: int, order: Any
) -> None:
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    with new_store("sqlite", tmp_path_factory.mktemp("paging"), None) as store:
        world = World(store)
        held = {world.lead(f"u{number}", float(dice.randint(0, 5))): None for number in range(8)}
        at_first = dict.fromkeys(held)
        with store.reading() as connection:
            for row in connection.execute(scores.select()):
                at_first[row.lead_no] = row.score
        found: list[int] = []
        place = None
        while True:
            with store.reading() as connection:
                page = page_of(connection, Question(1, Wanted(), order), limit, place)
            found += page.lead_nos
            place = page.end
            if place is None:
                break
            change(store, world, dice)
    turn = -1 if order == "score" else 1
    assert found == sorted(at_first, key=lambda number: (turn * (at_first[number] or 0), turn * number))


def change(store: Store, world: World, dice: random.Random) -> None:
    """Some scores move, and a lead comes."""
    for _ in range(dice.randint(0, 4)):
        number = dice.choice([*world.numbers.values()])
        with store.writing() as connection:
            before = connection.execute(scores.select().where(scores.c.lead_no == number)).one().score
            after = float(dice.randint(0, 5))
            connection.execute(update(scores).where(scores.c.lead_no == number).values(score=after))
            note(connection, number, before, after)
    new = world.lead(f"new{len(world.numbers)}", float(dice.randint(0, 5)))
    with store.writing() as connection:
        note(connection, new, None, 1.0)


def note(connection: Any, number: int, before: float | None, after: float) -> None:
    connection.execute(
        insert(ledger).values(
            lead_no=number, at=NOW + timedelta(seconds=1), cause="event", score_before=before, score=after, fit=0.0,
            engagement=after, model_version="v",
        )
    )  # fmt: skip


@given(st.builds(Place, *[st.integers(0, 2**53)] * 3, st.floats(allow_nan=False, allow_infinity=False),
                 st.integers(0, 2**53), st.text("0123456789abcdef", max_size=12)))  # fmt: skip
def test_a_cursor_comes_back_as_it_was(place: Place) -> None:
    assert place_of(cursor_of(place)) == place

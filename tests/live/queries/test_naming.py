from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from live_sending import Live, message
from scoville.live.forget import forget_ids
from scoville.live.queries.matching import Wanted
from scoville.live.queries.ranking import Question, page_of
from scoville.live.store.naming import words_of

if TYPE_CHECKING:
    from live_stores import NewStore

MODEL = "scoville: 1\nname: M\nfit: {rules: [{name: Mail, when: {email: {is: present}}, points: 5}]}\n"
NAMES = {
    "u1": {"name": "Zoë O'Neill", "company": {"name": "Ångström AG"}},
    "u2": {"firstName": "Anna", "lastName": "Archer-Smith"},
    "u3": {"name": "Anna Berg"},
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zoë O'Neill-Smith", ("zoe", "o", "neill", "smith")),
        ("  STRASSE Straße ", ("strasse",)),
        ("李小龙 123", ("李小龙", "123")),
        ("<b>%_\\", ("b",)),
        ("", ()),
    ],
)
def test_words_have_neither_case_nor_accents(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


def test_a_name_of_a_stranger_makes_few_and_short_words() -> None:
    assert max(map(len, words_of("x" * 10_000))) == 40
    assert len(words_of(" ".join(map(str, range(1_000))))) == 12


@pytest.fixture
def live(new_store: NewStore) -> Live:
    live = Live(new_store())
    live.publish(MODEL)
    live.send(*(message("identify", lead, traits=traits) for lead, traits in NAMES.items()))
    live.score()
    return live


def found(live: Live, typed: str) -> list[str]:
    with live.store.reading() as connection:
        model = connection.execute(text("SELECT max(publication_no) FROM publications")).scalar_one()
        numbers = page_of(connection, Question(model, Wanted(search=typed)), 50).lead_nos
    named = {row["lead_no"]: row["lead_id"] for row in live.rows("SELECT lead_no, lead_id FROM leads")}
    return sorted(named[number] for number in numbers)


@pytest.mark.parametrize(
    ("typed", "leads"),
    [
        ("zoe", ["u1"]), ("ZOË", ["u1"]), ("ann", ["u2", "u3"]), ("anna arch", ["u2"]), ("smith anna", ["u2"]),
        ("angstr", ["u1"]), ("nn", []), ("anna x", []), ("%", []), ("u3", ["u3"]),
    ],
)  # fmt: skip
def test_people_are_found_by_how_the_words_of_their_names_begin(live: Live, typed: str, leads: list[str]) -> None:
    assert found(live, typed) == leads


def test_a_former_name_still_finds_and_a_forgotten_one_does_not(live: Live) -> None:
    live.send(message("identify", "u3", minutes_ago=0, traits={"name": "Anna Clark"}))
    live.score()
    assert (found(live, "berg"), found(live, "clark")) == (["u3"], ["u3"])

    forget_ids(live.store, ["u3"], live.now)
    assert (found(live, "clark"), live.rows("SELECT word FROM name_words WHERE word IN ('berg', 'clark')")) == ([], [])

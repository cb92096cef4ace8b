from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.data.workspace import PLACEHOLDERS
from scoville.live.fold.names import Value, account_traits_said, as_text, plain_id, properties_said, traits_said


def traits(**said: object) -> dict[str, Value]:
    return traits_said(said, PLACEHOLDERS)


def test_segments_words_become_ours() -> None:
    said = {
        "title": "CEO", "createdAt": "2026-01-02T03:04:05Z", "website": "https://acme.com",
        "company": {"name": "Acme", "employee_count": 12, "industry": "steel"},
        "address": {"country": "DE", "city": "Bonn"},
        "firstName": "Ann",
    }  # fmt: skip
    assert traits(**said) == {
        "job_title": "CEO",
        "created_at": "2026-01-02T03:04:05",
        "company_domain": "https://acme.com",
        "company": "Acme",
        "employees": 12,
        "industry": "steel",
        "country": "DE",
        "address.city": "Bonn",
        "first_name": "Ann",
    }


def test_our_own_word_wins_over_a_translated_one_in_any_order() -> None:
    assert traits(title="Boss", job_title="CEO") == traits(job_title="CEO", title="Boss") == {"job_title": "CEO"}


@pytest.mark.parametrize("spelling", ["Email", "email", "EMAIL", " email "])
def test_an_address_is_found_in_any_spelling(spelling: str) -> None:
    assert traits(**{spelling: "a@x.io"}) == {"email": "a@x.io"}


def test_words_for_nothing_say_nothing_and_null_takes_away() -> None:
    assert traits(phone=" N/A ", city="", plan=None, source="unknown") == {"plan": None, "source": "unknown"}


def test_namibia_is_a_country() -> None:
    assert traits(country="NA", region="NA") == {"country": "NA"}


def test_lists_stay_as_json_and_empty_ones_say_nothing() -> None:
    assert traits(tags=["a", 1], none=[], nothing={}) == {"tags": '["a",1]'}


def test_names_that_relations_need_themselves_get_another() -> None:
    assert traits(lead_id="x", email="a@x.io") == {"given.lead_id": "x", "email": "a@x.io"}
    assert traits(**{"email.kind": "free"}) == {"given.email.kind": "free"}
    assert properties_said({"event": "x", "Properties": 1, "path": "/"}, PLACEHOLDERS) == {
        "given.event": "x", "given.Properties": 1, "path": "/",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2026-01-02", "2026-01-02T00:00:00"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05"),
        (1_767_323_045, "2026-01-02T03:04:05"),  # `date -u -d @1767323045`
        (1_767_323_045_000, "2026-01-02T03:04:05"),
    ],
)
def test_created_at_is_an_instant_however_it_is_written(said: object, read: str) -> None:
    assert traits(createdAt=said) == {"created_at": read}


@pytest.mark.parametrize("said", ["yesterday", True, 12, 1e300, -1e300])
def test_what_is_no_instant_is_no_created_at(said: object) -> None:
    assert traits(created_at=said) == {}


def test_an_accounts_country_keeps_its_name() -> None:
    assert account_traits_said({"name": "Acme", "employee_count": 5, "title": "x"}, PLACEHOLDERS) == {
        "name": "Acme", "employees": 5, "title": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "written"),
    [(3.0, "3"), (0.5, "0.5"), (1e22, "1e+22"), (True, "true"), (12, "12"), ("x", "x"), (-0.0, "0"), (None, None)],
)
def test_a_value_is_written_in_its_shortest_form(value: float | str | None, written: str | None) -> None:
    assert as_text(value) == written


@pytest.mark.parametrize("text", [None, "", "  ", "undefined", "NULL", "none", "(not set)"])
def test_a_word_for_nothing_is_no_id(text: str | None) -> None:
    assert plain_id(text, PLACEHOLDERS) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_whatever_is_said_becomes_plain_values_without_outer_blanks(said: dict[str, object]) -> None:
    for read in (traits_said(said, PLACEHOLDERS), properties_said(said, PLACEHOLDERS)):
        for name, value in read.items():
            assert name
            assert len(name) <= 200
            assert value is None or isinstance(value, (str, int, float, bool))
            assert not isinstance(value, str) or value == value.strip() != ""

"""What is said of the values of a trait: how full, which kind, examples, and what looks wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from live_sending import NOW
from scoville.live.queries.trait_values import TraitValues
from scoville.web.pages.data.doubts import TraitLook, trait_look

SEVERAL = "Written in several ways"
DIFFERENT = "Nearly all are different: perhaps an id or free text, of little use to rules."


def look(name: str, *values: Any, leads: int | None = None) -> TraitLook:
    trait = TraitValues(name, [*values], Counter({"site": len(values)}))
    return trait_look(trait, leads if leads is not None else len(values), NOW)


def test_a_trait_is_as_full_as_leads_have_it() -> None:
    found = look("industry", "Software", "Software", "Retail", leads=12)

    assert found.filled == 0.25
    assert (found.kind, found.distinct, found.examples) == ("text", 2, ("Software", "Retail"))
    assert found.sources == (("site", 1.0),)
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((10, 20.5), "number"),
        (("10", "20.5", "-3"), "number"),
        ((True, False), "yes or no"),
        (("2026-01-05", "2026-01-05T10:00:00Z"), "date"),
        (("a", "b"), "text"),
        ((1, "many", 2, "some"), "mixed"),
        ((1, 2, 3, 4, "many"), "number"),  # one in five is a slip, and is told
    ],
)
def test_the_kind_is_that_of_nearly_all_values(values: tuple[Any, ...], kind: str) -> None:
    assert look("x", *values).kind == kind


def test_whole_numbers_are_shown_without_a_fraction_and_long_texts_are_cut() -> None:
    assert look("cost", 12.0, 12.0, 17.59).examples == ("12", "17.59")
    assert look("note", "x" * 50).examples == ("x" * 39 + "…",)


@pytest.mark.parametrize(
    ("name", "values", "doubt"),
    [
        ("industry", ("Software", "n/a"), "Says nothing: “n/a”."),
        ("company", ("Acme", "asdf"), "Looks made up: “asdf”."),
        ("email", ("ann@acme.com", "test@acme.com"), "Looks made up: “test@acme.com”."),
        ("email", ("ann@acme.com", "nobody"), "No e-mail addresses: “nobody”."),
        ("employees", (10, "many"), "Of several kinds: 1 number, 1 text."),
        ("employees", (10, -1, -2), "2 below zero."),
        ("country", ("Germany", "germany ", "France"), f"{SEVERAL}: “Germany”, “germany ”. Rules take them as one."),
        ("plan", ("pro",) * 20, "All have the same value: it tells nobody apart."),
        ("comment", tuple(f"text {n}" for n in range(20)), DIFFERENT),
        ("signed_up_at", ("2026-04-01", "2027-01-01"), "1 lie in the future."),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_said(name: str, values: tuple[Any, ...], doubt: str) -> None:
    assert doubt in look(name, *values).doubts


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("email", tuple(f"a{n}@acme.com" for n in range(20))),  # different for everybody, as it has to be
        ("user_id", tuple(f"u{n}" for n in range(20))),
        ("created_at", tuple(f"2026-01-01T10:00:{n:02}" for n in range(20))),
        ("renewal_date", ("2027-01-01",)),
        ("next_call_at", ("2027-01-01",)),
        ("plan", ("pro",) * 19),  # too few to make anything of it
    ],
)
def test_what_is_as_it_should_be_is_not_doubted(name: str, values: tuple[Any, ...]) -> None:
    assert look(name, *values).doubts == ()

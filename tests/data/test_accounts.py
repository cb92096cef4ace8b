"""Traits of accounts beside their people: who belongs where, and that nobody is lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import scoville

if TYPE_CHECKING:
    from collections.abc import Sequence

LEADS = [
    {"lead_id": "a", "company_domain": "Acme.com "},
    {"lead_id": "b", "company_domain": "acme.com"},
    {"lead_id": "c", "company_domain": None},
    {"lead_id": "d", "company_domain": "other.io"},
]
ACCOUNTS = [
    {"account_id": "A1", "company_domain": "acme.com", "plan": "gold"},
    {"account_id": "A2", "company_domain": "acme.com", "plan": "basic"},
    {"account_id": "A3", "company_domain": "empty.org", "plan": "gold"},
]
MODEL = {
    "scoville": 1,
    "name": "Accounts",
    "fit": {"rules": [{"name": "Gold", "when": {"account.plan": "gold"}, "points": 7}]},
}


def scores(leads: Sequence[object], accounts: Sequence[object]) -> dict[str, float]:
    run = scoville.score(scoville.Model.from_dict(MODEL), leads, as_of="2026-01-01", accounts=accounts)
    return {row["lead_id"]: row["score"] for row in run.scores}


def test_people_of_a_domain_have_the_traits_of_its_account() -> None:
    # two accounts of one domain: the smaller id, A1, is gold
    assert scores(LEADS, ACCOUNTS) == {"a": 7, "b": 7, "c": 0, "d": 0}


def test_an_account_id_of_the_lead_decides_where_there_is_one() -> None:
    leads = [{"lead_id": "a", "account_id": "A2"}, {"lead_id": "b", "account_id": "a3"}]
    assert scores(leads, ACCOUNTS) == {"a": 0, "b": 7}


def test_leads_that_name_no_account_say_which_column_is_needed() -> None:
    with pytest.raises(scoville.DataError, match=r"--map leads\.account_id"):
        scores([{"lead_id": "a"}], ACCOUNTS)

"""What rules read means the same on every engine: derived traits, and properties in JSON. The yardstick is DuckDB."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import scoville
from agreement import assert_same_numbers
from oracle import oracle
from plan_runner import EVENT_COLUMNS, LEAD_COLUMNS, on_engine, result_of, table
from scoville.data.traits import DERIVED

if TYPE_CHECKING:
    from engines_under_test import EngineUnderTest

Row = dict[str, Any]
AS_OF = datetime.fromisoformat("2026-03-01")
EMAILS = (
    "Ann@Acme.co.uk", " bob.o'hara+x@gmail.com ", "info@acme.com", "No-Reply@acme.com", "x@mx.mailinator.com",
    "no mail",
    "a@b", "zoë@müller.de", "a@xn--mller-kva.de", "a..b@c.com", "@c.com", "a@c.com.", "n/a", "", None, "q@stanford.edu",
    "very.long." + "x" * 250 + "@acme.com", "a@b@c.com", "Ann <ann@acme.com>", "ann@acme.com\t",
)  # fmt: skip
TITLES = (
    "Geschäftsführerin (m/w/d)", "VP of Sales", "Vice-President, Marketing", "CEO & Co-Founder", "Assistant to the CEO",
    "Product Owner", "Head of IT", "student", "Werkstudent Marketing", "数据科学家", "Chief Revenue Officer",
    "DIRECTEUR",
    "sr. software engineer", "--", "", None, "Managing Director EMEA", "Delivery Manager", "intern", "Straßenmeister",
)  # fmt: skip
PHONES = (
    "+1 415 555 2671", "0044 20 7946 0958", "+49 (0)30 1234567", "030 1234567", "+290 2345", "+7-912-345-67-89",
    "call me",
    None, "", "+", "+999 123456789", "+1 (242) 365-1234", "tel:+33123456789", "00 1 415 555 2671", "+44", "+39 06 1234",
    "+86 10 1234 5678", "1", "++1 4155552671", " +1 4155552671",
)  # fmt: skip
DOMAINS = (
    "https://www.Acme.com:443/jobs?x=1", "eu.acme.co.uk", "n/a", None, "acme", "//acme.io", "www2.acme.de.",
    "a.b.c.d.jp",
    "foo@bar.com", "", "ACME.COM", "acme.com#top", "münchen.de", "localhost", "1.2.3.4", "-acme.com", "sub.acme.com.au",
    "acme_corp.com", "http://", "co.uk",
)  # fmt: skip
PROPERTIES: tuple[dict[str, Any], ...] = (
    {"path": "/pricing", "n": 5, "utm": {"source": "mail"}, "a.b": 1, "it's?": "yes", "$browser": "FF", "on": True},
    {"path": None, "n": "7", "utm.source": "ads", "a.b": "2", "it's?": None, "$browser": "", "on": "no"},
    {"path": "/PRICING ", "n": 1e3, "utm": None, "a": {"b": 3}, "it's?": "Yes", "$browser": 'F"F', "on": False},
    {"path": ["/pricing"], "n": 2.5, "utm": {"source": None}, "a.b": None, "it's?": 1, "on": "true"},
    {},
)


def test_derived_traits_are_those_of_duckdb(engine: EngineUnderTest) -> None:
    leads = [
        {"lead_id": str(i), "email": email, "job_title": title, "phone": phone, "company_domain": domain}
        for i, (email, title, phone, domain) in enumerate(zip(EMAILS, TITLES, PHONES, DOMAINS, strict=True))
    ]
    rules = [{"name": name, "when": {name: {"is": "present"}}, "points": 1} for name in DERIVED]
    here = run_of({"fit": {"rules": rules}}, leads, [])
    there = on_engine(engine.engine, here)
    traits = {run: run.engine.arrow(run.plan.sql("traits", run.engine.dialect)).to_pylist() for run in (here, there)}
    assert by_lead(traits[there]) == by_lead(traits[here])
    known = {name: {row[f"trait.{name}"] for row in traits[here]} for name in DERIVED}
    assert all(len(values) > 3 for values in known.values()), known  # the rows do tell engines apart


def test_properties_in_json_are_read_alike(engine: EngineUnderTest) -> None:
    events = [
        {"lead_id": str(i), "event": "visit", "occurred_at": AS_OF - timedelta(days=1), "properties": json.dumps(held)}
        for i, held in enumerate(PROPERTIES)
    ]
    asked = (
        {"path": {"starts_with": "/pricing"}}, {"n": {"gte": 5}}, {"utm.source": ["mail", "ads"]}, {"a.b": {"lte": 2}},
        {"it's?": "yes"}, {"$browser": {"is": "present"}}, {"on": True}, {"path": {"is": "missing"}},
    )  # fmt: skip
    rules = [
        {"name": f"R{i}", "event": "visit", "when": when, "points": 2**i, "decay": "none"}
        for i, when in enumerate(asked)
    ]
    summed = {"name": "Sum", "event": "visit", "sum": {"of": "n", "bands": [{"from": 5, "points": 1000}]}}
    model = {"scale": {"min": 0, "max": 10000}, "engagement": {"rules": [*rules, summed]}}
    here = run_of(model, [{"lead_id": str(i)} for i in range(len(PROPERTIES))], events)
    # by hand: a bit for each rule of `asked` that holds, and 1000 where n is at least 5
    expected = {"0": 1127.0, "1": 1142.0, "2": 1051.0, "3": 64.0, "4": 128.0}
    assert {lead: row.score for lead, row in result_of(here).scores.items()} == expected
    assert {lead: row.score for lead, row in result_of(on_engine(engine.engine, here)).scores.items()} == expected


def test_points_given_by_hand_count_alike(engine: EngineUnderTest) -> None:
    moments = (None, AS_OF - timedelta(days=1), AS_OF, AS_OF + timedelta(days=1))
    rows = [
        {
            "lead_id": str(i % 3),
            "points": 2.0**i,
            "reason": (None, "met")[i % 2],
            "created_at": start,
            "expires_at": end,
        }
        for i, (start, end) in enumerate((begin, end) for begin in moments for end in moments)
    ]
    model = {"scoville": 1, "name": "T", "scale": {"min": 0, "max": 1000}, "fit": {"rules": []}}
    leads = [{"lead_id": str(i)} for i in range(4)]
    here = scoville.score(
        scoville.Model.from_dict(model), table(leads, LEAD_COLUMNS, ()), as_of=AS_OF, adjustments=rows
    )
    expected = oracle(model, leads, [], AS_OF, rows)
    assert_same_numbers(result_of(here), expected)
    assert_same_numbers(result_of(on_engine(engine.engine, here)), expected)


def run_of(model: Row, leads: list[Row], events: list[Row]) -> scoville.ScoreRun:
    read = scoville.Model.from_dict({"scoville": 1, "name": "T", **model})
    return scoville.score(read, table(leads, LEAD_COLUMNS, ()), table(events, EVENT_COLUMNS, ()), as_of=AS_OF)


def by_lead(rows: list[Row]) -> dict[str, Row]:
    return {row["lead_id"]: row for row in rows}

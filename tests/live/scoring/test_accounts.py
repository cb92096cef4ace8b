from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

import scoville
from live_sending import Live, message
from scoville.data.workspace import load_workspace
from scoville.live.export import export
from scoville.live.fold.by_hand import link_by_hand
from scoville.live.forget import forget_ids
from scoville.live.scoring.accounts import RollUps, drop_old_accounts, roll_up_some
from scoville.model.load import Model

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
scoville: 1
name: Accounts
disqualify:
  - {name: Student, when: {job_title: student}}
fit: {rules: [{name: Size, by: employees, bands: [{from: 10, below: 100, points: 20}, {from: 100, points: 40}]}]}
engagement:
  decay: {half_life: 30d}
  rules: [{name: Any, event: "*", points: 7, repeat: 3, max: 25}]
levels: {1: 10, 2: null}
stages: [{name: Lead, from: 0}, {name: MQL, from: 30}]
"""
WITHOUT_LIMIT = "breadth: {points: 5, when: {engagement: {gte: 5}}}"
BREADTH = "breadth: {points: 5, when: {engagement: {gte: 5}}, max: 8}"
SHAPES = {
    "the mean of three, by domain": f"{{by: company_domain, rollup: {{top: 3, how: mean}}, {BREADTH}}}",
    "the sum of two, by account": "{by: account_id, rollup: {top: 2, how: sum}}",
    "the best one, by domain": f"{{by: company_domain, rollup: {{top: 1, how: max}}, {WITHOUT_LIMIT}}}",
}
PEOPLE = {  # domain, company, employees, title, how many events
    "a1": ("acme.com", "Acme", 500, "CEO", 4),
    "a2": ("ACME.com", "Acme", 50, "CTO", 1),
    "a3": ("acme.com", "Acme", 5, "Student", 9),
    "a4": ("acme.com", "Acme", 500, None, 0),
    "a5": ("acme.com", None, 20, "CFO", 2),
    "b1": ("bolt.io", "Bolt", 50, "CEO", 0),
    "c1": ("gmail.com", "Acme", 20, "Clerk", 3),
    "d1": ("dune.org", "Dune", 50, "student", 2),
}


def people(live: Live) -> None:
    for lead_id, (domain, company, employees, title, events) in PEOPLE.items():
        traits: dict[str, Any] = {"email": f"{lead_id}@{domain}", "employees": employees}
        if title is not None:
            traits["title"] = title
        live.receive(message("identify", lead_id, minutes_ago=5_000, traits=traits))
        if company is not None:
            live.receive(message("group", lead_id, group=company, minutes_ago=4_900))
        for number in range(events):
            live.receive(message("track", lead_id, event="Seen", minutes_ago=1_440.0 * number + 10))
    live.fold()


def rolled_up(live: Live) -> dict[str, dict[str, Any]]:
    ways = RollUps()
    while roll_up_some(live.store, ways, 2):
        pass
    rows = live.rows(
        "SELECT * FROM account_scores WHERE publication_no = (SELECT max(publication_no) FROM publications)"
    )
    return {row["account"]: row for row in rows}


@pytest.mark.parametrize("shape", SHAPES)
def test_accounts_score_live_as_they_do_in_a_batch(live: Live, tmp_path: Path, shape: str) -> None:
    model = f"{RULES}accounts: {SHAPES[shape]}\n"
    people(live)
    live.publish(model)
    export(live.store, tmp_path, live.now)
    workspace = load_workspace(tmp_path / "scoville.toml")
    run = scoville.score(
        Model.loads(model), str(tmp_path / "leads.parquet"), str(tmp_path / "events.parquet"), as_of=live.now,
        workspace=workspace,
    )  # fmt: skip
    batch = {row["account"]: row for row in run.accounts.to_pylist()}

    found = rolled_up(live)

    assert found.keys() == batch.keys()
    assert len(found) > 1
    for account, row in found.items():
        for name in ("score", "rollup", "breadth", "people", "engaged"):
            assert row[name] == pytest.approx(float(batch[account][name]), abs=1e-9), (account, name)


def test_an_account_follows_what_its_people_do_and_who_moves_away(live: Live) -> None:
    people(live)
    live.publish(f"{RULES}accounts: {{by: company_domain, rollup: {{top: 3, how: sum}}}}\n")
    before = rolled_up(live)

    live.send(message("track", "b1", event="Seen", minutes_ago=1))
    live.send(message("identify", "a1", minutes_ago=1, traits={"email": "a1@bolt.io"}))
    live.score()
    after = rolled_up(live)

    assert after["bolt.io"]["people"] == before["bolt.io"]["people"] + 1
    assert after["acme.com"]["people"] == before["acme.com"]["people"] - 1
    assert after["bolt.io"]["score"] > before["bolt.io"]["score"]
    assert live.rows("SELECT * FROM dirty_accounts") == []


def test_people_are_counted_by_stage_and_an_account_is_known_by_the_one_that_they_share(live: Live) -> None:
    people(live)
    live.publish(f"{RULES}accounts: {{by: company_domain}}\n")

    found = rolled_up(live)

    # a1 and a4 have 40 for size, a5 has 20 and 10 - 7 and 3 a day later - for events; a2 has 27; a3 is a student
    assert orjson.loads(found["acme.com"]["stages"]) == {"MQL": 2, "Lead": 2, "Disqualified": 1}
    known = {row["account_no"]: row["account_id"] for row in live.rows("SELECT * FROM accounts")}
    assert known[found["acme.com"]["account_no"]] == "Acme"
    assert "dune.org" not in found  # nobody there is qualified


def test_who_is_forgotten_leaves_no_account_behind_and_who_is_merged_no_second_person(live: Live) -> None:
    people(live)
    live.publish(f"{RULES}accounts: {{by: company_domain}}\n")
    before = rolled_up(live)

    forget_ids(live.store, ["b1"], live.now)
    assert [row for row in live.rows("SELECT account FROM account_scores") if row["account"] == "bolt.io"] == []
    numbers = {row["value"]: row["identity_no"] for row in live.rows("SELECT value, identity_no FROM identities")}
    link_by_hand(live.store, numbers["a1"], numbers["a4"], by="Ann", now=live.now)
    live.score()
    after = rolled_up(live)

    assert after["acme.com"]["people"] == before["acme.com"]["people"] - 1
    assert "bolt.io" not in after
    assert "bolt.io" not in str(live.rows("SELECT * FROM dirty_accounts") + live.rows("SELECT * FROM account_people"))


def test_a_model_without_accounts_sums_up_nothing_and_what_the_last_one_left_is_dropped(live: Live) -> None:
    people(live)
    live.publish(f"{RULES}accounts: {{by: company_domain}}\n")
    assert rolled_up(live)
    live.publish(RULES)

    assert rolled_up(live) == {}
    assert drop_old_accounts(live.store) > 0
    assert live.rows("SELECT * FROM account_scores") == live.rows("SELECT * FROM account_people") == []


def test_large_accounts_are_summed_up_a_few_at_a_time(small: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    people(small)
    small.publish(f"{RULES}accounts: {{by: company_domain}}\n")
    monkeypatch.setattr("scoville.live.scoring.accounts._PEOPLE", 2)
    ways = RollUps()

    # acme.com has five people, bolt.io and dune.org one each: acme.com goes alone, and more wait
    assert [roll_up_some(small.store, ways, 9), roll_up_some(small.store, ways, 9)] == [9, 2]
    assert small.rows("SELECT * FROM dirty_accounts") == []
    assert {row["account"] for row in small.rows("SELECT account FROM account_scores")} == {"acme.com", "bolt.io"}

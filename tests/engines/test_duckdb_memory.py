"""With little memory leads are worked out a part at a time, and the result is the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings

import scoville
import scoville.engines.duckdb
from agreement import assert_same_numbers
from oracle import oracle
from plan_runner import result_of, run_of
from scoville.engines.duckdb import DuckDB
from scoville.engines.in_parts import parts_needed
from strategies import PROPERTIES, TRAITS, Scene, scenes

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = max(1, int(os.environ.get("SCOVILLE_EXAMPLES", "24")) // 4)
LEADS, EVENTS = 100_000, 2_000_000
MODEL = {
    "scoville": 1,
    "name": "Web shop",
    "fit": {"rules": [{"name": "Large", "when": {"employees": {"gte": 50}}, "points": 20}]},
    "engagement": {
        "decay": {"half_life": "30d"},
        "rules": [{"name": f"Rule {i}", "event": f"event {i}", "points": i + 1, "repeat": 1} for i in range(12)],
    },
    "stages": [{"name": "Lead", "from": 0}],
}
BY_COMPANY = {
    **MODEL,
    "accounts": {"by": "company_domain", "breadth": {"points": 5, "when": {"engagement": {"gte": 1}}}},
}
PEOPLE = [{"lead_id": f"{i}", "company_domain": f"{i % 2}.example", "employees": 10 * i} for i in range(9)]
HAPPENED = [
    {"lead_id": f"{i}", "event": f"event {i % 5}", "occurred_at": "2026-05-20T00:00:00", "path": "/"} for i in range(6)
]
JUNE = "2026-06-01"


@pytest.fixture
def three_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoville.engines.duckdb, "parts_needed", lambda *_: 3)


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    """Files of leads who each did some of twelve things."""
    leads, events = (str(tmp_path / f"{name}.parquet") for name in ("leads", "events"))
    engine = DuckDB()
    engine.run(f"COPY (SELECT 'L' || i AS lead_id, i % 100 AS employees FROM range({LEADS}) t(i)) TO '{leads}'")  # noqa: S608
    engine.run(
        f"COPY (SELECT 'L' || hash(i) % {LEADS} AS lead_id, 'event ' || hash(i * 7) % 12 AS event, "  # noqa: S608
        f"TIMESTAMP '2026-05-31' - to_seconds(i) AS occurred_at FROM range({EVENTS}) t(i)) TO '{events}'"
    )
    engine.close()
    return leads, events


def test_leads_are_dealt_into_parts_only_where_they_do_not_fit() -> None:
    gigabyte = 10**9
    assert parts_needed(1_000_000, 12, 6 * gigabyte) == 1
    assert parts_needed(5_000_000, 12, 2 * gigabyte) == 3  # a kilobyte each with 12 rules
    assert parts_needed(0, 0, gigabyte) == 1


def test_more_than_fits_into_memory_is_scored_as_with_room(data: tuple[str, str], tmp_path: Path) -> None:
    """In one go DuckDB gives up on these leads with so little."""
    files = {}
    for size in ("100MB", "4GB"):
        run = scoville.score(scoville.Model.from_dict(MODEL), *data, as_of=JUNE, engine=DuckDB(memory_limit=size))
        files[size] = str(tmp_path / f"{size}.parquet")
        run.write("scores", files[size])
        run.engine.close()
    differ = "max(abs(little.score - ample.score)) AS most, count_if(little.stage != ample.stage) AS others"
    both = f"'{files['100MB']}' little JOIN '{files['4GB']}' ample USING (lead_id)"
    told = DuckDB().arrow(f"SELECT count(*) AS n, {differ} FROM {both}").to_pylist()  # noqa: S608
    assert told == [{"n": LEADS, "most": pytest.approx(0, abs=1e-9), "others": 0}]


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate], deadline=None)
@given(scenes())
def test_any_model_gives_in_parts_what_the_oracle_gives(scene: Scene) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoville.engines.duckdb, "parts_needed", lambda *_: 3)
        run = run_of(scene.model, scene.leads, scene.events, scene.as_of, traits=TRAITS, properties=PROPERTIES)
        assert_same_numbers(result_of(run), oracle(scene.model, scene.leads, scene.events, scene.as_of))


@pytest.mark.usefixtures("three_parts")
def test_contributions_adjustments_accounts_and_the_best_are_those_of_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def outputs() -> list[object]:
        model = scoville.Model.from_dict(BY_COMPANY)
        by_hand = [{"lead_id": "3", "points": 7, "reason": "met"}]
        run = scoville.score(model, PEOPLE, HAPPENED, as_of=JUNE, adjustments=by_hand)
        run.share()
        return [run.contributions, run.top(3).to_pylist(), run.counts(), run.accounts, run.scores]

    in_parts = outputs()
    monkeypatch.setattr(scoville.engines.duckdb, "parts_needed", lambda *_: 1)
    assert in_parts == outputs()


@pytest.mark.usefixtures("three_parts")
def test_a_run_in_parts_is_carried_on(tmp_path: Path) -> None:
    model, last = scoville.Model.from_dict(MODEL), tmp_path / "last.duckdb"
    scoville.score(model, PEOPLE, HAPPENED[:3], as_of="2026-05-25", since=last).leave()
    later = scoville.score(model, PEOPLE, HAPPENED, as_of=JUNE, since=last)
    assert later.scores == scoville.score(model, PEOPLE, HAPPENED, as_of=JUNE).scores

"""Evidence on live data: the figures of the store are those of its files, and nobody is in them by name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import proved
from live_sending import NOW
from scoville.errors import DataError
from scoville.evidence.backtest import Evidence, validate
from scoville.evidence.kept import figures_of
from scoville.evidence.lines.positions import Positions
from scoville.live.jobs.asking import ask_for, find_job
from scoville.live.jobs.proving import run_compare, run_evidence, run_trial
from scoville.live.queries.proof import proof_of, used_since, usual_past

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from live_stores import NewStore
    from scoville.live.store.opening import Store

ASKED = {**proved.PAST, "version_no": 1}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = proved.proved_copy(tmp_path_factory.mktemp("proved"))
    yield found
    found.close()


def result_of(store: Store, job_no: int) -> dict[str, Any]:
    with store.reading() as connection:
        job = find_job(connection, job_no)
    assert job is not None
    assert job.result is not None
    return job.result


def test_the_store_tells_what_its_files_tell(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(proved.MODEL)
    tables = proved.tables()
    told = validate(
        tmp_path / "model.yaml", tables["leads"], tables["events"], tables["outcomes"], horizon=timedelta(days=30)
    )
    found = figures_of(Evidence, result_of(store, 1)["evidence"])
    assert (found.ranking.leads, found.ranking.conversions) == (told.ranking.leads, told.ranking.conversions)
    assert found.ranking.auc == pytest.approx(told.ranking.auc, abs=1e-12)  # the rows come in another order
    counts = [[(one.label, one.leads, one.conversions) for one in each.by["stage"]] for each in (found, told)]
    assert counts[0] == counts[1]
    assert [rule.verdict for rule in found.rules] == [rule.verdict for rule in told.rules]
    assert found.predicts


def test_a_result_holds_numbers_of_leads_and_never_their_ids(store: Store) -> None:
    evidence, comparison = result_of(store, 1), result_of(store, 2)
    assert "L00" not in json.dumps(evidence)
    assert "L00" not in json.dumps(comparison)
    misses = evidence["evidence"]["misses"]
    shown = [miss["lead_id"] for side in ("overlooked", "overrated") for miss in misses[side]["shown"]]
    assert shown
    assert all(number.isdecimal() for number in shown)
    assert all(isinstance(mover["lead_no"], int) for mover in comparison["versus_first"][0]["movers"])


def test_lines_baseline_and_drift_come_with_the_evidence(store: Store) -> None:
    result = result_of(store, 1)
    lines = figures_of(Positions, result["positions"])
    assert lines.stages == {"MQL": 12, "SQL": 30}
    assert lines.buyers > 20
    assert 0.05 < result["baseline"]["rate"] < 0.5
    assert result["baseline"]["leads_a_week"] == pytest.approx(proved.LEADS / (proved.DAYS / 7), rel=0.15)
    assert result["drift"]["cannot_tell"] is None
    assert {one["stage"] for one in result["drift"]["stages"]} == {"Lead", "MQL", "SQL"}


def test_versions_are_compared_on_the_same_past(store: Store) -> None:
    result = result_of(store, 2)
    assert [rival["name"] for rival in result["models"]] == ["version 1", "version 2"]
    [challenge] = result["versus_first"]
    assert [change["said"] for change in challenge["changes"]] == ["points 10 → 25"]
    assert challenge["moved"] == sum(move["leads"] for move in challenge["moves"])


def test_a_trial_counts_who_came_since_it_began(store: Store) -> None:
    since = (NOW - timedelta(days=120)).date()
    asked = {"name": "welcome", "variants": "current=50,new=50", "since": since.isoformat(), "planned": 500,
             "horizon_days": None, "won": ["won"]}  # fmt: skip
    said: list[str] = []
    result = run_trial(store, asked, lambda _share, words: said.append(words), NOW)
    came = [row for row in proved.tables()["leads"].to_pylist() if row["created_at"].date() >= since]
    assert sum(variant["leads"] for variant in result["variants"]) == len(came)
    assert result["split"]["is_as_planned"]
    assert said[-1] == "Counting by variant"
    with pytest.raises(DataError, match="no lead was created since 2 May 2026"):
        run_trial(store, {**asked, "since": "2026-05-02"}, lambda _share, _said: None, NOW)


def test_both_stores_tell_the_same_and_too_short_a_past_is_said_in_words(new_store: NewStore) -> None:
    store = new_store()
    proved.fill(store, leads=120, days=60)
    told: list[tuple[float | None, str]] = []
    result = run_evidence(store, {**ASKED, "horizon_days": 14}, lambda *said: told.append(said), NOW)
    shares = [share for share, _ in told if share is not None]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert result["evidence"]["ranking"]["leads"] > 0
    with store.writing() as connection:
        job_no = ask_for(connection, "evidence", ASKED, by="user:a", now=NOW).job_no
    proved.end(store, job_no, state="done", result=result)
    kept = figures_of(Evidence, result_of(store, job_no)["evidence"])
    assert kept.to_dict() == figures_of(Evidence, result["evidence"]).to_dict()  # the store holds it as it is
    with store.reading() as connection:
        assert used_since(connection, 1) == NOW
        assert used_since(connection, 2) is None
        found = proof_of(connection)
    assert found.outcomes["won"] > 5
    assert usual_past(found)["horizon_days"] == 14  # 60 days are watched: 30 and a month are more
    with pytest.raises(DataError, match="no lead has been watched for 90 days yet: choose fewer days ahead"):
        run_compare(store, {**proved.PAST, "horizon_days": 90, "versions": [1, 2], "capacity": 0.2},
                    lambda _share, _said: None, NOW)  # fmt: skip

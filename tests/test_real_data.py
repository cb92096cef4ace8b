"""The example models on the public data sets they were written for, scored end to end, held against what happened.

Outcomes are counted the honest way where there are dates: leads known at `as_of` and not yet converted, converted
within the horizon after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

import scoville

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


class Quarters(NamedTuple):
    """Conversion rate of the best and of the worst quarter by score, and the number of leads looked at."""

    best: float
    worst: float
    leads: int


def quarters(rows: list[tuple[float, bool]]) -> Quarters:
    """Ties are broken by chance of the file, not by the outcome: equal scores share the average rate of their group."""
    by_score: dict[float, list[bool]] = {}
    for score, won in rows:
        by_score.setdefault(score, []).append(won)
    ranked = [
        sum(by_score[score]) / len(by_score[score]) for score in sorted(by_score, reverse=True) for _ in by_score[score]
    ]
    quarter = len(ranked) // 4
    return Quarters(sum(ranked[:quarter]) / quarter, sum(ranked[-quarter:]) / quarter, len(ranked))


def scores_of(name: str, folder: Path, as_of: str) -> dict[str, float]:
    workspace = scoville.load_workspace(EXAMPLES / name / "scoville.toml")
    events = workspace.events.source
    run = scoville.score(
        EXAMPLES / name / "model.yaml",
        folder / Path(str(workspace.leads.source)).name,
        folder / Path(events).name if events else None,
        as_of=as_of,
        workspace=workspace,
    )
    return {row["lead_id"]: row["score"] for row in run.scores.to_pylist()}


def point_in_time(name: str, shared: Path, as_of: str, horizon_days: int, goal: str) -> Quarters:
    folder = shared / "datasets" / name
    start = datetime.fromisoformat(as_of)
    end = start + timedelta(days=horizon_days)
    with duckdb.connect() as con:
        created = dict(con.execute(f"SELECT lead_id, created_at FROM '{folder}/leads.parquet'").fetchall())  # noqa: S608
        converted = dict(
            con.execute(
                f"SELECT lead_id, min(converted_at) FROM '{folder}/conversions.parquet' WHERE goal = ? GROUP BY 1",  # noqa: S608
                [goal],
            ).fetchall()
        )
    scores = scores_of(name, folder, as_of)
    known = [lead for lead, at in created.items() if at <= start and not converted.get(lead, end) <= start]
    return quarters([(scores[lead], start < converted.get(lead, datetime.max) <= end) for lead in known])  # noqa: DTZ901


def test_xeducation_best_quarter_enrols_and_worst_does_not(shared: Path) -> None:
    file = shared / "datasets" / "xeducation" / "Leads.csv"
    scores = scores_of("xeducation", file.parent, "2020-01-01")
    with duckdb.connect() as con:
        enrolled = dict(con.execute('SELECT "Prospect ID", "Converted" FROM read_csv(?)', [str(file)]).fetchall())
    found = quarters([(scores[lead], bool(won)) for lead, won in enrolled.items()])
    assert found.best > 0.75
    assert found.worst < 0.12


@pytest.mark.parametrize("as_of", ["2015-03-01", "2015-05-01", "2015-06-15"])
def test_udacity_those_who_study_finish_the_first_project(shared: Path, as_of: str) -> None:
    found = point_in_time("udacity", shared, as_of, 30, "first_project")
    assert found.best > 3 * found.worst


@pytest.mark.parametrize("as_of", ["2011-11-01", "2011-11-15", "2011-12-01"])
def test_bpi2012_open_applications_that_move_are_approved(shared: Path, as_of: str) -> None:
    found = point_in_time("bpi2012", shared, as_of, 30, "approved")
    assert found.best > 10 * found.worst


@pytest.mark.parametrize("as_of", ["2018-02-01", "2018-04-01"])
def test_olist_recent_contacts_from_search_sign_more_often(shared: Path, as_of: str) -> None:
    found = point_in_time("olist", shared, as_of, 90, "won")
    assert found.best > 2 * found.worst

"""A boosted model: the same every time, the same after it was read back, the same features as it was learned from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import scoville
from made_up_leads import HORIZON, made_up
from scoville.errors import DataError, UsageError
from scoville.evidence.history import read_history
from scoville.learn.boosted.boosting import boost, boost_beside
from scoville.learn.boosted.features import column_of, feature_of, matrix_of, wanted
from scoville.learn.boosted.kept import Boosted, _hash, boosted_from, load_boosted
from scoville.learn.boosted.predicting import add_boosted, features_at
from scoville.learn.learning import learn
from scoville.learn.rows import Rows, rows_of
from scoville.learn.tried.candidates import Candidates, candidates_of
from scoville.learn.tried.origins import Decayed, Happening, Trait

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = """scoville: 1
name: By hand
fit: {rules: [{name: Large, when: {employees: {gte: 100}}, points: 10}]}
"""
LIKELY = PLAIN + "probability: {horizon: 30d, points: [[0, 0.1], [10, 0.3]]}\n"


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return made_up()


@pytest.fixture(scope="module")
def learned_from(frames: tuple[pd.DataFrame, ...]) -> tuple[Rows, Candidates]:
    history = read_history(*frames)
    rows = rows_of(history, HORIZON)
    return rows, candidates_of(history, rows)


@pytest.fixture(scope="module")
def boosted(learned_from: tuple[Rows, Candidates]) -> Boosted:
    return boost(*learned_from)


@pytest.fixture(scope="module")
def matrix(learned_from: tuple[Rows, Candidates]) -> np.ndarray:
    rows, candidates = learned_from
    return matrix_of([column_of(feature_of(one), one.candidate) for one in wanted(candidates)], len(rows))


# Learning


def test_the_same_rows_and_seed_give_the_same_file(learned_from: tuple[Rows, Candidates], boosted: Boosted) -> None:
    again = boost(*learned_from)
    assert json.dumps(again.to_dict()) == json.dumps(boosted.to_dict())
    assert boost(*learned_from, seed=1).trees != boosted.trees


def test_it_finds_what_decides_and_never_what_leaks(boosted: Boosted) -> None:
    assert boosted.about["auc_low"] > 0.6
    used = {boosted.features[place].origin for place in boosted.used}
    assert {Trait("employees"), Trait("source")} <= used
    assert any(isinstance(one, Decayed) and one.of == Happening("demo_requested") for one in used)
    assert Trait("closed_reason") not in {feature.origin for feature in boosted.features}


def test_probabilities_are_those_that_come_true(
    learned_from: tuple[Rows, Candidates], boosted: Boosted, matrix: np.ndarray
) -> None:
    rows, _ = learned_from
    assert boosted.probability(matrix).mean() == pytest.approx(rows.won.mean(), rel=0.15)
    assert boosted.about["calibration_error"] < 0.03
    rate = rows.won[rows.held_out].mean()
    assert boosted.about["later_rate"] == pytest.approx(rate)
    assert boosted.about["later_promised"] == pytest.approx(rate, rel=0.35)  # some 60 winners: 3 standard errors
    of_the_rate = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert boosted.about["later_log_loss"] < of_the_rate  # they say more than the very rate that came, for everybody


def test_shuffled_outcomes_give_nothing(frames: tuple[pd.DataFrame, ...]) -> None:
    people, events, outcomes = frames
    people = people.drop(columns="closed_reason")
    created = people.set_index("lead_id")["created_at"]
    dice = np.random.default_rng(1)
    ids = dice.choice(people["lead_id"], len(outcomes), replace=False)
    at = created.loc[ids].to_numpy() + pd.to_timedelta(dice.uniform(20, 60, ids.size), "D")
    history = read_history(people, events, pd.DataFrame({"lead_id": ids, "outcome": "won", "at": at}))
    rows = rows_of(history, HORIZON)
    candidates = candidates_of(history, rows)
    # how long ago a lead came says when it may win here, whatever it is
    timeless = Candidates(tuple(one for one in candidates if isinstance(one.origin, Trait)), ())
    about = boost(rows, timeless).about
    assert about["auc_low"] < 0.5 < about["auc_high"]
    assert about["advice"].startswith("do not use the boosted model")


def test_the_points_are_kept_unless_trees_are_clearly_better(learned_from: tuple[Rows, Candidates]) -> None:
    rows, candidates = learned_from
    later = rows.won[rows.held_out]
    blind = boost(rows, candidates, points=(rows.lead[rows.held_out] % 97).astype(float))
    perfect = boost(rows, candidates, points=later.astype(float))
    assert perfect.about["is_better"] is False
    assert perfect.about["advice"].startswith("keep the points")
    assert blind.about["is_better"] is True, blind.about
    assert "points are enough" in blind.about["advice"]  # some 200 conversions


def test_it_is_judged_beside_the_card_on_the_rows_of_the_card(frames: tuple[pd.DataFrame, ...]) -> None:
    history = read_history(*frames)
    learned = learn(history, horizon=HORIZON, factors=2)
    assert learned.held_out is not None
    pair = boost_beside(learned, history, horizon=HORIZON).about["against_points"]
    assert pair["auc_b"] == pytest.approx(learned.held_out.auc)
    with pytest.raises(UsageError, match="no boosted model either"):
        boost_beside(replace(learned, why_not="nothing was found"), history, horizon=HORIZON)


def test_too_few_conversions_are_refused(learned_from: tuple[Rows, Candidates]) -> None:
    rows, candidates = learned_from
    few = replace(rows, won=rows.won & (rows.lead <= 60))
    with pytest.raises(DataError, match="20 of each are needed"):
        boost(few, candidates)


# The file


def test_what_is_read_back_predicts_the_same_to_the_last_bit(
    boosted: Boosted, matrix: np.ndarray, tmp_path: Path
) -> None:
    boosted.save(tmp_path / "boosted.json")
    back = load_boosted(tmp_path / "boosted.json")
    assert back.version == boosted.version
    assert np.array_equal(back.probability(matrix), boosted.probability(matrix))
    assert np.array_equal(back.contributions(matrix), boosted.contributions(matrix))
    back.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "boosted.json").read_bytes()


def test_what_lightgbm_wrote_is_what_is_kept(learned_from: tuple[Rows, Candidates], matrix: np.ndarray) -> None:
    import lightgbm  # noqa: PLC0415 - the oracle

    from scoville.learn.boosted.trees import slim, whole  # noqa: PLC0415 - as above

    rows, candidates = learned_from
    by_value = [place for place, one in enumerate(wanted(candidates)) if feature_of(one).by_value]
    data = lightgbm.Dataset(matrix, rows.won.astype(float), categorical_feature=by_value)
    made = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 40)
    text = made.model_to_string()
    assert "num_cat=1" in text
    kept = lightgbm.Booster(model_str=whole(slim(text, matrix.shape[1]), matrix.shape[1]))
    assert np.array_equal(kept.predict(matrix), made.predict(matrix))
    assert np.array_equal(kept.predict(matrix, pred_contrib=True), made.predict(matrix, pred_contrib=True))


def test_contributions_add_up(boosted: Boosted, matrix: np.ndarray) -> None:
    rest = boosted.log_odds(matrix) - boosted.contributions(matrix).sum(axis=1)
    assert np.ptp(rest) < 1e-9  # the same constant for all


def hostile(boosted: Boosted, **changes: Any) -> dict[str, Any]:
    """The content of a file with changes, under a hash that fits."""
    content = json.loads(json.dumps(boosted.content())) | changes
    return {**content, "hash": _hash(content)}


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        (r"left_child=\S+", "left_child=0", "circle"),
        (r"left_child=\S+", "left_child=77777", "not from"),
        (r"left_child=\S+", "left_child=1e3", "numbers are wanted"),
        (r"split_feature=\S+", "split_feature=999", "not from"),
        (r"num_leaves=\d+", "num_leaves=1000000000", "not from"),
        (r"num_leaves=\d+", "num_leaves=2", "numbers are wanted"),
        (r"leaf_value=\S+", "leaf_value=nan", "numbers are wanted"),
        (r"leaf_count=\S+", "leaf_count=0", "not from"),
        (r"threshold=\S+", "threshold=nan", "numbers are wanted"),
        (r"decision_type=\d+", "decision_type=1", "no values|names a set"),
        (r"is_linear=0", "is_linear=1", "not from"),
        (r"Tree=", "Bush=", "from 1 to"),
    ],
)
def test_wrong_trees_are_refused(boosted: Boosted, line: str, instead: str, said: str) -> None:
    trees = re.sub(line, instead, boosted.trees)
    with pytest.raises(DataError, match=said):
        boosted_from(hostile(boosted, trees=trees))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scoville_boosted": 2}, "reads format 1"),
        ({"scoville_boosted": True}, "reads format 1"),
        ({"extra": 1}, "exactly these"),
        ({"about": []}, "about"),
        ({"features": []}, "features"),
        ({"features": [{"trait": "x"}]}, r"features\[0\]"),
        ({"features": [{"trait": "x", "edges": [2, 1]}]}, "rise"),
        ({"features": [{"trait": "x", "edges": [True]}]}, "a number"),
        ({"features": [{"trait": "x", "values": ["a", "a"]}]}, "twice"),
        ({"features": [{"trait": "\ud800", "values": ["a"]}]}, "a text"),
        ({"features": [{"form": "eval", "event": "x"}]}, "form"),
        ({"features": [{"form": "fades", "event": "x", "where": None, "below": False, "half_life_days": 0}]}, "days"),
        ({"features": [{"form": "recency", "event": "x", "where": ["a"], "below": False}]}, "where"),
        ({"trees": 5}, "trees"),
        ({"probability": []}, "probability"),
        ({"probability": [[0, 0.5], [0, 0.6]]}, "rising"),
        ({"probability": [[0, 0.5], [1, 1.0]]}, "rising"),
        ({"probability": [[0, 10**400]]}, "a number"),
    ],
)
def test_wrong_content_is_refused_with_its_place(boosted: Boosted, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        boosted_from(hostile(boosted, **changes))


def test_no_changed_number_in_the_trees_ends_the_program(boosted: Boosted, matrix: np.ndarray) -> None:
    dice = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        words = re.split(r"([ =\n])", boosted.trees)
        numbers = [place for place, word in enumerate(words) if re.fullmatch(r"-?[\d.]+", word)]
        words[dice.choice(numbers)] = str(
            dice.choice(["-1", "0", "1", "3", "15", "-9", "4294967295", "99999999", "inf"])
        )
        try:
            changed = boosted_from(hostile(boosted, trees="".join(words)))
        except DataError:
            refused += 1
        else:
            assert changed.log_odds(matrix[:50]).shape == (50,)
            assert changed.contributions(matrix[:50]).shape == (50, len(boosted.features))
    assert refused > 20


def test_a_file_that_was_changed_is_no_longer_believed(boosted: Boosted) -> None:
    content = boosted.to_dict() | {"about": {**boosted.about, "auc": 0.99}}
    with pytest.raises(DataError, match="hash"):
        boosted_from(json.loads(json.dumps(content)))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": NaN}', '{"a": 1, "a": 2}', "\x80", "5"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "boosted.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"boosted\.json"):
        load_boosted(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        load_boosted(tmp_path / "none.json")


# Scoring


def test_a_run_has_the_features_that_were_learned_from(
    frames: tuple[pd.DataFrame, ...],
    learned_from: tuple[Rows, Candidates],
    boosted: Boosted,
    matrix: np.ndarray,
) -> None:
    rows, _ = learned_from
    people, events, _ = frames
    ids = sorted(people["lead_id"])
    for snapshot in (1, len(rows.as_of) - 1):
        run = scoville.score(scoville.Model.loads(PLAIN), people, events, as_of=rows.as_of[snapshot])
        found = features_at(run, boosted)
        at = rows.snapshot == snapshot
        names = rows.engine.arrow(
            f"SELECT lead_id FROM learn_rows WHERE snapshot = {snapshot} ORDER BY row_no"  # noqa: S608 - ours
        )["lead_id"].to_pylist()
        place = np.searchsorted(ids, names)
        used = list(boosted.used)
        assert at.sum() > 100
        assert np.array_equal(found[place][:, used], matrix[at][:, used], equal_nan=True)


def test_probabilities_and_reasons_stand_beside_the_scores(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    people, events, _ = frames
    run = scoville.score(scoville.Model.loads(PLAIN), people, events, as_of="2025-06-01")
    before = scoville.score(scoville.Model.loads(PLAIN), people, events, as_of="2025-06-01").scores
    add_boosted(run, boosted)
    scores = run.scores
    assert scores[list(before.columns)].equals(before)
    assert scores["boosted_probability"].between(0, 1).all()
    top = scores.nlargest(20, "boosted_probability")["boosted_reasons"]
    assert top.str.contains(r"\+ Demo requested, half-life").any()
    assert top.str.contains("+ Source: partner", regex=False).any()
    assert scores["boosted_reasons"].str.contains(r"- Demo requested: never").any()
    assert scores["boosted_reasons"].str.count("; ").max() <= 3


def test_both_probabilities_are_mixed_by_their_log_odds(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    people, events, _ = frames
    run = scoville.score(scoville.Model.loads(LIKELY), people, events, as_of="2025-06-01")
    add_boosted(run, boosted, 0.5)
    row = run.scores.iloc[0]
    odds = [one / (1 - one) for one in (row["probability"], row["boosted_probability"])]
    mean = (odds[0] * odds[1]) ** 0.5  # the geometric mean of the odds, by hand
    assert row["blended_probability"] == pytest.approx(mean / (1 + mean))


def test_a_model_without_probability_cannot_be_mixed(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    run = scoville.score(scoville.Model.loads(PLAIN), *frames[:2], as_of="2025-06-01")
    with pytest.raises(UsageError, match="--write-probability"):
        add_boosted(run, boosted, 0.5)
    with pytest.raises(UsageError, match="from 0 to 1"):
        add_boosted(run, boosted, float("nan"))


def test_without_events_nobody_did_anything(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    people, events, _ = frames
    nobody = events.iloc[:0].astype(events.dtypes)
    runs = [scoville.score(scoville.Model.loads(PLAIN), people, given, as_of="2025-06-01") for given in (None, nobody)]
    none, empty = (features_at(run, boosted) for run in runs)
    assert np.array_equal(none, empty, equal_nan=True)


def test_leads_without_a_trait_that_it_looks_at_are_refused(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    run = scoville.score(scoville.Model.loads(PLAIN), frames[0].drop(columns="source"), frames[1], as_of="2025-06-01")
    with pytest.raises(DataError, match="the trait 'source'"):
        add_boosted(run, boosted)


def test_the_disqualified_have_no_probability(frames: tuple[pd.DataFrame, ...], boosted: Boosted) -> None:
    model = scoville.Model.loads(LIKELY + "disqualify: [{name: No fairs, when: {source: fair}}]\n")
    run = scoville.score(model, *frames[:2], as_of="2025-06-01")
    add_boosted(run, boosted, 0.5)
    out = run.scores["disqualified_by"].notna()
    assert 0 < out.sum() < len(out)
    for column in ("boosted_probability", "boosted_reasons", "blended_probability"):
        assert (run.scores[column].isna() == out).all()

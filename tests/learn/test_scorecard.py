"""The estimators: scikit-learn's own checks, and what a person expects of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from scoville.errors import UsageError
from scoville.learn.scorecard import Banding, Scorecard

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", [Scorecard(), Banding(), Banding(encode="band")], ids=str)
def test_scikit_learn_has_nothing_to_object(estimator: BaseEstimator) -> None:
    check_estimator(estimator)


@pytest.fixture(scope="module")
def leads() -> pd.DataFrame:
    dice = np.random.default_rng(3)
    found = pd.DataFrame({
        "size": dice.lognormal(4, 1, 3000).round(),
        "source": dice.choice(np.array(["web", "fair", "phone", None], object), 3000),
        "kind": pd.Categorical(dice.choice(["free", "paid"], 3000)),
        "lucky": dice.normal(size=3000),
    })  # fmt: skip
    found.loc[dice.random(3000) < 0.2, "size"] = np.nan
    log_odds = -2 + 1.5 * (found["size"] > 60) + (found["source"] == "fair") + 0.8 * (found["kind"] == "paid")
    return found.assign(won=np.where(dice.random(3000) < 1 / (1 + np.exp(-log_odds)), "yes", "no"))


@pytest.fixture(scope="module")
def card(leads: pd.DataFrame) -> Scorecard:
    return Scorecard(factors=4).fit(leads.drop(columns="won"), leads["won"])


def test_a_table_of_numbers_values_and_gaps_becomes_a_card(card: Scorecard, leads: pd.DataFrame) -> None:
    assert set(card.get_feature_names()[:3]) == {"size", "source", "kind"}
    points = card.points(leads.drop(columns="won"))
    assert np.array_equal(points, points.round())
    chance = card.predict_proba(leads.drop(columns="won"))[:, 1]
    assert chance.mean() == pytest.approx((leads["won"] == "yes").mean(), abs=1e-3)


def test_values_never_seen_and_all_missing_get_points(card: Scorecard) -> None:
    strange = pd.DataFrame(
        {"size": [np.nan, 5e9], "source": ["mars", None], "kind": [None, "x"], "lucky": [np.nan] * 2}
    )
    assert np.isfinite(card.points(strange)).all()


def test_text_where_numbers_were_is_refused(card: Scorecard, leads: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="size was numbers when the card was fitted"):
        card.points(leads.drop(columns="won").assign(size="big"))


def test_shapes_are_asked_by_name(leads: pd.DataFrame) -> None:
    rows, won = leads.drop(columns="won"), leads["won"]
    falling = Scorecard(together="none", shapes={"size": "down"}).fit(rows, won)
    sizes = rows.sort_values("size").dropna(subset="size").assign(source="web", kind="free", lucky=0.0)
    assert (np.diff(falling.points(sizes)) <= 0).all()
    with pytest.raises(UsageError, match="shapes name sise: the columns are size, source, kind, lucky"):
        Scorecard(shapes={"sise": "up"}).fit(rows, won)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"factors": 0}, "factors is 0"), ({"together": "some"}, "give one of none, chosen, any, auto")],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], message: str, leads: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match=message):
        Scorecard(**options).fit(leads[["lucky"]], leads["won"])  # type: ignore[arg-type]


def test_the_same_rows_give_the_same_card(card: Scorecard, leads: pd.DataFrame) -> None:
    again = Scorecard(factors=4).fit(leads.drop(columns="won"), leads["won"])
    assert [rule.points for rule in again.card_.rules] == [rule.points for rule in card.card_.rules]
    assert again.card_.unit == card.card_.unit


def test_banding_gives_log_odds_or_the_number_of_the_band(leads: pd.DataFrame) -> None:
    rows, won = leads[["size", "kind"]], leads["won"]
    log_odds = Banding().fit(rows, won).transform(rows)
    paid = (leads["kind"] == "paid").to_numpy()
    rate = (leads["won"] == "yes").to_numpy()
    by_hand = np.log(rate[paid].mean() / (1 - rate[paid].mean())) - np.log(rate.mean() / (1 - rate.mean()))
    assert log_odds[paid, 1] == pytest.approx(by_hand, abs=0.01)  # all rows of a value have its log odds
    bands = Banding(encode="band", max_bands=3).fit(rows, won)
    assert np.unique(bands.transform(rows)[:, 0]).size <= 3
    assert bands.get_feature_names_out().tolist() == ["size", "kind"]

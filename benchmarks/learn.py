"""Learned cards beside other learners: the same folds, one printed table.

    python benchmarks/learn.py --data DIR [--sets xeducation,bank,shoppers] [--folds 5] [--also PYTHON ...]

DIR holds the public sets as they are downloaded (xeducation/*.csv, bank/bank-additional-full.csv,
shoppers/online_shoppers_intention.csv). Five stratified folds, `random_state=0`; columns written after the outcome are
left out. A learner that is not installed has no line; `--also` runs those of another interpreter, for pins that
clash. Seconds are the mean of a fold, fitting and predicting, one after another: compare them as ratios within one
run. Calibration error is the mean distance of predicted and observed rate over tenths.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = ("data", "learner", "AUC", "log loss", "cal. error", "top 1/4", "bottom 1/4", "factors", "bands", "s a fold")
LEAKS = {
    "xeducation": (
        "Prospect ID", "Lead Number", "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
        "Asymmetrique Activity Index", "Asymmetrique Profile Index", "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
    ),
    "bank": ("duration",),
    "shoppers": ("PageValues",),
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """What a learner made of the training rows: probabilities of the others, and how large it is."""

    chance: Any
    factors: float | None = None
    bands: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of the table: means over folds."""

    data: str
    learner: str
    auc: float
    log_loss: float
    calibration_error: float
    top_quarter: float
    bottom_quarter: float
    factors: float | None
    bands: float | None
    seconds: float


def read(name: str, folder: Path) -> tuple[pd.DataFrame, Any]:
    """A set without its leaks, and its outcome."""
    path = next((folder / name).glob({"bank": "bank-additional-full.csv"}.get(name, "*.csv")))
    table = pd.read_csv(path, sep=";" if name == "bank" else ",")
    outcome = table.pop({"xeducation": "Converted", "bank": "y", "shoppers": "Revenue"}[name])
    table = table.drop(columns=[column for column in LEAKS[name] if column in table]).replace("Select", np.nan)
    return table, outcome.isin([1, True, "yes"]).to_numpy(np.int64)


def numeric(table: pd.DataFrame) -> list[str]:
    """The names of the columns of numbers; the others hold values."""
    return [str(name) for name in table if table[name].dtype.kind in "iuf"]


def as_values(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers with their gaps at the median, all else as text: what learners without missing values need."""
    return pd.DataFrame({
        name: table[name].fillna(table[name].median()) if name in numeric(table) else table[name].astype(str)
        for name in table
    })  # fmt: skip


# Learners: training rows, their outcomes, other rows


def ours(factors: int) -> Callable[..., Made]:
    """A card of Scoville, in whole points."""
    from scoville.learn.scorecard import Scorecard  # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        card = Scorecard(factors).fit(rows, won)
        bands = sum(len(rule.points) for rule in card.card_.rules)
        return Made(card.predict_proba(others)[:, 1], len(card.card_.rules), bands)

    return learned


def fasterrisk(terms: int) -> Callable[..., Made]:
    """FasterRisk on one-hot values and whether a number is at most each decile."""
    from fasterrisk.fasterrisk import (  # type: ignore[import-not-found] # noqa: PLC0415
        RiskScoreClassifier,
        RiskScoreOptimizer,
    )

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        columns = _thresholds(rows)
        design, other = columns(rows), columns(others)
        search = RiskScoreOptimizer(X=design, y=2.0 * won - 1, k=terms)
        search.optimize()
        scales, intercepts, points = search.get_models()
        card = RiskScoreClassifier(scales[0], intercepts[0], points[0])
        return Made(card.predict_prob(other), terms, terms)

    return learned


def _thresholds(rows: pd.DataFrame) -> Callable[[pd.DataFrame], Any]:
    numbers, clean = numeric(rows), as_values(rows)
    cuts = {name: np.unique(np.quantile(clean[name], np.linspace(0.1, 0.9, 9))) for name in numbers}
    values = {name: clean[name].value_counts().index[:30] for name in rows if name not in numbers}

    def design(table: pd.DataFrame) -> Any:  # noqa: ANN401
        table = as_values(table)
        found = [table[name].to_numpy()[:, None] <= of for name, of in cuts.items()]
        found += [table[name].to_numpy()[:, None] == of.to_numpy() for name, of in values.items()]
        return np.hstack(found).astype(np.float64)

    return design


def optbinning() -> Callable[..., Made]:
    """The optimal bins of optbinning for all columns, as weights of evidence, under a logistic regression."""
    from optbinning import BinningProcess  # type: ignore[import-not-found] # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        names, values = list(rows), [name for name in rows if name not in numeric(rows)]
        whole = make_pipeline(BinningProcess(names, categorical_variables=values), LogisticRegression(max_iter=1000))
        whole.fit(rows.astype(dict.fromkeys(values, object)), won)
        chance = whole.predict_proba(others.astype(dict.fromkeys(values, object)))[:, 1]
        return Made(chance, int(np.count_nonzero(whole[-1].coef_)))

    return learned


def l1_logistic() -> Callable[..., Made]:
    """Logistic regression with an absolute penalty on values and tenths of numbers."""

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        numbers = numeric(rows)
        tenths = KBinsDiscretizer(10, encode="onehot", quantile_method="averaged_inverted_cdf")
        design = make_column_transformer(
            (tenths, numbers), (OneHotEncoder(handle_unknown="ignore", min_frequency=20), [*set(rows) - set(numbers)])
        )
        whole = make_pipeline(design, LogisticRegression(l1_ratio=1.0, C=0.1, solver="liblinear"))
        whole.fit(as_values(rows), won)
        return Made(whole.predict_proba(as_values(others))[:, 1], None, int(np.count_nonzero(whole[-1].coef_)))

    return learned


def ebm() -> Callable[..., Made]:
    """An explainable boosting machine as it comes."""
    from interpret.glassbox import ExplainableBoostingClassifier  # type: ignore[import-not-found] # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        whole = ExplainableBoostingClassifier(random_state=0, n_jobs=1).fit(as_values(rows), won)
        return Made(whole.predict_proba(as_values(others))[:, 1], len(whole.term_names_))

    return learned


def lightgbm() -> Callable[..., Made]:
    """LightGBM with small steps and small leaves kept away."""
    from lightgbm import LGBMClassifier  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        values = [name for name in rows if name not in numeric(rows)]
        kinds = {name: pd.CategoricalDtype(sorted(rows[name].dropna().astype(str).unique())) for name in values}
        rows, others = rows.astype(kinds), others.astype(kinds)
        whole = LGBMClassifier(
            n_estimators=200,
            learning_rate=0.03,
            num_leaves=15,
            min_child_samples=40,
            random_state=0,
            n_jobs=1,
            verbose=-1,
        ).fit(rows, won)
        return Made(np.asarray(whole.predict_proba(others))[:, 1], rows.shape[1])

    return learned


def learners() -> Iterator[tuple[str, Callable[..., Made]]]:
    """Those that are installed here."""
    if find_spec("scoville"):
        yield from ((f"scoville {factors}", ours(factors)) for factors in (5, 7, 15))
        yield "L1 logistic", l1_logistic()
    if find_spec("fasterrisk"):
        yield from ((f"FasterRisk {terms}", fasterrisk(terms)) for terms in (5, 7, 15))
    if find_spec("optbinning"):
        yield "optbinning", optbinning()
    if find_spec("interpret"):
        yield "EBM", ebm()
    if find_spec("lightgbm"):
        yield "LightGBM", lightgbm()


# The table


def measured(data: str, learner: str, learn: Callable[..., Made], rows: pd.DataFrame, won: Any, folds: int) -> Line:  # noqa: ANN401
    """The line of one learner on one set; `folds` says how many of the five are run."""
    found: list[list[float]] = []
    for inside, outside in [*StratifiedKFold(5, shuffle=True, random_state=0).split(rows, won)][:folds]:
        began = time.perf_counter()
        made = learn(rows.iloc[inside], won[inside], rows.iloc[outside])
        took = time.perf_counter() - began
        sizes = [np.nan if one is None else float(one) for one in (made.factors, made.bands)]
        found.append([*judged(won[outside], np.asarray(made.chance)), *sizes, took])
    means = [None if np.isnan(one) else float(one) for one in np.mean(np.array(found), axis=0)]
    return Line(data, learner, *means)  # type: ignore[arg-type]


def judged(won: Any, chance: Any) -> tuple[float, float, float, float, float]:  # noqa: ANN401
    """AUC, log loss, calibration error, rate of the top quarter and of the bottom quarter."""
    order = np.argsort(-chance, kind="stable")
    tenths = np.array_split(order, 10)
    error = sum(abs(won[tenth].mean() - chance[tenth].mean()) * tenth.size for tenth in tenths) / won.size
    quarter = won.size // 4
    top, bottom = won[order[:quarter]].mean(), won[order[-quarter:]].mean()
    return float(roc_auc_score(won, chance)), float(log_loss(won, chance)), float(error), float(top), float(bottom)


def lines(arguments: argparse.Namespace) -> Iterator[Line]:
    """All lines of this interpreter, then those of the others."""
    for data in arguments.sets.split(","):
        rows, won = read(data, arguments.data)
        for name, learn in learners():
            if arguments.only in name:
                yield measured(data, name, learn, rows, won, arguments.folds)
    for python in arguments.also:
        options = ("--data", arguments.data, "--sets", arguments.sets, "--folds", arguments.folds)
        command = [python, "-W", "ignore", __file__, *map(str, options), "--only", arguments.only, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            for line in process.stdout or ():
                if line.startswith("{"):
                    yield Line(**json.loads(line))


def shown(line: Line) -> str:
    """A line of Markdown."""
    data, learner, auc, loss, error, top, bottom, factors, bands, seconds = asdict(line).values()
    sizes = ["" if one is None else f"{one:.1f}" for one in (factors, bands)]
    cells = (data, learner, f"{auc:.4f}", f"{loss:.4f}", f"{error:.4f}", f"{top:.1%}", f"{bottom:.1%}", *sizes)
    return f"| {' | '.join(cells)} | {seconds:.2f} |"


def main() -> None:
    """Print the table as it grows."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--sets", default=",".join(LEAKS))
    asked.add_argument("--folds", type=int, default=5)
    asked.add_argument("--only", default="", help="learners whose name holds this")
    asked.add_argument("--also", nargs="*", default=[], help="interpreters of other environments")
    asked.add_argument("--json", action="store_true", help="one line of JSON for each learner")
    arguments = asked.parse_args()
    if not arguments.json:
        print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for line in lines(arguments):
        print(json.dumps(asdict(line)) if arguments.json else shown(line), flush=True)


if __name__ == "__main__":
    main()

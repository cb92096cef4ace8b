"""Learned cards beside other learners: the same folds, one printed table.

    python benchmarks/learn.py --data DIR [--sets tuned|untouched|NAME,...] [--folds 5] [--also PYTHON ...]

DIR holds the public sets as they are downloaded; benchmarks/README.md names them. Five stratified folds,
`random_state=0`; columns written after the outcome are left out. A learner that is not installed has no line; `--also`
runs those of another interpreter, for pins that clash. All have one thread; seconds are CPU seconds of a fold, fitting
and predicting. A learner that needs longer than `--patience` for a fold is run no further on that set: the column of
folds says how many were run, and the AUC of the first fold is there for every learner. Calibration error is the mean
distance of predicted and observed rate over tenths.
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
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped,unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = (
    "data", "learner", "folds", "AUC", "of fold 1", "log loss", "cal. error", "top 1/4", "bottom 1/4", "factors",
    "bands", "CPU s a fold",
)  # fmt: skip


# The sets


@dataclass(frozen=True)
class Source:
    """Where a set is, which column is its outcome, and which were written after it."""

    path: str
    outcome: str
    leaks: tuple[str, ...] = ()
    separator: str = ","


TUNED = {
    "xeducation": Source("xeducation/*.csv", "Converted", (
        "Prospect ID", "Lead Number", "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
        "Asymmetrique Activity Index", "Asymmetrique Profile Index", "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
    )),
    "bank": Source("bank/bank-additional-full.csv", "y", ("duration",), ";"),
    "shoppers": Source("shoppers/online_shoppers_intention.csv", "Revenue", ("PageValues",)),
}  # fmt: skip
UNTOUCHED = {
    "bank-full": Source("bank/bank-full.csv", "y", ("duration",), ";"),
    "olist": Source("olist/olist_marketing_qualified_leads_dataset.csv", "won"),
    "adult": Source("riskslim/adult_data.csv", "Over50K"),
    "mushroom": Source("riskslim/mushroom_data.csv", "poisonous"),
    "mammo": Source("riskslim/mammo_data.csv", "Malignant"),
    "breastcancer": Source("riskslim/breastcancer_data.csv", "Benign"),
}
SETS = {**TUNED, **UNTOUCHED}


def read(name: str, folder: Path) -> tuple[pd.DataFrame, Any]:
    """A set without its leaks, and its outcome."""
    source = SETS[name]
    table = pd.read_csv(next(folder.glob(source.path)), sep=source.separator)
    if name == "olist":
        table = _with_deals(table, folder / "olist" / "olist_closed_deals_dataset.csv")
    outcome = table.pop(source.outcome)
    table = table.drop(columns=[column for column in source.leaks if column in table]).replace("Select", np.nan)
    return table, outcome.isin([1, True, "yes"]).to_numpy(np.int64)


def _with_deals(leads: pd.DataFrame, deals: Path) -> pd.DataFrame:
    """Leads with the day they came as a number and a weekday, and whether a deal was closed with them."""
    won = leads.pop("mql_id").isin(pd.read_csv(deals)["mql_id"])
    came = pd.to_datetime(leads.pop("first_contact_date"))
    return leads.assign(day=(came - came.min()).dt.days, weekday=came.dt.day_name(), won=won)


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


@dataclass(frozen=True)
class Made:
    """What a learner made of the training rows: probabilities of the others, and how large it is."""

    chance: Any
    factors: float | None = None
    bands: float | None = None


Learner = "Callable[[pd.DataFrame, Any, pd.DataFrame], Made]"


def ours(factors: int) -> Callable[..., Made]:
    """A card of Scoville, in whole points."""
    from scoville.learn.scorecard import Scorecard  # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        card = Scorecard(factors).fit(rows, won)
        bands = sum(len(rule.points) for rule in card.card_.rules)
        return Made(card.predict_proba(others)[:, 1], len(card.card_.rules), bands)

    return learned


def fasterrisk(terms: int) -> Callable[..., Made]:
    """FasterRisk on one-hot values and whether a number is at most each decile; factors are the columns it uses."""
    from fasterrisk.fasterrisk import (  # type: ignore[import-not-found] # noqa: PLC0415
        RiskScoreClassifier,
        RiskScoreOptimizer,
    )

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        parts = _thresholds(rows)
        design, other = (np.hstack([part(table) for part in parts]).astype(np.float64) for table in (rows, others))
        column = np.repeat(np.arange(len(parts)), [part(rows[:1]).shape[1] for part in parts])
        search = RiskScoreOptimizer(X=design, y=2.0 * won - 1, k=terms)
        search.optimize()
        scales, intercepts, points = search.get_models()
        card = RiskScoreClassifier(scales[0], intercepts[0], points[0])
        used = np.flatnonzero(points[0])
        return Made(card.predict_prob(other), np.unique(column[used]).size, used.size)

    return learned


def _thresholds(rows: pd.DataFrame) -> list[Callable[[pd.DataFrame], Any]]:
    """Of each column: which of its deciles, or of its frequent values, a row is at most, or has."""
    clean = as_values(rows)
    return [_at_most(clean, name) if name in numeric(rows) else _is_one_of(clean, str(name)) for name in rows]


def _at_most(clean: pd.DataFrame, name: str) -> Callable[[pd.DataFrame], Any]:
    cuts = np.unique(np.quantile(clean[name], np.linspace(0.1, 0.9, 9)))
    cuts = cuts[cuts < clean[name].max()]
    middle = clean[name].median()
    return lambda table: table[name].fillna(middle).to_numpy()[:, None] <= cuts


def _is_one_of(clean: pd.DataFrame, name: str) -> Callable[[pd.DataFrame], Any]:
    values = clean[name].value_counts().index[:30].to_numpy()
    return lambda table: table[name].astype(str).to_numpy()[:, None] == values


def optbinning(factors: int | None) -> Callable[..., Made]:
    """Optimal bins as weights of evidence under a logistic regression: all columns, or so many chosen forward."""
    from optbinning import BinningProcess  # type: ignore[import-not-found] # noqa: PLC0415

    def learned(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
        names, values = list(rows), [name for name in rows if name not in numeric(rows)]
        kinds = dict.fromkeys(values, object)
        bins = BinningProcess(names, categorical_variables=values)
        design = np.asarray(bins.fit_transform(rows.astype(kinds), won))
        other = np.asarray(bins.transform(others.astype(kinds)))
        line = LogisticRegression(max_iter=1000)
        kept = np.arange(len(names)) if factors is None else _forward(line, design, won, factors)
        line.fit(design[:, kept], won)
        sizes = [len(np.unique(design[:, one])) for one in kept]
        return Made(line.predict_proba(other[:, kept])[:, 1], sum(size > 1 for size in sizes), sum(sizes))

    return learned


def _forward(line: LogisticRegression, design: Any, won: Any, factors: int) -> Any:  # noqa: ANN401
    """The columns that raise the cross-validated AUC most, one after another."""
    if factors >= design.shape[1]:
        return np.arange(design.shape[1])
    search = SequentialFeatureSelector(line, n_features_to_select=factors, scoring="roc_auc", cv=3)
    return np.flatnonzero(search.fit(design, won).get_support())


def naive_bayes(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
    """As the lead scoring of Odoo: how often won and lost leads had each value, 0.1 more; what is missing is left out.

    Numbers, which Odoo has no use for, are tenths here.
    """
    log_odds = np.full(len(others), np.log(won.sum() / (len(won) - won.sum())))
    bands = 0
    for name in rows:
        of, other = _tenths(rows[name], others[name]) if name in numeric(rows) else (rows[name], others[name])
        counts = pd.crosstab(of.astype(object), won).reindex(columns=[0, 1], fill_value=0) + 0.1
        evidence = np.log(counts[1] / won.sum()) - np.log(counts[0] / (len(won) - won.sum()))
        log_odds += other.astype(object).map(evidence).fillna(0.0).to_numpy(np.float64)
        bands += len(evidence)
    return Made(1 / (1 + np.exp(-log_odds)), rows.shape[1], bands)


def _tenths(of: pd.Series, other: pd.Series) -> tuple[pd.Series, pd.Series]:
    cuts = np.unique(np.nanquantile(of, np.linspace(0.1, 0.9, 9)))
    both = [pd.Series(np.searchsorted(cuts, one), one.index).where(one.notna()) for one in (of, other)]
    return both[0], both[1]


def l1_logistic(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
    """Logistic regression with an absolute penalty on values and tenths of numbers; numbers of few kinds are values."""
    numbers = [name for name in numeric(rows) if rows[name].nunique() > 10]  # noqa: PLR2004
    tenths = KBinsDiscretizer(10, encode="onehot", quantile_method="averaged_inverted_cdf")
    values = OneHotEncoder(handle_unknown="ignore", min_frequency=20)
    design = make_column_transformer((tenths, numbers), (values, [name for name in rows if name not in numbers]))
    whole = make_pipeline(design, LogisticRegression(l1_ratio=1.0, C=0.1, solver="liblinear"))
    whole.fit(as_values(rows), won)
    return Made(whole.predict_proba(as_values(others))[:, 1], None, int(np.count_nonzero(whole[-1].coef_)))


def ebm(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
    """An explainable boosting machine as it comes; factors are its columns and pairs of columns."""
    from interpret.glassbox import ExplainableBoostingClassifier  # type: ignore[import-not-found] # noqa: PLC0415

    whole = ExplainableBoostingClassifier(random_state=0, n_jobs=1).fit(as_values(rows), won)
    return Made(whole.predict_proba(as_values(others))[:, 1], len(whole.term_names_))


def lightgbm(rows: pd.DataFrame, won: Any, others: pd.DataFrame) -> Made:  # noqa: ANN401
    """LightGBM with small steps and small leaves kept away."""
    from lightgbm import LGBMClassifier  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415

    values = [str(name) for name in rows if name not in numeric(rows)]
    place = {name: {value: at for at, value in enumerate(sorted(rows[name].dropna().unique()))} for name in values}
    design, other = (
        table.assign(**{name: table[name].map(place[name]).astype(np.float64) for name in values})
        for table in (rows, others)
    )
    whole = LGBMClassifier(
        n_estimators=200, learning_rate=0.03, num_leaves=15, min_child_samples=40, random_state=0, n_jobs=1, verbose=-1
    ).fit(design, won, categorical_feature=values)
    return Made(np.asarray(whole.predict_proba(other))[:, 1], rows.shape[1])


def learners() -> Iterator[tuple[str, Callable[..., Made]]]:
    """Those that are installed here, the simple ones only beside ours."""
    if find_spec("scoville"):
        yield from ((f"scoville {factors}", ours(factors)) for factors in (5, 7, 15))
        yield "naive Bayes", naive_bayes
        yield "L1 logistic", l1_logistic
    if find_spec("fasterrisk"):
        yield from ((f"FasterRisk {terms}", fasterrisk(terms)) for terms in (5, 7, 15))
    if find_spec("optbinning"):
        yield from ((f"optbinning {factors}", optbinning(factors)) for factors in (5, 7, 15))
        yield "optbinning, all", optbinning(None)
    if find_spec("interpret"):
        yield "EBM", ebm
    if find_spec("lightgbm"):
        yield "LightGBM", lightgbm


# The table


@dataclass(frozen=True)
class Line:
    """A line of the table: means over the folds that were run."""

    data: str
    learner: str
    folds: int
    auc: float
    first_auc: float
    log_loss: float
    calibration_error: float
    top_quarter: float
    bottom_quarter: float
    factors: float | None
    bands: float | None
    seconds: float


def measured(data: str, learner: str, learn: Callable[..., Made], folder: Path, folds: int, patience_s: float) -> Line:
    """The line of one learner on one set; `folds` says how many of the five are run, if it is quick enough."""
    rows, won = read(data, folder)
    found: list[list[float]] = []
    for inside, outside in [*StratifiedKFold(5, shuffle=True, random_state=0).split(rows, won)][:folds]:
        began = time.process_time()
        made = learn(rows.iloc[inside], won[inside], rows.iloc[outside])
        took = time.process_time() - began
        sizes = [np.nan if one is None else float(one) for one in (made.factors, made.bands)]
        found.append([*judged(won[outside], np.asarray(made.chance)), *sizes, took])
        if took > patience_s:
            break
    auc, *means = (None if np.isnan(one) else float(one) for one in np.mean(np.array(found), axis=0))
    return Line(data, learner, len(found), auc, found[0][0], *means)  # type: ignore[arg-type]


def judged(won: Any, chance: Any) -> tuple[float, float, float, float, float]:  # noqa: ANN401
    """AUC, log loss, calibration error, rate of the top quarter and of the bottom quarter."""
    order = np.argsort(-chance, kind="stable")
    tenths = np.array_split(order, 10)
    error = sum(abs(won[tenth].mean() - chance[tenth].mean()) * tenth.size for tenth in tenths) / won.size
    quarter = won.size // 4
    top, bottom = won[order[:quarter]].mean(), won[order[-quarter:]].mean()
    return float(roc_auc_score(won, chance)), float(log_loss(won, chance)), float(error), float(top), float(bottom)


def lines(arguments: argparse.Namespace) -> Iterator[Line]:
    """Set by set: the lines of this interpreter, then those of the others."""
    for data in _sets(arguments.sets):
        for name, learn in learners():
            if arguments.only in name and name not in arguments.without:
                yield measured(data, name, learn, arguments.data, arguments.folds, arguments.patience)
        for python in arguments.also:
            yield from _lines_of(python, data, arguments)


def _sets(asked: str) -> list[str]:
    return list({"tuned": TUNED, "untouched": UNTOUCHED, "all": SETS}.get(asked, asked.split(",")))


def _lines_of(python: str, data: str, arguments: argparse.Namespace) -> Iterator[Line]:
    """The lines of another interpreter: what this one has is not run twice."""
    here = ",".join(name for name, _ in learners())
    options = {"data": arguments.data, "sets": data, "folds": arguments.folds, "patience": arguments.patience,
               "only": arguments.only, "without": here}  # fmt: skip
    command = [python, "-W", "ignore", __file__, "--json", *(f"--{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith("{"):
                yield Line(**json.loads(line))
    if process.returncode:
        raise SystemExit(f"{python} ended with {process.returncode} on {data}: its message is above")


def shown(line: Line) -> str:
    """A line of Markdown."""
    data, learner, folds, auc, first, loss, error, top, bottom, factors, bands, seconds = asdict(line).values()
    sizes = ["" if one is None else f"{one:.1f}" for one in (factors, bands)]
    figures = (f"{auc:.4f}", f"{first:.4f}", f"{loss:.4f}", f"{error:.4f}", f"{top:.1%}", f"{bottom:.1%}")
    return f"| {' | '.join((data, learner, str(folds), *figures, *sizes))} | {seconds:.2f} |"


def main() -> None:
    """Print the table as it grows."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--sets", default="all", help="all, tuned, untouched, or names with commas between")
    asked.add_argument("--folds", type=int, default=5)
    asked.add_argument(
        "--patience", type=float, default=60.0, help="CPU seconds of a fold after which there is no next"
    )
    asked.add_argument("--only", default="", help="learners whose name holds this")
    asked.add_argument("--without", default="", help=argparse.SUPPRESS)
    asked.add_argument("--also", nargs="*", default=[], metavar="PYTHON", help="interpreters of other environments")
    asked.add_argument("--json", action="store_true", help="one line of JSON for each learner")
    arguments = asked.parse_args()
    if not arguments.json:
        print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    with threadpool_limits(1):
        for line in lines(arguments):
            print(json.dumps(asdict(line)) if arguments.json else shown(line), flush=True)


if __name__ == "__main__":
    main()

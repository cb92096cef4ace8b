"""What really makes a lead of the demo data buy: the hidden truth that scores and learners are judged by.

On each working day d, at midnight UTC, a lead that has not bought yet has the log-odds

    log_odds(d) = intercept + sum of its fit coefficients
                            + sum over signals of coefficient * sum of 2^(-age / half_life)

over the events it has done before d, and buys on that day with probability 1 / (1 + exp(-log_odds)). Nothing else
decides: not the interest that made it come, not its persona, not chance shared between leads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Signal:
    """A kind of event that moves the odds of buying.

    `coefficient` is in log-odds for one event of age 0; `half_life_days` is None for what is never forgotten;
    `path_prefix` narrows the event to pages below a path.
    """

    name: str
    event: str
    coefficient: float
    half_life_days: float | None
    path_prefix: str | None = None

    @property
    def daily_decay(self) -> float:
        """What is left of the signal after one day: 2^(-1 / half_life_days), 1 when it is never forgotten."""
        return 1.0 if self.half_life_days is None else float(2 ** (-1 / self.half_life_days))


@dataclass(frozen=True)
class Band:
    """Employees from `from_` (included) below `below` (not included); None is open. `coefficient` in log-odds."""

    from_: int | None
    below: int | None
    coefficient: float


def _fit() -> Mapping[str, Mapping[str, float]]:
    """Coefficients by trait and value, in log-odds. Values that are not named, and missing ones, count 0."""
    return MappingProxyType(
        {
            "job_title.seniority": {"c_level": 0.7, "vp": 1.1, "director": 0.8, "manager": 0.4, "student": -2.4},
            "email.kind": {"free": -1.1, "disposable": -3.6, "role": -0.6},
            "email.domain": {"rivalscore.example": -6.0, "leadhub.example": -6.0, "pipewise.example": -6.0},
            "industry": {"Software": 0.7, "Finance": 0.5, "Healthcare": -0.2, "Education": -1.0, "Public sector": -0.7},
            "country": {"US": 0.4, "GB": 0.2, "DE": 0.2, "IN": -0.6, "BR": -0.5},
            "source": {"referral": 0.8, "webinar": 0.2, "event": 0.1, "outbound": -0.6},
        }
    )


@dataclass(frozen=True)
class Truth:
    """The hidden coefficients. Log-odds are those of buying on one working day (Monday to Friday, UTC)."""

    intercept: float = -9.5
    employees: tuple[Band, ...] = (
        Band(None, 10, -1.2),
        Band(50, 500, 1.0),
        Band(500, 5000, 0.7),
        Band(5000, None, -0.4),
    )
    fit: Mapping[str, Mapping[str, float]] = field(default_factory=_fit)
    signals: tuple[Signal, ...] = (
        Signal("Pricing page", "page_viewed", 0.5, 30.0, "/pricing"),
        Signal("Demo requested", "demo_requested", 1.8, 30.0),
        Signal("Trial started", "trial_started", 1.6, 30.0),
        Signal("Webinar watched", "webinar_watched", 1.1, 45.0),
        Signal("Careers page", "page_viewed", -1.0, None, "/careers"),
        Signal("Unsubscribed", "unsubscribed", -1.8, None),
    )

    def employees_log_odds(self, employees: Floats) -> Floats:
        """Log-odds from company size; NaN (size unknown) gives 0."""
        total = np.zeros(len(employees))
        for band in self.employees:
            inside = np.greater_equal(employees, -np.inf if band.from_ is None else band.from_)
            inside &= np.less(employees, np.inf if band.below is None else band.below)
            total[inside] += band.coefficient
        return total

    def as_model(self, *, points_per_log_odds: float = 10.0) -> str:
        """The truth as a model file: its score ranks leads exactly by their true log-odds.

        Shape:   YAML text of model format 1; points are `points_per_log_odds` times the coefficients. The scale is
                 wide enough that no clamp is ever reached.
        Example: `Model.loads(TRUTH.as_model())` is the best any model of this data can do.
        """
        unit = points_per_log_odds
        lines = [
            "scoville: 1",
            "name: Hidden truth of the demo",
            "scale: {min: -100000, max: 100000}",
            "fit:",
            "  rules:",
            "    - name: Employees",
            "      by: employees",
            "      bands:",
            *(f"        - {_band_yaml(band, unit)}" for band in self.employees),
        ]
        for trait, values in self.fit.items():
            listed = ", ".join(f"{value}: {coefficient * unit:g}" for value, coefficient in values.items())
            lines += [f"    - name: {trait}", f"      by: {trait}", f"      values: {{{listed}}}"]
        lines += ["engagement:", "  rules:", *(_signal_yaml(signal, unit) for signal in self.signals)]
        return "\n".join(lines) + "\n"


TRUTH = Truth()


def _band_yaml(band: Band, unit: float) -> str:
    edges = [] if band.from_ is None else [f"from: {band.from_}"]
    edges += [] if band.below is None else [f"below: {band.below}"]
    return "{" + ", ".join([*edges, f"points: {band.coefficient * unit:g}"]) + "}"


def _signal_yaml(signal: Signal, unit: float) -> str:
    decay = "none" if signal.half_life_days is None else f"{{half_life: {signal.half_life_days:g}d}}"
    when = f", when: {{path: {{starts_with: {signal.path_prefix}}}}}" if signal.path_prefix else ""
    points = f"points: {signal.coefficient * unit:g}"
    return f"    - {{name: {signal.name}, event: {signal.event}{when}, {points}, decay: {decay}}}"


def daily_hazard(log_odds: Floats) -> Floats:
    """-log(1 - p) of buying on one day with these log-odds; sums over days, so that P = 1 - exp(-sum)."""
    return np.logaddexp(0.0, log_odds)


def expected_auc(score: Floats, probability: Floats) -> float:
    """ROC AUC that `score` is expected to have when each lead converts with its own `probability`.

    Shape:   two arrays of one length -> one number in [0, 1]; ties in score count half.
    Nulls:   no NaN allowed. NaN when no lead can convert or all must.
    Source:  concordance of independent Bernoulli pairs: sum p_i (1 - p_j) [s_i > s_j] / sum p_i (1 - p_j), i != j.
    Example: the sample AUC of the same leads scatters around it; it is what a confidence interval should cover.
    """
    _, group = np.unique(score, return_inverse=True)
    wins = np.bincount(group, weights=probability)
    losses = np.bincount(group, weights=1 - probability)
    with_itself = np.bincount(group, weights=probability * (1 - probability))
    below = np.cumsum(losses) - losses
    concordant = float(np.sum(wins * (below + losses / 2) - with_itself / 2))
    pairs = float(wins.sum() * losses.sum() - with_itself.sum())
    return concordant / pairs if pairs > 0 else float("nan")

"""The answer to the question at the head of each section: a word or two, and a sentence.

In: parts of an `Evidence`. Out: `Answer`s. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.told.numbers import share
from scoville.evidence.told.sentences import COIN, leaks_used, sentence
from scoville.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.backtest import Evidence, SnapshotFigures
    from scoville.evidence.business.forecast import Forecast
    from scoville.evidence.drift.stability import Stability
    from scoville.evidence.figures.brackets import ThresholdRatio, Trend
    from scoville.evidence.figures.calibration import Calibration
    from scoville.evidence.figures.ranking import Ranking
    from scoville.evidence.told.rule_groups import RuleGroup
    from scoville.evidence.told.sentences import Tone

_LINES: dict[str, tuple[Tone, str]] = {
    "works": ("good", "Works"), "helps": ("weak", "Helps"), "points the wrong way": ("bad", "Points the wrong way"),
    "does not predict": ("bad", "Does not part them"), "not shown": ("unknown", "Not shown"),
    "cannot tell": ("unknown", "Cannot tell"),
}  # fmt: skip
_TWO = 2  # to compare
_EARN = "Without any one of {} rules the score ranks worse, beyond chance."
_EARNS = {
    0: "Of no rule alone is it shown that it would be missed.",
    1: "Without one of the rules the score ranks worse, beyond chance.",
}


@dataclass(frozen=True)
class Answer:
    """In a word or two, and in a sentence."""

    tone: Tone
    short: str
    sentence: str


def of_trend(trend: Trend) -> Answer:
    """Does conversion rise with the score?"""
    if trend.rises is None:
        short = "Cannot tell" if trend.sentence.startswith("cannot tell") else "Not shown"
        return Answer("unknown", short, sentence(trend.sentence))
    told = sentence(f"conversion {trend.sentence}")
    return Answer("good", "Yes", told) if trend.rises else Answer("bad", "No", told)


def of_line(line: ThresholdRatio) -> Answer:
    """Does a stage part leads that convert from leads that do not?"""
    verdict, _, told = line.sentence.partition(": ")
    return Answer(*_LINES[line.verdict], sentence(told or verdict))


def of_gains(ranking: Ranking, called: float) -> Answer:
    """How much is reached when only the best are called?"""
    recall, interval = ranking.recall_at.get(f"{called:g}"), ranking.recall_interval.get(f"{called:g}")
    if recall is None or interval is None:
        return Answer("unknown", "Cannot tell", sentence(ranking.cannot_tell or "cannot tell"))
    return Answer(
        "good" if interval[0] > called else "unknown",
        f"The best {called:.0%} hold {recall:.0%}",
        f"Who calls the best {called:.0%} reaches {recall:.0%} of all conversions (between {interval[0]:.0%} and "
        f"{interval[1]:.0%}): {recall / called:.1f} times what calling in any order reaches.",
    )


def of_rules(groups: Sequence[RuleGroup]) -> Answer:
    """How many rules earn their place, and what is to be said of the others?"""
    every = sum(len(group.rules) for group in groups)
    earn = sum(len(group.rules) for group in groups if group.tone == "good")
    others = [f"{len(group.rules)} {group.counted}" for group in groups if group.tone != "good"]
    tone: Tone = "bad" if any(group.tone == "bad" for group in groups) else "good" if earn else "unknown"
    rest = f" The others: {', '.join(others)}." if others else ""
    short = f"{earn} of {every} earn{'s' if earn == 1 else ''} it"
    return Answer(tone, short, _EARNS.get(earn, _EARN).format(earn) + rest)


def of_calibration(calibration: Calibration) -> Answer:
    """Is the probability that a score stands for true?"""
    if calibration.cannot_tell is not None:
        return Answer("unknown", "Cannot tell", sentence(calibration.cannot_tell))
    true, bins = sum(one.low <= one.predicted <= one.high for one in calibration.curve), len(calibration.curve)
    told = (
        f"In {true} of {bins} groups of leads the chance foretold lies within the interval of what came; on average it "
        f"was off by {share(calibration.calibration_error)}."
    )
    return (
        Answer("good", "It can be relied on", told) if true >= bins - 1 else Answer("weak", "Only roughly known", told)
    )


def of_time(snapshots: Sequence[SnapshotFigures], stability: Stability | None) -> Answer:
    """Does the score go on ranking?"""
    told = [one for one in snapshots if one.auc_low is not None]
    if len(told) < _TWO:
        return Answer("unknown", "Cannot tell", "Fewer than two snapshots have enough conversions to compare.")
    if stability is not None and stability.falls:
        return Answer("bad", "It fades", sentence(stability.sentences[0]))
    held = sum((one.auc_low or 0.0) > COIN for one in told)
    if held == len(told):
        return Answer("good", "Yes", "In every snapshot that can tell, the score ranks better than chance.")
    word = "Mostly" if held > len(told) / 2 else "No"
    return Answer("weak", word, f"In {held} of {len(told)} snapshots the score ranks better than chance.")


def of_forecast(forecast: Forecast) -> Answer:
    """What is on its way, and did such forecasts hold?"""
    if forecast.now.cannot_tell is not None:
        return Answer("unknown", "Cannot tell", sentence(forecast.now.cannot_tell))
    missed = sum(check.is_wins_within is False or check.is_revenue_within is False for check in forecast.checks)
    tone: Tone = "unknown" if not forecast.checks else "good" if missed <= 1 else "weak"
    return Answer(tone, f"About {forecast.now.wins:,.0f} wins", sentence(forecast.sentence))


def of_trust(evidence: Evidence) -> Answer:
    """Does anything speak against the figures themselves?"""
    if used := leaks_used(evidence):
        told = f"The model reads {listed(used, 'and')}: written after the outcome, by the look of it."
        return Answer("bad", "Not yet", told)
    if not evidence.is_point_in_time:
        return Answer("weak", "With care", "Leads were judged as they are now, which may know the outcome already.")
    told = "No score saw what came after its day, and the model reads nothing that looks written after the outcome."
    return Answer("good", "Nothing speaks against it", told)


def chances(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """About five round scores among those that were seen, and the chance that each stands for."""
    if not points:
        return ()
    at, probability = zip(*points, strict=True)
    step = _round_step(at[-1] - at[0])
    scores = [place * step for place in range(math.ceil(at[0] / step), math.floor(at[-1] / step) + 1)]
    return tuple((score, float(np.interp(score, at, probability))) for score in scores)


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten: the largest of which at least four lie in the span, such as 20 for 92."""
    quarter = span / 4 or 1.0
    power = 10.0 ** math.floor(math.log10(quarter))
    return max(size * power for size in (1, 2, 5) if size * power <= quarter)

"""What the figures come to, in words that a sales lead understands: the headline, the answers, what to do next.

In: an `Evidence` or parts of it. Out: short sentences. Pure. No sentence says more than its interval does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.evidence.report.figures import share, short_share
from scoville.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.backtest import Evidence, SnapshotFigures
    from scoville.evidence.brackets import ThresholdRatio, Trend
    from scoville.evidence.calibration import Calibration
    from scoville.evidence.rules import RuleEvidence

Tone = Literal["good", "weak", "bad", "unknown"]

WORTH = 0.001  # change in AUC below which nobody would see a difference in the ranking
_USEFUL, _GOOD, _TOO_GOOD = 0.7, 0.8, 0.95  # AUC; as docs/evidence.md reads it
_COIN = 0.5
_NAMED = 4  # rules named in one sentence; the section below lists them all


@dataclass(frozen=True)
class Headline:
    """The verdict in a few words, with the sentence that backs it."""

    tone: Tone
    title: str
    lead: str


@dataclass(frozen=True)
class Step:
    """Something to do, and why."""

    do: str
    why: str


@dataclass(frozen=True)
class Answer:
    """The answer to the question of a section, in a word or two, and in a sentence."""

    tone: Tone
    short: str
    sentence: str


@dataclass(frozen=True)
class RuleGroup:
    """Rules of which the same is to be said."""

    tone: Tone
    title: str
    text: str
    rules: tuple[RuleEvidence, ...]


def headline(evidence: Evidence) -> Headline:
    """What the backtest comes to, before any chart."""
    figures = evidence.ranking
    if any(leak.is_used for leak in evidence.leaks):
        return Headline("bad", "Do not believe it yet", f"{_quarters(evidence)} But {_leaks_used(evidence)}.")
    if figures.cannot_tell is not None:
        return Headline("unknown", "Cannot tell yet", f"{_sentence(figures.cannot_tell)} More outcomes are needed.")
    if not evidence.predicts:
        if figures.auc_high is not None and figures.auc_high < _COIN:
            return Headline("bad", "It points the wrong way", f"Low scores convert more than high ones. {_quarters(evidence)}")
        return Headline("bad", "Not shown to predict", f"Chance alone could rank the leads as well. {_quarters(evidence)}")
    auc = figures.auc or 0.0
    if auc >= _TOO_GOOD:
        return Headline("weak", "It predicts, almost too well", f"{_quarters(evidence)} Look for a trait that knows the outcome.")
    if auc < _USEFUL:
        return Headline("weak", "It predicts, but weakly", _quarters(evidence))
    return Headline("good", "It predicts well" if auc >= _GOOD else "It predicts", _quarters(evidence))


def _quarters(evidence: Evidence) -> str:
    top, bottom = evidence.ranking.top_quarter_rate, evidence.ranking.bottom_quarter_rate
    if top is None or bottom is None:
        return ""
    return f"Of the best quarter of leads {short_share(top)} converted, of the worst {short_share(bottom)}."


def _leaks_used(evidence: Evidence) -> str:
    names = [leak.name for leak in evidence.leaks if leak.is_used]
    looks = "which looks" if len(names) == 1 else "which look"
    return f"the model reads {listed(names, 'and')}, {looks} written after the outcome"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# What to do next


def next_steps(evidence: Evidence) -> tuple[Step, ...]:
    """What to do, the most pressing first; at least one thing."""
    steps = (*_steps_of_trust(evidence), *_steps_of_rules(evidence.rules), *_steps_of_lines(evidence))
    if evidence.predicts and not any(leak.is_used for leak in evidence.leaks):
        return (*steps, Step("Put it to work, and look again in 30 days", "What held last quarter need not hold in the next."))
    return steps or (Step("Try other rules", "As it stands, the score should decide nothing about leads."),)


def _steps_of_trust(evidence: Evidence) -> Iterator[Step]:
    if used := [leak.name for leak in evidence.leaks if leak.is_used]:
        yield Step(f"Take {listed(used, 'and')} out of the model, and test it again", "What is filled in after the outcome cannot foretell it.")
    if not evidence.is_point_in_time:
        yield Step("Give the outcomes dates", "Without them, leads are judged as they are now, which may know the outcome already.")
    if evidence.ranking.cannot_tell is not None:
        yield Step("Wait for more outcomes, or take a longer horizon", _sentence(evidence.ranking.cannot_tell))


def _steps_of_rules(rules: Sequence[RuleEvidence]) -> Iterator[Step]:
    if wrong := [rule.rule for rule in rules if contradicts(rule)]:
        yield Step(f"Turn round or drop {_named(wrong)}", "The points go one way, and the conversions of those leads the other.")
    if idle := [rule.rule for rule in rules if not rule.leads]:
        yield Step(f"Repair or drop {_named(idle)}", "Nobody gets points from it: is the event or the trait called something else?")
    if worse := [rule.rule for rule in rules if hurts(rule) and not contradicts(rule)]:
        yield Step(f"Try the model without {_named(worse)}", "It ranked a little better without.")


def _steps_of_lines(evidence: Evidence) -> Iterator[Step]:
    if weak := [name for name, line in evidence.stages.items() if line.verdict in {"does not predict", "points the wrong way"}]:
        yield Step(f"Move the line of {_named(weak)}", "Leads above it convert no more often than leads below it.")


def _named(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:_NAMED]]
    return listed([*shown, f"{len(names) - _NAMED} more"] if len(names) > _NAMED else shown, "and")


# Answers of the sections


def trend_answer(trend: Trend) -> Answer:
    """Does conversion rise with the score?"""
    if trend.rises is None:
        return Answer("unknown", "Cannot tell" if trend.sentence.startswith("cannot") else "Not shown", _sentence(trend.sentence))
    return Answer("good" if trend.rises else "bad", "Yes" if trend.rises else "No", f"Conversion {trend.sentence}.")


def line_answer(line: ThresholdRatio) -> Answer:
    """Does a stage part leads that convert from leads that do not?"""
    tones: dict[str, Tone] = {"works": "good", "helps": "weak", "points the wrong way": "bad", "does not predict": "bad"}
    short = {"works": "Works", "helps": "Helps", "points the wrong way": "Wrong way", "does not predict": "Does not part them"}
    return Answer(tones.get(line.verdict, "unknown"), short.get(line.verdict, _sentence(line.verdict)[:-1]), _sentence(line.sentence))


def gains_answer(evidence: Evidence, called: str = "0.2") -> Answer:
    """How much is reached when only the best are called?"""
    recall, lift = evidence.ranking.recall_at.get(called), evidence.ranking.lift_at.get(called)
    if recall is None or lift is None:
        return Answer("unknown", "Cannot tell", _sentence(evidence.ranking.cannot_tell or "cannot tell"))
    low, high = evidence.ranking.recall_interval[called]
    return Answer(
        "good" if low > float(called) else "unknown",
        f"{recall:.0%} of conversions",
        f"Who calls the best {float(called):.0%} reaches {recall:.0%} of all conversions "
        f"(between {low:.0%} and {high:.0%}), {lift:.1f} times what calling in any order would.",
    )


def calibration_answer(calibration: Calibration) -> Answer:
    """Is the probability of a score true?"""
    if calibration.cannot_tell is not None or not calibration.curve:
        return Answer("unknown", "Cannot tell", _sentence(calibration.cannot_tell or "cannot tell"))
    true = sum(one.low <= one.predicted <= one.high for one in calibration.curve)
    whole = len(calibration.curve)
    off = share(calibration.calibration_error)
    return Answer(
        "good" if true >= whole - 1 else "weak",
        "Yes" if true >= whole - 1 else "Roughly",
        f"In {true} of {whole} groups of leads the predicted chance lies within what chance allows; "
        f"on average it is off by {off}.",
    )


def time_answer(snapshots: Sequence[SnapshotFigures]) -> Answer:
    """Does the score rank in every snapshot?"""
    told = [one for one in snapshots if one.auc_low is not None]
    if len(told) < 2:  # noqa: PLR2004 - two make a comparison
        return Answer("unknown", "Cannot tell", "Fewer than two snapshots have enough conversions to compare.")
    held = sum((one.auc_low or 0.0) > _COIN for one in told)
    first, last = told[0], told[-1]
    if (last.auc_high or 0.0) < (first.auc_low or 0.0):
        return Answer("bad", "It fades", "The newest snapshot ranks worse than the first, beyond chance.")
    every = "every" if held == len(told) else f"{held} of {len(told)}"
    tone: Tone = "good" if held == len(told) else "weak"
    return Answer(tone, "Yes" if held == len(told) else "Mostly" if held * 2 > len(told) else "No",
                  f"In {every} snapshot{'' if held == len(told) else 's'} with enough outcomes, the score ranks better than chance.")


# Rules


def contradicts(rule: RuleEvidence) -> bool:
    """Whether the sign of a rule's points goes against its leads' conversion, beyond chance."""
    return rule.note is not None and "its leads convert" in rule.note


def hurts(rule: RuleEvidence) -> bool:
    """Whether the model ranks visibly better without the rule."""
    return rule.auc_change is not None and rule.auc_change >= WORTH


def rule_groups(rules: Sequence[RuleEvidence]) -> tuple[RuleGroup, ...]:
    """Rules by what is to be said of them, each in exactly one group; within a group, the most telling first."""
    groups: dict[str, list[RuleEvidence]] = {"wrong": [], "earns": [], "hurts": [], "little": [], "nobody": [], "untold": []}
    for rule in rules:
        groups[_group_of(rule)].append(rule)
    said: dict[str, tuple[Tone, str, str]] = {
        "wrong": ("bad", "Contradicted by the data", "The points go one way, the conversions of those leads the other."),
        "earns": ("good", "Earn their place", "Without any of these the ranking gets worse."),
        "little": ("unknown", "Make little difference", "The ranking is about the same with and without them."),
        "hurts": ("weak", "Better without", "The ranking got a little better when one of these was left out."),
        "nobody": ("weak", "Touch nobody", "No lead got points from these."),
        "untold": ("unknown", "Cannot tell", "Too few conversions to say anything about these."),
    }
    return tuple(
        RuleGroup(*said[name], tuple(sorted(groups[name], key=lambda rule: rule.auc_change or 0.0)))
        for name in said
        if groups[name]
    )


def _group_of(rule: RuleEvidence) -> str:
    if not rule.leads:
        return "nobody"
    if contradicts(rule):
        return "wrong"
    if rule.auc_change is None or rule.note is not None:
        return "untold"
    return "earns" if rule.auc_change <= -WORTH else "hurts" if hurts(rule) else "little"


def chances(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Five scores from the lowest to the highest that was seen, at round numbers, and the chance each stands for."""
    if not points:
        return ()
    at, probability = zip(*points, strict=True)
    low, high = math.ceil(at[0]), math.floor(at[-1])
    scores = sorted({round(low + (high - low) * step / 4) for step in range(5)})
    return tuple((float(score), float(np.interp(score, at, probability))) for score in scores)

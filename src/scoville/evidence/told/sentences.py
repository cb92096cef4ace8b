"""What a backtest comes to, in words that a sales lead understands: the headline, and what to do next.

In: an `Evidence`. Out: short sentences. Pure. No sentence says more than its interval does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scoville.evidence.told.numbers import short_share
from scoville.evidence.told.rule_groups import better_without, contradicts, has_too_many_points
from scoville.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.backtest import Evidence
    from scoville.evidence.drift.stability import Stability
    from scoville.evidence.figures.ranking import Ranking
    from scoville.evidence.rules.earning import RuleEvidence

Tone = Literal["good", "weak", "bad", "unknown"]

COIN = 0.5
USEFUL, GOOD, TOO_GOOD = 0.7, 0.8, 0.95  # AUC, as docs/evidence.md reads it
_NAMED = 4  # in one sentence; the sections list them all
_POINTLESS = {"does not predict", "points the wrong way"}


@dataclass(frozen=True)
class Headline:
    """The verdict in a few words, with the sentence that backs it."""

    tone: Tone
    title: str
    lead: str


@dataclass(frozen=True)
class Step:
    """Something to do, and why; a command that does it, where there is one."""

    do: str
    why: str
    command: str | None = None


def headline(evidence: Evidence) -> Headline:
    """What the backtest comes to, before any chart."""
    figures, said = evidence.ranking, quarters(evidence.ranking)
    if leaks_used(evidence):
        return Headline("bad", "Do not believe it yet", f"{said} But {_reads_leaks(evidence)}.")
    if figures.cannot_tell is not None:
        return Headline("unknown", "Cannot tell yet", _reason(figures.cannot_tell))
    if not evidence.predicts and figures.auc_high is not None and figures.auc_high < COIN:
        return Headline("bad", "It points the wrong way", f"Low scores convert more often than high ones. {said}")
    if not evidence.predicts:
        return Headline("bad", "Not shown to predict", f"Chance alone may rank leads as well. {said}")
    if not evidence.is_point_in_time:
        return Headline(
            "weak",
            "It seems to predict",
            f"{said} But outcomes have no dates, and leads were judged as they are now.",
        )
    return _of_one_that_predicts(figures.auc or 0.0, said)


def _of_one_that_predicts(auc: float, said: str) -> Headline:
    if auc >= TOO_GOOD:
        return Headline("weak", "It predicts, almost too well", f"{said} Does the model read what only winners have?")
    if auc < USEFUL:
        return Headline("weak", "It predicts, but weakly", said)
    return Headline("good", "It predicts well" if auc >= GOOD else "It predicts", said)


def quarters(ranking: Ranking) -> str:
    """What share of the best, and of the worst, quarter of leads converted."""
    top, bottom = ranking.top_quarter_rate, ranking.bottom_quarter_rate
    if top is None or bottom is None:
        return ""
    return f"Of the best quarter of leads {short_share(top)} converted, of the worst {short_share(bottom)}."


def leaks_used(evidence: Evidence) -> list[str]:
    """Traits that the model reads and that look written after the outcome."""
    return [leak.name for leak in evidence.leaks if leak.is_used]


def _reads_leaks(evidence: Evidence) -> str:
    names = leaks_used(evidence)
    return f"the model reads {named(names)}, which look{'s' if len(names) == 1 else ''} written after the outcome"


def sentence(text: str) -> str:
    """A text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _reason(cannot_tell: str) -> str:
    return sentence(f"the reason: {cannot_tell.removeprefix('cannot tell: ')}")


# What to do next


def next_steps(evidence: Evidence) -> tuple[Step, ...]:
    """What to do, the most pressing first; at least one thing."""
    aged = _for_age(evidence, evidence.stability)
    steps = *_for_trust(evidence), *_for_rules(evidence.rules), *_for_lines(evidence), *aged
    return steps or (Step("Try other rules", "As it stands, the score should decide nothing about leads."),)


def _for_trust(evidence: Evidence) -> Iterator[Step]:
    if used := leaks_used(evidence):
        yield Step(
            f"Take {named(used)} out of the model, and test it again",
            "What is filled in after the outcome cannot foretell it.",
        )
    if not evidence.is_point_in_time:
        yield Step("Give the outcomes dates", "Leads are judged as they are now, which may know the outcome already.")
    if evidence.ranking.cannot_tell is not None:
        yield Step("Wait for more outcomes, or look further ahead", _reason(evidence.ranking.cannot_tell))


def _for_rules(rules: Sequence[RuleEvidence]) -> Iterator[Step]:
    if wrong := [rule.rule for rule in rules if contradicts(rule)]:
        yield Step(f"Turn round or drop {named(wrong)}", "Its points go one way, and its leads the other.")
    if idle := [rule.rule for rule in rules if not rule.leads]:
        yield Step(f"Repair or drop {named(idle)}", "Nobody gets points: is the event or the trait called otherwise?")
    worse = [rule for rule in rules if better_without(rule) and not contradicts(rule)]
    if much := [rule.rule for rule in worse if has_too_many_points(rule)]:
        yield Step(
            f"Try fewer points for {named(much)}",
            "It ranked better without those points, though the leads that get them do convert as the points say.",
        )
    if none := [rule.rule for rule in worse if not has_too_many_points(rule)]:
        yield Step(f"Try the model without {named(none)}", "It ranked better without, beyond chance.")


def _for_lines(evidence: Evidence) -> Iterator[Step]:
    if weak := [name for name, line in evidence.stages.items() if line.verdict in _POINTLESS]:
        yield Step(f"Move the line of {named(weak)}", "Leads above it convert no more often than leads below it.")


def _for_age(evidence: Evidence, stability: Stability | None) -> Iterator[Step]:
    """What its age asks for now; of a model that predicts and is not due, when to test it again."""
    left_days = stability.review_in_days if stability is not None else None
    if stability is not None and left_days == 0:
        yield Step("Look at its age", sentence(stability.advice))
    elif evidence.predicts and evidence.is_point_in_time and not leaks_used(evidence):
        to_do = "Put it to work, and test it again in 30 days"
        yield Step(
            to_do if left_days is None else f"Test it again in {counted(left_days, 'day')}",
            "What held last quarter need not hold now.",
        )


def named(names: Sequence[str]) -> str:
    """A few names in quotes, and how many more there are."""
    unique = list(dict.fromkeys(names))
    shown = [f"“{name}”" for name in unique[:_NAMED]]
    return listed([*shown, f"{len(unique) - _NAMED} more"] if len(unique) > _NAMED else shown, "and")

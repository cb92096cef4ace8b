"""One model against another: is it shown to rank better, and if not, how many more outcomes would show it?

In: the scores of two or more models for the same rows. Out: one answer, with its sentence, for each further model.
Pure. Called by `compare.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scoville.evidence.figures.ranking import PairedAuc, paired_auc
from scoville.evidence.figures.sample import CONFIDENCE, Z, sample
from scoville.evidence.versus.at_capacity import AtCapacity, Reached, Rows, at_capacity
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Floats

Answer = Literal["better", "worse", "mixed", "same", "no difference shown", "cannot tell"]

ALPHA = 1 - CONFIDENCE
POWER = 0.8  # a difference that is there is shown four times out of five
WORTH_SHOWING = 0.02  # of AUC; a smaller difference moves hardly a lead across any line
_SMALLEST = 0.01  # what was seen below this may as well be nothing: how many would show it is no advice
_FAR = 520  # weeks: ten years; nobody waits that long


@dataclass(frozen=True)
class Needed:
    """How many converting leads would show a difference of `auc`, with a power of 80 %.

    `more` is how many of them are still to come: 0 when there are enough. `weeks` is how long that takes at the rate
    of the past; None where outcomes have no dates.
    """

    auc: float
    conversions: int
    more: int
    weeks: float | None


@dataclass(frozen=True)
class Versus:
    """One model against the first. Every difference is `other` - `first`: above 0, this model is better.

    `auc.auc_a` is of this model, `auc.auc_b` of the first. `p_adjusted` is the p-value of the paired DeLong test after
    Holm's correction for several models. `answer` is "mixed" when the model ranks better in all but reaches fewer
    conversions among its best, or the reverse; "same" when both rank every lead alike.
    """

    auc: PairedAuc
    p_adjusted: float | None
    at_capacity: AtCapacity
    needed: tuple[Needed, ...]
    answer: Answer
    verdict: str


def versus_first(
    scores: Sequence[Floats], rows: Rows, capacity: float, conversions_a_week: float | None
) -> tuple[Versus, ...]:
    """Each further model against the first, on the same rows.

    Raises: UsageError for a capacity that is not between 0 and 1, or scores that are not finite.
    """
    aucs = [paired_auc(score, scores[0], rows.won, rows.lead) for score in scores[1:]]
    reached = at_capacity(scores, rows, capacity)
    have = sample(scores[0], rows.won, rows.lead).leads_won
    return tuple(
        _versus(auc, p, at, capacity, have, conversions_a_week)
        for auc, p, at in zip(aucs, _holm([auc.p for auc in aucs]), reached, strict=True)
    )


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted for how many there are (Holm 1979); those that do not exist stay so."""
    if len(p_values) == 1:
        return list(p_values)  # nothing to adjust, and asking takes half a second: it collects garbage
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - takes half a second

    known = [p for p in p_values if p is not None]
    adjusted = iter(multipletests(known, method="holm")[1].tolist() if known else [])
    return [None if p is None else next(adjusted) for p in p_values]


def _versus(
    auc: PairedAuc, p: float | None, at: AtCapacity, capacity: float, have: int, a_week: float | None
) -> Versus:
    answer = _answer(auc, p, at)
    needed = _all_needed(auc, have, a_week) if answer == "no difference shown" else ()
    return Versus(auc, p, at, needed, answer, _verdict(answer, auc, at.recall, capacity, needed))


def _answer(auc: PairedAuc, p: float | None, at: AtCapacity) -> Answer:
    """AUC decides; the best leads may object."""
    if at.recall.cannot_tell is not None or auc.difference is None:
        return "cannot tell"
    if p is None:
        return "same"
    if p >= ALPHA:
        return "no difference shown"
    among_best = _shown(at.recall)
    if auc.difference * among_best < 0:
        return "mixed"
    return "better" if auc.difference > 0 else "worse"


def _shown(reached: Reached) -> int:
    """1 or -1 when the interval of the difference lies on one side of 0, else 0."""
    if reached.low is None or reached.high is None:
        return 0
    return int(reached.low > 0) - int(reached.high < 0)


# How many more


def needed_for(difference: float, se: float, have: int, conversions_a_week: float | None) -> Needed:
    """How many converting leads would show a difference in AUC, where `have` of them gave the standard error `se`.

    The variance of a paired difference falls in proportion to the leads, when as large a part of them converts as did
    so far. With 95 % confidence and a power of 80 % it takes have * ((1.96 + 0.84) * se / difference)^2.
    """
    conversions = math.ceil(have * ((Z + _z_of_power()) * se / difference) ** 2)
    more = max(0, conversions - have)
    return Needed(difference, conversions, more, more / conversions_a_week if conversions_a_week else None)


def _z_of_power() -> float:
    from scipy.stats import norm  # noqa: PLC0415 - takes a second

    return float(norm.ppf(POWER))


def _all_needed(auc: PairedAuc, have: int, a_week: float | None) -> tuple[Needed, ...]:
    """For what was seen, where that is worth it, and for the smallest difference worth showing."""
    if auc.difference is None or auc.low is None or auc.high is None:
        return ()
    se = max(auc.high - auc.difference, auc.difference - auc.low) / Z  # the wider side: the other may end at 1
    seen = abs(auc.difference)
    differences = ([seen] if seen >= _SMALLEST else []) + [WORTH_SHOWING]
    return tuple(needed_for(difference, se, have, a_week) for difference in differences)


# In words


def _verdict(answer: Answer, auc: PairedAuc, recall: Reached, capacity: float, needed: tuple[Needed, ...]) -> str:
    if answer == "cannot tell":
        return recall.cannot_tell or auc.cannot_tell or "cannot tell"
    if answer == "same":
        return "the same: both rank every lead alike"
    figures = f"AUC {auc.auc_a:.3f} against {auc.auc_b:.3f}, {_difference(auc.difference, auc.low, auc.high)}"
    best = _best(recall, capacity)
    if answer == "no difference shown":
        among = f"; but {best}" if _shown(recall) else ""
        return f"no difference shown: {figures}{among}. {_more(needed)}"
    if answer == "mixed":
        ranks = "better" if (auc.difference or 0.0) > 0 else "worse"
        return f"it depends: it ranks {ranks} in all ({figures}), but {best}"
    return f"{answer}: {figures}; {best}"


def _difference(difference: float | None, low: float | None, high: float | None) -> str:
    return f"{difference:+.3f} ({low:+.3f} to {high:+.3f})"


def _best(recall: Reached, capacity: float) -> str:
    return f"its best {100 * capacity:g} % hold {recall.other:.1%} of the conversions, not {recall.first:.1%}" + (
        "" if _shown(recall) else ", which may be chance"
    )


def _more(needed: tuple[Needed, ...]) -> str:
    """How long to wait for what was seen; or that there is nothing to wait for."""
    first = needed[0]
    if not first.more:
        return f"A difference of {first.auc:.2f} would most likely have shown by now"
    wait = "" if first.weeks is None else f", {_weeks(first.weeks)} at the present rate"
    more = counted(_roughly(first.more), "more conversion")
    return f"About {more}{wait}, would likely show a difference of {first.auc:.2f}"


def _roughly(number: int) -> int:
    """Two digits: more would look surer than it is."""
    return round(number, 2 - len(str(number)))


def _weeks(weeks: float) -> str:
    if weeks > _FAR:
        return "more than ten years"
    return f"some {counted(max(1, round(weeks)), 'week')}"

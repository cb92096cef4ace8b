"""A rule of the model as one sentence, which says what it does to whom.

In: parts of a model. Out: text. Called by the editor, for what stands in the draft and for what is being typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville import words
from scoville.model.schema import (
    BandRule,
    CountRule,
    HalfLife,
    Keep,
    Linear,
    Lose,
    PointsRule,
    RecencyRule,
    SumRule,
    TraitRule,
    ValueRule,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoville.model.schema import Band, Clamp, Decay, Engagement, Fit, Rule

_MOST_VALUES = 8


def sentence(rule: Rule, fading: Decay = "none") -> str:
    """What a rule does. `fading` is how the points of its section fade where the rule does not say it.

    Example: `+10 for the newest page viewed where path starts with /pricing, +5 for each further one, at most 25. Half
    of it is left after 30 days.`
    """
    if isinstance(rule, TraitRule):
        return f"{words.points(rule.points)} when {words.condition(rule.when)}."
    if isinstance(rule, BandRule):
        return f"By {words.trait(rule.by)}: {_bands(rule.bands)}{_missing(rule)}."
    if isinstance(rule, ValueRule):
        return f"By {words.trait(rule.by)}: {_values(rule)}{_missing(rule)}."
    if isinstance(rule, PointsRule):
        return _of_points(rule, fading)
    return _of_counts(rule)


def span(rule: Rule) -> str:
    """The points of a rule in short: `+15`, or from the least to the most that it gives: `−10 to +20`."""
    found = sorted({*_points(rule)})
    return words.points(found[0]) if len(found) == 1 else f"{words.points(found[0])} to {words.points(found[-1])}"


def limits(of: Fit | Engagement | Clamp) -> str:
    """`at least −30, at most 55`; nothing where there is no limit."""
    said = [f"at least {_plain(of.min)}"] if of.min is not None else []
    return ", ".join([*said, *([f"at most {_plain(of.max)}"] if of.max is not None else [])])


def fades(decay: Decay) -> str:
    """How points fade, as a sentence."""
    if isinstance(decay, HalfLife):
        return f"Half of it is left after {words.period(decay.half_life)}."
    if isinstance(decay, Linear):
        return f"It fades evenly and is gone after {words.period(decay.linear)}."
    if isinstance(decay, Keep):
        return f"After every {words.period(decay.every)} {words.share(decay.keep)} of the rest is left."
    if isinstance(decay, Lose):
        return f"Every {words.period(decay.every)} takes {words.share(decay.lose)} of it away."
    return "It does not fade."


def events(names: Iterable[str]) -> str:
    """`page viewed or demo requested`; `anything` for every event."""
    found = [words.trait(name) for name in names]
    return "anything" if "*" in found else words.listed(found)


def _of_points(rule: PointsRule, fading: Decay) -> str:
    each = rule.at_most != 1 and rule.repeat != 0
    which = "the newest " if each and rule.repeat is not None else "each " * each
    said = [f"{words.points(rule.points)} for {which}{_matching(rule)}"]
    said += [f"{words.points(rule.repeat)} for each further one"] if each and rule.repeat is not None else []
    said += [f"only the newest {rule.at_most:,} count"] if rule.at_most not in (None, 1) else []
    said += ["once"] if rule.at_most == 1 or rule.repeat == 0 else []
    said += [f"at most {rule.at_most_per_day:,} a day"] if rule.at_most_per_day is not None else []
    said += [f"at most {_plain(rule.max)} in all"] if rule.max is not None else []
    said += [f"at least {_plain(rule.min)} in all"] if rule.min is not None else []
    return f"{', '.join(said)}. {fades(rule.decay if rule.decay is not None else fading)}"


def _of_counts(rule: CountRule | SumRule | RecencyRule) -> str:
    if isinstance(rule, CountRule):
        return f"By how often they did {_matching(rule)}: {_bands(rule.count)}."
    if isinstance(rule, SumRule):
        return f"By the total of {words.trait(rule.sum.of)} of {_matching(rule)}: {_bands(rule.sum.bands)}."
    return f"By the days since the last {_matching(rule)}: {_bands(rule.recency)}."


def _matching(rule: PointsRule | CountRule | SumRule | RecencyRule) -> str:
    where = f" where {words.condition(rule.when)}" if rule.when is not None else ""
    within = f" in the last {words.period(rule.within)}" if rule.within is not None else ""
    return f"{events(rule.event)}{where}{within}"


def _bands(bands: Iterable[Band]) -> str:
    return ", ".join(f"{_range(band)} {words.points(band.points)}" for band in bands)


def _range(band: Band) -> str:
    if band.from_ is None:
        return "any" if band.below is None else f"below {_plain(band.below)}"
    begin = _plain(band.from_)
    return f"{begin} or more" if band.below is None else f"{begin} to below {_plain(band.below)}"


def _values(rule: ValueRule) -> str:
    said = [f"{value} {words.points(points)}" for value, points in rule.values.items()]
    more = [f"{len(said) - _MOST_VALUES} more"] if len(said) > _MOST_VALUES else []
    others = f"; anything else {words.points(rule.other)}" if rule.other else ""
    return ", ".join([*said[:_MOST_VALUES], *more]) + others


def _missing(rule: BandRule | ValueRule) -> str:
    return f"; {words.points(rule.missing)} where it is not known" if rule.missing else ""


def _points(rule: Rule) -> Iterable[float]:
    if isinstance(rule, TraitRule | PointsRule):
        return [rule.points]
    if isinstance(rule, ValueRule):
        return rule.values.values()
    if isinstance(rule, BandRule):
        return [band.points for band in rule.bands]
    if isinstance(rule, SumRule):
        return [band.points for band in rule.sum.bands]
    return [band.points for band in (rule.count if isinstance(rule, CountRule) else rule.recency)]


def _plain(value: float) -> str:
    return words.plain(value).replace("-", "−")

"""Advice on a model that is valid: what teams that score leads have learned the hard way, each with its reason.

In: a Model. Out: problems of kind "advice", which stop nothing. Called by `scoville check`. Rules that can do nothing
are found in `idle.py`, what speaks against its probability in `doubts.py`; whether a model fits the columns of some
data is judged in `misfits.py`.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from scoville.model.checks import sections
from scoville.model.conditions import comparisons_of
from scoville.model.doubts import probability_doubts
from scoville.model.idle import idle_parts
from scoville.model.reach import part_reach, rule_reach, score_reach
from scoville.model.schema import (
    BandRule,
    CountRule,
    Engagement,
    HalfLife,
    Keep,
    Linear,
    Lose,
    PointsRule,
    SumRule,
    ValueRule,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoville.errors import Problem
    from scoville.model.conditions import Condition
    from scoville.model.document import Path
    from scoville.model.load import Model
    from scoville.model.schema import Decay, Fit, Rule, Stage

Advice = tuple["Path", str, str]  # where; what was found, and what to do; why

MANY_RULES = 20
TOO_MANY_RULES = 40
SMALL_MODEL = 10  # rules; such models draw their lines lower, at 40 or 50 of 100
LONG_MEMORY = timedelta(days=180)
_MQL = re.compile(r"\bmql\b|marketing[ -]qualified", re.IGNORECASE)
_SQL = re.compile(r"\bsql\b|sales[ -](qualified|ready)", re.IGNORECASE)
_COMPARISON = re.compile(r"^\s*(?P<sign>>=|<=|>|<|!=)\s*(?P<number>[-+]?[0-9]+(\.[0-9]+)?)\s*$")
_OPERATORS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "!=": "not"}


def find_advice(model: Model) -> list[Problem]:
    """Advice in the order of the file; empty for a model that follows good practice."""
    return sorted(
        model.document.problem(where, said, reason=reason, advice=True)
        for look in _LOOKS
        for where, said, reason in look(model)
    )


def _rules(model: Model) -> Iterator[tuple[Path, Fit | Engagement, Rule]]:
    for where, section in sections(model):
        for i, rule in enumerate(section.rules):
            yield (*where, "rules", i), section, rule


def _nothing_negative(model: Model) -> Iterator[Advice]:
    lows = [rule_reach(rule).low for _, _, rule in _rules(model)]
    if lows and min(lows) >= 0:
        excluded = "only `disqualify` and `qualify` hold anybody back" if model.disqualify or model.qualify else ""
        found = f"no rule takes points away{'; ' if excluded else ''}{excluded}"
        said = f"{found}: give negative points to what speaks against a sale"
        yield (
            (),
            said,
            "students, job seekers, free mail addresses and unsubscribed people rise with the buyers otherwise",
        )


def _one_sided(model: Model) -> Iterator[Advice]:
    has = {kind: any(where[-1] == kind and section.rules for where, section in sections(model)) for kind in _KINDS}
    # a section that is written down with no rules is left empty on purpose
    meant = {kind for kind in _KINDS if not has[kind] and kind in model.model_fields_set}
    if has["engagement"] and not has["fit"] and "fit" not in meant:
        said = "only behaviour is scored: add rules to `fit`"
        yield (
            (),
            said,
            "much interest from people you cannot serve looks like a hot lead: students, competitors, small firms",
        )
    if has["fit"] and not has["engagement"] and "engagement" not in meant:
        said = "only fit is scored: add rules to `engagement`"
        yield (), said, "fit says whom you want, not who wants you now; without behaviour nobody knows when to call"


def _nothing_fades(model: Model) -> Iterator[Advice]:
    for where, section in sections(model):
        if isinstance(section, Engagement):
            lasting = [rule for rule in section.rules if rule_reach(rule).high > 0]
            if lasting and all(_lasts(rule, section) for rule in lasting):
                said = "nothing in `engagement` fades: add for example decay: {half_life: 30d}"
                yield (
                    where,
                    said,
                    "a demo asked for 90 days ago is not one asked for yesterday; old interest buries new",
                )


def _lasts(rule: Rule, section: Engagement) -> bool:
    if isinstance(rule, PointsRule):
        return rule.within is None and (rule.decay or section.decay) == "none"
    return isinstance(rule, CountRule | SumRule) and rule.within is None


def _too_many(model: Model) -> Iterator[Advice]:
    count = _rules_of_one_lead(model)
    if count > TOO_MANY_RULES:
        said = f"{count} rules decide one score: merge or drop rules until about {MANY_RULES} are left"
        yield (
            (),
            said,
            f"beyond {TOO_MANY_RULES} nobody can say why a lead scores what it scores, or find the rule that is wrong",
        )
    elif count > MANY_RULES:
        said = f"{count} rules decide one score: see which ones hardly ever matter"
        yield (), said, f"3 to 7 factors usually carry a model, and few good ones have more than {MANY_RULES} rules"


def _rules_of_one_lead(model: Model) -> int:
    """Rules in force for the lead that has most of them: those of the model, or of a segment where it replaces them."""
    ways = [(segment.fit or model.fit, segment.engagement or model.engagement) for segment in model.segments]
    return max(len(fit.rules) + len(engagement.rules) for fit, engagement in [(model.fit, model.engagement), *ways])


def _idle(model: Model) -> Iterator[Advice]:
    for where, said in idle_parts(model):
        yield where, said, "a line that changes no score misleads whoever reads the model"


def _no_stages(model: Model) -> Iterator[Advice]:
    if not model.stages:
        said = "no `stages`: agree with sales on the score from which a lead is theirs"
        yield (
            (),
            said,
            "a score that triggers nothing is soon ignored; a common start is MQL from 41 and SQL from 71 of 100",
        )
    lowest = model.stages[0] if len(model.stages) > 1 else None
    if lowest is not None and lowest.from_ > score_reach(model).low:
        said = f"leads below {lowest.from_:g} are in no stage: let the first one start at {model.scale.min:g}"
        yield ("stages", 0, "from"), said, "a lead without a stage drops out of every list and every count by stage"


def _lines(model: Model) -> Iterator[Advice]:
    if model.probability is not None and model.probability.score_version == model.score_version:
        return  # what converts at a line is measured, which says more than where others draw theirs
    has_mql = any(_MQL.search(stage.name) for stage in model.stages)
    is_small = _rules_of_one_lead(model) <= SMALL_MODEL or not has_mql
    for i, stage in enumerate(model.stages):
        low, high = (0.0, 100.0)
        if _MQL.search(stage.name):
            low, high = (40, 75)
        elif _SQL.search(stage.name):
            low, high = (40 if is_small else 71, 100)
        share = 100 * (stage.from_ - model.scale.min) / (model.scale.max - model.scale.min)
        if not low <= share <= high:
            usual = "MQL starts at 41 to 75 of 100 and SQL at 71 to 100, in small models at 40 or 50"
            said = f"'{stage.name}' starts at {share:.0f}% of the scale: check the line against the last deals you won"
            yield ("stages", i, "from"), said, f"{usual}; too low a line floods sales, too high a one starves it"


def _one_rule_is_enough(model: Model) -> Iterator[Advice]:
    stage = _sales_stage(model)
    if stage is None:
        return
    for where, section in sections(model):
        enough = [
            i
            for i, rule in enumerate(section.rules)
            if _alone(rule, section) >= stage.from_ > model.scale.min and not _needs_more(stage, section)
        ]
        if enough:
            names = " and ".join(f"'{section.rules[i].name}'" for i in enough)
            each = "each alone reach" if len(enough) > 1 else "alone reaches"
            said = f"{names} {each} the sales stage '{stage.name}' at {stage.from_:g}: lower the points, or set `max`"
            yield (*where, "rules", enough[0]), said, "one signal is a guess; sales should be called when several agree"


def _sales_stage(model: Model) -> Stage | None:
    named = [stage for stage in model.stages if _SQL.search(stage.name)] or model.stages
    return named[-1] if named else None


def _alone(rule: Rule, section: Fit | Engagement) -> float:
    """The highest score that this rule alone can make; of a rule without any limit, what its first event makes."""
    reach = rule_reach(rule)
    if rule.group is not None:
        reach = reach.clamped(section.groups[rule.group])
    reach = reach.clamped(section)
    if isinstance(rule, PointsRule) and math.isinf(reach.high):
        return rule.points
    return reach.high


def _needs_more(stage: Stage, section: Fit | Engagement) -> bool:
    """Whether the stage also asks for something that a rule of this section does not give."""
    own = {"score", "engagement", "level"} if isinstance(section, Engagement) else {"score", "fit", "grade"}
    return stage.needs is not None and any(wanted.trait not in own for wanted in comparisons_of(stage.needs))


def _unbounded(model: Model) -> Iterator[Advice]:
    if not (model.fit.rules and model.engagement.rules):
        return
    for where, section in sections(model):
        high = part_reach(section).high
        if high == math.inf:
            said = f"`{where[-1]}` has no upper limit: set its `max`, or a `max` for each rule that repeats"
            yield where, said, "enough clicks outweigh everything else, and robots that open mails click most"
        elif high >= model.scale.max:
            said = f"`{where[-1]}` alone can fill the scale ({high:g} of {model.scale.max:g}): set its `max`"
            yield (
                where,
                said,
                "the score says least where it should say most: it cannot tell good leads from each other any more",
            )


def _repeats(model: Model) -> Iterator[Advice]:
    for where, section in sections(model):
        same = [i for i, rule in enumerate(section.rules) if isinstance(rule, PointsRule) and _repeats_in_full(rule)]
        if same:
            names = ", ".join(f"'{section.rules[i].name}'" for i in same)
            said = f"every further event counts as much as the first: {names}; give `repeat`, `at_most` or `max`"
            yield (
                (*where, "rules", same[0]),
                said,
                "the fifth visit says less than the first, and one busy afternoon is not five",
            )


def _repeats_in_full(rule: PointsRule) -> bool:
    limits = (rule.repeat, rule.at_most, rule.at_most_per_day, rule.max, rule.group)
    return rule.points > 0 and all(limit is None for limit in limits)


def _long_memory(model: Model) -> Iterator[Advice]:
    for where, section in sections(model):
        if isinstance(section, Engagement):
            yield from _slow((*where, "decay"), section.decay, "")
            for i, rule in enumerate(section.rules):
                if isinstance(rule, PointsRule) and rule.points > 0:
                    yield from _slow((*where, "rules", i, "decay"), rule.decay or "none", f"'{rule.name}': ")


def _slow(where: Path, decay: Decay, who: str) -> Iterator[Advice]:
    if decay != "none" and (half := _half_gone(decay)) > LONG_MEMORY:
        after = "never goes" if half == timedelta.max else f"goes only after {half.days} days"
        said = f"{who}half of the points {after}: 30 to 90 days are usual"
        yield where, said, "recent behaviour must outweigh history, and few buyers take more than half a year to decide"


def _half_gone(decay: HalfLife | Linear | Keep | Lose) -> timedelta:
    """Age at which half of the points are gone."""
    if isinstance(decay, HalfLife):
        return decay.half_life
    if isinstance(decay, Linear):
        return decay.linear / 2
    if isinstance(decay, Keep):
        periods = 1 if decay.keep == 0 else math.inf if decay.keep == 1 else math.log(0.5) / math.log(decay.keep)
    else:
        periods = math.inf if decay.lose == 0 else 0.5 / decay.lose
    days = math.inf if math.isinf(periods) else math.ceil(periods - 1e-9) * decay.every.total_seconds() / 86_400
    return timedelta.max if days > timedelta.max.days else timedelta(days=days)


def _half_a_grid(model: Model) -> Iterator[Advice]:
    if model.priorities is not None:
        return
    reason = "fit and engagement together say whom to call, whom to nurture and whom to leave"
    for one, other in (("grades", "levels"), ("levels", "grades")):
        if getattr(model, one) and not getattr(model, other):
            yield (
                (one,),
                f"`{one}` without `{other}`: no lead gets a priority; add `{other}`, or `priorities` of your own",
                reason,
            )
    if model.grades and model.levels and not ({"A", "B"} & {*model.grades} and {"1", "2"} & {*model.levels}):
        said = (
            "the default priorities ask for grades A, B and levels 1, 2, which are not given here: write `priorities`"
        )
        yield ("grades",), said, reason


def _text_that_compares(model: Model) -> Iterator[Advice]:
    for where, condition in _conditions(model):
        for comparison in comparisons_of(condition):
            if isinstance(comparison.value, str) and (match := _COMPARISON.match(comparison.value)):
                instead = f"{{{comparison.trait}: {{{_OPERATORS[match['sign']]}: {match['number']}}}}}"
                said = (
                    f"'{comparison.trait}' is compared with the text '{comparison.value}'; for a number write {instead}"
                )
                yield (
                    (*where, *comparison.where),
                    said,
                    "a sign in a text is not an operator: the text must be the same",
                )


def _conditions(model: Model) -> Iterator[tuple[Path, Condition]]:
    for kind in ("qualify", "disqualify", "segments"):
        for i, part in enumerate(getattr(model, kind)):
            yield (kind, i, "when"), part.when
    for where, _, rule in _rules(model):
        if not isinstance(rule, BandRule | ValueRule) and rule.when is not None:
            yield (*where, "when"), rule.when


_KINDS = ("fit", "engagement")
_LOOKS: tuple[Callable[[Model], Iterator[Advice]], ...] = (
    _nothing_negative,
    _one_sided,
    _nothing_fades,
    _too_many,
    _idle,
    _no_stages,
    _lines,
    _one_rule_is_enough,
    _unbounded,
    _repeats,
    _long_memory,
    _half_a_grid,
    _text_that_compares,
    probability_doubts,
)

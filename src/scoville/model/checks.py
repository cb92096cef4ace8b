"""What a model must satisfy as a whole, beyond the shape of its parts: every finding with its path.

In: `Content`. Out: (path, message) pairs. Called by `load.py`; `lint.py` gives advice on models that pass.
"""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from scoville.model.conditions import All, Compare, Condition, comparisons_of, nearest
from scoville.model.reach import Reach, score_reach, section_reach
from scoville.model.schema import BandRule, CountRule, PointsRule, RecencyRule, SumRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.model.document import Path
    from scoville.model.schema import Band, Clamp, Content, Engagement, Fit, Probability, Rule, Segment, Stage

Finding = tuple["Path", str]
_PLURALS = {"grade": "grades", "level": "levels", "segment": "segments", "stage": "stages", "priority": "priorities"}
RESERVED_PREFIXES = ("cap: ", "disqualified: ")
DISQUALIFIED = "Disqualified"
SCORE_COLUMNS = ("score", "fit", "engagement", "grade", "level", "segment")
NEEDS_COLUMNS = (*SCORE_COLUMNS, "priority")


def find_errors(content: Content, *, is_whole: bool = True) -> list[Finding]:
    """Everything that keeps a model from making sense, in no particular order.

    `is_whole=False` is for what is left of a broken file: what depends on all of it (what rules can reach, which words
    the model gives) is then not judged.
    """
    return [
        *_scale(content),
        *_names(content),
        *(finding for where, section in sections(content) for finding in _section(where, section)),
        *_thresholds(content),
        *_priorities(content),
        *_stages(content),
        *_probability(content.probability),
        *_segments(content.segments),
        *_accounts(content),
        *((*_unreachable(content), *_unknown_words(content)) if is_whole else ()),
    ]


def sections(content: Content) -> Iterator[tuple[Path, Fit | Engagement]]:
    """Every section of the model with its path: the base ones, then those of segments."""
    yield ("fit",), content.fit
    yield ("engagement",), content.engagement
    for i, segment in enumerate(content.segments):
        if segment.fit is not None:
            yield ("segments", i, "fit"), segment.fit
        if segment.engagement is not None:
            yield ("segments", i, "engagement"), segment.engagement


def _scale(content: Content) -> Iterator[Finding]:
    if content.scale.min >= content.scale.max:
        yield ("scale",), f"scale.min {content.scale.min:g} must be below scale.max {content.scale.max:g}"


def _repeated(names: Sequence[str], where: Path, what: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if name in first:
            yield (*where, i, "name"), f"two {what} are called '{name}'; a name must tell them apart"
        first.setdefault(name, i)


def _names(content: Content) -> Iterator[Finding]:
    yield from _repeated([s.name for s in content.stages], ("stages",), "stages")
    yield from _repeated([s.name for s in content.segments], ("segments",), "segments")
    yield from _repeated([p.name for p in content.priorities or ()], ("priorities",), "priorities")
    both = [*content.qualify, *content.disqualify]
    names = [q.name for q in both]
    for i, name in enumerate(names):
        if name in names[:i]:
            key, index = ("qualify", i) if i < len(content.qualify) else ("disqualify", i - len(content.qualify))
            yield (key, index, "name"), f"two qualifications are called '{name}'; a name must tell them apart"
    for i, stage in enumerate(content.stages):
        if stage.name == DISQUALIFIED:
            yield (
                ("stages", i, "name"),
                f"the stage '{DISQUALIFIED}' is given to disqualified leads; choose another name",
            )


def _section(where: Path, section: Fit | Engagement) -> Iterator[Finding]:
    yield from _clamp(where, section, "section")
    for name, group in section.groups.items():
        yield from _clamp((*where, "groups", name), group, "group")
    if clash := {"fit", "engagement", "scale"} & set(section.groups):
        yield (
            (*where, "groups"),
            f"a group may not be called {min(clash)!r}: its cap would be taken for another's",
        )
    yield from _repeated([rule.name for rule in section.rules], (*where, "rules"), "rules")
    for i, rule in enumerate(section.rules):
        yield from _rule((*where, "rules", i), rule, section.groups)


def _clamp(where: Path, clamp: Clamp | Fit | Engagement, what: str) -> Iterator[Finding]:
    if clamp.min is not None and clamp.max is not None and clamp.min > clamp.max:
        yield (*where, "min"), f"the {what}'s min {clamp.min:g} is above its max {clamp.max:g}"


def _rule(where: Path, rule: Rule, groups: Mapping[str, Clamp]) -> Iterator[Finding]:
    for prefix in RESERVED_PREFIXES:
        if rule.name.startswith(prefix):
            yield (
                (*where, "name"),
                f"a rule's name may not start with '{prefix}': contributions use it for what clamps take",
            )
    if rule.group is not None and rule.group not in groups:
        known = f"Groups here: {', '.join(groups)}." if groups else "This section has no `groups`."
        yield (*where, "group"), f"unknown group '{rule.group}'.{nearest(rule.group, groups)} {known}"
    if isinstance(rule, PointsRule):
        why = "a lead without a matching event gets 0 points"
        if rule.min is not None and rule.min > 0:
            yield (*where, "min"), f"a rule's min may not be above 0, but is {rule.min:g}: {why}"
        if rule.max is not None and rule.max < 0:
            yield (
                (*where, "max"),
                f"a rule's max may not be below 0, but is {rule.max:g}: {why}; use `min` for negative points",
            )
    for inner, bands in bands_of(rule):
        yield from _bands((*where, *inner), bands)


def bands_of(rule: Rule) -> Iterator[tuple[Path, tuple[Band, ...]]]:
    """The bands of a rule with their path inside it."""
    if isinstance(rule, BandRule):
        yield ("bands",), rule.bands
    elif isinstance(rule, CountRule):
        yield ("count",), rule.count
    elif isinstance(rule, SumRule):
        yield ("sum", "bands"), rule.sum.bands
    elif isinstance(rule, RecencyRule):
        yield ("recency",), rule.recency


def _ends(band: Band) -> tuple[float, float]:
    return (
        -math.inf if band.from_ is None else band.from_,
        math.inf if band.below is None else band.below,
    )


def _bands(where: Path, bands: Sequence[Band]) -> Iterator[Finding]:
    for i, band in enumerate(bands):
        low, high = _ends(band)
        if low >= high:
            yield (*where, i), f"the band from {low:g} below {high:g} holds nothing: `from` is included, `below` is not"
        for j, earlier in enumerate(bands[:i]):
            other_low, other_high = _ends(earlier)
            if low < other_high and other_low < high and low < high and other_low < other_high:
                yield (
                    (*where, i),
                    f"bands {j + 1} and {i + 1} overlap at {max(low, other_low):g}; a value must fall in one",
                )


def _thresholds(content: Content) -> Iterator[Finding]:
    for key, thresholds in (("grades", content.grades), ("levels", content.levels)):
        previous: float | None = math.inf
        for name, threshold in (thresholds or {}).items():
            if previous is None:
                yield (key, name), f"'{name}' can never be given: null before it takes everything below"
            elif threshold is not None and threshold >= previous:
                yield (
                    (key, name),
                    f"{key} must fall from one to the next; '{name}' has {threshold:g} after {previous:g}",
                )
            previous = threshold


def _columns(condition: Condition | None, where: Path, known: tuple[str, ...]) -> Iterator[Finding]:
    for comparison in comparisons_of(condition) if condition is not None else ():
        if (name := comparison.trait) not in known:
            said = f"'{name}' is not a column of the score row.{nearest(name, known)} Allowed here: {', '.join(known)}"
            yield (*where, *comparison.trait_where), said


def _priorities(content: Content) -> Iterator[Finding]:
    open_end: str | None = None
    for i, priority in enumerate(content.priorities or ()):
        where = ("priorities", i)
        if open_end is not None:
            yield (
                where,
                f"'{priority.name}' can never be given: '{open_end}' before it has no `when` and takes everybody",
            )
        if priority.when is None:
            open_end = open_end or priority.name
        yield from _columns(priority.when, (*where, "when"), SCORE_COLUMNS)


def _stages(content: Content) -> Iterator[Finding]:
    previous: Stage | None = None
    for i, stage in enumerate(content.stages):
        where = ("stages", i)
        if previous is not None and stage.from_ < previous.from_:
            yield (
                (*where, "from"),
                (
                    f"stages are out of order: '{stage.name}' starts at {stage.from_:g}, before '{previous.name}' at "
                    f"{previous.from_:g}; write them from the lowest to the highest"
                ),
            )
        yield from _columns(stage.needs, (*where, "needs"), NEEDS_COLUMNS)
        previous = stage


def _unreachable(content: Content) -> Iterator[Finding]:
    """Thresholds that no lead can reach, whatever it does."""
    for key, thresholds, kind in (("grades", content.grades, "fit"), ("levels", content.levels, "engagement")):
        high = section_reach(content, kind).high
        for name, threshold in (thresholds or {}).items():
            if threshold is not None and threshold > high:
                yield (key, name), f"'{name}' needs {threshold:g} of {kind}, but the rules give at most {high:g}"
    reach = {"score": score_reach(content), **{kind: section_reach(content, kind) for kind in ("fit", "engagement")}}
    for i, stage in enumerate(content.stages):
        if stage.from_ > reach["score"].high:
            yield (
                ("stages", i, "from"),
                f"no lead can reach '{stage.name}' at {stage.from_:g}: {_why(stage, reach, content)}",
            )
        for wanted in _needed_at_once(stage.needs):
            limit = reach[wanted.trait].high if wanted.trait in reach else math.inf
            if wanted.operator in ("gt", "gte") and isinstance(wanted.value, (int, float)) and wanted.value > limit:
                said = (
                    f"no lead can reach '{stage.name}': {wanted.trait} is at most {limit:g}, {wanted.value:g} is needed"
                )
                yield ("stages", i, "needs", *wanted.where), said


def _why(stage: Stage, reach: Mapping[str, Reach], content: Content) -> str:
    if stage.from_ > content.scale.max:
        return f"the scale ends at {content.scale.max:g}"
    return f"the rules give at most {reach['score'].high:g}"


def _needed_at_once(condition: Condition | None) -> Iterator[Compare]:
    for part in condition.parts if isinstance(condition, All) else (condition,):
        if isinstance(part, Compare):
            yield part


def _unknown_words(content: Content) -> Iterator[Finding]:
    """Grades, levels, priorities, segments and stages that a condition asks for, but that the model never gives."""
    given: dict[str, list[str]] = {
        "grade": list(content.grades or ()),
        "level": list(content.levels or ()),
        "segment": [segment.name for segment in content.segments],
        "stage": [stage.name for stage in content.stages],
    }
    if content.priorities is not None:
        given["priority"] = [priority.name for priority in content.priorities]
    elif content.grades and content.levels:
        given["priority"] = ["hot", "nurture", "engaged", "cold"]
    else:
        given["priority"] = []
    for where, condition in _row_conditions(content):
        for comparison in comparisons_of(condition):
            known = given.get(comparison.trait) if comparison.trait != "stage" or where[0] == "accounts" else None
            if known is not None and comparison.operator in ("equals", "in", "not", "not_in"):
                yield from _unknown_word(comparison, known, (*where, *comparison.where))


def _unknown_word(comparison: Compare, known: Sequence[str], where: Path) -> Iterator[Finding]:
    plain = [name.strip().lower() for name in known]
    for value in comparison.value if isinstance(comparison.value, tuple) else (comparison.value,):
        if not isinstance(value, datetime) and str(value).strip().lower() not in plain:
            all_known = f"It has: {', '.join(known)}." if known else f"It has no {_PLURALS[comparison.trait]} at all."
            yield where, f"the model has no {comparison.trait} '{value}'.{nearest(str(value), known)} {all_known}"


def _row_conditions(content: Content) -> Iterator[tuple[Path, Condition]]:
    for i, priority in enumerate(content.priorities or ()):
        if priority.when is not None:
            yield ("priorities", i, "when"), priority.when
    for i, stage in enumerate(content.stages):
        if stage.needs is not None:
            yield ("stages", i, "needs"), stage.needs
    if content.accounts is not None and content.accounts.breadth is not None:
        yield ("accounts", "breadth", "when"), content.accounts.breadth.when


def _probability(probability: Probability | None) -> Iterator[Finding]:
    points = probability.points if probability is not None else ()
    for i, ((score, share), (next_score, next_share)) in enumerate(pairwise(points), 1):
        where = ("probability", "points", i)
        if next_score <= score:
            yield where, f"scores must rise from one point to the next; {next_score:g} comes after {score:g}"
        elif next_share < share:
            said = f"the probability falls from {share:g} at {score:g} to {next_share:g} at {next_score:g}"
            yield where, f"{said}; a higher score may not be less likely to convert"


def _segments(segments: Sequence[Segment]) -> Iterator[Finding]:
    for i, segment in enumerate(segments):
        if segment.fit is None and segment.engagement is None:
            yield ("segments", i), f"the segment '{segment.name}' replaces nothing; give it `fit` or `engagement`"


def _accounts(content: Content) -> Iterator[Finding]:
    if content.accounts is not None and content.accounts.breadth is not None:
        known = (*NEEDS_COLUMNS, "stage")
        yield from _columns(content.accounts.breadth.when, ("accounts", "breadth", "when"), known)

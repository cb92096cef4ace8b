"""Contributions -> sentences: which facts a rule met, when, and what fading and limits took from its points.

In: rows of `contributions`, the rules of the model, the traits of the lead. Out: `Contribution`s in the order in which
they are shown: rules by how much they move the score, then what clamps took, then a disqualification. No points are
worked out here but `fresh_points`: what the same events would give at age 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.data.outcomes import WON
from scoville.data.traits import DERIVED
from scoville.explain.facts import Contribution
from scoville.model.conditions import traits_of
from scoville.model.schema import PointsRule, RecencyRule, SumRule, TraitRule
from scoville.plan.adjusted import PREFIX, SAID_AS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from scoville.model.load import Model
    from scoville.model.schema import Clamp, Engagement, EngagementRule, Fit, Qualification, Scale
    from scoville.plan.compile import Plan
    from scoville.plan.ledger import NumberedEventRule, NumberedFitRule

Row = dict[str, Any]
_CAP, _OUT = "cap: ", "disqualified: "
_NOTICED = 0.05  # points; a smaller difference would be shown as none
_SECONDS_PER_DAY = 86_400
_RULE, _GROUP, _SECTION, _SCALE, _DISQUALIFIED = range(5)  # the order in which a score is made


@dataclass(frozen=True)
class Subject:
    """The lead that the sentences are about: its raw row, the traits that the model reads, its segment, and when."""

    plan: Plan
    lead: Mapping[str, object]
    traits: Mapping[str, object]
    segment: str | None
    as_of: datetime

    @property
    def model(self) -> Model:
        """The model in force."""
        return self.plan.model

    @property
    def segment_no(self) -> int:
        """Number of the segment in the ledger; 0 for the base model."""
        names = self.plan.ledger.segment_names
        return names.index(self.segment) + 1 if self.segment is not None else 0

    @property
    def fit_rules(self) -> tuple[NumberedFitRule, ...]:
        """Rules over traits that speak of the lead."""
        return tuple(entry for entry in self.plan.ledger.fit if self.segment_no in entry.segments)

    @property
    def event_rules(self) -> tuple[NumberedEventRule, ...]:
        """Rules over events that speak of the lead."""
        return tuple(entry for entry in self.plan.ledger.events if self.segment_no in entry.segments)

    def section(self, name: str) -> Fit | Engagement:
        """The section `fit` or `engagement` as the lead's segment has it."""
        parts = self.plan.ledger.parts
        return next(part.content for part in parts if part.section == name and self.segment_no in part.segments)

    def fact(self, name: str) -> str:
        """A trait with its value, a derived one with what it comes from: `job title: VP Sales (seniority vp)`."""
        found = self.traits.get(name)
        itself = (
            f"{words.trait(name)}: {words.value(found)}" if found is not None else f"{words.trait(name)} is missing"
        )
        sources = [source for source in DERIVED[name].sources if source != name] if name in DERIVED else []
        given = [source for source in sources if self.lead.get(source) is not None]
        source, _, aspect = name.rpartition(".")
        if not given or not source or name in self.lead:  # company_domain has no source in its name
            return itself
        said = words.value(found) if found is not None else "unknown"
        return f"{words.trait(source)}: {words.value(self.lead[given[0]])} ({aspect} {said})"

    def facts(self, names: Iterator[str]) -> str:
        """Several traits with their values, each once."""
        return ", ".join(self.fact(name) for name in dict.fromkeys(names))


def contributions_in_words(rows: Sequence[Row], subject: Subject) -> tuple[Contribution, ...]:
    """Every contribution of the lead, in the order in which they are shown, with the running total."""
    ordered = sorted(rows, key=_place)
    totals = accumulate(row["points"] for row in ordered)
    return tuple(_contribution(row, total, subject) for row, total in zip(ordered, totals, strict=True))


def probability_sentence(model: Model, probability: float | None) -> str | None:
    """`about 1 in 12 such leads convert within 90 days (8%)`; nothing where there is no probability."""
    if model.probability is None or probability is None:
        return None
    many, outcome, within = words.so_many(probability), model.probability.outcome, model.probability.horizon
    convert = "convert" if outcome in (None, WON) else f"come to be '{outcome}'"
    time = f" within {words.period(within)}" if within is not None else ""
    return f"{many} such leads {convert}{time} ({words.share(probability)})"


def _place(row: Row) -> tuple[object, ...]:
    """Rules by how much they move the score; then clamps from the inside out; a disqualification undoes all of it."""
    last = _clamp_place(row["section"], row["rule"])
    return (last, -abs(row["points"]), row["section"] != "fit", row["rule"])


def _clamp_place(section: str, rule: str) -> int:
    if rule.startswith(PREFIX) and section == "score":
        return _RULE
    if section == "score":
        return _DISQUALIFIED if rule.startswith(_OUT) else _SCALE
    if not rule.startswith(_CAP):
        return _RULE
    return _SECTION if rule == _CAP + section else _GROUP


def _contribution(row: Row, total: float, subject: Subject) -> Contribution:
    fresh = _fresh_points(row, subject)
    kept = {name: row[name] for name in ("section", "rule", "points", "raw_points", "matched", "newest_at")}
    return Contribution(**kept, fresh_points=fresh, running_total=total, sentence=_sentence(row, fresh, subject))


def _event_rule(row: Row, subject: Subject) -> NumberedEventRule | None:
    if row["section"] != "engagement":
        return None
    return next((entry for entry in subject.event_rules if entry.rule.name == row["rule"]), None)


def _fresh_points(row: Row, subject: Subject) -> float | None:
    """What the events that count would give at age 0; null for a rule that does not fade."""
    entry = _event_rule(row, subject)
    if entry is None or not isinstance(entry.rule, PointsRule) or entry.decay == "none":
        return None
    repeat = entry.rule.points if entry.rule.repeat is None else entry.rule.repeat
    return entry.rule.points + repeat * (int(row["matched"]) - 1)


def _sentence(row: Row, fresh: float | None, subject: Subject) -> str:
    place = _clamp_place(row["section"], row["rule"])
    if place == _DISQUALIFIED:
        return _disqualification(row["rule"].removeprefix(_OUT), subject)
    if place != _RULE:
        return _clamp(row, subject)
    if row["section"] == "score":
        return _by_hand(row)
    entry = _event_rule(row, subject)
    if entry is not None:
        notes = "; ".join(_notes(row, fresh, entry))
        return f"{row['rule']}: {_happened(row, entry.rule, subject)}" + (f" ({notes})" if notes else "")
    return f"{row['rule']}{_known(row['rule'], subject)}"


def _by_hand(row: Row) -> str:
    """What somebody gave or took, and when: `Adjusted by hand on 3 May 2026: spoke at our event`."""
    on = f" on {words.day(row['newest_at'])}" if row["newest_at"] is not None else ""
    reason = row["rule"].removeprefix(PREFIX)
    return f"{SAID_AS}{on}" + (f": {reason}" if reason else "")


# --- who they are ---------------------------------------------------------------------------------------------------


def _known(rule: str, subject: Subject) -> str:
    """What is known of the traits that a fit rule looks at, in brackets."""
    found = next(entry.rule for entry in subject.fit_rules if entry.rule.name == rule)
    names = traits_of(found.when) if isinstance(found, TraitRule) else iter([found.by])
    return f" ({subject.facts(names)})"


# --- what they did --------------------------------------------------------------------------------------------------


def _happened(row: Row, rule: EngagementRule, subject: Subject) -> str:
    """How often and when: `3 times, last on 3 May 2026`."""
    window = f" within {words.period(rule.within)}" if rule.within is not None else ""
    if row["matched"] == 0:
        return f"nothing{window}"
    newest = words.day(row["newest_at"])
    if isinstance(rule, RecencyRule):
        return f"last on {newest}, {_ago(row['newest_at'], subject.as_of)}"
    when = f"on {newest}" if row["matched"] == 1 else f"last on {newest}"
    joint = " " if row["matched"] == 1 and not window else ", "
    total = f", {words.trait(rule.sum.of)} added up" if isinstance(rule, SumRule) else ""
    return f"{words.times(row['matched'])}{window}{joint}{when}{total}"


def _ago(newest: datetime, as_of: datetime) -> str:
    days = int((as_of - newest).total_seconds() // _SECONDS_PER_DAY)
    return "less than a day ago" if days < 1 else f"{words.counted(days, 'day')} ago"


def _notes(row: Row, fresh: float | None, entry: NumberedEventRule) -> Iterator[str]:
    """What fading and the rule's own limits did."""
    rule, raw, points = entry.rule, row["raw_points"], row["points"]
    if not isinstance(rule, PointsRule):
        return
    if rule.at_most is not None and row["matched"] == rule.at_most:
        yield "only the newest counts" if rule.at_most == 1 else f"only the newest {rule.at_most:,} count"
    if fresh is not None and abs(fresh - raw) >= _NOTICED:
        yield f"{words.number(fresh)} when fresh" + ("" if abs(raw) >= _NOTICED else ", faded away")
    if abs(raw - points) >= _NOTICED:
        limit = "most" if raw > points else "least"
        yield f"{words.number(raw)} before the {limit} it may give, {words.number(points)}"


# --- what clamps and qualifications did -----------------------------------------------------------------------------


def _clamp(row: Row, subject: Subject) -> str:
    clamp, what = _clamp_of(row["rule"].removeprefix(_CAP), row["section"], subject)
    if row["points"] < 0:
        return f"lost to the limit of {what} (at most {words.plain(clamp.max or 0)})"
    return f"raised to the least of {what} ({words.plain(clamp.min or 0)})"


def _clamp_of(name: str, section: str, subject: Subject) -> tuple[Clamp | Fit | Engagement | Scale, str]:
    if section == "score":
        return subject.model.scale, "the scale"
    content = subject.section(section)
    return (content, f"the section {section}") if name == section else (content.groups[name], f"the group {name}")


def _disqualification(name: str, subject: Subject) -> str:
    found = next(q for q in (*subject.model.qualify, *subject.model.disqualify) if q.name == name)
    return f"Disqualified, {_why_out(found, subject)}: the score is {words.plain(subject.model.scale.min)}"


def _why_out(found: Qualification, subject: Subject) -> str:
    facts = subject.facts(traits_of(found.when))
    return f"{found.name} ({facts})" if found in subject.model.disqualify else f"not {found.name} ({facts})"

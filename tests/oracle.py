"""The oracle: a slow, obvious interpreter of a model, written from the design alone.

It reads the parsed YAML of a model and lists of dicts, walks them with straight loops, and shares no code with
`scoville`. Property tests and the scoring tables hold the compiled plan against it. When both disagree, one of the two
misreads the written arithmetic; nothing here is clever enough to hide a mistake.

Conditions live beside it in `oracle_conditions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from oracle_conditions import duration, equals, holds, is_missing, number_of, plain

Row = dict[str, Any]
DAY = timedelta(days=1)
NOTHING = 1e-12  # a clamp that takes away less than this took nothing: it is rounding
DEFAULT_PRIORITIES: list[Row] = [
    {"name": "hot", "when": {"grade": ["A", "B"], "level": ["1", "2"]}},
    {"name": "nurture", "when": {"grade": ["A", "B"]}},
    {"name": "engaged", "when": {"level": ["1", "2"]}},
    {"name": "cold"},
]


@dataclass(frozen=True)
class ScoreRow:
    """One lead's row of the score table, without what only the product knows (reasons, model version)."""

    lead_id: str
    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None
    segment: str | None
    disqualified_by: str | None
    probability: float | None = None
    rank: int = 0
    percentile: float = 0.0


@dataclass(frozen=True)
class Contribution:
    """What one rule, or one cap, gave one lead."""

    lead_id: str
    section: str
    rule: str
    points: float
    raw_points: float | None
    matched: int
    newest_at: datetime | None


@dataclass(frozen=True)
class OracleResult:
    """All score rows by lead, and all contributions in no particular order."""

    scores: dict[str, ScoreRow]
    contributions: list[Contribution]


def oracle(
    model: Row, leads: list[Row], events: list[Row], as_of: datetime, adjustments: list[Row] | None = None
) -> OracleResult:
    """Score every lead at `as_of` (naive UTC): the whole of the arithmetic, one lead at a time."""
    rows: list[ScoreRow] = []
    contributions: list[Contribution] = []
    for lead in leads:
        own_events = [event for event in events if event["lead_id"] == lead["lead_id"]]
        by_hand = [one for one in adjustments or [] if one["lead_id"] == lead["lead_id"]]
        row, own_contributions = score_lead(model, lead, own_events, as_of, by_hand)
        rows.append(row)
        contributions.extend(own_contributions)
    return OracleResult({row.lead_id: row for row in ranked(rows)}, contributions)


def ranked(rows: list[ScoreRow]) -> list[ScoreRow]:
    """Competition ranking (1, 2, 2, 4), and the share of leads with a lower or equal score in percent."""
    result = []
    for row in rows:
        higher = sum(1 for other in rows if other.score > row.score)
        not_higher = sum(1 for other in rows if other.score <= row.score)
        result.append(replace(row, rank=higher + 1, percentile=100 * not_higher / len(rows)))
    return result


def score_lead(
    model: Row, lead: Row, events: list[Row], as_of: datetime, by_hand: list[Row]
) -> tuple[ScoreRow, list[Contribution]]:
    """One lead: its sections, the scale, what disqualifies it, and what its points are called."""
    segment = segment_of(model, lead, as_of)
    fit, fit_rows = score_section("fit", section_of(model, segment, "fit"), lead, events, as_of)
    engagement, engagement_rows = score_section(
        "engagement", section_of(model, segment, "engagement"), lead, events, as_of
    )
    adjusted_rows = adjustment_rows(lead, by_hand, as_of)
    adjusted = sum(row.points for row in adjusted_rows)
    contributions = fit_rows + engagement_rows + [row for row in adjusted_rows if row.points != 0]
    scale = model.get("scale") or {}
    lowest, highest = scale.get("min", 0), scale.get("max", 100)
    score = clamped(fit + engagement + adjusted, lowest, highest)
    contributions += cap_row(lead, "score", "cap: scale", score - (fit + engagement + adjusted))
    disqualified_by = disqualification_of(model, lead, as_of)
    if disqualified_by is not None:
        contributions += cap_row(lead, "score", f"disqualified: {disqualified_by}", lowest - score)
        score = lowest
    facts: Row = {"score": float(score), "fit": fit, "engagement": engagement}
    facts["segment"] = segment["name"] if segment else None
    return named(model, lead["lead_id"], facts, disqualified_by, as_of), contributions


def adjustment_rows(lead: Row, by_hand: list[Row], as_of: datetime) -> list[Contribution]:
    """Points given by hand that have begun and not ended, those of one reason together."""
    found: dict[str, list[Row]] = {}
    for one in by_hand:
        has_begun = one["created_at"] is None or one["created_at"] <= as_of
        if has_begun and (one["expires_at"] is None or as_of < one["expires_at"]):
            found.setdefault(one["reason"] or "no reason given", []).append(one)
    rows = []
    for reason, each in found.items():
        points = float(sum(one["points"] for one in each))
        newest = max((one["created_at"] for one in each if one["created_at"] is not None), default=None)
        rows.append(Contribution(lead["lead_id"], "score", f"adjusted: {reason}", points, points, len(each), newest))
    return rows


def segment_of(model: Row, lead: Row, as_of: datetime) -> Row | None:
    """The first segment whose condition holds."""
    for segment in model.get("segments") or []:
        if holds(segment.get("when") or {}, lead, as_of):
            return dict(segment)
    return None


def section_of(model: Row, segment: Row | None, name: str) -> Row:
    """A segment replaces the sections it names wholly: clamps, default decay, groups and rules."""
    if segment and name in segment:
        return segment[name] or {}
    return model.get(name) or {}


def disqualification_of(model: Row, lead: Row, as_of: datetime) -> str | None:
    """The first entry of `qualify` that fails, else the first of `disqualify` that holds."""
    for entry in model.get("qualify") or []:
        if not holds(entry.get("when") or {}, lead, as_of):
            return str(entry["name"])
    for entry in model.get("disqualify") or []:
        if holds(entry.get("when") or {}, lead, as_of):
            return str(entry["name"])
    return None


# ---------------------------------------------------------------------------------------------- sections and clamps


def score_section(
    name: str, section: Row, lead: Row, events: list[Row], as_of: datetime
) -> tuple[float, list[Contribution]]:
    """Rules, then the clamp of each group, then the clamp of the section. Every clamp that bites is a row."""
    contributions: list[Contribution] = []
    group_sums: dict[str, float] = {}
    total = 0.0
    for rule in section.get("rules") or []:
        row = score_rule(name, section, rule, lead, events, as_of)
        if row.points != 0 or row.raw_points != 0 or (name == "engagement" and row.matched > 0):
            contributions.append(row)
        if rule.get("group") is None:
            total += row.points
        else:
            group_sums[rule["group"]] = group_sums.get(rule["group"], 0.0) + row.points
    # A group none of whose rules gave points is still clamped: a `min` above 0 lifts it.
    for group, limits in (section.get("groups") or {}).items():
        before = group_sums.pop(group, 0.0)
        after = clamped(before, limits.get("min"), limits.get("max"))
        contributions += cap_row(lead, name, f"cap: {group}", after - before)
        total += after
    total += sum(group_sums.values())
    after = clamped(total, section.get("min"), section.get("max"))
    contributions += cap_row(lead, name, f"cap: {name}", after - total)
    return after, contributions


def cap_row(lead: Row, section: str, rule: str, points: float) -> list[Contribution]:
    """What a clamp took (or gave), as a row of its own; no row when it took nothing."""
    if abs(points) <= NOTHING:
        return []
    return [Contribution(lead["lead_id"], section, rule, points, None, 0, None)]


def clamped(value: float, lowest: float | None, highest: float | None) -> float:
    """`value`, but not below `lowest` and not above `highest`, where they are given."""
    if lowest is not None and value < lowest:
        return float(lowest)
    if highest is not None and value > highest:
        return float(highest)
    return float(value)


# ------------------------------------------------------------------------------------------------------------ rules


def score_rule(
    section_name: str, section: Row, rule: Row, lead: Row, events: list[Row], as_of: datetime
) -> Contribution:
    """The points of one rule for one lead, before (`raw_points`) and after the rule's own clamp."""
    newest_at = None
    if "event" in rule:
        counted = counted_events(rule, events, as_of)
        raw = event_points(rule, section, counted, as_of)
        matched = len(counted)
        newest_at = counted[0]["occurred_at"] if counted else None
    else:
        raw = fit_points(rule, lead, as_of)
        matched = 1
    points = clamped(raw, rule.get("min"), rule.get("max"))
    return Contribution(lead["lead_id"], section_name, rule["name"], points, raw, matched, newest_at)


def fit_points(rule: Row, lead: Row, as_of: datetime) -> float:
    """A plain rule gives its points when its condition holds; a `by` rule looks one trait up."""
    if "by" not in rule:
        return float(rule["points"]) if holds(rule["when"], lead, as_of) else 0.0
    value = lead.get(rule["by"])
    if "bands" in rule:
        number = number_of(value)
        return float(rule.get("missing", 0)) if number is None else band_points(rule["bands"], number)
    if is_missing(value):
        return float(rule.get("missing", 0))
    for key, points in rule["values"].items():
        if equals(value, key):
            return float(points)
    return float(rule.get("other", 0))


def band_points(bands: list[Row], value: float) -> float:
    """Points of the first band the value falls in: `from` is included, `below` is not. In no band: 0."""
    for band in bands:
        above_floor = band.get("from") is None or value >= band["from"]
        under_roof = band.get("below") is None or value < band["below"]
        if above_floor and under_roof:
            return float(band["points"])
    return 0.0


def counted_events(rule: Row, events: list[Row], as_of: datetime) -> list[Row]:
    """The events that count for a rule, newest first."""
    counted = [event for event in events if counts_for(rule, event, as_of)]
    counted.sort(key=lambda event: event["occurred_at"], reverse=True)
    if "at_most_per_day" in rule:
        counted = newest_of_each_day(counted, rule["at_most_per_day"])
    if "at_most" in rule:
        counted = counted[: rule["at_most"]]
    return counted


def counts_for(rule: Row, event: Row, as_of: datetime) -> bool:
    """Not in the future, of the right name, inside the window, and with the right properties."""
    age = as_of - event["occurred_at"]
    names = rule["event"] if isinstance(rule["event"], list) else [rule["event"]]
    if age < timedelta(0):
        return False
    if "*" not in names and event["event"] not in names:
        return False
    if "within" in rule and age >= duration(rule["within"]):
        return False
    return holds(rule.get("when") or {}, event, as_of)


def newest_of_each_day(newest_first: list[Row], limit: int) -> list[Row]:
    """Keep the newest `limit` events of each UTC day."""
    kept = []
    taken: dict[Any, int] = {}
    for event in newest_first:
        day = event["occurred_at"].date()
        taken[day] = taken.get(day, 0) + 1
        if taken[day] <= limit:
            kept.append(event)
    return kept


def event_points(rule: Row, section: Row, counted: list[Row], as_of: datetime) -> float:
    """Raw points of an event rule: by count, by sum, by recency, or decayed points for each event."""
    if "count" in rule:
        return band_points(rule["count"], len(counted))
    if "sum" in rule:
        values = [number_of(event.get(rule["sum"]["of"])) or 0.0 for event in counted]
        return band_points(rule["sum"]["bands"], sum(values))
    if "recency" in rule:
        return band_points(rule["recency"], (as_of - counted[0]["occurred_at"]) / DAY) if counted else 0.0
    decay = rule.get("decay", section.get("decay"))
    weights = [weight(decay, as_of - event["occurred_at"]) for event in counted]
    if not weights:
        return 0.0
    first, further = rule["points"], rule.get("repeat")
    return float(first * weights[0] + (first if further is None else further) * sum(weights[1:]))


def weight(decay: Any, age: timedelta) -> float:
    """The share of its points an event keeps at this age."""
    if decay is None or decay == "none":
        return 1.0
    steps: Row = decay
    if "half_life" in steps:
        return float(2 ** (-(age / duration(steps["half_life"]))))
    if "linear" in steps:
        return max(0.0, 1 - age / duration(steps["linear"]))
    whole_periods = age // duration(steps["every"])
    if "keep" in steps:
        return float(share(steps["keep"]) ** whole_periods)
    return max(0.0, 1 - share(steps["lose"]) * whole_periods)


def share(value: str | float) -> float:
    """`75%` and 0.75 are the same share."""
    return float(value.rstrip("% ")) / 100 if isinstance(value, str) else float(value)


# ------------------------------------------------------------------------------------ what the points are called


def named(model: Row, lead_id: str, facts: Row, disqualified_by: str | None, as_of: datetime) -> ScoreRow:
    """Grade, level, priority and stage that follow from the numbers (and segment) in `facts`."""
    facts = facts | {
        "grade": first_reached(model.get("grades") or {}, facts["fit"]),
        "level": first_reached(model.get("levels") or {}, facts["engagement"]),
    }
    facts["priority"] = priority_of(model, facts, as_of)
    stage = "Disqualified" if disqualified_by is not None else stage_of(model, facts, as_of)
    probability = None if disqualified_by is not None else probability_of(model, facts["score"])
    return ScoreRow(lead_id=lead_id, stage=stage, disqualified_by=disqualified_by, probability=probability, **facts)


def first_reached(thresholds: Row, value: float) -> str | None:
    """The first name, in the order of the file, whose threshold is reached; a null threshold takes the rest."""
    for name, lowest in thresholds.items():
        if lowest is None or lowest <= value:
            return str(name)
    return None


def priority_of(model: Row, facts: Row, as_of: datetime) -> str | None:
    """The first priority that holds; the usual four when the model has both grades and levels but names none."""
    priorities = model.get("priorities")
    if priorities is None and model.get("grades") and model.get("levels"):
        priorities = DEFAULT_PRIORITIES
    for priority in priorities or []:
        if holds(priority.get("when") or {}, facts, as_of):
            return str(priority["name"])
    return None


def probability_of(model: Row, score: float) -> float | None:
    """Between the nearest point below and the nearest above, in proportion; beyond the ends that of the end."""
    if not model.get("probability"):
        return None
    points = [(at, share(probability)) for at, probability in model["probability"]["points"]]
    below = [point for point in points if point[0] <= score]
    above = [point for point in points if point[0] >= score]
    (start, low), (end, high) = (below or above)[-1 if below else 0], (above or below)[0 if above else -1]
    return low if start == end else low + (high - low) * (score - start) / (end - start)


def stage_of(model: Row, facts: Row, as_of: datetime) -> str | None:
    """The last stage whose `from` and `needs` hold."""
    found = None
    for stage in model.get("stages") or []:
        if stage["from"] <= facts["score"] and holds(stage.get("needs") or {}, facts, as_of):
            found = str(stage["name"])
    return found


# --------------------------------------------------------------------------------------------------------- accounts


def account_scores(model: Row, leads: list[Row], result: OracleResult, as_of: datetime) -> dict[str, float]:
    """The score of each account: the top members rolled up, plus points for further engaged members.

    Who is disqualified counts nowhere, and the name of an account compares like any text.
    """
    accounts = model["accounts"]
    members: dict[str, list[ScoreRow]] = {}
    for lead in leads:
        key, row = lead.get(accounts["by"]), result.scores[lead["lead_id"]]
        if not is_missing(key) and row.disqualified_by is None:
            members.setdefault(plain(str(key)), []).append(row)
    return {key: account_score(model, rows, as_of) for key, rows in members.items()}


def account_score(model: Row, rows: list[ScoreRow], as_of: datetime) -> float:
    """Max, mean or sum of the top N scores, plus breadth, clamped to the scale."""
    accounts, scale = model["accounts"], model.get("scale") or {}
    rollup = accounts.get("rollup") or {}
    top = sorted((row.score for row in rows), reverse=True)[: rollup.get("top", 3)]
    rolled_up = {"max": max(top), "mean": sum(top) / len(top), "sum": sum(top)}[rollup.get("how", "mean")]
    breadth = accounts.get("breadth")
    extra = 0.0
    if breadth:
        engaged = sum(1 for row in rows if holds(breadth.get("when") or {}, vars(row), as_of))
        extra = clamped(breadth["points"] * max(0, engaged - 1), None, breadth.get("max"))
    return clamped(rolled_up + extra, scale.get("min", 0), scale.get("max", 100))

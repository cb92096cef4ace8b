"""Random scenes for property tests: a valid model of every rule kind, with leads and events that sit on its edges.

Compiling a plan takes 0.4 s, so that one example is one model with many leads and events. Values come from small pools,
which makes rules match, ties happen, and ages fall exactly on the edge of a window or a period of decay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from oracle import Row, clamped

Draw = st.DrawFn
Strategy = st.SearchStrategy

# Some traits and properties are called like columns that the plan makes for itself.
TEXT_TRAITS, NUMBER_TRAITS, NUMBER_TEXT_TRAITS = ("industry", "Ländercode"), ("employees", "segment_no"), ("size text",)
FLAG_TRAITS, INSTANT_TRAITS, ISO_TEXT_TRAITS = ("consent", "rule"), ("as_of",), ("signed_on",)
TEXT_PROPERTY, NUMBER_PROPERTY, NUMBER_TEXT_PROPERTY, FLAG_PROPERTY = "rule", "at_most", "age_us", "paid"
TRAITS = TEXT_TRAITS + NUMBER_TRAITS + NUMBER_TEXT_TRAITS + FLAG_TRAITS + INSTANT_TRAITS + ISO_TEXT_TRAITS
PROPERTIES = (TEXT_PROPERTY, NUMBER_PROPERTY, NUMBER_TEXT_PROPERTY, FLAG_PROPERTY)
EVENT_NAMES = ("visit", "Visit", "form", "päge ✓")
DURATIONS = ("1d", "30d", "36h", "2w")
SPANS = (timedelta(days=1), timedelta(days=30), timedelta(hours=36), timedelta(weeks=2))
AS_OF = ("2026-03-01T00:00:00", "2024-02-29T23:59:59.999999", "2026-03-29T01:30:00", "1999-12-31T12:00:00")
ISO_DATES = ("1999-12-01", "2024-02-29", "2026-02-28T23:59:59", "2026-03-01", "2026-03-15 06:30:00")
MISSING_TEXT = (None, "", "  ", "\t")
WORDS = ("software", "finance", "école", "日本", "o'brien", "50%", "a_b", "c:\\d", "straße", "vp of sales")
VARIANTS = (
    "Software ",
    " SOFTWARE",
    "\tFinance",
    "ÉCOLE",
    "O'Brien",
    "aXb",
    "Straße",
    "STRASSE",
    "VP  of Sales",
    "svp",
)
PATTERNS = ("^vp", "sales$", "(soft|hard)ware", "É", "a.b", "^.{0,3}$", "o+", "[^a-z ]", "^[A-F]", "c:\\\\d")
NUMBERS = (0, 1, 9.999999999, 10, 10.5, 49, 50, 501, -5, 1e12, -1e12, 0.1)
NUMBER_TEXTS = ("50", " 50 ", "5e1", "50.0", "+50", "-5", ".5", "5.", "1E12", "abc", "50 000", "0x32", "1_0")
POINTS = (
    0,
    1,
    1,
    2,
    2,
    3,
    5,
    5,
    7,
    10,
    10,
    -1,
    -3,
    -10,
    -10,
    0.5,
    -2.5,
    12.75,
    25,
    25,
    60,
    100,
    0.1,
    -0.3,
    1e12,
    -1e12,
)
SCORES = (-1e12, -50, -1, 0, 1e-9, 4.7, 10, 20.3, 20.300000001, 35, 50, 100, 1000, 1e12)
LIMITS = (-1e12, -100, -20, -10, -2.5, 0, 0.1, 5, 12, 20, 30, 50, 100, 1e12)


@dataclass(frozen=True)
class Scene:
    """Everything that a score depends on."""

    model: Row
    leads: list[Row]
    events: list[Row]
    as_of: datetime


# ------------------------------------------------------------------------------------------------------- conditions


def text_operand(name: str) -> Strategy[Row]:
    word = st.sampled_from(WORDS + VARIANTS)
    words = st.lists(word, min_size=1, max_size=3)
    entry = st.one_of(
        word,
        words,
        st.fixed_dictionaries({}, optional={"not": word, "contains": st.sampled_from(("e", "OF ", "%", "_", "\\"))}),
        words.map(lambda values: {"not_in": values}),
        st.sampled_from(("so", "VP", " É")).map(lambda part: {"starts_with": part}),
        st.sampled_from(("S", "e ", "%", "'brien")).map(lambda part: {"ends_with": part}),
        st.sampled_from(PATTERNS).map(lambda pattern: {"matches": pattern}),
        presence(),
    )
    return entry.filter(bool).map(lambda operand: {name: operand})


def number_operand(name: str) -> Strategy[Row]:
    number = st.sampled_from(NUMBERS)
    numbers = st.lists(number, min_size=1, max_size=3)
    entry = st.one_of(
        number,
        numbers,
        st.sampled_from(("50", " 1e1 ", "0.1")),
        st.sampled_from(("equals", "not", "gt", "gte", "lt", "lte")).flatmap(lambda op: number.map(lambda n: {op: n})),
        numbers.map(lambda values: {"not_in": values}),
        st.tuples(number, number).map(lambda ends: {"between": sorted(ends)}),
        st.tuples(number, number).map(lambda ends: {"gte": ends[0], "lt": ends[1]}),
        presence(),
    )
    return entry.map(lambda operand: {name: operand})


def number_text_operand(name: str) -> Strategy[Row]:
    number = st.sampled_from((50, 0.5, -5, 1e12, 5))
    ops = st.sampled_from(("equals", "not", "gt", "gte", "lt", "lte"))
    entry = st.one_of(number, ops.flatmap(lambda op: number.map(lambda n: {op: n})), presence())
    return entry.map(lambda operand: {name: operand})


def flag_operand(name: str) -> Strategy[Row]:
    flag = st.booleans()
    return st.one_of(flag, flag.map(lambda value: {"not": value}), presence()).map(lambda operand: {name: operand})


def instant_operand(name: str) -> Strategy[Row]:
    date = st.sampled_from(ISO_DATES)
    ops = st.sampled_from(("gt", "gte", "lt", "lte"))
    entry = st.one_of(
        st.sampled_from(DURATIONS).map(lambda span: {"newer_than": span}),
        st.sampled_from(DURATIONS).map(lambda span: {"older_than": span}),
        ops.flatmap(lambda op: date.map(lambda day: {op: day})),
        st.tuples(date, date).map(lambda ends: {"between": sorted(ends)}),
        presence(),
    )
    return entry.map(lambda operand: {name: operand})


def presence() -> Strategy[Row]:
    return st.sampled_from(({"is": "missing"}, {"is": "present"}))


def conditions(leaf: Strategy[Row]) -> Strategy[Row]:
    """Single entries, mappings of two, and `any`, `all`, `not` around them."""
    pair = st.tuples(leaf, leaf).map(lambda two: {**two[0], **two[1]})
    some = st.lists(leaf, min_size=1, max_size=3)
    nested = st.one_of(
        some.map(lambda parts: {"any": parts}),
        some.map(lambda parts: {"all": parts}),
        st.one_of(leaf, pair, some.map(lambda parts: {"any": parts})).map(lambda part: {"not": part}),
        st.tuples(leaf, some).map(lambda parts: {**parts[0], "not": {"all": parts[1]}}),
    )
    return st.one_of(leaf, leaf, pair, nested)


def lead_conditions() -> Strategy[Row]:
    leaves = [text_operand(name) for name in TEXT_TRAITS] + [number_operand(name) for name in NUMBER_TRAITS]
    leaves += [number_text_operand(name) for name in NUMBER_TEXT_TRAITS]
    leaves += [flag_operand(name) for name in FLAG_TRAITS]
    leaves += [instant_operand(name) for name in INSTANT_TRAITS + ISO_TEXT_TRAITS]
    return conditions(st.one_of(leaves))


def event_conditions() -> Strategy[Row]:
    leaves = [text_operand(TEXT_PROPERTY), number_operand(NUMBER_PROPERTY)]
    leaves += [number_text_operand(NUMBER_TEXT_PROPERTY), flag_operand(FLAG_PROPERTY)]
    return conditions(st.one_of(leaves))


def score_conditions(model: Row, *, with_priority: bool = False) -> Strategy[Row]:
    """Conditions over the score row; what they ask for must be something that the model gives."""
    highest = {"fit": reach(model["fit"]), "engagement": reach(model["engagement"]), "score": score_reach(model)}
    limits = [{column: {"lt": limit}} for column in highest for limit in (-10, 0.05, 4.7, 20.3)]
    limits += [
        {column: {"gte": limit}} for column, high in highest.items() for limit in (-50, 4.7, 20.3) if limit <= high
    ]
    leaves: list[Strategy[Row]] = [st.sampled_from(limits)]
    known: dict[str, list[Any]] = {
        "grade": [name.lower() for name in model.get("grades", ())],
        "level": [*model.get("levels", ()), *map(str, model.get("levels", ()))],
        "segment": [segment["name"] for segment in model.get("segments", ())],
    }
    if with_priority:
        known["priority"] = [priority["name"] for priority in model.get("priorities", ())]
    for column, names in known.items():
        leaves.append(presence_of(column))
        leaves.extend([some_of(column, names), other_than(column, names)] if names else [])
    return conditions(st.one_of(leaves))


def presence_of(column: str) -> Strategy[Row]:
    return presence().map(lambda operand: {column: operand})


def other_than(column: str, names: list[Any]) -> Strategy[Row]:
    return st.sampled_from(names).map(lambda name: {column: {"not": name}})


def some_of(column: str, names: list[Any]) -> Strategy[Row]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=2).map(lambda values: {column: values})


# ------------------------------------------------------------------------------------------------------------ rules


@st.composite
def bands(draw: Draw, cuts: tuple[float, ...]) -> list[Row]:
    """Bands between some cuts, in any order, perhaps with gaps and open ends."""
    chosen = sorted(draw(st.sets(st.sampled_from(cuts), min_size=1, max_size=3)))
    ends: list[float | None] = [None, *chosen, None]
    made: list[Row] = []
    for low, high in pairwise(ends):
        if draw(st.booleans()) or (not made and high is None):
            edges = {key: value for key, value in (("from", low), ("below", high)) if value is not None}
            made.append({**edges, "points": draw(st.sampled_from(POINTS))})
    return draw(st.permutations(made))


def optional(draw: Draw, key: str, values: Strategy[Any]) -> Row:
    """The key with a value, or, as often, no key."""
    wanted: bool = draw(st.booleans())
    return {key: draw(values)} if wanted else {}


def limits(draw: Draw, *, around_zero: bool = False) -> Row:
    """`min` and `max`, or one of them, or neither. A rule's must hold 0 between them."""
    low = draw(st.sampled_from((None, None, *LIMITS)))
    high = draw(st.sampled_from((None, None, *LIMITS)))
    if around_zero:
        low, high = (None if low is None else min(low, 0)), (None if high is None else max(high, 0))
    if low is not None and high is not None and low > high:
        low, high = high, low
    return {key: value for key, value in (("min", low), ("max", high)) if value is not None}


def decays() -> Strategy[Any]:
    span, shares = st.sampled_from(DURATIONS), st.sampled_from(("75%", 0.5, "10%", "100%", "0%"))
    return st.one_of(
        st.just("none"),
        span.map(lambda value: {"half_life": value}),
        span.map(lambda value: {"linear": value}),
        st.tuples(span, shares).map(lambda pair: {"every": pair[0], "keep": pair[1]}),
        st.tuples(span, shares).map(lambda pair: {"every": pair[0], "lose": pair[1]}),
    )


@st.composite
def fit_rules(draw: Draw) -> Row:
    points = st.sampled_from(POINTS)
    kind = draw(st.sampled_from(("when", "bands", "values")))
    if kind == "when":
        return {"when": draw(lead_conditions()), "points": draw(points)}
    missing = optional(draw, "missing", points)
    if kind == "bands":
        trait = draw(st.sampled_from(NUMBER_TRAITS + NUMBER_TEXT_TRAITS))
        return {"by": trait, "bands": draw(bands(tuple(n for n in NUMBERS if abs(n) < 1000))), **missing}
    trait, keys = draw(
        st.sampled_from(((TEXT_TRAITS[0], WORDS), (TEXT_TRAITS[1], WORDS), (NUMBER_TRAITS[0], (50, 0, 10.5))))
    )
    values = draw(st.dictionaries(st.sampled_from(keys), points, min_size=1, max_size=3))
    return {"by": trait, "values": values, **optional(draw, "other", points), **missing}


@st.composite
def event_rules(draw: Draw) -> Row:
    names = st.sampled_from(EVENT_NAMES)
    rule: Row = {"event": draw(st.one_of(names, st.lists(names, min_size=1, max_size=2), st.just("*")))}
    rule |= optional(draw, "when", event_conditions()) | optional(draw, "within", st.sampled_from(DURATIONS))
    kind = draw(st.sampled_from(("points", "points", "points", "count", "sum", "recency")))
    if kind == "count":
        return rule | {"count": draw(bands((1, 2, 3, 5)))}
    if kind == "sum":
        prop = draw(st.sampled_from((NUMBER_PROPERTY, NUMBER_TEXT_PROPERTY)))
        return rule | {"sum": {"of": prop, "bands": draw(bands((0, 1, 30, 55.5)))}}
    if kind == "recency":
        return rule | {"recency": draw(bands((1, 1.5, 14, 30)))}
    rule |= {"points": draw(st.sampled_from(POINTS))} | limits(draw, around_zero=True)
    for key, values in (("repeat", POINTS), ("at_most", (1, 2, 3)), ("at_most_per_day", (1, 2))):
        rule |= optional(draw, key, st.sampled_from(values))
    return rule | optional(draw, "decay", decays())


@st.composite
def sections(draw: Draw, rules: Strategy[Row], name: str) -> Row:
    chosen: set[str] = draw(st.sets(st.sampled_from(("Email", "Wéb", "1")), max_size=2))
    groups = {group: limits(draw) for group in sorted(chosen)}
    made: list[Row] = []
    for number, rule in enumerate(draw(st.lists(rules, min_size=2, max_size=5))):
        group = optional(draw, "group", st.sampled_from(sorted(groups))) if groups else {}
        # a name may stand in both sections, look like SQL, or be called as a group is
        made.append({"name": ("Rule", "Email", "it's", 'say "hi"', "Größe; --")[number], **rule, **group})
    section: Row = {**limits(draw), "rules": made}
    if groups:
        section["groups"] = groups
    if name == "engagement":
        section |= optional(draw, "decay", decays())
    return section


# ----------------------------------------------------------------------------------------------------------- models


def highest_points(rule: Row) -> float:
    """Points that a rule surely can give: of its newest event, or of its best band."""
    by_band = rule.get("bands") or rule.get("count") or rule.get("recency") or rule.get("sum", {}).get("bands")
    if by_band:
        return float(max(0, *(band["points"] for band in by_band)))
    if "values" in rule:
        return float(max(*rule["values"].values(), rule.get("other", 0), rule.get("missing", 0)))
    return clamped(max(0, rule["points"]), rule.get("min"), rule.get("max"))


def reach(section: Row) -> float:
    """A fit or engagement that the section surely can give, so that a threshold up to there makes sense."""
    total = sum(highest_points(rule) for rule in section["rules"] if "group" not in rule)
    for group, clamp in section.get("groups", {}).items():
        own = sum(highest_points(rule) for rule in section["rules"] if rule.get("group") == group)
        total += clamped(own, clamp.get("min"), clamp.get("max"))
    return clamped(total, section.get("min"), section.get("max"))


def score_reach(model: Row) -> float:
    scale = {"min": 0, "max": 100, **model.get("scale", {})}
    return clamped(reach(model["fit"]) + reach(model["engagement"]), scale["min"], scale["max"])


def thresholds(draw: Draw, names: tuple[Any, ...], highest: float) -> Row:
    """Falling thresholds that can be reached; the last may take all the rest."""
    levels = [value for value in (35, 20.3, 4.7, 0.05, -10) if value <= highest]
    if draw(st.integers(0, 2)) == 0:
        return {}
    made = dict(
        zip(names, sorted(draw(st.sets(st.sampled_from([*levels, -1e13]), max_size=3)), reverse=True), strict=False)
    )
    return {**made, **({names[len(made)]: None} if draw(st.booleans()) else {})}


@st.composite
def models(draw: Draw) -> Row:
    """A valid model of format 1, as YAML would give it."""
    model: Row = {"scoville": 1, "name": "Random"}
    model |= optional(draw, "scale", st.sampled_from(({"min": 0, "max": 1000}, {"min": -50, "max": 50}, {"min": 10})))
    fit, engagement = draw(sections(fit_rules(), "fit")), draw(sections(event_rules(), "engagement"))
    model |= {"fit": fit, "engagement": engagement}
    for key, names, highest in (
        ("grades", ("A", "B", "C", "D"), reach(fit)),
        ("levels", (1, 2, 3, 4), reach(engagement)),
    ):
        made = thresholds(draw, names, highest)
        if made:
            model[key] = made
    for key, reasons in (("qualify", ("Q1", "Q'2")), ("disqualify", ("D1", "D 2"))):
        if draw(st.integers(0, 3)) == 0:
            some = reasons[: draw(st.integers(1, 2))]
            model[key] = [{"name": name, "when": draw(lead_conditions())} for name in some]
    if draw(st.integers(0, 2)) == 0:
        model["segments"] = draw(segments())
    if draw(st.booleans()):
        model["priorities"] = draw(priorities(model))
    if draw(st.booleans()):
        model["stages"] = draw(stages(model))
    if draw(st.booleans()):
        model["probability"] = draw(probabilities())
    return model


@st.composite
def probabilities(draw: Draw) -> Row:
    """Points on and between the scores that models give, some a hair apart; flat stretches and sheer steps."""
    scores = sorted(draw(st.sets(st.sampled_from(SCORES), min_size=1, max_size=6)))
    size = len(scores)
    shares = sorted(draw(st.lists(st.sampled_from((0, 0.004, 0.02, 0.31, 0.31, 1)), min_size=size, max_size=size)))
    written = [draw(st.sampled_from((share, f"{share:.1%}"))) for share in shares]
    points = [list(point) for point in zip(scores, written, strict=True)]
    return {"points": points, **optional(draw, "horizon", st.sampled_from(DURATIONS))}


@st.composite
def priorities(draw: Draw, model: Row) -> list[Row]:
    made = [
        {"name": name, "when": draw(score_conditions(model))} for name in ("hot", "warm")[: draw(st.integers(0, 2))]
    ]
    return [*made, {"name": "cold"}] if draw(st.booleans()) or not made else made


@st.composite
def stages(draw: Draw, model: Row) -> list[Row]:
    highest = score_reach(model)
    lines = [line for line in (-50, 0, 4.7, 20.3, 41) if line <= highest] or [-50]
    starts = sorted(draw(st.lists(st.sampled_from(lines), min_size=1, max_size=3)))
    needs = score_conditions(model, with_priority=True)
    return [
        {"name": name, "from": start, **optional(draw, "needs", needs)}
        for name, start in zip(("Lead", "MQL", "SQL"), starts, strict=False)
    ]


@st.composite
def segments(draw: Draw) -> list[Row]:
    made: list[Row] = []
    for name in ("Seg 1", "Seg 2")[: draw(st.integers(1, 2))]:
        which = draw(st.sampled_from((("fit",), ("engagement",), ("fit", "engagement"))))
        kinds = {"fit": fit_rules(), "engagement": event_rules()}
        replaced = {key: draw(sections(kinds[key], key)) for key in which}
        when = draw(lead_conditions())
        if all(when != earlier["when"] for earlier in made):  # nobody could be in the second of two alike
            made.append({"name": name, "when": when, **replaced})
    return made


# ------------------------------------------------------------------------------------------------------------- data


def ages() -> Strategy[timedelta]:
    """Ages on every edge (windows, periods, as_of itself) and a microsecond beside it; some in the future."""
    edges = st.tuples(st.integers(0, 3), st.sampled_from(SPANS), st.integers(-1, 1)).map(
        lambda parts: parts[0] * parts[1] + timedelta(microseconds=parts[2])
    )
    anywhere = st.integers(0, 120 * 86_400 * 10**6).map(lambda us: timedelta(microseconds=us))
    future = st.sampled_from((-timedelta(microseconds=1), -timedelta(days=1), -timedelta(days=400)))
    return st.one_of(edges, edges, anywhere, future)


def often(values: tuple[Any, ...], *missing: object) -> Strategy[Any]:
    return st.sampled_from((*values, *missing))


@st.composite
def tables(draw: Draw, as_of: datetime) -> tuple[list[Row], list[Row]]:
    """Leads and their events, among them events of nobody, ties in time, and rows that are the same in everything."""
    instant = st.one_of(st.none(), ages().map(lambda age: as_of - age))
    traits = st.fixed_dictionaries(
        {
            **{name: often(WORDS + VARIANTS, *MISSING_TEXT) for name in TEXT_TRAITS},
            **{name: often(NUMBERS, None, math.nan) for name in NUMBER_TRAITS},
            **{name: often(NUMBER_TEXTS, *MISSING_TEXT) for name in NUMBER_TEXT_TRAITS},
            **{name: often((True, False), None) for name in FLAG_TRAITS},
            **dict.fromkeys(INSTANT_TRAITS, instant),
            **{name: often(ISO_DATES, *MISSING_TEXT) for name in ISO_TEXT_TRAITS},
        }
    )
    size = draw(st.sampled_from((0, 1, 25, 25, 25)))
    leads = draw(st.lists(traits, min_size=size, max_size=2 * size))
    ids = [("l", "L", "ü ")[number % 3] + str(number) for number in range(len(leads))]
    event = st.fixed_dictionaries(
        {
            "lead_id": st.sampled_from((*ids, "nobody")),
            "event": st.sampled_from(EVENT_NAMES),
            "occurred_at": ages().map(lambda age: as_of - age),
            TEXT_PROPERTY: often(WORDS + VARIANTS, *MISSING_TEXT),
            NUMBER_PROPERTY: often((0, 1, 10.5, 29.75, 50, -5), None),
            NUMBER_TEXT_PROPERTY: often(NUMBER_TEXTS, *MISSING_TEXT),
            FLAG_PROPERTY: often((True, False), None),
        }
    )
    size = draw(st.sampled_from((0, 60, 60, 60)))
    events = draw(st.lists(event, min_size=size, max_size=3 * size))
    return [{"lead_id": name, **row} for name, row in zip(ids, leads, strict=True)], events


@st.composite
def scenes(draw: Draw) -> Scene:
    """A model, its data, and an instant to score at."""
    as_of = datetime.fromisoformat(draw(st.sampled_from(AS_OF)))
    model = draw(models())
    leads, events = draw(tables(as_of))
    return Scene(model, leads, events, as_of)

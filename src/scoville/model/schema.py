"""The parts of a model file, format 1, as frozen classes.

In: plain values. Out: `Content`, or pydantic's errors, which `load.py` translates to file, line and column. Each
class is one thing a person writes; field descriptions are the reference (docs/reference/model-format.md) and the
hints of an editor (JSON Schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
    StringConstraints,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from scoville.model.conditions import (
    DURATION_PATTERN,
    Condition,
    ConditionError,
    as_number,
    format_duration,
    parse_condition,
    parse_duration,
    to_data,
)

HUGE = 1e15  # points beyond this lose whole units in a float
SHARE = r"^\s*(100(\.0*)?|[0-9]{1,2}(\.[0-9]*)?)%\s*$"


class Part(BaseModel):
    """Anything written in a model: frozen, and nothing unknown is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _condition(data: object) -> Condition:
    try:
        return parse_condition(data)
    except ConditionError as error:
        details = [
            InitErrorDetails(type=PydanticCustomError("condition", "{said}", {"said": said}), loc=where, input=data)
            for where, said in error.problems
        ]
        raise ValidationError.from_exception_data("condition", details) from None


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        message = "a number is needed here, not true or false"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError
    return value


def _fraction(value: object) -> object:
    if isinstance(value, str) and re.match(SHARE, value):
        return float(value.strip().removesuffix("%")) / 100
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    message = f"a share is needed here, from 0% to 100% (or 0 to 1), not {value!r}; write 75% or 0.75"
    raise ValueError(message)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short_number(value: float) -> Any:  # noqa: ANN401 - an annotated float would be written as 50.0
    return int(value) if value.is_integer() else value


def _short_numbers(value: Mapping[str, float | None]) -> Any:  # noqa: ANN401 - as above
    return {key: None if number is None else _short_number(number) for key, number in value.items()}


def _frozen_mapping(value: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(value)


When = Annotated[
    Condition,
    PlainValidator(_condition),
    PlainSerializer(to_data),
    WithJsonSchema({"x-condition": True}),
]
Number = Annotated[float, Strict(), BeforeValidator(_no_bool), Field(ge=-HUGE, le=HUGE), PlainSerializer(_short_number)]
Share = Annotated[
    float,
    BeforeValidator(_fraction),
    Field(ge=0, le=1),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": SHARE}]}),
]
Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30d", "12h", "2w"]}),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Count = Annotated[int, Strict(), BeforeValidator(_whole), BeforeValidator(_no_bool), Field(ge=1, le=1_000_000)]


class Scale(Part):
    """The range of the score: it is clamped to it."""

    min: Number = Field(0, description="The lowest score; a disqualified lead has it.")
    max: Number = Field(100, description="The highest score.")


class Band(Part):
    """Points for a value in a range: `from` is included, `below` is not."""

    from_: Number | None = Field(
        None, alias="from", description="Lowest value of the band, included; none: from below."
    )
    below: Number | None = Field(None, description="The band ends just below this value; none: without end.")
    points: Number = Field(description="Points for a value in the band.")


class Clamp(Part):
    """Limits for a sum of points; what they take away is shown as its own contribution."""

    min: Number | None = Field(None, description="The sum is at least this.")
    max: Number | None = Field(None, description="The sum is at most this.")


class HalfLife(Part):
    """Points halve every `half_life`: 2^(-age / half_life)."""

    half_life: Duration = Field(description="Age at which half of the points are left.")


class Linear(Part):
    """Points fall in a straight line and are gone after `linear`: max(0, 1 - age / linear)."""

    linear: Duration = Field(description="Age at which nothing is left.")


class Keep(Part):
    """After each full period a share of what was left remains, compounding: keep^floor(age / every)."""

    every: Duration = Field(description="Length of a period.")
    keep: Share = Field(description="Share that remains after each period, such as 75%.")


class Lose(Part):
    """After each full period a share of the original is gone: max(0, 1 - lose * floor(age / every))."""

    every: Duration = Field(description="Length of a period.")
    lose: Share = Field(description="Share of the original points lost in each period, such as 10%.")


# key that tells the kind: (tag of the union, class). Tags stand in angle brackets, so that messages can leave them out
_Kinds = Mapping[str, tuple[str, type[Part]]]
_DECAYS: _Kinds = {
    "half_life": ("<half-life>", HalfLife), "linear": ("<linear>", Linear),
    "keep": ("<keep>", Keep), "lose": ("<lose>", Lose),
}  # fmt: skip


def _kind(value: object, kinds: _Kinds) -> str | None:
    if isinstance(value, Part):
        return next((tag for tag, part in kinds.values() if isinstance(value, part)), None)
    return next((tag for key, (tag, _) in kinds.items() if isinstance(value, Mapping) and key in value), None)


def _decay_kind(value: object) -> str | None:
    return "<none>" if value == "none" else _kind(value, _DECAYS)


Decay = Annotated[
    Annotated[HalfLife, Tag("<half-life>")]
    | Annotated[Linear, Tag("<linear>")]
    | Annotated[Keep, Tag("<keep>")]
    | Annotated[Lose, Tag("<lose>")]
    | Annotated[Literal["none"], Tag("<none>")],
    Discriminator(
        _decay_kind,
        custom_error_type="decay",
        custom_error_message="a decay is `none`, {half_life: 30d}, {linear: 60d}, "
        "{every: 30d, keep: 75%} or {every: 30d, lose: 10%}",
    ),
]


class TraitRule(Part):
    """Points when a condition over the traits holds."""

    name: Name = Field(description="What a person would call it; shown as the reason.")
    when: When = Field(description="Condition over traits.")
    points: Number = Field(description="Points when it holds.")
    group: Name | None = Field(None, description="Group whose sum is clamped with others.")


class BandRule(Part):
    """Points by the range a number falls in: the first band that holds, else 0."""

    name: Name = Field(description="What a person would call it; shown as the reason.")
    by: Name = Field(description="The trait.")
    bands: tuple[Band, ...] = Field(min_length=1, description="Ranges with their points; they may not overlap.")
    missing: Number = Field(0, description="Points when the trait is missing.")
    group: Name | None = Field(None, description="Group whose sum is clamped with others.")


def _values(value: object) -> object:
    if isinstance(value, Mapping):
        seen: dict[str, object] = {}
        for key in value:
            if key is None or not str(key).strip():
                message = "an empty value is a missing one; use `missing:`"
                raise ValueError(message)
            text = _key(key).strip().lower()
            if text in seen:
                message = (
                    f"'{key}' and '{seen[text]}' are the same value (text compares ignoring case and outer blanks)"
                )
                raise ValueError(message)
            seen[text] = key
        return {_key(key): points for key, points in value.items()}
    return value


def _key(key: object) -> str:
    """A key of `values` as text: 5 and 5.0 are `5`, true is `true`."""
    if isinstance(key, bool):
        return str(key).lower()
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)


def as_written(key: str) -> str | float:
    """A key of `values` as the value it means: a number written plainly is one, so that `5` meets `5.0` in text.

    Example: `5` -> 5.0, `software` -> `software`, and `007` -> `007`, which is a code.
    """
    number = as_number(key)
    return number if number is not None and _key(number) == key else key


class ValueRule(Part):
    """Points by the value of a trait."""

    name: Name = Field(description="What a person would call it; shown as the reason.")
    by: Name = Field(description="The trait.")
    values: Annotated[
        dict[str, Number], BeforeValidator(_values), AfterValidator(_frozen_mapping), PlainSerializer(_short_numbers)
    ] = Field(min_length=1, description="Value: points. Text compares ignoring case and outer blanks.")
    other: Number = Field(0, description="Points for any other value.")
    missing: Number = Field(0, description="Points when the trait is missing.")
    group: Name | None = Field(None, description="Group whose sum is clamped with others.")


def _events(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _short_events(value: tuple[str, ...]) -> Any:  # noqa: ANN401 - pydantic would hold the result to the annotation
    return value[0] if len(value) == 1 else list(value)


Events = Annotated[
    tuple[Name, ...],
    BeforeValidator(_events),
    Field(min_length=1, description='A name, a list of names, or "*" for every event.'),
    PlainSerializer(_short_events),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]


class _EventRule(Part):
    name: Name = Field(description="What a person would call it; shown as the reason.")
    event: Events
    when: When | None = Field(None, description="Condition over the properties of the event.")
    within: Duration | None = Field(None, description="Only events younger than this count.")
    group: Name | None = Field(None, description="Group whose sum is clamped with others.")


class PointsRule(_EventRule):
    """Points for each matching event: the newest gives `points`, each further one `repeat`, each faded by its age."""

    points: Number = Field(description="Points for the newest matching event.")
    repeat: Number | None = Field(None, description="Points for each further one; default: the same as `points`.")
    at_most: Count | None = Field(None, description="Only the newest N events count.")
    at_most_per_day: Count | None = Field(None, description="Only the newest N of each UTC day count; applied first.")
    max: Number | None = Field(None, description="The rule gives at most this.")
    min: Number | None = Field(None, description="The rule gives at least this (for negative points).")
    decay: Decay | None = Field(None, description="How points fade; default: that of the section.")


class CountRule(_EventRule):
    """Points by how many events matched in the window; no event is a count of 0."""

    count: tuple[Band, ...] = Field(min_length=1, description="Ranges of the count with their points.")


class Sum(Part):
    """A property to add up, and points by its total."""

    of: Name = Field(description="The property; a missing one counts 0.")
    bands: tuple[Band, ...] = Field(min_length=1, description="Ranges of the sum with their points.")


class SumRule(_EventRule):
    """Points by the total of a property over the matching events; no event is a sum of 0."""

    sum: Sum = Field(description="What to add up, and the points.")


class RecencyRule(_EventRule):
    """Points by the days since the newest matching event; no event gives 0."""

    recency: tuple[Band, ...] = Field(min_length=1, description="Ranges of days with their points.")


FitRule = TraitRule | BandRule | ValueRule
EngagementRule = PointsRule | CountRule | SumRule | RecencyRule
Rule = FitRule | EngagementRule

_FIT_KINDS: _Kinds = {
    "bands": ("<banded>", BandRule), "values": ("<by value>", ValueRule), "when": ("<condition>", TraitRule),
}  # fmt: skip
_EVENT_KINDS: _Kinds = {
    "count": ("<count>", CountRule), "sum": ("<sum>", SumRule), "recency": ("<recency>", RecencyRule),
    "points": ("<points>", PointsRule), "event": ("<points>", PointsRule),
}  # fmt: skip


TAGGED: Mapping[str, type[Part]] = dict([*_DECAYS.values(), *_FIT_KINDS.values(), *_EVENT_KINDS.values()])


def _fit_kind(value: object) -> str | None:
    return _kind(value, _FIT_KINDS)


def _event_kind(value: object) -> str | None:
    return _kind(value, _EVENT_KINDS)


AnyFitRule = Annotated[
    Annotated[TraitRule, Tag("<condition>")]
    | Annotated[BandRule, Tag("<banded>")]
    | Annotated[ValueRule, Tag("<by value>")],
    Discriminator(
        _fit_kind,
        custom_error_type="rule",
        custom_error_message="a rule of `fit` needs `when` and `points`, or `by` and `bands`, or `by` and `values` "
        "(rules about events stand in `engagement`)",
    ),
]
AnyEventRule = Annotated[
    Annotated[PointsRule, Tag("<points>")]
    | Annotated[CountRule, Tag("<count>")]
    | Annotated[SumRule, Tag("<sum>")]
    | Annotated[RecencyRule, Tag("<recency>")],
    Discriminator(
        _event_kind,
        custom_error_type="rule",
        custom_error_message="a rule of `engagement` needs `event`, and one of `points`, `count`, `sum` or `recency` "
        "(rules about traits stand in `fit`)",
    ),
]
Groups = Annotated[
    dict[Name, Clamp],
    AfterValidator(_frozen_mapping),
    PlainSerializer(dict),
    Field(description="Clamp of the sum of the rules of each group."),
]


def _no_groups() -> Any:  # noqa: ANN401 - frozen, where pydantic expects a dict
    return MappingProxyType({})


class _Section(Part):
    max: Number | None = Field(None, description="The section gives at most this.")
    min: Number | None = Field(None, description="The section gives at least this.")
    groups: Groups = Field(default_factory=_no_groups)


class Fit(_Section):
    """Who they are: rules over traits."""

    rules: tuple[AnyFitRule, ...] = Field((), description="The rules.")


class Engagement(_Section):
    """What they did: rules over events."""

    decay: Decay = Field("none", description="How points of its rules fade, unless a rule says otherwise.")
    rules: tuple[AnyEventRule, ...] = Field((), description="The rules.")


class Qualification(Part):
    """Something that must hold (`qualify`) or must not (`disqualify`)."""

    name: Name = Field(description="Said when it excludes a lead.")
    when: When = Field(description="Condition over traits.")


class Priority(Part):
    """A word for what to do with the lead; the first that holds."""

    name: Name = Field(description="The word.")
    when: When | None = Field(None, description="Condition over the score row; none: always.")


class Stage(Part):
    """A step of the funnel: the last one whose `from` and `needs` hold."""

    name: Name = Field(description="The stage.")
    from_: Number = Field(alias="from", description="Lowest score of the stage.")
    needs: When | None = Field(None, description="Further condition over the score row.")


class Segment(Part):
    """Leads that are scored differently: the first that holds replaces the sections it names."""

    name: Name = Field(description="The segment.")
    when: When = Field(description="Condition over traits.")
    fit: Fit | None = Field(None, description="Replaces `fit`.")
    engagement: Engagement | None = Field(None, description="Replaces `engagement`.")


class Rollup(Part):
    """How the scores of an account's people make one."""

    top: Count = Field(3, description="How many of the best people count.")
    how: Literal["max", "mean", "sum"] = Field("mean", description="max, mean or sum of the top N.")


class Breadth(Part):
    """Points for every further engaged person."""

    points: Number = Field(description="For each person beyond the first.")
    when: When = Field(description="Condition over the score row that makes a person count.")
    max: Number | None = Field(None, description="At most this in all.")


class Accounts(Part):
    """Scores for companies, from the scores of their people."""

    by: Name = Field("company_domain", description="The trait that names the account.")
    rollup: Rollup = Field(Rollup(), description="How the scores of an account's people make one.")
    breadth: Breadth | None = Field(None, description="Points for every further engaged person.")


def _thresholds(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    return value


def _pair(value: object) -> object:
    if isinstance(value, (list, tuple)) and len(value) == 2:  # noqa: PLR2004 - a pair
        return value
    message = "a point is a score and its probability, such as [70, 0.31] or [70, 31%]"
    raise ValueError(message)


class Probability(Part):
    """What share of leads with a score convert: straight lines between points, flat beyond the first and the last."""

    points: Annotated[
        tuple[Annotated[tuple[Number, Share], BeforeValidator(_pair)], ...], Field(min_length=1, max_length=50)
    ] = Field(description="[score, probability] pairs: scores rise, probabilities never fall.")
    horizon: Duration | None = Field(None, description="Within which time such leads convert; said, not computed with.")
    outcome: Name | None = Field(None, description="What they convert to, such as `won`; said, not computed with.")
    score_version: Name | None = Field(
        None, description="Hash of the rules with which it was measured: `scoville check` says when they have changed."
    )


Thresholds = Annotated[
    dict[Name, Number | None],
    BeforeValidator(_thresholds),
    AfterValidator(_frozen_mapping),
    PlainSerializer(_short_numbers),
    Field(min_length=1),
]


class Content(Part):
    """Everything a model file says, as written. `load.Model` is one that also makes sense as a whole."""

    scoville: Annotated[Literal[1], BeforeValidator(_no_bool)] = Field(description="Version of the format.")
    name: Name = Field(description="Name of the model.")
    description: str = Field("", description="What it is for, who owns it, when it was last reviewed.")
    scale: Scale = Scale(min=0, max=100)
    qualify: tuple[Qualification, ...] = Field((), description="All must hold, else the lead is disqualified.")
    disqualify: tuple[Qualification, ...] = Field((), description="Any that holds disqualifies the lead.")
    fit: Fit = Field(default_factory=Fit)
    engagement: Engagement = Field(default_factory=Engagement)
    grades: Thresholds | None = Field(None, description="Letter: lowest fit; null for everything below.")
    levels: Thresholds | None = Field(None, description="Number: lowest engagement; null for everything below.")
    priorities: tuple[Priority, ...] | None = Field(
        None, description="The first that holds. Default: hot, nurture, engaged, cold from grades and levels."
    )
    stages: tuple[Stage, ...] = Field((), description="From the lowest to the highest.")
    segments: tuple[Segment, ...] = Field((), description="The first that holds replaces the sections it names.")
    probability: Probability | None = Field(
        None, description="Score: probability of converting, measured by `scoville validate`."
    )
    accounts: Accounts | None = Field(None, description="Scores for companies.")

"""A learned card as the text of a model file: short, in order, and beside each rule what speaks for it.

In: the content of a model, the evidence of its rules, and lines for its head. Out: YAML. Pure: the same card gives the
same text, byte for byte.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.starter.factors import comment, quoted
from scoville.words import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scoville.learn.written.earned import Earned, Group, Line

_START_SAYS = "What everybody has, so that what is taken away below leaves nobody under 0."
_COLUMN = 52  # where comments at the end of a line begin
_DURATION = re.compile(r"[1-9][0-9]*(?:\.[0-9]+)?[dhw]")
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_SECTIONS = (
    ("fit", "Who they are. Facts do not fade."),
    ("engagement", "What they did. Points that fade are halved after each half-life."),
)
_EMPTY = "Left empty: nothing of the kind was known, or none of it told leads apart."
_LINES = ("grades", "levels", "priorities", "stages")


def model_text(
    content: Mapping[str, Any],
    evidence: Mapping[str, Earned],
    *,
    head: Sequence[str],
    grades_say: str = "",
    stages_say: str = "",
    probability_says: str = "",
) -> str:
    """The text of a model file. `head` has a paragraph each; `evidence` is by the name of the rule.

    `grades_say`, `stages_say` and `probability_says` become comments above grades (or levels), stages and probability.
    """
    lines = [line for place, text in enumerate(head) for line in ((["#"] if place else []) + comment(text))]
    lines += ["", "scoville: 1", f"name: {quoted(content['name'])}", f"scale: {flow(content['scale'])}"]
    for key, title in _SECTIONS:
        if not content.get(key, {}).get("rules"):
            lines += ["", *comment(_EMPTY), f"{key}: {{rules: []}}"]
            continue
        clamp = [f"  max: {flow(content[key]['max'])}"] if "max" in content[key] else []
        lines += ["", *comment(title), f"{key}:", *clamp, "  rules:", *_rules(content[key]["rules"], evidence)]
    said = {"grades": grades_say, "levels": "" if "grades" in content else grades_say, "stages": stages_say}
    for key in _LINES:
        if key in content:
            lines += ["", *comment(said[key])] if said.get(key) else []
            lines += _plain_part(key, content[key])
    if "probability" in content:
        lines += ["", *(comment(probability_says) if probability_says else []), "probability:"]
        lines += _probability(content["probability"])
    return "\n".join([*lines, ""])


def _rules(rules: Iterable[Mapping[str, Any]], evidence: Mapping[str, Earned]) -> Iterator[str]:
    for place, rule in enumerate(rules):
        if place:
            yield ""
        found = evidence.get(rule["name"])
        yield from comment(_said_of(found) if found is not None else _START_SAYS, 4)
        first, *others = list(_keys(rule, found))
        yield f"    - {first}"
        yield from (f"      {line}" for line in others)


def _keys(rule: Mapping[str, Any], found: Earned | None) -> Iterator[str]:
    by_key = {line.key: line for line in found.lines} if found is not None else {}
    for key, value in rule.items():
        if key in {"bands", "count", "recency"}:
            yield f"{key}:"
            yield from _bands(value, by_key, "  ")
        elif key == "sum":
            yield "sum:"
            yield f"  of: {quoted(value['of'])}"
            yield "  bands:"
            yield from _bands(value["bands"], by_key, "    ")
        elif key == "values":
            yield "values:"
            yield from (_beside(f"  {_key(name)}: {flow(points)}", by_key.get(name)) for name, points in value.items())
        elif key in {"other", "missing"}:
            yield _beside(f"{key}: {flow(value)}", by_key.get(key))
        else:
            yield f"{key}: {flow(value)}"


def _bands(bands: Iterable[Mapping[str, Any]], by_key: Mapping[Any, Line], indent: str) -> Iterator[str]:
    for band in bands:
        yield _beside(f"{indent}- {flow(band)}", by_key.get((band.get("from"), band.get("below"))))


def _beside(text: str, line: Line | None) -> str:
    """A line with who is in it, and what became of them."""
    if line is None or line.group.rate is None:
        return text
    return f"{text:<{_COLUMN}}  # {share(line.group.share)} of leads, {rate_of(line.group)} converted"


def rate_of(group: Group) -> str:
    """`5.2% (4.8 to 5.6)`, or a dash where there is nobody."""
    if group.rate is None or group.low is None or group.high is None:
        return "-"
    decimals = 1 if group.high < 0.1 else 0  # noqa: PLR2004 - a tenth of a percent means something below ten
    low, high = (f"{100 * end:.{decimals}f}" for end in (group.low, group.high))
    return f"{100 * group.rate:.{decimals}f}% ({low} to {high})"


def _said_of(found: Earned) -> str:
    """Coverage, and the rate of those with and without, where it was learned and later."""
    if not (found.with_points.rows and found.without.rows):
        return "All leads alike here."
    said = f"{share(found.with_points.share)} of leads get points from it: {rate_of(found.with_points)} of them"
    said += f" converted, {rate_of(found.without)} of the others"
    if found.later_with.rate is not None and found.later_without.rate is not None:
        said += f"; later, held out: {rate_of(found.later_with)} against {rate_of(found.later_without)}"
    return ". ".join([said, *_remarks(found)]) + "."


def _remarks(found: Earned) -> Iterator[str]:
    if found.half_life is not None:
        low, high = found.half_life
        yield f"Half-life: {low:.0f} to {high:.0f} days, with 95% confidence"
    if found.opposed:
        yield "The points go against these rates: other rules count most of it already, and this puts it right"


def _plain_part(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - plain values
    if isinstance(value, dict):
        yield f"{key}: {flow(value)}"
    else:
        yield f"{key}:"
        yield from (f"  - {flow(one)}" for one in value)


def _probability(block: Mapping[str, Any]) -> Iterator[str]:
    for key, value in block.items():
        if key == "points":
            yield "  points:"
            yield from (f"    - {flow(list(point))}" for point in value)
        else:
            yield f"  {key}: {flow(value)}"


def flow(value: object) -> str:
    """A plain value on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return _number(value)
    return str(value) if _DURATION.fullmatch(str(value)) else quoted(str(value))


def _key(key: object) -> str:
    """A level is written as the number it is."""
    return str(key) if _WHOLE.fullmatch(str(key)) else flow(key)


def _number(value: float) -> str:
    """All digits that it needs to be read back as it was, and no exponent."""
    return str(np.format_float_positional(float(value), trim="-"))

"""An explanation as plain lines of text, for a terminal or an email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scoville.explain.facts import Contribution, Facts, Future

_SHOWN = 0.05  # half of the last digit shown
_NOISE = 1e-9  # what sums of floats leave behind: a cap that takes less takes nothing


def text_lines(explanation: Facts) -> list[str]:
    """What `scoville explain` prints, line by line, without colour."""
    return [
        *_head(explanation),
        *_part("Where the points come from (points, running total)", _points(explanation)),
        *_part("If nothing happens", outlook_lines(explanation)),
        *_part(ways_title(explanation), ways_lines(explanation)),
        *_part("Not known yet", (each.sentence for each in explanation.next_stage.unknown)),
    ]


def headline(explanation: Facts) -> str:
    """`score 83 · SQL · hot · grade and level A1 · rank 21 of 2,000`."""
    grade, level = explanation.grade, explanation.level
    named = " and ".join(name for name, value in (("grade", grade), ("level", level)) if value)
    said = [explanation.stage, explanation.priority, named and f"{named} {grade or ''}{level or ''}"]
    rank = f"rank {explanation.rank:,} of {explanation.leads:,}"
    return f"score {words.number(explanation.score)} · " + " · ".join([part for part in said if part] + [rank])


def context(explanation: Facts) -> str:
    """`B2B SaaS, version 8caeb81f0306, as of 1 January 2026`."""
    segment = f", segment {explanation.segment}" if explanation.segment else ""
    when = words.moment_of(explanation.as_of)
    return f"{explanation.model}, version {explanation.model_version}{segment}, as of {when}"


def total_line(explanation: Facts) -> str:
    """`fit 41 + engagement 68.4 - 9.4 (cap: scale) = score 100`: how the sections make the score, exactly."""
    beside = [item for item in explanation.contributions if item.section == "score" and abs(item.points) > _NOISE]
    signs = ["-" if item.points < 0 else "+" for item in beside]
    more = "".join(f" {sign} {words.number(abs(i.points))} ({i.rule})" for sign, i in zip(signs, beside, strict=True))
    parts = f"fit {words.number(explanation.fit)} + engagement {words.number(explanation.engagement)}"
    return f"{parts}{more} = score {words.number(explanation.score)}"


def rounding_line(explanation: Facts) -> str | None:
    """Said when the numbers as shown do not add up to the last tenth, so that nobody looks for a lost point."""
    shown = sum(words.rounded(item.points) for item in explanation.contributions)
    if abs(shown - words.rounded(explanation.score)) < _SHOWN:
        return None
    return "each number is rounded by itself; before rounding they add up exactly"


def shown_contributions(explanation: Facts) -> list[Contribution]:
    """All but rules that give nothing and never would have: an event in no band."""
    return [item for item in explanation.contributions if abs(item.points) > _NOISE or item.fresh_points]


def outlook_lines(explanation: Facts) -> list[str]:
    """`in 7 days: 76.1, SQL`, and when the stage changes by itself."""
    futures = [_future(future) for future in explanation.outlook.futures]
    is_staged = explanation.stage is not None or explanation.outlook.leaves is not None
    return [*futures, _stays(explanation)] if is_staged else futures


def ways_lines(explanation: Facts) -> list[str]:
    """The ways to the next stage, or why there is none."""
    coming = explanation.next_stage
    return [*(way.sentence for way in coming.ways), *([coming.why_not] if coming.why_not else [])]


def ways_title(explanation: Facts) -> str:
    """`The shortest way to SQL`."""
    name = explanation.next_stage.name
    return f"The shortest way to {name}" if name else "The next stage"


def _stays(explanation: Facts) -> str:
    """`SQL until 12 January 2026, then MQL (in 12 days)`."""
    leaves, stage = explanation.outlook.leaves, explanation.stage or "no stage"
    if leaves is None:
        return f"stays {stage} for at least {explanation.outlook.horizon_days} days"
    day = words.counted(leaves.days, "day")
    return f"{stage} until {words.day(leaves.as_of)}, then {leaves.stage or 'no stage'} (in {day})"


def _future(future: Future) -> str:
    stage = f", {future.stage}" if future.stage else ""
    return f"in {words.counted(future.days, 'day')}: {words.number(future.score)}{stage}"


def _head(explanation: Facts) -> Iterator[str]:
    yield f"{explanation.lead_id} · {headline(explanation)}"
    yield context(explanation)
    if explanation.probability_sentence:
        yield explanation.probability_sentence
    if explanation.asked_for != explanation.lead_id:
        yield f"{explanation.asked_for} was merged into {explanation.lead_id}: both are the same person"


def _points(explanation: Facts) -> Iterator[str]:
    for item in shown_contributions(explanation):
        yield f"{words.signed(item.points):>7}  {words.number(item.running_total):>7}  {item.sentence}"
    yield total_line(explanation)
    if rounding := rounding_line(explanation):
        yield rounding


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A title with its lines below it; nothing when there are none."""
    indented = [f"  {line}" for line in lines]
    if indented:
        yield from ("", title, *indented)

"""What re-tuning comes to, in words: the verdict, what to do next, an answer for each section.

In: a `Retuned`. Out: short sentences, and changes by kind. Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.evidence.told.answers import Answer
from scoville.evidence.told.numbers import change, decimal, decimals
from scoville.evidence.told.sentences import Headline, Step, sentence
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.learn.retuning.retune import Retuned
    from scoville.learn.retuning.tuned import Tuned

_KINDS = {
    "points": "Points", "half-life": "Half-lives, in days", "stage": "Where stages begin",
    "line": "Where grades and levels begin",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """Changed values of one kind; `ends` are those of the line that they are drawn on."""

    title: str
    values: tuple[Tuned, ...]
    ends: tuple[float, float]


def headline(found: Retuned) -> Headline:
    """Take the new points, or keep the old?"""
    gain = _gain(found)
    if found.better:
        return Headline("good", "Take the new points", gain)
    if found.changes:
        return Headline("weak", "Keep the old points", f"{sentence(found.advice.partition(': ')[2])} {gain}")
    if found.values:
        return Headline("good", "The points still hold", f"{sentence(found.why_not or '')} Keep the model as it is.")
    return Headline("unknown", "Cannot tell", sentence(found.why_not or found.advice))


def which(found: Retuned) -> str:
    """What the held-out leads are."""
    return "later leads" if found.held_out_from is not None else "other leads"


def _gain(found: Retuned) -> str:
    gain = found.gain
    if gain is None or gain.auc_a is None or gain.difference is None:
        return "How the two compare cannot be told."
    between = f" ({decimals(gain.low, gain.high)})" if gain.low is not None else ""
    return (
        f"On {which(found)} the AUC is {decimal(gain.auc_a)} with the new points instead of {decimal(gain.auc_b)}: "
        f"{change(gain.difference)}{between}."
    )


def next_steps(found: Retuned) -> tuple[Step, ...]:
    """What to do, the most pressing first."""
    return tuple(_steps(found))


def _steps(found: Retuned) -> Iterator[Step]:
    if found.better:
        yield Step("Look at what changes with sales", "Numbers that a team knows by heart have changed.")
        yield Step(
            "See whose score moves", "Both models on the same leads:", "scoville compare old.yaml new.yaml --leads ..."
        )
    elif found.changes:
        yield Step("Leave the model as it is", "A changed number has a price of its own; --anyway writes the new ones.")
    elif found.values:
        yield Step("Leave the model as it is", "Ask again when more leads have converted.")
    else:
        yield Step("Learn a new model instead, or wait for more outcomes", "Without a measure no number can be judged:",
                   "scoville learn --leads ... --events ... --outcomes ...")  # fmt: skip
    if found.drop:
        yield Step("Think about the rules that may go", "They are named below; none is taken out for you.")
    if found.further is not None:
        yield Step("Think about the rules that may come", "They are below as YAML; none is put in for you.")


def of_gain(found: Retuned) -> Answer:
    """Is it better?"""
    gain = found.gain
    if gain is None or gain.low is None or gain.high is None:
        return Answer("unknown", "Cannot tell", _gain(found))
    if found.better:
        return Answer("good", "Yes", _gain(found))
    return Answer("bad", "No, worse", _gain(found)) if gain.high < 0 else Answer("unknown", "Not shown", _gain(found))


def of_changes(found: Retuned) -> Answer:
    """What changes?"""
    changed, every = len(found.changes), len(found.values)
    return Answer(
        "weak" if changed else "good",
        f"{changed} of {counted(every, 'number')}" if changed else "Nothing",
        "Each of these the past speaks against, beyond chance; every other number stays as it is."
        if changed
        else f"{counted(every, 'number')} were looked at. Without evidence nothing changes.",
    )


def changes_by_kind(found: Retuned) -> tuple[Kind, ...]:
    """Changed values, points first."""
    kinds = []
    for kind, title in _KINDS.items():
        values = tuple(one for one in found.changes if one.kind == kind)
        if values:
            ends = [end for one in values for end in (one.old, one.new, one.low, one.high) if end is not None]
            kinds.append(Kind(title, values, (min(0.0, *ends), max(0.0, *ends))))
    return tuple(kinds)


def reasons_to_stay(found: Retuned) -> list[tuple[str, int]]:
    """Why numbers stay, the most frequent reason first."""
    return Counter(_reason(one.why) for one in found.values if not one.changed).most_common()


def _reason(why: str) -> str:
    """Without the numbers of each: so few leads, so many convert."""
    if "too few to tell" in why:
        return "too few leads to tell"
    return "as many convert at the line as before" if "as before" in why else why

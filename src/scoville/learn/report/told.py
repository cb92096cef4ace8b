"""The answer to the question at the head of each section of the report: a word or two, and a sentence.

In: a `Learned`. Out: `Answer`s, and names sorted by what is to be said of them. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.evidence.told.answers import Answer
from scoville.evidence.told.numbers import decimal, short_share
from scoville.evidence.told.sentences import named, sentence
from scoville.learn.report.beside import is_beaten, is_better
from scoville.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.learn.learning import Learned
    from scoville.learn.report.pictured import Picture
    from scoville.learn.rivals import Rival

LEAK = "looks written after the outcome"


def which(learned: Learned) -> str:
    """What the held-out leads are: `later leads`, or `other leads`."""
    return "later leads" if learned.held_out_from is not None else "other leads"


def of_card(learned: Learned, picture: Picture) -> Answer:
    """What gives points?"""
    rules = len(learned.evidence)
    said = [f"{side.title.partition(':')[0].lower()} gives {_from_to(side.low, side.high)}" for side in picture.sides]
    return Answer("good", counted(rules, "rule"), sentence(f"{listed(said, 'and')} points"))


def _from_to(low: float, high: float) -> str:
    return f"{low:g} to {high:g}".replace("-", "−")


def of_stages(learned: Learned) -> Answer:
    """Where do stages begin?"""
    last = learned.stages[-1]
    chance = "" if last.chance is None else f", where {short_share(last.chance)} convert"
    told = (
        f"{last.name} begins at {last.start:g}{chance}; {short_share(last.share)} of open leads stand there or above."
    )
    return Answer("good", f"{last.name} from {last.start:g} points", told)


def of_path(learned: Learned) -> Answer:
    """How many rules are enough?"""
    known = [step for step in learned.path if step.auc is not None]
    if not known or learned.enough is None:
        return Answer("unknown", "Cannot tell", "No card could be judged.")
    last, least = known[-1], next(step for step in known if step.factors == learned.enough)
    kept = (
        "nothing was kept" if learned.text is None else f"{last.factors} {'was' if last.factors == 1 else 'were'} kept"
    )
    if least.factors == last.factors:
        told = f"No smaller card ranks {which(learned)} within one standard error of the best; {kept}."
        return Answer("good", f"All {last.factors}" if last.factors > 1 else "One", told)
    told = (
        f"A card of {counted(least.factors, 'rule')} ranks {which(learned)} within one standard error of the best "
        f"(AUC {decimal(least.auc)}); {kept} (AUC {decimal(last.auc)})."
    )
    return Answer("good", f"{least.factors} would do", told)


def steps_said(learned: Learned) -> list[str]:
    """What each card of the path has that the one before had not, and what it has given up for it."""
    said: list[str] = []
    before: tuple[str, ...] = ()
    for step in learned.path:
        new = [name for name in step.names if name not in before]
        gone = [name for name in before if name not in step.names]
        said.append(listed(new, "and") + (f", instead of {listed(gone, 'and')}" if gone else "") if new else "the same")
        before = step.names
    return said


def looks(names: Sequence[str]) -> str:
    """What is said of leaks."""
    return f"look{'s' if len(names) == 1 else ''} written after the outcome"


def leaks_of(learned: Learned) -> list[str]:
    """Columns and events that look written after the outcome."""
    return [name for name, reason in learned.left_out if reason.startswith(LEAK)]


def of_rivals(learned: Learned, rivals: Sequence[Rival]) -> Answer:
    """Is the card better than what else there is?"""
    beaten, better = ([one.name for one in rivals if is_so(one)] for is_so in (is_beaten, is_better))
    unclear = [one.name for one in rivals if one.name not in {*beaten, *better}]
    said = [
        f"the card ranks better than {listed(beaten, 'and')}" if beaten else "",
        f"{listed(better, 'and')} rank{'s' if len(better) == 1 else ''} better than the card" if better else "",
        f"between the card and {listed(unclear, 'or')} no difference is shown" if unclear else "",
    ]
    told = f"On the same {which(learned)} {'; '.join(part for part in said if part)}."
    if better:
        return Answer("bad", f"Not than {listed(better, 'and')}", told)
    if not unclear:
        return Answer("good", "Yes", told)
    return (
        Answer("weak", f"Than {len(beaten)} of {len(rivals)}", told) if beaten else Answer("unknown", "Not shown", told)
    )


def of_tried(learned: Learned) -> Answer:
    """What was tried, and what was left out?"""
    leaks, others = leaks_of(learned), len(learned.left_out)
    tried = f"{learned.tried:,} forms of traits and behaviour were tried."
    if not leaks:
        rest = f" {others} columns and events were left out." if others > 1 else " One column or event was left out."
        return Answer("good", "No leak was seen", tried + (rest if others else ""))
    told = f"{named(leaks)} {looks(leaks)} and {'was' if len(leaks) == 1 else 'were'} never used. {tried}"
    return Answer("weak", f"{counted(len(leaks), 'leak')} left out", told)


def left_out(learned: Learned) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[str]]]]:
    """Names by the reason why they were left out: of leaks what gives them away, then of everything else."""
    leaks, others = dict[str, list[str]](), dict[str, list[str]]()
    for name, reason in learned.left_out:
        if reason.startswith(LEAK):
            leaks.setdefault(reason.removeprefix(LEAK).removeprefix(": ") or LEAK, []).append(name)
        else:
            others.setdefault(reason.partition(":")[0] if reason.startswith(_EACH) else reason, []).append(name)
    return [*leaks.items()], [*others.items()]


_EACH = ("it tells leads apart: ", "an id: ")  # reasons that end with a number of their own


def of_trust(learned: Learned) -> Answer:
    """Can it be believed?"""
    if learned.text is None:
        return Answer(
            "unknown", "There is nothing to believe", "No model was written, and none is better than a poor one."
        )
    if learned.held_out_from is None:
        now = (
            ""
            if learned.horizon_days is not None
            else "Leads were taken as they are now, which may know the outcome already. "
        )
        return Answer(
            "weak", "With care", f"{now}The card was judged on other leads of the same time, not on later ones."
        )
    told = "Points came from earlier leads and the figures from later ones; no lead stands on both sides."
    return Answer("good", "It was judged on leads it had not seen", told)

"""What learning comes to, in words that a sales lead understands: the headline, and what to do next.

In: a `Learned` and the rivals of its card. Out: short sentences. Pure. No sentence says more than its interval does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.evidence.told.sentences import GOOD, TOO_GOOD, USEFUL, Headline, Step, named, quarters, sentence
from scoville.learn.learning import FEW
from scoville.learn.report.beside import BOOSTED, is_beaten, is_better, own_model
from scoville.learn.report.told import leaks_of, looks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.learn.learning import Learned
    from scoville.learn.rivals import Rival


def headline(learned: Learned, rivals: Sequence[Rival]) -> Headline:
    """What learning comes to, before any chart."""
    found = learned.held_out
    if learned.why_not is not None or found is None:
        return Headline("unknown", "Nothing was learned", sentence(learned.why_not or "there is no card"))
    said = quarters(found)
    if (better := own_model(rivals)) is not None and is_better(better):
        return Headline("weak", "Your own model ranks better", f"{said} “{better.name}” tells them apart still better.")
    auc = found.auc or 0.0
    if learned.held_out_from is None:
        title = "It seems to rank" + (" well" if auc >= GOOD else "" if auc >= USEFUL else ", but weakly")
        return Headline("weak", title, f"{said} But these were other leads, not later ones.")
    if auc >= TOO_GOOD:
        return Headline("weak", "It ranks almost too well", f"{said} Does the card read what only winners have?")
    if auc < USEFUL:
        return Headline("weak", "It ranks later leads, but weakly", said)
    return Headline("good", "It ranks later leads well" if auc >= GOOD else "It ranks later leads", said)


# What to do next


def next_steps(learned: Learned, rivals: Sequence[Rival]) -> tuple[Step, ...]:
    """What to do, the most pressing first."""
    return tuple(_after_nothing(learned) if learned.text is None else _after_a_card(learned, rivals))


def _after_nothing(learned: Learned) -> Iterator[Step]:
    yield Step("Write points by hand for now", "A starter model asks what you know already:", "scoville init")
    if learned.conversions < FEW and learned.horizon_days is not None:
        why = "A longer horizon counts more conversions:"
        yield Step(
            "Learn again when more have converted, or look further ahead", why, "scoville learn --horizon 180d ..."
        )
    elif learned.conversions < FEW:
        yield Step("Learn again when more have converted", f"From {FEW} conversions estimates begin to hold.")
    else:
        yield Step(
            "Bring what else you know about leads", "Traits and events that are not in these files may say more."
        )
    if leaks_of(learned):
        why = f"{named(leaks_of(learned))} {looks(leaks_of(learned))}. What is known when a lead comes can help."
        yield Step("Collect what is known before the outcome", why)


def _after_a_card(learned: Learned, rivals: Sequence[Rival]) -> Iterator[Step]:
    own = own_model(rivals)
    if own is not None and not is_beaten(own):
        yield _instead_of(own)
    if learned.held_out is not None and (learned.held_out.auc or 0.0) >= TOO_GOOD:
        why = "What is filled in with the outcome or after it cannot foretell it. Leave out what is known too late:"
        yield Step("Ask of each rule when it is known", why, "scoville learn --leave-out NAME ...")
    yield from _AT_WORK
    if any(one.name == BOOSTED and is_better(one) for one in rivals):
        why = "It ranks better, beyond chance; the points still say why:"
        yield Step("Use the boosted model beside it", why, "scoville score model.yaml --boosted FILE ...")
    if learned.horizon_days is None:
        yield Step("Give the outcomes dates", "Then the card is judged on later leads, which is what it is for.")
    else:
        why = "Points age; re-tuning keeps the rules and measures their numbers anew:"
        yield Step("Look at it again in 90 days", why, "scoville learn --from model.yaml ...")


def _instead_of(own: Rival) -> Step:
    if is_better(own):
        return Step(f"Keep “{own.name}”", "On the same leads it ranks better than this card, beyond chance.")
    why = "Which of the two ranks better is not shown."
    return Step(f"Take it in place of “{own.name}” only if you like it better", why)


_AT_WORK = (
    Step(
        "Read the card aloud with sales",
        "It is an ordinary model file: change what you know better, then check it:",
        "scoville check model.yaml",
    ),
    Step(
        "Move the lines to what sales can call",
        "Stages begin where the past suggests; your team knows its hours:",
        "scoville threshold model.yaml --leads ...",
    ),
    Step("Put it to work", "Ranked leads, each with its reasons:", "scoville score model.yaml --leads ..."),
)

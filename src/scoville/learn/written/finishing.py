"""A judged card -> the text of its model: its lines, its probability, and a head that says from what it was learned.

In: a history and a card with its figures. Out: YAML. Called by `learning`. The scores are those of the plan, so that
what is written is what `scoville validate` measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.calibration import calibrate
from scoville.evidence.probability import thinned
from scoville.learn.written.lines import GRADES, Lines, Scores, lines_of
from scoville.learn.written.pointed import SCALE
from scoville.learn.written.write import model_text
from scoville.model.conditions import format_duration
from scoville.model.load import Model
from scoville.words import counted, listed, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from scoville.evidence.figures.calibration import Calibration
    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.learn.learning import Learned
    from scoville.learn.written.card import Card

NAME = "Learned model"
_TOP = "0.2"
_TOLD = 8  # columns that the head names as left out
_NO_LINES = Lines((("Prospect", 0.0),), {}, {})


@dataclass(frozen=True)
class Standing:
    """A stage: where it begins, the share of open leads at or above, and the chance of a lead just there, if known."""

    name: str
    start: float
    share: float
    chance: float | None


def finished(
    history: History, learned: Learned, card: Card, horizon: timedelta, snapshots: str
) -> tuple[str, tuple[Standing, ...]]:
    """The text of the model of a card, and how its stages stand."""
    model = Model.from_dict(card.content(NAME, _NO_LINES))
    panel = history.panel(history.plan(model), horizon, snapshots)
    calibration = calibrate(panel.score, panel.won, panel.lead)
    is_known = calibration.cannot_tell is None
    rate = calibration.predict(np.arange(SCALE + 1)) if is_known else None
    seen = Scores(panel.score, panel.fit, panel.engagement)
    lines = lines_of(seen, rate, float(panel.won.mean()), alone=card.highest_alone)
    probability = _probability(model, calibration, panel, history.won) if is_known else None
    stages = tuple(_standings(lines, panel, calibration))
    text = model_text(
        card.content(NAME, lines, probability),
        {one.rule: one for one in learned.evidence},
        head=list(_head(learned)),
        grades_say=_grades_say(),
        stages_say=_stages_say(stages[1:], float(panel.won.mean())),
        probability_says=_probability_says(panel),
    )
    return text, stages


def _probability(model: Model, calibration: Calibration, panel: Panel, won: tuple[str, ...]) -> dict[str, object]:
    block: dict[str, object] = {"points": [list(point) for point in thinned(calibration.points)]}
    if panel.horizon is not None:
        block["horizon"] = format_duration(panel.horizon)
    return {**block, "outcome": " or ".join(won), "score_version": model.score_version}


def _head(learned: Learned) -> Iterator[str]:
    """What it was learned from, how it ranks, what else would do, and what was left out: a paragraph each."""
    won = f"{counted(learned.leads, 'lead')}, of which {learned.conversions:,} converted"
    if learned.horizon_days is None:
        yield f"Learned by `scoville learn` from {won}, as they are: outcomes have no dates."
    else:
        ahead = f"within {learned.horizon_days:g} days"
        yield f"Learned by `scoville learn` from {won} {ahead}, seen from {learned.first} to {learned.last}."
    yield _ranks(learned)
    if learned.enough is not None and learned.enough < len(learned.path):
        step = learned.path[learned.enough - 1]
        names = listed(step.names, "and")
        alone = f"{counted(step.factors, 'factor')} would nearly do there: AUC {step.auc:.3f} with {names} alone"
        yield f"{alone}, within one standard error of the best."
    if late := [name for name, reason in learned.left_out if reason.startswith("looks written after")]:
        more = f" and {len(late) - _TOLD} more" if len(late) > _TOLD else ""
        yield f"Not used, because it looks written after the outcome: {', '.join(late[:_TOLD])}{more}."


def _ranks(learned: Learned) -> str:
    found = learned.held_out
    if found is None or found.auc is None or found.auc_low is None or found.auc_high is None:
        return "How well it ranks was not measured."
    where = f"later leads (from {learned.held_out_from})" if learned.held_out_from else "other leads"
    said = f"On {where} that it had not seen: AUC {found.auc:.3f} ({found.auc_low:.3f} to {found.auc_high:.3f})"
    if _TOP in found.recall_at:
        low, high = found.recall_interval[_TOP]
        hold = f"{share(found.recall_at[_TOP])} ({share(low)} to {share(high)})"
        said += f"; the best 20% hold {hold} of those who convert"
    return f"{said}. That was with points from the other leads alone; the points here were then fitted to all of them."


def _grades_say() -> str:
    a, b, c = (f"{reach:.0%}".replace("%", " %") for _, reach in GRADES)
    return (
        f"Lowest fit of each letter, lowest engagement of each number: about {a} of open leads have the best, "
        f"{b} that or the next, {c} one of three; null: everything below."
    )


def _standings(lines: Lines, panel: Panel, calibration: Calibration) -> Iterator[Standing]:
    for name, start in lines.stages:
        chance = None if calibration.cannot_tell is not None else float(calibration.predict(np.array([start]))[0])
        yield Standing(name, start, float((panel.score >= start).mean()), chance)


def _stages_say(stages: Sequence[Standing], base: float) -> str:
    """What stands above each line: shares and rates of open leads."""
    told = [
        f"{one.name}: {share(one.share)} of open leads"
        + ("" if one.chance is None else f", {share(one.chance)} convert at {one.start:g}")
        for one in stages
    ]
    return (
        f"MQL begins where twice as many convert as usual ({share(base)}), near the best 20%; SQL at four times, near "
        f"the best 5%; Lead at the middle. {'; '.join(told)}. Move the lines to what sales can call."
    )


def _probability_says(panel: Panel) -> str:
    leads, wins = np.unique(panel.lead).size, np.unique(panel.lead[panel.won]).size
    return f"What share of leads convert at a score, from {counted(leads, 'lead')}, {wins:,} of which converted."

"""The pages: which sections there are, and what each of them is given.

In: a `Learned` or a `Retuned`. Out: HTML. Pure but for reading templates. The same figures give the same bytes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scoville.evidence.figures.calibration import Calibration, checked
from scoville.evidence.report.charts import calibration_chart, gains_chart
from scoville.evidence.report.drawing import Figure, figure
from scoville.evidence.report.drawn import CALLED
from scoville.evidence.report.sheet import page_html
from scoville.evidence.told import answers
from scoville.evidence.told.numbers import short_share
from scoville.learn.report import beside, retold, told, verdict
from scoville.learn.report.beside import with_boosted
from scoville.learn.report.charts import chance_chart, path_chart
from scoville.learn.report.pictured import picture_of
from scoville.learn.retuning.retune import Retuned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.learn.learning import Learned

_LEARNED = ("card", "stages", "path", "gains", "rivals", "calibration", "tried", "trust", "file")
_RETUNED = ("changes", "gain", "go_and_come", "stays", "file")


def report_html(found: Learned | Retuned, boosted: Mapping[str, Any] | None = None) -> str:
    """The whole report. `boosted` is the `about` of a boosted model that was judged beside the card.

    Example: `Path("learned.html").write_text(report_html(learned), encoding="utf-8")`
    """
    return _of_retuned(found) if isinstance(found, Retuned) else _of_learned(found, boosted)


def _of_learned(learned: Learned, boosted: Mapping[str, Any] | None) -> str:
    rivals, calibration, picture = with_boosted(learned, boosted), _calibration(learned), picture_of(learned)
    leaks, others = told.left_out(learned)
    is_told = {
        "card": picture, "stages": learned.stages, "path": learned.path, "rivals": rivals, "calibration": calibration,
        "gains": learned.held_out is not None and learned.held_out.recall_at, "tried": learned.tried,
        "trust": learned.path, "file": learned.text,
    }  # fmt: skip
    facts = {
        "learned": learned,
        "text": learned.text,
        "name": learned.model.name if learned.text is not None else "No model",
        "about_file": "What -o writes: an ordinary model file to read, change and keep; its comments are the evidence.",
        "headline": verdict.headline(learned, rivals),
        "steps": verdict.next_steps(learned, rivals),
        "told": told,
        "beside": beside,
        "answers": answers,
        "called": CALLED,
        "picture": picture,
        "rivals": rivals,
        "calibration": calibration,
        "leaks": leaks,
        "others": others,
        "drawn": _drawn(learned, calibration),
        "sections": [name for name in _LEARNED if is_told[name]],
    }
    return page_html(__package__, "learned.html.j2", facts)


def _calibration(learned: Learned) -> Calibration | None:
    """How true the chances of the judged card were on what was held out."""
    if learned.later is None:
        return None
    return checked(learned.later.chance, learned.later.won, learned.later.lead)


def _drawn(learned: Learned, calibration: Calibration | None) -> dict[str, Figure]:
    """Every chart for which there is something to draw, with a sentence for those who do not see it."""
    found: dict[str, Figure] = {}
    if any(step.auc is not None for step in learned.path):
        words = f"AUC by number of rules. {told.of_path(learned).sentence}"
        found["path"] = figure(words, partial(path_chart, learned.path, learned.enough))
    held_out = learned.held_out
    reached = held_out.recall_at.get(f"{CALLED:g}") if held_out is not None else None
    if held_out is not None and reached is not None:
        words = answers.of_gains(held_out, CALLED).sentence
        found["gains"] = figure(words, partial(gains_chart, held_out.gains, CALLED, reached))
    if calibration is not None and calibration.curve:
        words = f"Chance foretold and share that converted. {answers.of_calibration(calibration).sentence}"
        found["calibration"] = figure(words, partial(calibration_chart, calibration.curve))
    return found | _chances(learned)


def _chances(learned: Learned) -> dict[str, Figure]:
    probability = learned.model.probability if learned.text is not None else None
    if probability is None:
        return {}
    stages = {one.name: one.start for one in learned.stages}
    low, high = (short_share(chance) for _, chance in (probability.points[0], probability.points[-1]))
    words = f"Chance to convert by score, from {low} to {high}, and where stages begin: " + ", ".join(
        f"{name} at {start:g}" for name, start in stages.items()
    )
    return {"stages": figure(f"{words}.", partial(chance_chart, probability.points, stages))}


def _of_retuned(found: Retuned) -> str:
    is_told = {
        "changes": found.values, "gain": found.gain, "go_and_come": found.drop or found.further, "stays": found.values,
        "file": found.text,
    }  # fmt: skip
    facts = {
        "found": found,
        "text": found.text,
        "name": found.name,
        "about_file": "What -o writes: your own text, in which only the changed numbers are new.",
        "headline": retold.headline(found),
        "steps": retold.next_steps(found),
        "retold": retold,
        "kinds": retold.changes_by_kind(found),
        "sections": [name for name in _RETUNED if is_told[name]],
    }
    return page_html(__package__, "retuned.html.j2", facts)

"""Re-tuning: the rules of a model stay, and its points, half-lives and stages are measured anew.

In: a history and a model. Out: `Retuned`: what changes and why, what stays and why, what it gains on later leads, and
the model's own text with only the changed values replaced. Called by the command line and by notebooks.

What would change is found on earlier leads and judged on later ones. The same is then done once more with all rows: the
newest leads know best what a number is worth today.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scoville.errors import UsageError
from scoville.evidence.figures.ranking import paired_auc
from scoville.evidence.figures.sample import numbered
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.learn.choosing.points import MAX_POINTS
from scoville.learn.retuning.further import further_rules
from scoville.learn.retuning.given import given_of, scored
from scoville.learn.retuning.levers import Past, levers_of
from scoville.learn.retuning.released import released
from scoville.learn.retuning.tunable import numbers_of
from scoville.learn.retuning.tuned import Found, to_drop, told, whole_points, written
from scoville.learn.retuning.tuner import Tuner
from scoville.learn.rows import rows_of
from scoville.model.in_place import with_values
from scoville.model.load import Model
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from scoville.evidence.figures.ranking import PairedAuc
    from scoville.evidence.history import History
    from scoville.learn.retuning.given import Given
    from scoville.learn.retuning.tunable import Numbers
    from scoville.learn.retuning.tuned import Drop, Tuned
    from scoville.learn.rows import Rows

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

NEEDED = 20  # leads that converted; with fewer nothing can be told
MOST_ROWS = 120_000
_CLEAR = 2.0  # standard errors that the worth of a point must be above 0, or there is no unit to measure in


@dataclass(frozen=True)
class Retuned:
    """What re-tuning came to. `text` is the new model file, None where nothing changes; `why_not` says why.

    `better` is True where the new points are shown to rank later leads better than the old ones; `gain` has both AUCs
    and their difference with its interval. `values` has every number that was looked at, in the order of the file.
    `further` are rules that may be added, as YAML; `further_says` what each is worth.
    """

    name: str
    why_not: str | None
    text: str | None
    better: bool
    gain: PairedAuc | None
    advice: str
    leads: int
    conversions: int
    rows: int
    held_out_from: str | None
    horizon_days: float | None
    values: tuple[Tuned, ...]
    drop: tuple[Drop, ...]
    further: str | None
    further_says: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def changes(self) -> tuple[Tuned, ...]:
        """The values that change."""
        return tuple(one for one in self.values if one.changed)

    @property
    def model(self) -> Model:
        """The new model. Raises: UsageError when nothing changes."""
        if self.text is None:
            raise UsageError(f"there is no new model: {self.why_not}")
        return Model.loads(self.text)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        lists = {
            "values": [asdict(one) | {"where": list(one.where), "changed": one.changed} for one in self.values],
            "drop": [asdict(one) for one in self.drop],
            "gain": None if self.gain is None else asdict(self.gain),
            "further_says": list(self.further_says), "notes": list(self.notes),
        }  # fmt: skip
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, **lists}


def retune(  # noqa: PLR0913 - what to tune by, and what to keep to
    history: History,
    model: Model | str | Path,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    max_points: int = MAX_POINTS,
    add: int = 0,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Retuned:
    """Measure the points, half-lives and stages of a model anew, and keep what the past does not speak against.

    `max_points` bounds new points (old ones that are larger may stay); `add` is how many further rules to suggest.
    A model given as a path keeps its comments and layout; one made in Python is written anew.

    Raises:  UsageError for options; DataError where there is no past to learn from;
    ModelError, PlanError.
    Example: `retune(read_history("leads.csv", "events.csv", "outcomes.csv"), "model.yaml").text`
    """
    if max_points < 1 or add < 0:
        raise UsageError(f"max_points is {max_points} and add is {add}: give whole numbers from 1 and from 0")
    text = _text(model)
    loaded = Model.loads(text, path=str(model) if isinstance(model, str | Path) else "model")
    data = cast("dict[str, Any]", loaded.document.data)
    rows = rows_of(history, horizon, snapshots, MOST_ROWS, seed)
    progress(1, 5)
    about = _about(loaded, rows)
    if (reason := _too_few(about)) is not None:
        return _declined(about, reason)
    numbers = numbers_of(data)
    if not numbers.numbers:
        return _declined(about, "the model has no rule with points")
    given = given_of(history, rows, data, numbers)
    progress(2, 5)
    # Matrices here are narrow: threads would wait for each other longer than they work.
    with threadpool_limits(1, user_api="blas"):
        found = _tuned(rows, numbers, given, max_points)
        progress(4, 5)
        if isinstance(found, str):
            return _declined(about, found)
        return _told(history, rows, loaded, text, about, found, add)


def _text(model: Model | str | Path) -> str:
    if isinstance(model, Model):
        return model.to_yaml()
    Model.load(model)  # says what is wrong with the file
    return Path(model).read_text(encoding="utf-8-sig")


def _about(model: Model, rows: Rows) -> dict[str, Any]:
    return {
        "name": model.name,
        "leads": int(np.unique(rows.lead).size),
        "conversions": int(np.unique(rows.lead[rows.won]).size),
        "rows": len(rows),
        "held_out_from": None if rows.held_out_from is None else f"{rows.held_out_from:%Y-%m-%d}",
        "horizon_days": None if rows.horizon is None else rows.horizon / timedelta(days=1),
    }


_NOTHING: dict[str, Any] = {
    "text": None, "better": False, "gain": None, "values": (), "drop": (), "further": None, "further_says": (),
    "notes": (),
}  # fmt: skip


def _declined(about: dict[str, Any], reason: str) -> Retuned:
    return Retuned(**{**_NOTHING, **about, "why_not": reason, "advice": "keep the model as it is"})


def _too_few(about: dict[str, Any]) -> str | None:
    lost = about["leads"] - about["conversions"]
    if about["conversions"] < NEEDED:
        return f"{counted(about['conversions'], 'conversion')} cannot teach anything: {NEEDED} are needed"
    if lost < NEEDED:
        return f"only {counted(lost, 'lead')} did not convert: {NEEDED} are needed to tell who does"
    return None


# Tuning


def _tuned(rows: Rows, numbers: Numbers, given: Given, max_points: int) -> Found | str:
    train = rows.train & given.scored
    early = _tuner(rows, numbers, given, train, rows.weight, max_points)
    begin = early.at(early.start, numbers.days)
    line = early.line(begin)
    if line is None or line.beta[1] <= _CLEAR * math.sqrt(line.variance[1, 1]):
        return (
            "who has more points does not convert more often, so there is no measure for a single number: learn a new "
            "model instead (without --from)"
        )
    end = released(early, begin)
    gain = _gain(rows, numbers, given, whole_points(early, end.state, end.free), end.state.days)
    whole = _tuner(rows, numbers, given, given.scored, rows.own_weight, max_points)
    before = whole.at(whole.start, numbers.days)
    end = released(whole, before)
    return Found(whole, before, end.state, end.free, given.scored, gain)


def _tuner(rows: Rows, numbers: Numbers, given: Given, which: Bools, weight: Floats, max_points: int) -> Tuner:
    past = Past(rows.won[which].astype(np.float64), weight[which], numbered(rows.lead[which])[0])
    here = given.at(which)
    return Tuner(numbers, here, past, levers_of(numbers, here, past), max_points)


def _gain(rows: Rows, numbers: Numbers, given: Given, points: Floats, days: tuple[float, ...]) -> PairedAuc:
    """New against old on the rows that were held out; who is disqualified has the lowest score in both."""
    here = given.at(rows.held_out)
    new, old = (
        np.where(here.scored, scored(numbers, here, of, here.with_days(at)).score, numbers.scale[0])
        for of, at in ((points, days), (numbers.points, numbers.days))
    )
    return paired_auc(new, old, rows.won[rows.held_out], rows.lead[rows.held_out])


# In words


def _told(
    history: History, rows: Rows, model: Model, text: str, about: dict[str, Any], found: Found, add: int
) -> Retuned:
    values, final = told(found, model)
    changes = {one.where: written(one) for one in values if one.changed}
    changed, gain = bool(changes), found.gain
    better = changed and gain.low is not None and gain.low > 0 and gain.cannot_tell is None
    further, says = further_rules(history, rows, model, final, found.scored, add) if add else (None, ())
    why_not: str | None = None if changed else "the past speaks against no number of it"
    new: str | None = None
    if changed:
        try:
            new = with_values(text, changes)
        except UsageError as error:  # what was found is worth telling all the same
            why_not = str(error)
    return Retuned(
        **about, why_not=why_not, text=new, better=better, gain=gain if changed else None,
        advice=_advice(gain, changed=changed, better=better), values=tuple(values),
        drop=tuple(to_drop(found, final, values)), further=further, further_says=says,
        notes=tuple(_notes(model, rows, changed=changed)),
    )  # fmt: skip


def _advice(gain: PairedAuc, *, changed: bool, better: bool) -> str:
    if not changed:
        return "keep the model as it is"
    if better:
        return "take the new points"
    if gain.high is not None and gain.high < 0:
        return "keep the old points: the new ones rank later leads worse"
    return "keep the old points: there is no evidence that the new ones are better"


def _notes(model: Model, rows: Rows, *, changed: bool) -> Iterator[str]:
    if changed and model.probability is not None:
        yield "the probability belongs to the old points: measure it anew (scoville validate --write-probability)"
    if changed and (model.grades or model.levels):
        yield "grades and levels keep their lines: look at them again"
    if rows.why is not None:
        yield f"{rows.why}: new points were judged on other leads, not on later ones"
    if rows.share < 1:
        yield f"tuned on {len(rows):,} rows, a share of {rows.share:.2g} of all, drawn by a hash"

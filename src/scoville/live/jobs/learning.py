"""Learning and re-tuning on the history of the store, with progress: the jobs `learn` and `retune`.

In: the store, and which outcome counts within which horizon. Out: the text of a model with what speaks for it, as plain
values; or why there is none. Nothing is saved here: a person looks at it first. All statistics are those of `learn/`.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoville.data.keep import literal
from scoville.errors import ModelError, PlanError
from scoville.learn.learning import learn
from scoville.learn.report import report_html
from scoville.learn.report.pictured import picture_of
from scoville.learn.report.retold import headline as headline_of_tuning
from scoville.learn.report.told import left_out
from scoville.learn.report.verdict import headline as headline_of_learning
from scoville.learn.retuning.retune import retune
from scoville.live.queries.in_force import in_force
from scoville.live.store.settings import read_settings
from scoville.live.workbench import history
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from scoville.evidence.history import History
    from scoville.learn.learning import Learned
    from scoville.learn.retuning.retune import Retuned
    from scoville.live.jobs.kinds import Told
    from scoville.live.store.opening import Store

_READ = 0.25  # share of the work when the history is there
_TOP = "0.2"
_PAST = "Looking at leads as they were on past days"
_LEARNS = (_PAST, "Trying what tells apart who converts", "Judging cards of rules on later leads", "Writing the model")
_TUNES = (_PAST, "Scoring them by the present points", "Measuring each number anew", "Judging the new points")


def run_learn(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """A model learned from the start, held against the one in force where there is one.

    Raises: DataError where there is no past to learn from; UsageError for names to leave out that do not exist.
    """
    with _past(store, asked, told, now) as past:
        _leave_out_endings(store, past)
        against = _in_force(store, past)
        learned = learn(
            past, horizon=timedelta(days=asked["horizon_days"]), factors=asked["factors"], against=against,
            leave_out=asked["leave_out"], progress=_steps(told, _of_learning),
        )  # fmt: skip
    return {**_learned(learned), "outcome": asked["outcome"]}


def run_retune(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """The numbers of a model measured anew; its rules, comments and layout stay.

    Raises: DataError where there is no past to learn from; ModelError, PlanError.
    """
    with _past(store, asked, told, now) as past, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.yaml"
        file.write_text(asked["text"], encoding="utf-8")
        horizon = timedelta(days=asked["horizon_days"])
        found = retune(past, file, horizon=horizon, progress=_steps(told, _of_tuning))
    return {**_retuned(found), "outcome": asked["outcome"], "old_text": asked["text"]}


@contextmanager
def _past(store: Store, asked: Mapping[str, Any], told: Told, now: datetime) -> Iterator[History]:
    def far(share: float | None, said: str) -> None:
        told(None if share is None else _READ * share, said)

    found = history(store, now=now, won=(asked["outcome"],), told=far)
    try:
        yield found
    finally:
        found.engine.close()


def _leave_out_endings(store: Store, past: History) -> None:
    """Events that say how a lead ended are no behaviour: points for them would count what sales has said already."""
    names = past.engine.arrow("SELECT DISTINCT lower(outcome) AS name FROM outcomes WHERE outcome IS NOT NULL")
    with store.reading() as connection:
        said = {*read_settings(connection).outcomes, *names["name"].to_pylist()}
    among = ", ".join(literal(name.lower()) for name in sorted(said)) or "NULL"
    past.engine.run("ALTER VIEW temp.events RENAME TO events_with_endings")
    others = f"SELECT * FROM temp.events_with_endings WHERE lower(event) NOT IN ({among})"  # noqa: S608 - quoted
    past.engine.run(f"CREATE TEMP VIEW events AS {others}")


def _in_force(store: Store, past: History) -> Model | None:
    """The model in force; null where there is none, or where it cannot score what is in the store."""
    with store.reading() as connection:
        now = in_force(connection)
    if now is None:
        return None
    model = Model.loads(now.text)
    try:
        past.plan(model)
    except (ModelError, PlanError):
        return None
    return model


# --- how far it is ---------------------------------------------------------------------------------------------------


def _steps(told: Told, named: Callable[[int, int], str]) -> Callable[[int, int], None]:
    """Steps done, of how many, as a share of all the work and what is being done now."""

    def at(done: int, every: int) -> None:
        told(_READ + (1 - _READ) * done / max(1, every), named(done, every))

    at(0, 1)
    return at


def _of_learning(done: int, every: int) -> str:
    return _LEARNS[min(done, 2)] if done < every - 1 else _LEARNS[-1]


def _of_tuning(done: int, every: int) -> str:
    return _TUNES[min(done, 2)] if done < every - 1 else _TUNES[-1]


# --- as plain values -------------------------------------------------------------------------------------------------


def _learned(learned: Learned) -> dict[str, Any]:
    figures, picture = learned.held_out, picture_of(learned)
    leaks, others = left_out(learned)
    yours = next((one for one in learned.rivals if one.is_yours), None)
    return {
        **_about(learned),
        "name": learned.model.name if learned.text is not None else None,
        "headline": asdict(headline_of_learning(learned, learned.rivals)),
        "is_worth_it": learned.is_worth_it,
        "tried": learned.tried,
        "auc": None if figures is None else [figures.auc, figures.auc_low, figures.auc_high],
        "top": None if figures is None or _TOP not in figures.recall_at else
        [figures.recall_at[_TOP], *figures.recall_interval[_TOP]],
        "card": None if picture is None else asdict(picture),
        "stages": [asdict(one) for one in learned.stages],
        "yours": None if yours is None else asdict(yours),
        "leaks": _by_reason(leaks),
        "others": _by_reason(others),
        "report": report_html(learned),
    }  # fmt: skip


def _retuned(found: Retuned) -> dict[str, Any]:
    gain = found.gain
    return {
        **_about(found),
        "name": found.name,
        "headline": asdict(headline_of_tuning(found)),
        "is_worth_it": found.better,
        "gain": None if gain is None else asdict(gain),
        "changes": [asdict(one) for one in found.changes],
        "looked_at": len(found.values),
        "drop": [asdict(one) for one in found.drop],
        "report": report_html(found),
    }


def _about(found: Learned | Retuned) -> dict[str, Any]:
    plain = ("text", "why_not", "leads", "conversions", "rows", "held_out_from", "horizon_days")
    return {**{name: getattr(found, name) for name in plain}, "notes": list(found.notes)}


def _by_reason(found: Sequence[tuple[str, list[str]]]) -> list[dict[str, Any]]:
    return [{"reason": reason, "names": names} for reason, names in found]

"""Which model is better? Several models on the same past: the same leads, the same days, the same outcomes.

In: a history and models. Out: a `Comparison`: each further model against the first. Called by the command line and by
notebooks. Read `compare_models` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.errors import UsageError
from scoville.evidence.figures.ranking import ranking
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.evidence.leaks.named import find_leaks
from scoville.evidence.versus.at_capacity import Rows
from scoville.evidence.versus.differences import Change, model_changes
from scoville.evidence.versus.moves import Move, Movers, movers_of, moves_of
from scoville.evidence.versus.paired import Versus, versus_first
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from scoville.evidence.figures.sample import Ints
    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

CAPACITY = 0.2
_WEEK = timedelta(days=7)
_SHOWN_MOVERS = 20


@dataclass(frozen=True)
class Rival:
    """One model by itself, on the rows that all share. `name` is what the comparison calls it, `title` its own name.

    `leaks` are traits it reads that look written after the outcome: its figures are not to be believed then.
    """

    name: str
    title: str
    version: str
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    cannot_tell: str | None
    leaks: tuple[str, ...]


@dataclass(frozen=True)
class Challenge:
    """One model against the first: the figures (`versus`), the file (`changes`), the leads (`moves`, `movers`)."""

    name: str
    versus: Versus
    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    movers: Movers

    @property
    def is_better(self) -> bool:
        """Whether it is shown to be better than the first."""
        return self.versus.answer == "better"


@dataclass(frozen=True)
class Comparison:
    """Models side by side. `leads` and `conversions` count lead snapshots, `converting_leads` leads.

    `conversions_a_week` is how many leads converted in a week of the time that the snapshots look at; None where
    outcomes have no dates. `newest_leads` were open at the newest snapshot: those who change stage are among them.
    """

    rivals: tuple[Rival, ...]
    challenges: tuple[Challenge, ...]
    capacity: float
    horizon_days: float | None
    snapshots: tuple[datetime, ...]
    leads: int
    conversions: int
    converting_leads: int
    conversions_a_week: float | None
    newest_leads: int
    verdict: str

    @property
    def last_is_better(self) -> bool:
        """Whether the last model is shown to be better than the first, and neither reads a leak."""
        return self.challenges[-1].is_better and not (self.rivals[0].leaks or self.rivals[-1].leaks)

    def write_movers(self, history: History, path: Path) -> None:
        """All leads that change stage, to a file by its ending: .csv, .parquet or .jsonl.

        Raises: UsageError for another ending; DataError when it cannot be written.
        """
        import pyarrow as pa  # noqa: PLC0415 - only here

        tables = [challenge.movers.to_arrow(challenge.name) for challenge in self.challenges]
        with history.engine.registered(pa.concat_tables(tables)) as source:
            order = "model, abs(change) DESC, lead_id"
            history.engine.write(f"SELECT * FROM {source} ORDER BY {order}", path)  # noqa: S608 - a name of our own

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON. Instants are ISO 8601 and end in Z; `movers` are the 20 biggest."""
        return {
            "models": [asdict(rival) for rival in self.rivals],
            "leads": self.leads,
            "conversions": self.conversions,
            "converting_leads": self.converting_leads,
            "conversions_a_week": self.conversions_a_week,
            "capacity": self.capacity,
            "horizon_days": self.horizon_days,
            "is_point_in_time": self.horizon_days is not None,
            "snapshots": [iso(one) for one in self.snapshots],
            "newest_leads": self.newest_leads,
            "versus_first": [_plain(challenge) for challenge in self.challenges],
            "verdict": self.verdict,
        }


def _plain(challenge: Challenge) -> dict[str, Any]:
    versus, auc = challenge.versus, challenge.versus.auc
    return {
        "model": challenge.name,
        "answer": versus.answer,
        "verdict": versus.verdict,
        "auc": {
            "first": auc.auc_b, "other": auc.auc_a, "difference": auc.difference, "low": auc.low, "high": auc.high,
            "p": auc.p, "p_adjusted": versus.p_adjusted, "cannot_tell": auc.cannot_tell,
        },
        "recall_at_capacity": asdict(versus.at_capacity.recall),
        "value_at_capacity": asdict(versus.at_capacity.value),
        "needed": [asdict(needed) for needed in versus.needed],
        "changes": [asdict(change) for change in challenge.changes],
        "moves": [
            {"from": move.before, "to": move.after, "leads": move.leads, "conversions": move.conversions}
            for move in challenge.moves
        ],
        "moved": len(challenge.movers),
        "movers": challenge.movers.rows(_SHOWN_MOVERS),
    }  # fmt: skip


def compare_models(
    history: History,
    models: Sequence[Model],
    names: Sequence[str] | None = None,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    capacity: float = CAPACITY,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Comparison:
    """Score the same past with every model, and hold each against the first.

    `names` say what to call the models; None: their own names, with the version where two share one. `capacity` is
    the share of the leads that can be called. `progress` hears how many snapshots are done, of how many.

    Raises:  UsageError for fewer than two models or a wrong capacity; ModelError and PlanError for a model that does
             not fit the data; DataError when no snapshot has its horizon within the data.
    Example: `compare_models(read_history("leads.csv", "events.csv", "outcomes.csv"), [a, b]).verdict`
    """
    if len(models) < 2:  # noqa: PLR2004 - it takes two
        raise UsageError("name at least two model files: the others are compared with the first")
    called = tuple(names) if names is not None else _names(models)
    plans = [history.plan(model) for model in models]  # what does not fit is said before the work begins
    panels = [
        _in_order(history.panel(plan, horizon, snapshots, _part(progress, place, len(plans))))
        for place, plan in enumerate(plans)
    ]
    _check_same_rows(panels)
    rivals = tuple(
        _rival(name, plan, panel, _leaks(history, plan))
        for name, plan, panel in zip(called, plans, panels, strict=True)
    )
    newest = np.flatnonzero(panels[0].snapshot == len(panels[0].as_of) - 1)
    ids = _lead_ids(history, panels[0].lead[newest])
    a_week = conversions_a_week(panels[0])
    rows = Rows(panels[0].snapshot, panels[0].lead, panels[0].won, panels[0].value)
    against = versus_first([panel.score for panel in panels], rows, capacity, a_week)
    challenges = tuple(
        _challenge(name, versus, (models[0], model), movers_of(panels[0], panel, newest, ids))
        for name, versus, model, panel in zip(called[1:], against, models[1:], panels[1:], strict=True)
    )
    return Comparison(
        rivals=rivals,
        challenges=challenges,
        capacity=capacity,
        horizon_days=panels[0].horizon / timedelta(days=1) if panels[0].horizon is not None else None,
        snapshots=panels[0].as_of,
        leads=len(rows.won),
        conversions=int(rows.won.sum()),
        converting_leads=len(np.unique(rows.lead[rows.won])),
        conversions_a_week=a_week,
        newest_leads=len(newest),
        verdict=_verdict(rivals, challenges),
    )


def _names(models: Sequence[Model]) -> tuple[str, ...]:
    """Their own names, made different by the version, or by their place where that is the same too."""
    titles = [model.name for model in models]
    named = [f"{one.name} {one.version}" if titles.count(one.name) > 1 else one.name for one in models]
    return tuple(f"{name} ({place})" if named.count(name) > 1 else name for place, name in enumerate(named, 1))


def _part(progress: Callable[[int, int], None], place: int, of: int) -> Callable[[int, int], None]:
    return lambda done, every: progress(place * every + done, of * every)


def _in_order(panel: Panel) -> Panel:
    """By snapshot and lead: the engine gives rows in any order."""
    order = np.lexsort((panel.lead, panel.snapshot))
    arrays = ("snapshot", "lead", "score", "fit", "engagement", "won", "value")
    stage = panel.labels["stage"]
    return replace(
        panel,
        **{name: getattr(panel, name)[order] for name in arrays},
        labels={"stage": replace(stage, codes=stage.codes[order])},
    )


def _check_same_rows(panels: Sequence[Panel]) -> None:
    """Which leads were open, and who converted, is no matter of the model."""
    first = panels[0]
    for other in panels[1:]:
        same = (np.array_equal(getattr(first, name), getattr(other, name)) for name in ("snapshot", "lead", "won"))
        if not all(same):
            raise AssertionError("two models were shown different rows")


def _lead_ids(history: History, lead: Ints) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415 - only here

    with history.engine.registered(pa.table({"place": np.arange(len(lead)), "lead_no": lead})) as source:
        found = history.engine.arrow(
            f"SELECT lead_id FROM {source} JOIN panel_leads USING (lead_no) ORDER BY place"  # noqa: S608 - our own
        )
    return [str(lead_id) for lead_id in found["lead_id"].to_pylist()]


def _leaks(history: History, plan: Plan) -> tuple[str, ...]:
    return tuple(leak.name for leak in find_leaks(history, plan) if leak.is_used)


def _rival(name: str, plan: Plan, panel: Panel, leaks: tuple[str, ...]) -> Rival:
    figures = ranking(panel.score, panel.won, panel.lead)
    return Rival(
        name, plan.model.name, plan.model.version,
        figures.auc, figures.auc_low, figures.auc_high, figures.cannot_tell, leaks,
    )  # fmt: skip


def _challenge(name: str, versus: Versus, models: tuple[Model, Model], movers: Movers) -> Challenge:
    return Challenge(name, versus, model_changes(*models), moves_of(movers), movers)


def conversions_a_week(panel: Panel) -> float | None:
    """Leads that converted, over the weeks in which the snapshots would have seen it; None without dates."""
    if panel.horizon is None:
        return None
    watched, until = timedelta(0), panel.as_of[0]
    for start in panel.as_of:
        watched += start + panel.horizon - max(start, until)
        until = start + panel.horizon
    return len(np.unique(panel.lead[panel.won])) / (watched / _WEEK)


def _verdict(rivals: Sequence[Rival], challenges: Sequence[Challenge]) -> str:
    """One sentence; the best first, where one is shown to be better."""
    if leaking := [f"{rival.name} ({', '.join(rival.leaks)})" for rival in rivals if rival.leaks]:
        return f"do not believe this yet: traits look written after the outcome in {'; '.join(leaking)}"
    first = rivals[0].name
    if len(challenges) == 1:
        return f"{challenges[0].name} against {first}: {challenges[0].versus.verdict}"
    better = [one for one in challenges if one.is_better]
    if not better:
        said = ", ".join(f"{one.name}: {one.versus.answer}" for one in challenges)
        return f"none is shown to be better than {first}. {said}"
    best = max(better, key=lambda one: one.versus.auc.difference or 0.0)
    others = f"; so {'is' if len(better) == 2 else 'are'} {', '.join(o.name for o in better if o is not best)}"  # noqa: PLR2004
    return f"{best.name} is better than {first}: {best.versus.verdict.partition(': ')[2]}" + others * (len(better) > 1)

"""Every place where the line of the score could stand, kept so that it can be moved about later without the data.

In: a history and the plan of a model, once. Out: `Positions`: what was counted at about a hundred lines on round
numbers, and what resamples found there. From these the same `Chooser` that `threshold` asks answers for any line, any
capacity, any cost and value, in a few milliseconds. Called by whoever lets people try lines, such as the server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.estimates import Figure
from scoville.evidence.figures.sample import CONFIDENCE
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.evidence.lines import wishes as rules
from scoville.evidence.lines.choices import Chooser
from scoville.evidence.lines.crossings import Crossings, crossings
from scoville.evidence.lines.threshold import DEFAULT_WEEKS, look_back
from scoville.evidence.lines.trade_off import reach
from scoville.evidence.lines.wishes import Counts, Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.evidence.figures.sample import Floats
    from scoville.evidence.history import History
    from scoville.evidence.lines.trade_off import Reach
    from scoville.evidence.snapshots import Panel
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

MOST_POSITIONS = 101
_TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_DAY = timedelta(days=1)
_STEPS = (1, 2, 5, 10)
_WHOLE = 20  # points; on a scale from here on, people think in whole ones

Table = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Positions:
    """Lines that rise, and what each would have given. Read it through `chooser`.

    Tables of counts are by snapshot and line as in `Crossings`; tables of draws by resample and line. `draw_values` is
    what a win is worth in each resample, NaN where no outcome has a value. `stages` are the lines of the model.
    """

    model: str
    model_version: str
    horizon_days: float | None
    stages: dict[str, float]
    as_of: tuple[datetime, ...]
    known: int
    first: int
    weeks: float | None
    lines: tuple[float, ...]
    standing: Table
    reached: Table
    won: Table
    buyers_reached: tuple[int, ...]
    buyers: int
    losers: int
    value_sum: float
    valued: int
    draws_leads: Table
    draws_won: Table
    draws_reached: Table
    draws_buyers: tuple[int, ...]
    draws_value: tuple[float, ...]

    def place(self, line: float) -> int:
        """The place of the line nearest to a number."""
        return int(np.abs(np.asarray(self.lines) - line).argmin())

    def chooser(self, wishes: Wishes) -> Chooser:
        """Answers for any line and any wish, as `threshold` would on these lines."""
        return _Kept(self._crossings, wishes, self._draws)

    def wins_a_week(self, place: int) -> Figure | None:
        """Wins that the line at a place brings in a week, from `low` to `high`; None where there is one snapshot."""
        if self.weeks is None:
            return None
        won = sum(row[place] for row in self.won[self.first : self.known])
        low, high = np.quantile([row[place] / self.weeks for row in self.draws_won], _TAILS)
        return Figure(won / self.weeks, float(low), float(high), won)

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        """What each line would have given, without money."""
        return tuple(reach(self._crossings, place) for place in range(len(self.lines)))

    @cached_property
    def _crossings(self) -> Crossings:
        """What was counted, with all leads as one group."""
        standing, reached, won = (np.asarray(table, np.int64) for table in (self.standing, self.reached, self.won))
        seen = slice(self.first, self.known)
        return Crossings(
            as_of=self.as_of, known=self.known, first=self.first, weeks=self.weeks,
            lines=np.asarray(self.lines, np.float64), standing=standing, reached=reached, won=won,
            group_reached=reached[seen].sum(axis=0)[None, :], group_won=won[seen].sum(axis=0)[None, :],
            group_buyers=np.array([self.buyers]), group_buyers_reached=np.array([self.buyers_reached]),
            group_value=np.array([self.value_sum]), group_valued=np.array([self.valued]),
            buyers=self.buyers, losers=self.losers,
        )  # fmt: skip

    @cached_property
    def _draws(self) -> Counts:
        leads, won, reached = (
            np.asarray(table, np.float64) for table in (self.draws_leads, self.draws_won, self.draws_reached)
        )
        buyers, value = (np.asarray(column, np.float64)[:, None] for column in (self.draws_buyers, self.draws_value))
        return Counts(self.weeks or 1.0, leads, won, reached, buyers, value)


@dataclass(frozen=True)
class _Kept(Chooser):
    """A chooser whose resamples were drawn before."""

    draws: Counts

    @cached_property
    def resampled(self) -> Counts:
        value = self.wishes.value
        return self.draws if value is None else replace(self.draws, value=np.full_like(self.draws.buyers, value))


def positions(
    history: History,
    plan: Plan,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
    weeks: int = DEFAULT_WEEKS,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Positions:
    """Lines over the newest `weeks` whose horizon is over, and those since.

    Raises: DataError when no snapshot has its horizon within the data.
    """
    panel, known = look_back(history, plan, horizon, "weekly", weeks, progress)
    return positions_of(panel, plan.model, known)


def positions_of(panel: Panel, model: Model, known: int | None = None) -> Positions:
    """The same from a panel. `known` snapshots have their horizon within the data; None: all."""
    stages = {stage.name: float(stage.from_) for stage in model.stages}
    found = crossings(panel, panel.score, round_lines(panel.score, tuple(stages.values())), known)
    drawn = rules.resampled(found, None)
    return Positions(
        model=model.name,
        model_version=model.version,
        horizon_days=panel.horizon / _DAY if panel.horizon is not None else None,
        stages={name: line for name, line in stages.items() if line > found.lines[0]},
        as_of=found.as_of,
        known=found.known,
        first=found.first,
        weeks=found.weeks,
        lines=tuple(found.lines.tolist()),
        standing=_table(found.standing),
        reached=_table(found.reached),
        won=_table(found.won),
        buyers_reached=tuple(found.group_buyers_reached.sum(axis=0).tolist()),
        buyers=found.buyers,
        losers=found.losers,
        value_sum=float(found.group_value.sum()),
        valued=int(found.group_valued.sum()),
        draws_leads=_table(drawn.leads),
        draws_won=_table(drawn.won),
        draws_reached=_table(drawn.buyers_reached),
        draws_buyers=tuple(drawn.buyers[:, 0].astype(np.int64).tolist()),
        draws_value=tuple(drawn.value[:, 0].tolist()),
    )


def round_lines(score: Floats, extra: tuple[float, ...] = ()) -> Floats:
    """Round numbers from below the lowest score to the highest, about a hundred at most, and `extra` among them.

    Example: scores from 3.2 to 88 -> 3, 4, 5, ..., 88
    """
    low, high = float(score.min()), float(score.max())
    step = _step(high - low)
    first, last = np.floor(low / step), np.floor(high / step)
    every = np.round(np.arange(first, last + 1) * step, 9)
    return np.unique(np.append(every, [line for line in extra if low < line <= high]))


def _step(span: float) -> float:
    """1 on most scales; else 1, 2 or 5 times a power of ten, so that there are not many more than a hundred lines."""
    least = span / (MOST_POSITIONS - 1)
    if least <= 0 or _WHOLE <= span < MOST_POSITIONS:
        return 1.0
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(size * power for size in _STEPS if size * power >= least * (1 - 1e-9)))


def _table(counts: np.ndarray) -> Table:
    return tuple(tuple(row) for row in counts.astype(np.int64).tolist())

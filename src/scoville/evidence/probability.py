"""What was measured, written into the model file: its `probability`.

In: a calibration and the file of the model that it speaks of. Out: the same file with a few points, all else untouched.
The one place where evidence changes a file; the text is edited by `model/edit.py`.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

from scoville.engines.beside import written_beside
from scoville.errors import UsageError
from scoville.evidence.figures.calibration import calibrate
from scoville.model.checks import DISQUALIFIED
from scoville.model.conditions import format_duration
from scoville.model.edit import with_probability
from scoville.model.load import Model
from scoville.model.schema import Probability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from scoville.evidence.backtest import Evidence
    from scoville.evidence.figures.calibration import Calibration, Points
    from scoville.evidence.figures.sample import Floats
    from scoville.evidence.snapshots import Panel

MOST_POINTS = 12  # a block that a person reads at a glance
WITHIN = 0.002  # of probability: far less than any calibration knows
_SMALL = 0.05  # of a probability itself, where that is less: 0.002 is nothing to 0.3 and much to 0.004
_LEAST = 0.00001
_DECIMALS = 2  # of a score
_WRITABLE = 0o222


@dataclass(frozen=True)
class Written:
    """What was written: how many points stand for how many measured ones, and how far at most they are off."""

    path: Path
    points: int
    measured: int
    off_by: float
    version: str

    def __str__(self) -> str:
        """One line for a person: `wrote the probability into model.yaml: 8 points, ...`."""
        fewer = f", within {self.off_by:.2g} of the {self.measured} measured" if self.off_by else ""
        return f"wrote the probability into {self.path}: {self.points} points{fewer}; it is now version {self.version}"


def write_measured(path: Path, measured: Model, evidence: Evidence, panel: Panel, won: Sequence[str]) -> Written:
    """Write the probability that a backtest of `measured` found into its file; `won` names the outcomes that counted.

    It is fitted to the qualified alone: the disqualified get no probability, and lend none.

    Raises:  UsageError with the reason where it would promise what nobody knows, and what `write_probability` raises.
    """
    stage = panel.labels["stage"]
    out = stage.names.index(DISQUALIFIED) if DISQUALIFIED in stage.names else None
    kept = stage.codes != out if out is not None else np.ones(len(panel), dtype=bool)
    calibration = calibrate(panel.score[kept], panel.won[kept], panel.lead[kept])
    if reason := _why_not(evidence, calibration):
        raise UsageError(f"the probability was not written: {reason}")
    leads, wins = (np.unique(panel.lead[rows]).size for rows in (kept, kept & panel.won))
    dates = f", {panel.as_of[0]:%Y-%m-%d} to {panel.as_of[-1]:%Y-%m-%d}" if panel.horizon is not None else ""
    return write_probability(
        path, calibration.points, measured=measured, horizon=panel.horizon, outcome=" or ".join(won),
        remark=f"by scoville validate: {leads:,} leads, {wins:,} converted{dates}",
    )  # fmt: skip


def _why_not(evidence: Evidence, calibration: Calibration) -> str | None:
    if used := [leak.name for leak in evidence.leaks if leak.is_used]:
        return f"the model reads traits that look written after the outcome: {', '.join(used)}"
    if calibration.cannot_tell is not None:
        return calibration.cannot_tell
    return None if evidence.predicts else "the score does not predict, so that one probability fits all: the base rate"


def check_writable(path: Path) -> None:
    """Whether a model file can be replaced. Raises: UsageError when it is read-only, or not a file."""
    if not path.is_file():
        raise UsageError(f"cannot write the probability into {path}: it is not a file")
    if not path.stat().st_mode & _WRITABLE or not os.access(path, os.W_OK):
        raise UsageError(f"cannot write the probability into {path}: the file is read-only. Allow it, or take a copy")


def write_probability(
    path: Path,
    points: Points,
    *,
    measured: Model,
    horizon: timedelta | None = None,
    outcome: str | None = None,
    remark: str = "",
) -> Written:
    """Write measured points (score, probability), made fewer, into a model file: whole or not at all.

    `measured` is the model that they were measured with. `remark` becomes a comment beside the block; all other text
    stays as it is, comments included.

    Raises:  UsageError when the file is read-only, no longer holds that model, or changes meanwhile, and what
    `with_probability` raises; DataError when the disk is full.
    """
    file = path.resolve()  # a link keeps pointing to where it points
    check_writable(file)
    before = file.read_bytes()
    if Model.loads(_text(before), path=str(path)) != measured:
        raise UsageError(f"{path} is no longer the model that was tested; test it again, then write")
    fewer = thinned(points)
    probability = Probability.model_validate(
        {
            "points": fewer,
            "horizon": None if horizon is None else format_duration(horizon),
            "outcome": outcome,
            "score_version": measured.score_version,
        }
    )
    text = with_probability(_text(before), probability, remark)
    with written_beside(file) as beside:
        beside.write_bytes(text.encode())
        shutil.copymode(file, beside)
        if file.read_bytes() != before:
            raise UsageError(f"{path} was changed by somebody else just now, and was left alone; try again")
    return Written(path, len(fewer), len(points), off_by(fewer, points), Model.loads(text).version)


def _text(content: bytes) -> str:
    """As it stands, line breaks and byte order mark included."""
    return content.decode("utf-8")


# Fewer points


def thinned(points: Points, most: int = MOST_POINTS, within: float = WITHIN) -> Points:
    """As few of the points as keep the map within `within` of all of them, and small probabilities within 5 %.

    Where `most` points cannot, `most` of them moved to where they come nearest. The first and the last always stay.
    Scores are rounded to 2 decimals, probabilities to 4 digits; neither falls.
    """
    at, probability = _one_a_score(points)
    allowed = np.minimum(within, np.maximum(_SMALL * probability, _LEAST))
    chosen, worst = _best_subset(_line_errors(at, probability, allowed), most)
    if worst <= 1:
        return _rounded(at[chosen], probability[chosen])
    for allowed_now in (allowed, np.full(at.size, within)):  # where not both, then the plain one
        chosen, _ = _best_subset(_line_errors(at, probability, allowed_now), most)
        found = _rounded(at[chosen], _nearest(at, probability, chosen, allowed_now))
        if off_by(found, points) <= within:
            break
    return found


def off_by(found: Points, points: Points) -> float:
    """The largest difference between two maps: at a point of one of them, for between points both are straight."""
    (at, probability), (other_at, other) = (np.array(one, dtype=np.float64).T for one in (found, points))
    every = np.union1d(at, other_at)
    return float(np.abs(np.interp(every, at, probability) - np.interp(every, other_at, other)).max())


def _one_a_score(points: Points) -> tuple[Floats, Floats]:
    """Rounded scores and their probabilities; of points that fall on one score the highest."""
    last = {round(at, _DECIMALS): probability for at, probability in points}
    return np.array(list(last)), np.array(list(last.values()))


def _rounded(at: Floats, probability: Floats) -> Points:
    return tuple((score, float(f"{value:.4g}")) for score, value in zip(at.tolist(), probability.tolist(), strict=True))


def _nearest(at: Floats, probability: Floats, chosen: Sequence[int], allowed: Floats) -> Floats:
    """Rising probabilities for the chosen points whose lines miss no other point by more than they must.

    A linear program: the largest miss, as a share of what is allowed, is the least.
    """
    parts = np.array([np.interp(at, at[chosen], one) for one in np.eye(len(chosen))]).T / allowed[:, None]
    wanted, least = probability / allowed, np.ones((at.size, 1))
    falls = np.hstack([np.eye(len(chosen))[:-1] - np.eye(len(chosen))[1:], np.zeros((len(chosen) - 1, 1))])
    found = linprog(
        np.append(np.zeros(len(chosen)), 1.0),
        A_ub=np.vstack([np.hstack([parts, -least]), np.hstack([-parts, -least]), falls]),
        b_ub=np.concatenate([wanted, -wanted, np.zeros(len(chosen) - 1)]),
        bounds=[(probability[0], probability[-1])] * len(chosen) + [(0, None)],
    )
    return np.maximum.accumulate(found.x[:-1])


def _line_errors(at: Floats, probability: Floats, allowed: Floats) -> Floats:
    """For each pair of points how far their line misses those between them, as a share of what is allowed."""
    errors = np.zeros((at.size, at.size))
    for start in range(at.size):
        for end in range(start + 2, at.size):
            passed = slice(start + 1, end)
            line = np.interp(at[passed], at[[start, end]], probability[[start, end]])
            errors[start, end] = np.max(np.abs(line - probability[passed]) / allowed[passed])
    return errors


def _best_subset(errors: Floats, most: int) -> tuple[list[int], float]:
    """The smallest set of points with no line over 1, else the `most` whose worst line is best; and that worst.

    Bellman's way (1961): the best route of k points to each point rests on the best routes of k - 1.
    """
    size = len(errors)
    worst = np.where(np.arange(size) == 0, 0.0, np.inf)
    came_from: list[list[int]] = []
    while worst[-1] > 1 and len(came_from) < most - 1:
        steps = np.where(np.triu(np.ones((size, size), dtype=bool), 1), np.maximum(worst[:, None], errors), np.inf)
        came_from.append(steps.argmin(axis=0).tolist())
        worst = steps.min(axis=0)
    route = [size - 1]
    for places in reversed(came_from):
        route.append(places[route[-1]])
    return route[::-1], float(worst[-1])

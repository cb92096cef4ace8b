"""Other ways to rank the same later leads: the best card of traits alone, and a model of the user's.

In: a judged card, the rows, a history. Out: `Rival`s: by how much the card is better, with an interval. Called by
`learning`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.figures.ranking import paired_auc
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.learn.judging import judge, path_of
from scoville.learn.tried.origins import Trait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from scoville.evidence.figures.ranking import PairedAuc
    from scoville.evidence.history import History
    from scoville.learn.judging import Care, Judged, Table
    from scoville.learn.rows import Rows
    from scoville.learn.tried.origins import Origin
    from scoville.learn.written.scaled import Room
    from scoville.model.load import Model

TRAITS_ALONE = "the best card of traits alone"


@dataclass(frozen=True)
class Rival:
    """Another way to rank the same later leads, and by how much AUC the card is better (interval, p-value).

    `is_yours` says that it is the model that was asked about.
    """

    name: str
    auc: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    cannot_tell: str | None
    is_yours: bool = False

    @property
    def is_beaten(self) -> bool:
        """Whether the card is shown to be better: the whole interval says so."""
        return self.low is not None and self.low > 0


def traits_alone(
    judged: Judged, table: Table, origins: Sequence[Origin], rows: Rows, care: Care, room: Room
) -> Iterator[Rival]:
    """The card of as many factors that knows nothing of behaviour; none where there is no behaviour to know."""
    is_trait = [isinstance(origin, Trait) for origin in origins]
    if not any(is_trait) or all(is_trait):
        return
    told = replace(table, candidates=_those(table.candidates, is_trait))
    path = path_of(told.where(rows.train), replace(care, factors=max(1, len(judged.steps))))
    alone, later = judge(path, told, _those(origins, is_trait), rows.held_out, room), judged.later
    # where they tell nothing, all leads score alike: an AUC of 0.5
    yield _rival(TRAITS_ALONE, paired_auc(judged.score, alone.score, later.won, later.lead))


def by_hand(judged: Judged, against: Model | str | Path, history: History, rows: Rows) -> Rival:
    """A model of the user's, on the held-out rows that it scored."""
    model, score, known = _scores_of(against, history, rows)
    later = judged.later
    pair = paired_auc(judged.score[known], score[known], later.won[known], later.lead[known])
    return replace(_rival(model.name, pair), is_yours=True)


def _those(every: Sequence[Any], wanted: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(one for one, is_wanted in zip(every, wanted, strict=True) if is_wanted)


def _rival(name: str, pair: PairedAuc) -> Rival:
    return Rival(name, pair.auc_b, pair.difference, pair.low, pair.high, pair.p, pair.cannot_tell)


def _scores_of(against: Model | str | Path, history: History, rows: Rows) -> tuple[Model, Any, Any]:
    """The scores that another model gives the held-out rows, and which of these rows it scored."""
    plan = history.plan(against)
    late = np.flatnonzero(rows.held_out)
    which = np.unique(rows.snapshot[late])
    listed = ",".join(rows.as_of[number].isoformat() for number in which)
    panel = history.panel(plan, rows.horizon or DEFAULT_HORIZON, listed)
    wide = int(max(panel.lead.max(), rows.lead.max())) + 1
    keys = panel.snapshot * wide + panel.lead
    order = np.argsort(keys)
    wanted = np.searchsorted(which, rows.snapshot[late]) * wide + rows.lead[late]
    at = np.minimum(np.searchsorted(keys[order], wanted), keys.size - 1)
    known = keys[order][at] == wanted
    return plan.model, panel.score[order][at], known

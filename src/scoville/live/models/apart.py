"""A model at work on some leads, apart from what is in force: to try it, or to score what is not stored.

In: a model's text, and a lead as its messages would say it. Out: a model ready to run, and relations of its plan.
Nothing is written. Called by `telling` and the API. Models are kept ready, for making one so takes longer
than running it on a few leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from scoville.data.values import TIME_COLUMNS
from scoville.errors import ModelError, PlanError
from scoville.live.fold.names import as_text, properties_said, traits_said
from scoville.live.scoring.compiled import Compiled
from scoville.live.scoring.relations import ADJUSTMENTS, Relations
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from scoville.live.scoring.wanted import Wanted

_KEPT = 4  # models: the one in force, and those that somebody is trying; each holds a small database
_ONE = 1  # the number of a lead that has none


@dataclass(frozen=True)
class Deed:
    """One thing that a lead did, with properties as they are sent."""

    event: str
    occurred_at: datetime
    properties: Mapping[str, Any]


@lru_cache(maxsize=_KEPT)
def compiled(text: str) -> Compiled:
    """A model, given as YAML, ready to run. Raises: ModelError, PlanError."""
    return Compiled(Model.loads(text))


def check_runs(text: str) -> None:
    """Compile a model as the worker will. Raises: ModelError; PlanError for one that cannot score live leads."""
    try:
        compiled(text)
    except (ModelError, PlanError):
        raise
    except Exception as refused:
        said = str(refused).partition("\n")[0]
        raise PlanError(f"this model cannot score live leads: {said}") from refused


def relations_of(
    wanted: Wanted, traits: Mapping[str, Any], deeds: Sequence[Deed], placeholders: frozenset[str]
) -> Relations:
    """One lead that is not stored, as its messages would have made it: names and values are read as those are."""
    said = {name: as_text(value) for name, value in traits_said(traits, placeholders).items()}
    leads: dict[str, pa.Array] = {"lead_id": pa.array([str(_ONE)], pa.string())}
    for name in wanted.traits:
        text = pa.array([said.get(name)], pa.string())
        leads[name] = text.cast(pa.timestamp("us")) if name in TIME_COLUMNS else text
    events = {
        "lead_id": pa.array([str(_ONE)] * len(deeds), pa.string()),
        "event": pa.array([deed.event for deed in deeds], pa.string()),
        "occurred_at": pa.array([deed.occurred_at for deed in deeds], pa.timestamp("us")),
    }
    properties = [properties_said(deed.properties, placeholders) for deed in deeds]
    for name in wanted.properties:
        events[name] = pa.array([as_text(found.get(name)) for found in properties], pa.string())
    return Relations(pa.table(leads), pa.table(events), ADJUSTMENTS.empty_table(), [_ONE], {}, {})

"""What happened, read once: leads, events and outcomes, clean and side by side, for every question about the past.

In: whatever holds them, and which outcomes count. Out: a `History`, of which `snapshots.py` makes panels for one model
or several. Called by every verb of evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from scoville.data.lists import read_lists
from scoville.data.load import Loaded, load
from scoville.data.outcomes import USUAL, WON, Outcomes, outcomes_from, outcomes_in_events, outcomes_in_leads
from scoville.data.suggest import did_you_mean, listed
from scoville.data.workspace import Workspace
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError
from scoville.evidence.snapshots import Panel, Span, build_panel, single_panel, snapshot_instants, span_of
from scoville.plan.compile import Plan, compile_plan
from scoville.scoring import as_instant, checked_columns, read_model
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scoville.model.load import Model

DEFAULT_HORIZON = timedelta(days=90)


@dataclass(frozen=True)
class History:
    """Leads, events and outcomes as tables of `engine`. `won` names the outcomes that count.

    `outcome_column` is the column of leads that says who won, where outcomes are one.
    """

    engine: DuckDB
    loaded: Loaded
    outcomes: Outcomes
    won: tuple[str, ...]
    workspace: Workspace
    outcome_column: str | None = None

    @cached_property
    def span(self) -> Span:
        """Where the data begin and end. Raises: DataError when there is no date at all."""
        return span_of(self.engine)

    def plan(self, model: Model | str | Path) -> Plan:
        """The plan of a model for these leads and events. Raises: ModelError, PlanError."""
        model = read_model(model)
        return compile_plan(model, checked_columns(model, self.engine, with_events=self.loaded.has_events))

    def bind(self, plan: Plan, as_of: datetime) -> None:
        """Make the plan runnable here, as of an instant, with the lists of the workspace."""
        self.engine.bind(plan, as_of, read_lists(self.workspace.lists))

    def panel(
        self,
        plan: Plan,
        horizon: timedelta = DEFAULT_HORIZON,
        snapshots: str = "monthly",
        progress: Callable[[int, int], None] = lambda _done, _all: None,
        *,
        with_today: bool = False,
    ) -> Panel:
        """The open leads at every snapshot, scored by the plan, with what became of them within the horizon.

        `with_today` scores them where the data end too, for a forecast: for less time than it takes later. `progress`
        hears how many snapshots are done, of how many. Where outcomes have no dates, there is one snapshot: the leads
        as they are.

        Raises: UsageError for other words than `snapshot_instants` knows; DataError when no snapshot has its horizon
        within the data, or none has an open lead.
        """
        if not self.outcomes.has_dates:
            as_of = as_instant(None)
            self.bind(plan, as_of)
            return single_panel(self.engine, plan, as_of)
        instants = snapshot_instants(snapshots, self.span, horizon)
        self.bind(plan, instants[0])
        today = self.span.end if with_today else None
        panel = build_panel(
            self.engine, plan, instants, horizon, self.won, today=today,
            progress=lambda done: progress(done, len(instants)),
        )  # fmt: skip
        if not len(panel):
            raise DataError("no lead was open at any snapshot: were all created after the last one? See --snapshots")
        return panel


def read_history(  # noqa: PLR0913 - what to read, and how
    leads: object,
    events: object | None = None,
    outcomes: object | None = None,
    *,
    outcome_column: str | None = None,
    won: Sequence[str] = (WON,),
    workspace: Workspace | None = None,
    engine: DuckDB | None = None,
    allow_others: bool = False,
) -> History:
    """Read, clean and merge leads, events and outcomes.

    Outcomes come from a file or frame, or, with neither `outcomes` nor `outcome_column`, from the events called as
    `won` says, or from a column of leads: then without dates, and nothing can be told about any past day.
    `allow_others`: outcomes may all be of other leads, as when a trial has just begun.

    Raises:  DataError, EngineError, UsageError.
    Example: `read_history("leads.csv", "events.csv", "outcomes.csv").panel(plan)`
    """
    engine = engine if engine is not None else DuckDB()
    workspace = workspace if workspace is not None else Workspace()
    loaded = load(
        engine.place, leads, events, workspace=workspace, as_of=None, accounts_source=workspace.accounts.source
    )
    if outcome_column is not None:
        found = outcomes_in_leads(engine.place, outcome_column, won, leads=loaded.leads)
    elif outcomes is not None:
        found = outcomes_from(engine.place, outcomes, people=loaded.people, workspace=workspace)
        if not allow_others:
            _check_known(found)
        _check_won(engine, won, found.rows)
    else:
        found = outcomes_in_events(engine.place, loaded.events, won, people=loaded.people)
    return History(engine, loaded, found, tuple(won), workspace, outcome_column)


def _check_known(outcomes: Outcomes) -> None:
    """Raises: DataError when there are outcomes, and all of them are of leads that nobody knows."""
    if outcomes.unknown and not outcomes.rows:
        raise DataError(
            f"no lead has any of the {counted(outcomes.unknown, 'outcome')}: the ids are not those of leads. Name the "
            'columns that hold the same ids: --map outcomes.lead_id="...", --map leads.lead_id="..."'
        )


def _check_won(engine: DuckDB, won: Sequence[str], outcomes: int) -> None:
    """Where nobody won yet there may be only `lost`; but names that are all others want to be told apart.

    Raises: DataError when there are outcomes and none is called as those that count, nor by any usual name.
    """
    rows = engine.arrow("SELECT DISTINCT trim(outcome) AS name FROM outcomes WHERE outcome IS NOT NULL ORDER BY 1")
    known = rows["name"].to_pylist()
    if outcomes and not known:
        raise DataError("the column outcome of outcomes is empty: fill it in, or leave it out where every row is a win")
    wanted = {name.strip().lower() for name in won}
    if known and not any(name.lower() in {*wanted, *USUAL} for name in known):
        raise DataError(
            f"no outcome is called {listed(won)}.{did_you_mean(won[0], known)} Outcomes: {listed(known)}. "
            "Say which counts with --won NAME"
        )

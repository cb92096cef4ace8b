"""A few of the leads with all that they did, in an engine of their own: for what is asked rule by rule, lead by lead.

In: a history and its panel. Out: `Few`, the same leads at every snapshot. Called by what looks at single rules and
leads (`rules/`, `drift/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.data.lists import read_lists
from scoville.engines.duckdb import DuckDB
from scoville.evidence.figures.sample import distinct

if TYPE_CHECKING:
    from datetime import datetime

    import numpy.typing as npt
    import pyarrow as pa

    from scoville.evidence.history import History
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

MOST_LEADS = 20_000  # enough for a difference of 0.01 in AUC to show; every question means one more scoring of them


@dataclass(frozen=True)
class Few:
    """At most 20,000 leads of a panel, chosen by a hash of their id, in the order of their id.

    `engine` has the tables `leads` and `events` with these leads alone, and `few` (lead_id, lead_no). `lead` holds the
    numbers by which the panel knows them.
    """

    engine: DuckDB
    lead: npt.NDArray[np.int64]
    _history: History

    @property
    def has_events(self) -> bool:
        """Whether events were given."""
        return self._history.loaded.has_events

    def bind(self, plan: Plan, as_of: datetime) -> None:
        """Make the plan runnable on these leads, as of an instant, with the lists of the workspace."""
        self.engine.bind(plan, as_of, read_lists(self._history.workspace.lists))

    def rows(self, panel: Panel, snapshot: int) -> npt.NDArray[np.int64]:
        """The rows of the panel that are these leads at one snapshot, in the order of `lead`.

        Leads that were not open then have none.
        """
        here = np.flatnonzero(panel.snapshot == snapshot)
        rows = here[np.isin(panel.lead[here], self.lead)]
        return rows[np.argsort(panel.lead[rows])]

    def places(self, panel: Panel, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where in `lead` the leads of some rows of the panel stand."""
        return np.searchsorted(self.lead, panel.lead[rows])

    def contributions(self, plan: Plan, as_of: datetime) -> pa.Table:
        """Every contribution to these leads as of an instant: `lead_no` and the columns of `tables.CONTRIBUTIONS`.

        Also of leads that were not open then: `rows` says which were.
        """
        self.bind(plan, as_of)
        query = plan.sql("contributions", self.engine.dialect)
        return self.engine.arrow(
            f"SELECT f.lead_no, c.* FROM ({query}) c JOIN few f USING (lead_id)"  # noqa: S608 - our own steps
            " ORDER BY lead_id, section, points DESC, rule"
        )


def few_of(history: History, panel: Panel, most: int = MOST_LEADS) -> Few:
    """At most `most` of the leads that the panel holds, with all their events."""
    import pyarrow as pa  # noqa: PLC0415 - only here

    engine = history.engine
    with engine.registered(pa.table({"lead_no": distinct(panel.lead)})) as source:
        engine.run(
            "CREATE OR REPLACE TEMP TABLE few AS SELECT lead_id, lead_no "  # noqa: S608 - our own tables
            f"FROM panel_leads JOIN {source} USING (lead_no) ORDER BY hash(lead_id), lead_id LIMIT {int(most)}"
        )
    small = DuckDB()
    tables = ("leads", *(("events",) if history.loaded.has_events else ()))
    for name in tables:
        _copy(engine, small, name, f'SELECT t.* FROM "{name}" t SEMI JOIN few USING (lead_id)')  # noqa: S608
    _copy(engine, small, "few", "FROM few ORDER BY lead_id")
    return Few(small, small.arrow("SELECT lead_no FROM few ORDER BY lead_id")["lead_no"].to_numpy(), history)


def _copy(source: DuckDB, target: DuckDB, table: str, query: str) -> None:
    with target.registered(source.arrow(query)) as rows:
        target.run(f'CREATE OR REPLACE TEMP TABLE "{table}" AS FROM {rows}')

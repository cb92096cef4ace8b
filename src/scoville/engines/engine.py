"""What an engine is: where a plan runs, and everything that `scoring.py` and `explain/` ask of it.

In: a Plan, whose inputs stand as temporary tables or views in one session. Out: rows, files, tables. DuckDB is the
embedded one; PostgreSQL and Spark work where the data are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import ibis
    import pyarrow as pa

    from scoville.data.keep import Place
    from scoville.plan.compile import Plan


class Engine(Protocol):
    """One session with the tables of one run. Queries are SQL in its `dialect`, as `Plan.sql` writes it.

    `place` is where `data/` opens, cleans and keeps: after `load` the session has `leads`, `events`, `rejects` and
    `lead_links`. `bound` counts the runs that its tables have served; they hold the last one.

    Raises: EngineError when it cannot be reached, refuses, or runs out of something, with what can be done.
    """

    @property
    def dialect(self) -> str:
        """What `Plan.sql` has to write."""

    @property
    def place(self) -> Place:
        """Where relations are opened, cleaned and kept."""

    @property
    def bound(self) -> int:
        """How many runs there were."""

    @property
    def works_out_again(self) -> bool:
        """Whether a step that two others read is worked out for each of them.

        A sum of fractions may then differ in its last digit, and a score from its own rank: what scores rest on is
        materialised first.
        """

    def columns(self, table: str) -> Mapping[str, ibis.DataType]:
        """Names and Ibis types of the columns of a temporary table or view, in their order."""

    def bind(self, plan: Plan, as_of: datetime, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make `as_of` (naive UTC) and the lists that the plan looks things up in; `extra`: the user's additions."""

    def keep(self, name: str, query: str) -> None:
        """Run a query now and hold its rows in the session under a name. Replaces what has this name."""

    def materialise(self, plan: Plan, steps: Sequence[str], given: Sequence[str] = ()) -> None:
        """Run steps of the plan, each kept under its name, so that later ones read it. `given` stand there already."""

    def arrow(self, query: str) -> pa.Table:
        """Rows of a query, here. On a warehouse only for answers that are small."""

    def sort_key(self, column: str) -> str:
        """A column of text as ORDER BY takes it to sort by bytes, whatever the language of the database."""

    def likeness(self, column: str, text: str) -> str:
        """An expression that is the greater, the more a column of text looks like `text`: for 'did you mean'."""

    def check_targets(self, targets: Sequence[str], sources: Sequence[str | None]) -> None:
        """Whether results can be written to these, and none of them is read in this run: before the work begins.

        Raises: UsageError that says what stands in the way.
        """

    def write_all(self, queries: Mapping[str, str]) -> None:
        """Write the rows of each query to its target, a file or a table of the engine.

        A target appears whole or not at all; tables appear together, in one transaction, where the engine has any.
        """

    def close(self) -> None:
        """End the session; what it kept is gone."""


@runtime_checkable
class Spread(Protocol):
    """An engine that can hand leads and their events out to many processes, some thousands at a time."""

    def work_out(
        self, name: str, work: Callable[[Mapping[str, pa.Table]], pa.Table], columns: Mapping[str, str], *, beside: str
    ) -> None:
        """Keep under a name what `work` makes of each part: tables `leads`, `events` and `beside`, of the same leads.

        `columns` are those that come out, with their Ibis types; `beside` is a query that gives further facts by
        lead_id. Scoville has to be installed where the parts are worked out.
        """

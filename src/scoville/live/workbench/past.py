"""The history of a store as evidence and learning read it.

In: an open store, or a bench. Out: `scoville.evidence.history.History`, the very same that files give. Called by jobs,
which can wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.data.keep import quoted
from scoville.data.outcomes import WON
from scoville.data.workspace import PLACEHOLDERS, parse_workspace
from scoville.engines.duckdb import DuckDB
from scoville.evidence.history import History, read_history
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.tables import FILE, LEADS, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from scoville.live.store.opening import Store
    from scoville.live.workbench.bench import Bench

_TYPES = {"number": "::DOUBLE", "yes or no": "::BOOLEAN"}  # as files of data have them: learning looks for bands


def history(
    store: Store,
    *,
    now: datetime,
    won: Sequence[str] = (WON,),
    told: Callable[[float | None, str], None] = lambda _share, _said: None,
    memory_limit: str | None = None,
) -> History:
    """Everything that the store knows, not older than ten minutes, clean and with the types that files would have.

    `won` names the outcomes that count. `told` hears how far the copy is (share from 0 to 1, what is being done).
    Close `history.engine` when you are done.

    Raises: DataError when there is no lead, or no outcome is called as `won` says.
    """
    return history_in(workbench_of(store).bench_now(now, told), won=won, memory_limit=memory_limit)


def history_in(bench: Bench, *, won: Sequence[str] = (WON,), memory_limit: str | None = None) -> History:
    """The same of a bench that is open."""
    engine = DuckDB(memory_limit=memory_limit)
    bench.attach(engine)
    for name, query in _views(bench):
        engine.run(f"CREATE OR REPLACE VIEW {quoted(name)} AS {query}")
    # values are clean already: nothing is to be taken for a placeholder, and no two leads are one person
    workspace = parse_workspace({"merge": "none", "keep_values": sorted(PLACEHOLDERS - {""})}, bench.path)
    return read_history("said_leads", "said_events", "said_outcomes", won=won, workspace=workspace, engine=engine)


def _views(bench: Bench) -> Iterator[tuple[str, str]]:
    """Relations by the names and ids that people know. Of names that differ in capitals alone the first is kept."""
    named: dict[str, str] = {}
    for column in bench.columns:
        if not column.is_derived:
            typed = _TYPES.get(column.kind, "")
            named.setdefault(column.name.casefold(), f", l.{column.held}{typed} AS {quoted(column.name)}")
    chosen = "".join(named.values())
    yield "said_leads", f"SELECT p.id AS lead_id{chosen} FROM {LEADS} l JOIN {PEOPLE} p USING (lead_id)"  # noqa: S608
    for name, columns in (("events", "e.event, e.occurred_at, e.properties"), ("outcomes", "e.outcome, e.at, e.value")):
        yield f"said_{name}", f"SELECT p.id AS lead_id, {columns} FROM {FILE}.{name} e JOIN {PEOPLE} p USING (lead_id)"  # noqa: S608

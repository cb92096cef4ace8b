"""An empty store -> a made-up company's leads, what they did until now, its model, and who sells: the job `demo`.

In: how many leads. Out: how many rows. The data are those of `scoville demo`, made so that they end now. The model is
in force as if it had been for two weeks, in which three made-up people were given leads and called them
(`demo_weeks`). Nothing ever leaves the store: where an action would tell somebody else, nothing is filled in.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from scoville.data.workspace import Workspace
from scoville.demo import generate, starter_model
from scoville.errors import UsageError
from scoville.live.actions.locally import LOCAL
from scoville.live.importing import import_history
from scoville.live.jobs.demo_team import has_sales
from scoville.live.jobs.demo_weeks import live_through
from scoville.live.models.publishing import list_publications, progress_of, publish
from scoville.live.models.versions import save_version
from scoville.live.store.actions import actions
from scoville.live.store.log import inbox, sources
from scoville.live.store.people import leads

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from scoville.live.importing import Imported, What
    from scoville.live.jobs.kinds import Told
    from scoville.live.store.opening import Store

_SOURCE = "demo"
_TIMES = {"leads": "created_at", "events": "occurred_at", "outcomes": "at"}
_SCORING = 0.6  # share of the work when everything is in
_SHARES: tuple[tuple[What, float, float], ...] = (
    ("leads", 0.1, 0.15), ("outcomes", 0.15, 0.2), ("events", 0.2, _SCORING),
)  # fmt: skip
_LOOK_S, _LONGEST_S = 0.5, 300.0


def run_demo(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """Fill the store. Raises: UsageError where it holds leads of somebody else, or an action that tells others."""
    with store.reading() as connection:
        if not _is_begun(connection):
            check_is_bare(connection)
        check_nobody_is_told(connection)
    told(0.0, "Making up a company")
    until = datetime.fromisoformat(asked["until"])  # as it was asked for: begun again it comes to the same rows
    made = generate(asked["leads"], end=until + timedelta(days=1))  # to midnight; what is still to come is left out
    tables = {what: _until(until, getattr(made, what), column) for what, column in _TIMES.items()}
    tables["leads"] = tables["leads"].append_column("updated_at", tables["leads"]["created_at"])
    for what, begin, end in _SHARES:
        far = _far(told, what, tables[what].num_rows, begin, end)
        import_history(store, what, tables[what], source=_SOURCE, workspace=Workspace(), now=now, told=far)
    _wait(store, lambda connection: connection.execute(select(inbox.c.seq).limit(1)).first() is None)
    if not _live_through(store, asked["by"], until, told):
        _publish(store, asked["by"], now)
    _wait(store, lambda connection: _is_scored(connection, told))
    return {what: table.num_rows for what, table in tables.items()}


def check_is_bare(connection: Connection) -> None:
    """Raises: UsageError where leads are known: real and made-up ones must not be mixed; and where others are told."""
    check_nobody_is_told(connection)
    if connection.execute(select(leads.c.lead_no).limit(1)).first() is not None:
        raise UsageError("there are leads here already: demo data is for an empty store, so that nothing is mixed up")


def check_nobody_is_told(connection: Connection) -> None:
    """Raises: UsageError where an action would tell somebody else of what made-up people do."""
    telling = select(actions.c.name).where(actions.c.kind.not_in(LOCAL)).limit(1)
    name = connection.execute(telling).scalar()
    if name is not None:
        raise UsageError(f"the action '{name}' would send messages about made-up leads: take it away, then fill")


def _is_begun(connection: Connection) -> bool:
    """Whether this job was begun before, by a worker that died."""
    return connection.execute(select(sources.c.source_no).where(sources.c.name == _SOURCE)).first() is not None


def _until(now: datetime, table: pa.Table, column: str) -> pa.Table:
    return table.filter(pc.less_equal(table[column], pa.scalar(now, table[column].type)))


def _live_through(store: Store, by: str, until: datetime, told: Told) -> bool:
    """Two weeks with the model of the demo and a team; not where somebody has a model, or people who sell."""
    with store.reading() as connection:
        if list_publications(connection, 1) or has_sales(connection):
            return False
    said = "Two weeks of calls"
    return live_through(store, starter_model(), by=by, until=until,
                        told=lambda share: told(_SCORING + (1 - _SCORING) * share, said))  # fmt: skip


def _publish(store: Store, by: str, now: datetime) -> None:
    """The model that the demo comes with; where one is in force or on its way, that stays."""
    with store.writing() as connection:
        if list_publications(connection, 1):
            return
        version = save_version(connection, starter_model(), author=by, note="The model of the demo", now=now)
        publish(connection, version.version_no, author=by, note="The model of the demo", now=now)


def _far(told: Told, what: str, rows: int, begin: float, end: float) -> Callable[[Imported], None]:
    def far(imported: Imported) -> None:
        done = imported.accepted + imported.known + imported.refused
        told(begin + (end - begin) * min(1.0, done / max(1, rows)), f"{done:,} of {rows:,} {what}")

    return far


def _is_scored(connection: Connection, told: Told) -> bool:
    """Whether the model is in force: then every lead has a score."""
    newest = list_publications(connection, 1)[0]
    far = progress_of(connection, newest.publication_no)
    told(_SCORING + (1 - _SCORING) * far.scored / max(1, far.leads), f"{far.scored:,} of {far.leads:,} leads scored")
    return newest.switched_at is not None


def _wait(store: Store, is_so: Callable[[Connection], bool]) -> None:
    """Until the worker has come so far, or seems not to run."""
    until_s = time.monotonic() + _LONGEST_S
    while time.monotonic() < until_s:
        with store.reading() as connection:
            if is_so(connection):
                return
        time.sleep(_LOOK_S)

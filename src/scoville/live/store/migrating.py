"""A store brought up to date: from nothing, or from what an earlier release left.

In: a `Store`. Out: the same with the tables of this release. Called before anything else uses a store. Alembic keeps
the step reached in the table `alembic_version`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from scoville.errors import UsageError
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 5_052_026  # any number that other programs do not take: two servers that start at once do not both migrate


def upgrade(store: Store) -> None:
    """Bring the tables to this release, in one transaction.

    Raises: UsageError for a store that a newer release has written.
    """
    upgrade_to(store, "head")


def upgrade_to(store: Store, step: str) -> None:
    """The same up to an earlier step: that of a backup. Raises: UsageError as `upgrade`."""
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _check_is_known(step_of(connection))
        _check_is_known(None if step == "head" else step)
        command.upgrade(_config(connection), step)


def is_empty(store: Store) -> bool:
    """Whether the store has no tables of Scoville yet, or none with a row."""
    with store.reading() as connection:
        there = set(inspect(connection).get_table_names())
        ours = [table for table in CATALOGUE.sorted_tables if table.name in there]
        return not any(connection.execute(select(table).limit(1)).first() for table in ours)


def step_of(connection: Connection) -> str | None:
    """The step that the store has reached; null for one without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def _check_is_known(step: str | None) -> None:
    known = {script.revision for script in _steps().walk_revisions()}
    if step is not None and step not in known:
        raise UsageError(
            f"the store is at step {step}, which this release of Scoville does not know: a newer one has written it. "
            "Install that release again, or restore a backup from before"
        )


def _steps() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config

"""A store comes up to date from nothing, and what the steps make is what the code expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, text

from scoville.errors import UsageError
from scoville.live.store.log import sources
from scoville.live.store.metadata import EPOCH
from scoville.live.store.migrating import is_empty, step_of, upgrade
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from live_stores import NewStore


def test_the_steps_make_the_tables_that_the_code_expects(new_store: NewStore) -> None:
    store = new_store(with_tables=False)
    with store.reading() as connection:
        assert step_of(connection) is None
    upgrade(store)
    with store.reading() as connection:
        assert step_of(connection) is not None
        assert compare_metadata(MigrationContext.configure(connection), CATALOGUE) == []


def test_a_second_upgrade_changes_nothing_and_keeps_what_is_there(new_store: NewStore) -> None:
    store = new_store(with_tables=False)
    upgrade(store)
    assert is_empty(store)
    with store.writing() as connection:
        connection.execute(text("INSERT INTO sources (source_no, name, created_at) VALUES (7, 'site', 0)"))
    upgrade(store)
    assert not is_empty(store)


def test_a_store_of_a_newer_release_is_refused_with_what_to_do(new_store: NewStore) -> None:
    store = new_store(with_tables=False)
    upgrade(store)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="step 9999, which this release of Scoville does not know"):
        upgrade(store)


def test_a_transaction_that_fails_leaves_nothing(new_store: NewStore) -> None:
    store = new_store()
    with pytest.raises(ZeroDivisionError), store.writing() as connection:  # noqa: PT012 - both belong to it
        connection.execute(insert(sources).values(name="site", created_at=EPOCH))
        1 / 0  # noqa: B018
    assert is_empty(store)

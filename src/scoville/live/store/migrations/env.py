"""What Alembic runs to bring a store up to date.

The connection comes from `migrating.py`, the tables from `tables.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from scoville.live.store.tables import CATALOGUE


def as_stored(kind: str, item: Any, _: object) -> str | Literal[False]:  # noqa: ANN401 - anything in a schema
    """A step says what a column is in the database, so that it means the same when our own types have changed."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=CATALOGUE,
    render_item=as_stored,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()

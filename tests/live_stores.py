"""New stores of both kinds, for tests: a file in the test's folder, and a database of the tests' own server."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from scoville.live.store.opening import Store, open_store
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    import contextlib
    from pathlib import Path

    from postgres_server import Server


class NewStore(Protocol):
    """Makes a store: with all tables, or as somebody who starts finds it."""

    def __call__(self, *, with_tables: bool = True) -> Store:
        """A store of its own each time."""


def maker(folder: Path, server: Server | None, stack: contextlib.ExitStack) -> NewStore:
    """Makes stores that are gone when `stack` is left; on `server`, or without one as files in `folder`."""

    def new_store(*, with_tables: bool = True) -> Store:
        name = secrets.token_hex(4)
        url = f"sqlite:///{folder}/{name}.db" if server is None else stack.enter_context(server.database())
        store = open_store(url)
        stack.callback(store.close)
        if with_tables:
            CATALOGUE.create_all(store.engine)
        return store

    return new_store

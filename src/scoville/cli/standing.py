"""The store behind `--store`, for commands that look into it or change it beside a running server."""

from __future__ import annotations

import contextlib
import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.errors import UsageError
    from scoville.live.store.opening import Store

StoreUrl = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="SCOVILLE_STORE",
        help="sqlite:///FILE, or postgres://USER@HOST/DATABASE.",
        rich_help_panel="Machine",
    ),
]
USUAL_STORE = "sqlite:///scoville.db"


@contextlib.contextmanager
def standing_store(url: str) -> Iterator[Store]:
    """The store, its tables made or brought up to date. Raises: UsageError, EngineError."""
    from scoville.live.store.migrating import upgrade
    from scoville.live.store.opening import open_store

    with contextlib.closing(open_store(url, connections=1)) as store:
        upgrade(store)
        yield store


@contextlib.contextmanager
def known_store(url: str) -> Iterator[Store]:
    """A store that stands already: in a new one, made by a slip of the keys, all would be well.

    Raises: UsageError when nothing is there, EngineError.
    """
    from scoville.live.store.migrating import step_of
    from scoville.live.store.opening import is_there, open_store

    if not is_there(url):
        raise _missing(url)
    with contextlib.closing(open_store(url, connections=1)) as store, store.reading() as connection:
        if step_of(connection) is None:
            raise _missing(url)
    with standing_store(url) as store:
        yield store


def _missing(url: str) -> UsageError:
    from sqlalchemy.engine import make_url

    from scoville.errors import UsageError

    shown = make_url(url).render_as_string()  # without its password
    return UsageError(
        f"there is no store at {shown}; name another --store, or make one: scoville serve --store {shown}"
    )


def this_instant() -> datetime:
    """Now, naive UTC."""
    from scoville.live.store.metadata import utc_now

    return utc_now()


def who_types() -> str:
    """What the audit log calls the person at the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a container may run as a number without a name
        return "cli:nobody"

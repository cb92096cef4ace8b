"""The process that answers: the app behind the open door, until it is asked to stop.

In: a store, the door (a listening socket) and the settings. Out: nothing. Called by `scoville serve`. When it is asked
to stop it takes no new connection, answers what it has begun, and leaves the door open for the next process.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING

import uvicorn
from sqlalchemy.exc import DBAPIError

from scoville.live.ingest.rules import rules_in_force
from scoville.web.app import create_app
from scoville.web.ingest.desk import desk_of
from scoville.web.ingest.routes import EventsFirst, ingest_routes
from scoville.web.processes import say_ready

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from scoville.live.store.opening import Store
    from scoville.web.ingest.desk import Desk
    from scoville.web.settings import Settings

_GARBAGE = 50_000  # objects between two looks for cycles: a request leaves none, and a look costs a tenth of one
_LEAVE_S = 20  # for requests that have begun
_SETTINGS_S = 2.0  # after so long a changed setting holds here, as in the worker
_IDLE_S = 75  # for a connection without requests: longer than the 60 s of balancers, who then never meet a closed one


def serve(store: Store, door: socket.socket, settings: Settings) -> None:
    """Answer requests until SIGTERM or SIGINT."""
    app = app_of(store, settings)
    config = uvicorn.Config(
        EventsFirst(app), log_config=None, access_log=False, timeout_graceful_shutdown=_LEAVE_S,
        timeout_keep_alive=_IDLE_S, server_header=False, date_header=True, proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    gc.freeze()  # what stands now stays: it need not be looked through again
    gc.set_threshold(_GARBAGE)
    uvicorn.Server(config).run(sockets=[door])


def app_of(store: Store, settings: Settings) -> FastAPI:
    """The whole app: the API, and ingestion with the inbox that writes for it."""
    desk = desk_of(store)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001 - as Starlette calls it
        following = asyncio.create_task(_follow_settings(desk, store))
        with desk.inbox:
            say_ready()
            yield
        following.cancel()

    return create_app(store, settings, routes=ingest_routes(desk, public_url=settings.base_url), lifespan=lifespan)


async def _follow_settings(desk: Desk, store: Store) -> None:
    """Take events by the settings in force; while the store is away, by those that were."""
    while True:
        await asyncio.sleep(_SETTINGS_S)
        with contextlib.suppress(DBAPIError):
            desk.rules = await asyncio.to_thread(rules_in_force, store)

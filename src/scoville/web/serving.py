"""The process that answers: the app behind the open door, until it is asked to stop.

In: a store, the door (a listening socket) and the settings. Out: nothing. Called by `scoville serve`. When it is asked
to stop it takes no new connection, answers what it has begun, and leaves the door open for the next process.
"""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

import uvicorn

from scoville.live.ingest.inbox import Inbox
from scoville.live.ingest.rules import Rules
from scoville.live.store.settings import read_settings
from scoville.web.app import create_app
from scoville.web.ingest.counted import count_written
from scoville.web.ingest.desk import Desk
from scoville.web.ingest.routes import EventsFirst, ingest_routes
from scoville.web.ingest.senders import StoredKeys
from scoville.web.processes import say_ready

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from scoville.live.store.opening import Store
    from scoville.web.settings import Settings

_GARBAGE = 50_000  # objects between two looks for cycles: a request leaves none, and a look costs a tenth of one
_LEAVE_S = 20  # for requests that have begun
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
    with store.reading() as connection:
        live = read_settings(connection)
    inbox = Inbox(store, told=count_written)
    rules = Rules(outcomes=live.outcomes, are_bots_refused=live.are_bots_refused)
    desk = Desk(StoredKeys(store), inbox, rules)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001 - as Starlette calls it
        with inbox:
            say_ready()
            yield

    return create_app(store, settings, routes=ingest_routes(desk, public_url=settings.base_url), lifespan=lifespan)

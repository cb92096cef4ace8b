"""The web app: everything that is reached over HTTP, in one place.

In: an open store, and what the operator chose. Out: a FastAPI app. Called by `scoville serve` and by tests. Read it
downward: the door, the guarded routes of the API and of the pages, what runs beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware

from scoville import __version__
from scoville.live.store.metadata import utc_now
from scoville.web.api import (
    actions,
    admin,
    description,
    evidence,
    explaining,
    exports,
    health,
    jobs,
    leads,
    login,
    models,
    owners,
    people,
    routing,
    sales,
    scoring,
    uploads,
    views,
)
from scoville.web.api.changes import RepeatedError, answer_again
from scoville.web.errors import DESCRIBED, add_error_handlers
from scoville.web.headers import Door
from scoville.web.limits import Buckets
from scoville.web.metrics import Metrics
from scoville.web.pages import PAGE_ROUTERS
from scoville.web.pages.page import nothing_here
from scoville.web.settings import Settings
from scoville.web.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from starlette.routing import BaseRoute

    from scoville.live.store.opening import Store

_ROUTERS = (
    health.router, leads.router, views.router, sales.router, people.router, models.router, scoring.router,
    explaining.router, owners.router, routing.router, actions.router, exports.router, login.router, admin.router,
    jobs.router, uploads.router, uploads.streamed, evidence.router, description.router,
)  # fmt: skip


def create_app(
    store: Store,
    settings: Settings | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    routes: Sequence[BaseRoute] = (),
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """The app over a store whose tables stand.

    `routes` go before those of the API and guard themselves, such as those of ingestion. `lifespan` is
    entered when the server starts and left when it stops.
    """
    settings = settings or Settings()
    metrics = Metrics()
    app = FastAPI(
        title="Scoville",
        version=__version__,
        description=description.SUMMARY,
        openapi_tags=description.TAGS,
        openapi_url=None, docs_url=None, redoc_url=None,  # the description is a guarded route of its own
        redirect_slashes=False,  # a redirect turns a POST into a GET in some clients
        middleware=[Middleware(Door, settings=settings, metrics=metrics)],
        responses=DESCRIBED,
        lifespan=lifespan,
    )  # fmt: skip
    buckets = Buckets(settings.requests_per_s, settings.burst)
    app.state.scoville = State(store, settings, metrics, buckets, clock)
    app.router.routes.extend(routes)
    for router in (*_ROUTERS, *PAGE_ROUTERS):
        app.include_router(router)
    add_error_handlers(app)
    for status in (404, 405):
        app.add_exception_handler(status, nothing_here)
    app.add_exception_handler(RepeatedError, answer_again)
    return app

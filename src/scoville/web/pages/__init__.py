"""Pages: what people see of an installation, rendered here and served whole or in parts.

In: requests of people who are logged in. Out: HTML. `page` shows how each is asked for and answered; every other module
is one page, thin: it reads and writes through the functions of the API, and a template says how it looks.
"""

from __future__ import annotations

from scoville.web.pages import (
    accounts,
    data,
    evidence,
    files,
    jobs,
    lead,
    login,
    matrix,
    queue,
    settings,
    studio,
    welcome,
)

PAGE_ROUTERS = (
    files.router, login.router, jobs.router, *queue.ROUTERS, *lead.ROUTERS, matrix.router, accounts.router,
    *studio.ROUTERS, *evidence.ROUTERS, *data.ROUTERS, *settings.ROUTERS, *welcome.ROUTERS,
)  # fmt: skip

"""Pages: what people see of an installation, rendered here and served whole or in parts.

In: requests of people who are logged in. Out: HTML. `page` shows how each is asked for and answered; every other module
is one page, thin: it reads and writes through the functions of the API, and a template says how it looks.
"""

from __future__ import annotations

from scoville.web.pages import accounts, files, jobs, login, matrix, queue, views

PAGE_ROUTERS = (
    files.router, login.router, jobs.router, queue.router, views.router, matrix.router, accounts.router,
)  # fmt: skip

"""Pages: what people see of an installation, rendered here and served whole or in parts.

In: requests of people who are logged in. Out: HTML. `page` shows how each is asked for and answered; every other module
is one page, thin: it reads and writes through the functions of the API, and a template says how it looks.
"""

from __future__ import annotations

from scoville.web.pages import accounts, evidence, files, jobs, lead, lead_deeds, login, matrix, queue, views
from scoville.web.pages.data import arriving, connecting, identity, outcomes, sources, traits
from scoville.web.pages.settings import SETTINGS_ROUTERS
from scoville.web.pages.studio import beginning, editor, learning, preview, versions, yaml_view
from scoville.web.pages.welcome import modelling, start, uploading

PAGE_ROUTERS = (
    files.router, login.router, jobs.router, learning.router, queue.router, views.router, lead.router,
    lead_deeds.router, matrix.router, accounts.router,
    sources.router, arriving.router, traits.router, identity.router, outcomes.router, connecting.router,
    editor.router, yaml_view.router, beginning.router, preview.router, versions.router,
    *evidence.ROUTERS, *SETTINGS_ROUTERS,
    start.router, uploading.router, uploading.streamed, modelling.router,
)  # fmt: skip

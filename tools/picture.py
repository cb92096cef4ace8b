"""The pictures of the README, out of the demo data: docs/pictures/queue.png and lead.png.

    python tools/picture.py

A made-up company's year is filled into a new store, its last two weeks day by day, so that scores have a past; then
Chromium looks at the pages. The clock stands still and the seed is fixed: the same code makes the same pictures, as far
as Chromium draws the same.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pyarrow.compute as pc
import structlog
import uvicorn
from playwright.sync_api import ViewportSize, sync_playwright

from scoville.data.workspace import Workspace
from scoville.demo import generate, starter_model
from scoville.live.actions.sealing import sealer_of
from scoville.live.actions.sender import Sender
from scoville.live.importing import import_history
from scoville.live.models.publishing import publish
from scoville.live.models.versions import save_version
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import open_store
from scoville.live.working import lanes_of
from scoville.web.app import create_app
from scoville.web.auth.keys import NewKey, create_key
from scoville.web.auth.passwords import hash_now
from scoville.web.auth.users import NewUser, create_user
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from fastapi import FastAPI
    from playwright.sync_api import Browser

    from scoville.live.importing import What
    from scoville.live.store.opening import Store
    from scoville.live.worker import Chore

NOW = datetime.fromisoformat("2026-05-05T09:30:00")  # a Tuesday
LEADS, SEED, DAYS = 800, 4, 14
MORNING = tuple(timedelta(minutes=minutes) for minutes in (95, 50, 20, 0))  # before now: today bit by bit
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1440, "height": 900}
MOST_BYTES = 300_000
OWNERS = ("Maya Lind", "Tom Okoro", "Sofia Reyes")
STAGES = ["MQL", "SQL"]
TOUCH = {"touch_within_s": 2 * 3600}
TIMES: dict[What, str] = {"leads": "created_at", "outcomes": "at", "events": "occurred_at"}
_DELIVERED_S = 0.02  # threads deliver
EMAIL, PASSWORD = "maya@example.com", "a quiet river runs uphill"


@dataclass
class Clock:
    """The clock of the server: it stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """What it says."""
        return self.now


def main() -> None:
    """Fill a store, look at it, and write the pictures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(open_store(f"sqlite:///{folder}/demo.db")) as store,
    ):
        upgrade(store)
        clock = Clock(NOW - timedelta(days=DAYS))
        app = create_app(store, Settings(requests_per_s=1e6, burst=1_000_000), clock=clock)
        with serving(app) as url:
            fill(store, url, clock)
            look(url)


# --- a company and its last two weeks --------------------------------------------------------------------------------


def fill(store: Store, url: str, clock: Clock) -> None:
    """People, history, the model; then each day as it came, and this morning bit by bit."""
    key, lanes = make_logins(store, clock()), lanes_of(store, Sender(sealer_of(store, os.environ)))
    made = generate(LEADS, seed=SEED, end=NOW + timedelta(days=1))
    tables: dict[What, pa.Table] = {"leads": made.leads, "outcomes": made.outcomes, "events": made.events}
    tables = still_open(tables, clock())
    tables["leads"] = tables["leads"].append_column("updated_at", tables["leads"]["created_at"])
    put_model_in_force(store, clock())
    before = None
    for at in (*(NOW - timedelta(days=back) for back in range(DAYS, 0, -1)), *(NOW - early for early in MORNING)):
        clock.now = at
        set_up(url, key, at)
        for what, column in TIMES.items():
            some = between(tables[what], column, before, at)
            import_history(store, what, some, source="demo", workspace=Workspace(), now=at)
        work_until_idle(lanes, at)
        before = at


def set_up(url: str, key: str, at: datetime) -> None:
    """Who calls, from the first day on; and since yesterday within which time."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:

        def make(path: str, what: object) -> str:
            made = client.post(path, json=what).raise_for_status().json()
            return str(made.get("id"))

        if at == NOW - timedelta(days=DAYS):
            emails = {name: f"{name.split()[0].lower()}@example.com" for name in OWNERS}
            ids = [make("/v1/owners", {"name": name, "email": email}) for name, email in emails.items()]
            make("/v1/territories", {"name": "Everybody", "owner_ids": ids})
            make("/v1/actions", {"name": "Queue them", "kind": "assign", "stages": STAGES, "direction": "up"})
        if at == NOW - timedelta(days=1):
            for stage in STAGES:
                client.put(f"/v1/sla/{stage}", json=TOUCH).raise_for_status()


def make_logins(store: Store, begun: datetime) -> str:
    """A person to look at the pages, and a key to set up with."""
    with store.writing() as connection:
        user = NewUser(EMAIL, OWNERS[0], "admin", hash_now(PASSWORD))
        create_user(connection, user, author="picture", now=begun)
        made = create_key(connection, NewKey("picture", "secret", ("admin",)), author="picture", now=begun)
    return made.secret


def put_model_in_force(store: Store, begun: datetime) -> None:
    """The model of the demo, from the first day on."""
    with store.writing() as connection:
        version = save_version(connection, starter_model(), author="picture", now=begun)
        publish(connection, version.version_no, author="picture", now=begun)


def still_open(tables: dict[What, pa.Table], begun: datetime) -> dict[What, pa.Table]:
    """Without the leads that had ended before the first day: they are customers by then, or nobody's business."""
    outcomes = tables["outcomes"]
    is_over = pc.and_(pc.not_equal(outcomes["outcome"], "accepted"), pc.less(outcomes["at"], begun))
    over = outcomes.filter(is_over)["lead_id"].combine_chunks()
    return {what: table.filter(pc.invert(pc.is_in(table["lead_id"], over))) for what, table in tables.items()}


def between(table: pa.Table, column: str, after: datetime | None, until: datetime) -> pa.Table:
    """The rows after one instant, up to another."""
    chosen = pc.less_equal(table[column], until)
    if after is not None:
        chosen = pc.and_(chosen, pc.greater(table[column], after))
    return table.filter(chosen)


def work_until_idle(lanes: Sequence[Sequence[Chore]], at: datetime) -> None:
    """What the worker does, one chore after another, at an instant that stands still."""
    scoring, giving, summing, telling, *_ = lanes
    while sum(chore.work(at) for chore in (*scoring, *telling, *giving)):
        time.sleep(_DELIVERED_S)
    for chore in summing:
        chore.work(at)


# --- looking at it ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of a server on a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def look(url: str) -> None:
    """Log in, and take the pictures."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--font-render-hinting=none"])
        take(browser, url)
        browser.close()


def take(browser: Browser, url: str) -> None:
    """The queue, and the lead at its top."""
    page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce", timezone_id="UTC")
    page.goto(f"{url}/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/queue*")
    addresses = [link.get_attribute("href") for link in page.locator("a[href^='/leads/']").all()]
    for name, address in (("queue", "/queue"), ("lead", told_best(addresses))):
        page.goto(url + address)
        page.wait_for_load_state("networkidle")
        file = PICTURES / f"{name}.png"
        page.screenshot(path=file, animations="disabled")
        size = file.stat().st_size
        sys.stdout.write(f"{file.relative_to(Path.cwd())}: {size // 1000} kB\n")
        if size > MOST_BYTES:
            sys.exit(f"{file} is larger than {MOST_BYTES // 1000} kB")


def told_best(addresses: Sequence[str | None]) -> str:
    """The first lead of the list."""
    return next(address for address in addresses if address)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    main()

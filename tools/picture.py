"""The pictures of the README, out of the demo data: docs/pictures/queue.png and lead.png.

    python tools/picture.py

A new store is filled as `scoville serve --demo` fills one, for somebody who has a login; then Chromium looks at the
pages. The clock stands still, and the demo's dice are fixed: the same code makes the same pictures, but for who is
given a lead between owners that have as much, and as far as Chromium draws the same.
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
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
from playwright.sync_api import ViewportSize, sync_playwright

from scoville.live.jobs.demo import run_demo
from scoville.live.jobs.kinds import DEMO_LEADS
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import open_store
from scoville.live.working import lanes_of
from scoville.web.app import create_app
from scoville.web.auth.passwords import hash_now
from scoville.web.auth.users import NewUser, create_user
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapi import FastAPI
    from playwright.sync_api import Browser

    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-05-05T09:30:00")  # a Tuesday
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1440, "height": 900}
MOST_BYTES = 300_000
_LOOK_S = 0.05
EMAIL, NAME, PASSWORD = "maya@example.com", "Maya Lind", "a quiet river runs uphill"


def main() -> None:
    """Fill a store, look at it, and write the pictures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(open_store(f"sqlite:///{folder}/demo.db")) as store,
    ):
        upgrade(store)
        fill(store)
        app = create_app(store, Settings(requests_per_s=1e6, burst=1_000_000), clock=lambda: NOW)
        with serving(app) as url:
            look(url)


# --- what the demo gives --------------------------------------------------------------------------------------------


def fill(store: Store) -> None:
    """Somebody to log in, and then the job that `scoville serve --demo` asks for."""
    with store.writing() as connection:
        create_user(connection, NewUser(EMAIL, NAME, "admin", hash_now(PASSWORD)), author="picture", now=NOW)
    asked = {"leads": DEMO_LEADS, "by": "picture", "until": NOW.isoformat()}
    with at_work(store):
        run_demo(store, asked, lambda _share, _said: None, NOW)


@contextlib.contextmanager
def at_work(store: Store) -> Iterator[None]:
    """What the worker does, at an instant that stands still; at the end all of it is done."""
    stop = threading.Event()
    thread = threading.Thread(target=work_until, args=(store, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def work_until(store: Store, stop: threading.Event) -> None:
    """One chore after another, until somebody says so and nothing is left to do."""
    scoring, giving, summing, *_ = lanes_of(store, None)
    while sum(chore.work(NOW) for chore in (*scoring, *giving)) or not stop.wait(_LOOK_S):
        pass
    for chore in summing:
        chore.work(NOW)


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

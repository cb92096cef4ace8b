"""A real browser for tests: Chromium, driven by Playwright, that notes down whatever a page does wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from api_world import PASSWORD
from ingest_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import ConsoleMessage, Error, Page, Request

    from pages_world import PagesWorld

AXE = Path(__file__).parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = {"serious", "critical"}
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@dataclass
class Visit:
    """One person in a browser of their own. `wrongs` are errors, violations of the CSP and requests to strangers."""

    page: Page
    url: str
    wrongs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", self._error)
        self.page.on("request", self._request)

    def log_in(self, role: str) -> None:
        """Through the form, as anybody does."""
        self.open("/login")
        self.page.get_by_label("E-mail").fill(f"{role}@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def open(self, path: str) -> None:
        """Go to a page and wait until it is quiet."""
        self.page.goto(f"{self.url}{path}")

    def check_it_is_sound(self) -> None:
        """No error, no violation, no request to anybody else, and nothing that keeps people out."""
        assert self.wrongs == []
        assert self.barriers() == []

    def barriers(self) -> list[str]:
        """What axe-core finds that is serious: rule, element, why."""
        if not AXE.exists():
            _missing("axe-core: npm install --no-package-lock --ignore-scripts --prefix tests/clients")
        self.page.evaluate("scrollTo(0, 0)")  # what stands half under the bar at the top is no barrier: it scrolls
        self.page.evaluate(AXE.read_text())
        found: Any = self.page.evaluate("rules => axe.run(document, rules)", _RULES)
        return [
            f"{one['id']}: {node['html']} {node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrongs.append(f"{message.type}: {message.text}")

    def _error(self, error: Error) -> None:
        self.wrongs.append(f"exception: {error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != self.url:
            self.wrongs.append(f"request to a stranger: {request.url}")


@dataclass
class Browser:
    """A running Chromium."""

    chromium: Chromium

    @contextlib.contextmanager
    def visit(self, world: PagesWorld, role: str | None = None, **options: Any) -> Iterator[Visit]:
        """Serve a world, and look at it. `options` are those of a Playwright context: viewport, color_scheme ..."""
        with serving(world.app) as url, self.looking_at(url, role, **options) as visit:
            yield visit

    @contextlib.contextmanager
    def looking_at(self, url: str, role: str | None = None, **options: Any) -> Iterator[Visit]:
        """Look at a server that runs."""
        context = self.chromium.new_context(**options)
        context.set_default_timeout(10_000)
        visit = Visit(context.new_page(), url)
        try:
            if role is not None:
                visit.log_in(role)
            yield visit
        finally:
            context.close()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine; without one the test is skipped, and in CI it fails."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        _missing("Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield Browser(started)
        started.close()


def _missing(what: str) -> None:
    said = f"there is no {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)

"""Real clients against a real server: what they send arrives, once.

The clients for Python run always, each in a process of its own. Those for Node and for pages run once they are
installed, in the exact versions of tests/clients/package.json, which says how. Pages need a Chromium too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from ingest_server import WRITE_KEY, Place, count_of, rows_of, serving
from scoville.live.ingest.inbox import AwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

CLIENTS = Path(__file__).parent.parent / "clients"
PAGE = Path(__file__).parent.parent.parent / "docs" / "events-in.md"
TIMEOUT_S = 60
ANY_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

PYTHON = """
import sys
from {package}.analytics import Client
client = Client({key!r}, host={url!r}, gzip={packed}, timeout=5, max_retries=5)
client.identify("user-1", {{"email": "peter@initech.com", "company": {{"employees": 420}}}})
client.track("user-1", "Pricing Viewed", {{"plan": "pro"}})
client.page("user-1", "Docs", "Lead Scoring", {{"url": "https://example.com"}})
client.screen("user-1", "App", "Home")
client.group("user-1", "acct-9", {{"name": "Initech"}})
client.alias("anon-1", "user-1")
for number in range({more}):
    client.track(anonymous_id="anon-2", event=f"Seen {{number}}")
client.flush()
client.join()
"""
NODE_CALLS = """
client.identify({ userId: 'user-1', traits: { email: 'peter@initech.com', company: { employees: 420 } } })
client.track({ userId: 'user-1', event: 'Pricing Viewed', properties: { plan: 'pro' } })
client.page({ userId: 'user-1', category: 'Docs', name: 'Lead Scoring' })
client.screen({ userId: 'user-1', category: 'App', name: 'Home' })
client.group({ userId: 'user-1', groupId: 'acct-9', traits: { name: 'Initech' } })
client.alias({ userId: 'user-1', previousId: 'anon-1' })
for (let number = 0; number < MORE; number++) client.track({ anonymousId: 'anon-2', event: 'Seen ' + number })
"""
SEGMENT_NODE = """
const { Analytics } = require('@segment/analytics-node')
const client = new Analytics({ writeKey: 'KEY', host: 'URL' })
CALLS
client.closeAndFlush().then(() => process.exit(0))
"""
RUDDER_NODE = """
const RudderAnalytics = require('@rudderstack/rudder-sdk-node')
const client = new (RudderAnalytics.default || RudderAnalytics)('KEY', { dataPlaneUrl: 'URL' })
CALLS
client.flush(() => setTimeout(() => process.exit(0), 300))
"""
BROWSER_CALLS = """
analytics.identify("user-1", { email: "peter@initech.com", company: { employees: 420 } });
analytics.track("Pricing Viewed", { plan: "pro" });
analytics.page("Docs", "Lead Scoring");
analytics.group("acct-9", { name: "Initech" });
analytics.alias("user-2", "user-1");
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server that stands."""
    with ExitStack() as stack:
        yield Place(stack, tmp_path)


def run(command: list[str], **environment: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr[-2000:]


def python_client(package: str, url: str, *, packed: bool = False, key: str = WRITE_KEY, more: int = 0) -> None:
    run([sys.executable, "-c", PYTHON.format(package=package, url=url, packed=packed, key=key, more=more)])


def node_modules() -> Path:
    """Where the clients for Node are. Without them a test is skipped; in CI it fails: it cannot hide."""
    found = Path(os.environ.get("SCOVILLE_NODE_MODULES", CLIENTS / "node_modules"))
    if found.is_dir() and shutil.which("node") is not None:
        return found
    reason = "no Node, or not its clients: npm install --no-package-lock --ignore-scripts --prefix tests/clients"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def assert_all_arrived(place: Place, *, more: int = 0, screens: int = 1) -> list[dict[str, Any]]:
    rows = rows_of(place.store)
    assert count_of(place.store, "quarantine") == 0
    assert len({row["message_id"] for row in rows}) == len(rows)
    by_type = {
        kind: [row for row in rows if row["type"] == kind] for kind in ("identify", "track", "page", "group", "alias")
    }
    (identify,), (group,) = by_type["identify"], by_type["group"]
    assert identify["user_id"] == "user-1"
    assert identify["payload"]["traits"] == {"email": "peter@initech.com", "company": {"employees": 420}}
    assert (group["group_id"], group["payload"]["traits"]) == ("acct-9", {"name": "Initech"})
    assert "Pricing Viewed" in {row["event"] for row in by_type["track"]}
    assert len(by_type["track"]) == 1 + more
    assert "Lead Scoring" in {row["payload"]["properties"].get("name") for row in by_type["page"]}
    assert len(by_type["alias"]) == 1
    assert sum(row["type"] == "screen" for row in rows) == screens
    return rows


@pytest.mark.parametrize(("package", "packed"), [("segment", False), ("rudderstack", True)])
def test_a_client_for_python_sends_everything_once(place: Place, package: str, packed: bool) -> None:  # noqa: FBT001
    python_client(package, place.url, packed=packed, more=250)
    assert_all_arrived(place, more=250)


@pytest.mark.parametrize("package", ["segment", "rudderstack"])
def test_after_an_answer_that_the_store_is_away_the_client_has_sent_everything_once(
    place: Place, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_put, failures = place.desk.inbox.put, iter([True])

    async def put(batch: Any) -> None:
        if next(failures, False):
            raise AwayError("for a while")
        await really_put(batch)

    monkeypatch.setattr(place.desk.inbox, "put", put)
    python_client(package, place.url)
    assert next(failures, None) is None
    assert_all_arrived(place)


@pytest.mark.parametrize("package", ["segment", "rudderstack"])
def test_a_wrong_key_is_asked_once_and_not_again(place: Place, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def find(key: str) -> None:
        asked.append(key)

    monkeypatch.setattr(place.desk.keys, "find", find)
    python_client(package, place.url, key="wrong")
    assert asked == ["wrong"]
    assert count_of(place.store, "inbox") == 0


@pytest.mark.parametrize("script", [SEGMENT_NODE, RUDDER_NODE], ids=["segment", "rudderstack"])
def test_a_client_for_node_sends_everything_once(place: Place, script: str) -> None:
    modules = node_modules()
    calls = NODE_CALLS.replace("MORE", "60")
    text = script.replace("CALLS", calls).replace("KEY", WRITE_KEY).replace("URL", place.url)
    run(["node", "-e", text], NODE_PATH=str(modules))
    assert_all_arrived(place, more=60)


def snippet_of_the_page(url: str) -> str:
    """The snippet as the documentation shows it."""
    text = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"```html\n(<script>.*?</script>)\n```", text, re.DOTALL)
    assert shown is not None
    return shown[1].replace("https://events.example.com", url).replace("WRITE_KEY", WRITE_KEY)


SEGMENT_BUILT = """
<script src="/script.js"></script><script>
var analytics = AnalyticsNext.AnalyticsBrowser.load(
  { writeKey: "@KEY", cdnURL: "@URL" },
  { integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { timeout: 300 } } } } });
analytics.page();
</script>"""
RUDDER_BUILT = """
<script src="/script.js"></script><script>
var analytics = new (window.RudderAnalytics || rudderanalytics.RudderAnalytics)();
analytics.load("@KEY", "@URL", { configUrl: "@URL", useBeacon: BEACON });
analytics.page();
</script>"""
RUDDER_FILE = "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
BUILT = {
    "segment": (SEGMENT_BUILT, "@segment/analytics-next/dist/umd/index.js"),
    "rudderstack": (RUDDER_BUILT.replace("BEACON", "false"), RUDDER_FILE),
    "rudderstack with beacons": (RUDDER_BUILT.replace("BEACON", "true"), RUDDER_FILE),
}


def visit(page: str, script: Path | None = None) -> None:
    """Show a page, from another origin than the server of events, in a Chromium that says it has a screen."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None and os.environ.get("CI") == "true":
        pytest.fail("there is no Chromium: apt-get install chromium")
    if browser is None:
        pytest.skip("there is no Chromium: apt-get install chromium")

    def shown(_: Request) -> Response:
        return HTMLResponse(f"<!doctype html><head></head><body>{page}<script>{BROWSER_CALLS}</script></body>")

    def scripted(_: Request) -> Response:
        return FileResponse(script or "")

    with serving(Starlette(routes=[Route("/", shown), Route("/script.js", scripted)])) as url:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        budget = ["--virtual-time-budget=8000", "--dump-dom"]  # its clock runs on when the network is still
        run([browser, *options, f"--user-agent={ANY_BROWSER}", *budget, url.replace("127.0.0.1", "localhost")])


def test_the_snippet_of_the_documentation_sends_everything_once(place: Place) -> None:
    visit(snippet_of_the_page(place.url))
    rows = assert_all_arrived(place, screens=0)
    assert {row["payload"]["context"]["library"]["name"] for row in rows} == {"analytics.js"}


@pytest.mark.parametrize("name", BUILT)
def test_a_script_built_by_npm_sends_everything_once(place: Place, name: str) -> None:
    page, script = BUILT[name]
    visit(page.replace("@KEY", WRITE_KEY).replace("@URL", place.url), node_modules() / script)
    assert_all_arrived(place, screens=0)

"""What pages of other sites are allowed, and what scripts and images get from us."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ingest_server import (
    BASIC,
    EVENT,
    RECEIVED_US,
    WRITE_KEY,
    Place,
    application,
    count_of,
    desk_over,
    new_store,
    refused,
    rows_of,
    serving,
)
from scoville.live.store.metadata import from_us

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDINGS = Path(__file__).parent.parent / "recordings"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server that stands."""
    with ExitStack() as stack:
        yield Place(stack, tmp_path)


def preflights() -> list[dict[str, str]]:
    """The headers of every preflight that a browser was seen to send."""
    found = []
    for path in sorted(RECORDINGS.glob("*.json")):
        for request in json.loads(path.read_text(encoding="utf-8")).get("requests", []):
            if request["method"] == "OPTIONS":
                headers = {name.lower(): value for name, value in request["headers"]}
                found.append(headers | {"path": request["path"]})
    return found


def test_every_preflight_that_was_seen_is_allowed(place: Place) -> None:
    seen = preflights()
    assert len(seen) > 15
    for asked in seen:
        names = {name: asked[name] for name in asked if name.startswith("access-control")} | {"Origin": asked["origin"]}
        answer = place.http.options(asked["path"], headers=names)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].split(",")
        assert set(asked["access-control-request-headers"].split(",")) <= {name.strip() for name in allowed}
        assert answer.headers["access-control-max-age"] == "7200"


@pytest.mark.parametrize("headers", [{}, BASIC])
def test_a_page_of_any_site_may_read_success_and_refusal(place: Place, headers: dict[str, str]) -> None:
    answer = place.post(headers=headers | {"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers


def packed(message: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode().rstrip("=")


PIXELS = {
    "fields": f"/pixel/v1/track?writeKey={WRITE_KEY}&userId=u&event=Seen&properties.mail=spring&properties.a.b=1",
    "fields of a page": f"/pixel/v1/page/?writeKey={WRITE_KEY}&anonymousId=u",
    "data": f"/v1/pixel/track?data={packed(EVENT | {'writeKey': WRITE_KEY})}",
    "data of a page": f"/v1/pixel/page?writeKey={WRITE_KEY}&data={packed(EVENT)}",
}


@pytest.mark.parametrize("way", PIXELS)
def test_an_image_brings_an_event(place: Place, way: str) -> None:
    answer = place.http.get(PIXELS[way], headers={"User-Agent": "Mozilla/5.0 Chrome/156.0.0.0"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert answer.headers["cache-control"] == "no-store, max-age=0"
    row = rows_of(place.store)[0]
    assert "u" in {row["user_id"], row["anonymous_id"]}
    assert row["payload"]["context"]["userAgent"].startswith("Mozilla")
    assert row["received_at"] == from_us(RECEIVED_US)
    if way == "fields":
        assert row["payload"]["properties"] == {"mail": "spring", "a.b": "1"}


@pytest.mark.parametrize(
    "path",
    ["/pixel/v1/track", "/pixel/v1/track?writeKey=wrong", "/v1/pixel/track?data=%21", "/v1/pixel/track?data=e30",
     f"/pixel/v1/track?writeKey={WRITE_KEY}" + "&a=b" * 300],
)  # fmt: skip
def test_an_image_is_given_whatever_was_wrong(place: Place, path: str) -> None:
    answer = place.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert count_of(place.store, "inbox") == 0


def test_segments_script_learns_where_to_send(place: Place) -> None:
    answer = place.http.get(f"/v1/projects/{WRITE_KEY}/settings")
    host = place.url.removeprefix("http://")
    assert answer.json()["integrations"]["Segment.io"] == {
        "apiKey": WRITE_KEY, "apiHost": f"{host}/v1", "protocol": "http",
    }  # fmt: skip
    assert answer.json()["metrics"] == {"sampleRate": 0}
    assert refused(place.http.get("/v1/projects/wrong/settings")) == (401, "invalid_write_key")


def test_a_public_address_is_told_instead_of_the_host_that_was_asked(tmp_path: Path) -> None:
    with new_store(f"sqlite:///{tmp_path}/live.db") as store, desk_over(store) as desk:
        app = application(desk, public_url="https://events.example.com/")
        with serving(app) as url, httpx.Client(base_url=url) as http:
            settings = http.get(f"/v1/projects/{WRITE_KEY}/settings/").json()["integrations"]["Segment.io"]
    assert (settings["protocol"], settings["apiHost"]) == ("https", "events.example.com/v1")


@pytest.mark.parametrize("way", [{"params": {"writeKey": WRITE_KEY}}, {"headers": BASIC}])
def test_rudderstacks_script_learns_of_its_source(place: Place, way: dict[str, Any]) -> None:
    answer = place.http.get("/sourceConfig/", **way).json()
    assert answer["source"]["writeKey"] == WRITE_KEY
    assert answer["source"]["enabled"] is True
    assert answer["source"]["destinations"] == answer["source"]["connections"] == []
    assert refused(place.http.get("/sourceConfig")) == (401, "no_write_key")


def test_the_script_comes_packed_or_not_and_once(place: Place) -> None:
    path = f"/analytics.js/v1/{WRITE_KEY}/analytics.min.js"
    unpacked = place.http.get(path, headers={"Accept-Encoding": "identity"})
    zipped = place.http.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == unpacked.content  # httpx unpacks
    assert len(unpacked.content) == 114_551  # @segment/analytics-next 1.84.3, dist/umd/standalone.js
    again = place.http.get(path, headers={"If-None-Match": zipped.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

"""The whole app as it is served: what an installation changes holds for it without a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import httpx

from ingest_server import EVENT, new_store, rows_of
from scoville.live.store.settings import change_settings
from scoville.web import serving
from scoville.web.auth.keys import NewKey, create_key
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from scoville.live.store.opening import Store

NOW = datetime.now(UTC).replace(tzinfo=None)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def test_a_changed_setting_holds_for_the_next_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_SETTINGS_S", 0.05)
    with new_store(f"sqlite:///{tmp_path}/live.db") as store:
        asyncio.run(asyncio.wait_for(crawlers_are_let_in(store), timeout=60))
        assert len(rows_of(store)) == 1
        assert {row["reason"] for row in rows_of(store, "quarantine")} == {"bot"}


async def crawlers_are_let_in(store: Store) -> None:
    with store.writing() as connection:
        key = create_key(connection, NewKey(name="site", kind="write"), author="test", now=NOW).secret
    app = serving.app_of(store, Settings(base_url="http://test"))
    asked = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", auth=(key, ""))
    async with app.router.lifespan_context(app), asked as client:
        for number in count():
            body = EVENT | {"messageId": f"message {number}", "context": {"userAgent": CRAWLER}}
            answer = await client.post("/v1/track", json=body)
            assert answer.status_code == 200
            if rows_of(store):
                return
            if number == 0:
                with store.writing() as connection:
                    change_settings(connection, {"are_bots_refused": False}, by="test", now=NOW)
            await asyncio.sleep(0.1)

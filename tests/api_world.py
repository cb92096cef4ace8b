"""The API in tests: an app over a store with leads in it, asked in process, without a server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import text

from live_world import NOW, World
from scoville.live.store import access
from scoville.web.app import create_app
from scoville.web.auth.keys import NewKey, create_key
from scoville.web.auth.passwords import hash_now
from scoville.web.auth.sessions import begin_session
from scoville.web.auth.users import NewUser, create_user, find_user
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from scoville.live.store.opening import Store

PASSWORD = "a quiet river runs uphill"  # noqa: S105 - of a test
HASH = hash_now(PASSWORD)  # once: it takes a while on purpose
OURS = {"Sec-Fetch-Site": "same-origin"}  # what a browser writes on requests of our own pages
BASE = "http://127.0.0.1:8080"
PLENTY = Settings(requests_per_s=1e6, burst=1_000_000)
TABLES = (access,)  # importing it puts its tables into the catalogue


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Client:
    """Somebody who asks the app. It keeps cookies, as a browser does."""

    app: FastAPI
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "203.0.113.9"
    base: str = BASE
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        with ThreadPoolExecutor(1) as apart:  # a browser that is driven from this thread has a loop running in it
            return apart.submit(asyncio.run, self._asked(method, path, **how)).result()

    async def _asked(self, method: str, path: str, **how: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(self.address, 40_000))
        headers = {**self.headers, **how.pop("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
            answer = await client.request(method, path, headers=headers, **how)
            self.cookies = client.cookies
        return answer

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, json: Any = None, **how: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **how)

    def patch(self, path: str, json: Any = None, **how: Any) -> httpx.Response:
        return self.request("PATCH", path, json=json, **how)

    def put(self, path: str, json: Any = None, **how: Any) -> httpx.Response:
        return self.request("PUT", path, json=json, **how)

    def delete(self, path: str, **how: Any) -> httpx.Response:
        return self.request("DELETE", path, **how)


class Api:
    """An app over a store with one publication, and the ways in."""

    def __init__(self, store: Store, settings: Settings = PLENTY) -> None:
        self.store, self.clock = store, Clock()
        self.world = World(store)
        self.count_on()
        self.app = create_app(store, settings, clock=self.clock)
        self.settings = settings

    def count_on(self) -> None:
        """The world's rows have numbers of their own choice; PostgreSQL would give the same ones out again."""
        if self.store.is_sqlite:
            return
        numbered = {
            "model_versions": "version_no", "publications": "publication_no", "leads": "lead_no",
            "identities": "identity_no",
        }  # fmt: skip
        with self.store.writing() as connection:
            for table, column in numbered.items():
                held = f"(SELECT coalesce(max({column}), 1) FROM {table})"  # noqa: S608 - our own names
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {held})"))

    def with_settings(self, settings: Settings) -> None:
        """The same store behind an app that is set up otherwise."""
        self.app = create_app(self.store, settings, clock=self.clock)
        self.settings = settings

    def anybody(self, **how: Any) -> Client:
        return Client(self.app, **how)

    def key(self, *scopes: str, kind: Any = "secret") -> Client:
        """A program with a key of these scopes."""
        with self.store.writing() as connection:
            made = create_key(connection, NewKey("test", kind, scopes, "source"), author="test", now=self.clock())
        return Client(self.app, {"Authorization": f"Bearer {made.secret}"})

    def user(self, role: str, email: str | None = None) -> str:
        """A login; its e-mail address."""
        wanted = NewUser(email or f"{role}@example.com", role.title(), role, HASH)
        with self.store.writing() as connection:
            return create_user(connection, wanted, author="test", now=self.clock()).email

    def person(self, role: str, email: str | None = None) -> Client:
        """Somebody who is logged in, in a browser."""
        client = Client(self.app, dict(OURS))
        let_in(client, self.store, self.settings, self.user(role, email), self.clock())
        return client


def let_in(client: Client, store: Store, settings: Settings, email: str, now: datetime) -> None:
    """Log somebody in without a password: to check one takes a quarter of a second, on purpose."""
    with store.writing() as connection:
        user = find_user(connection, email=email)
        assert user is not None
        token = begin_session(connection, user.user_no, now=now, limits=settings.sessions)
    client.cookies.set(settings.cookie, token, domain="127.0.0.1", path="/")

"""How soon the studio shows what a change would do: points are changed, and the page asks for the preview.

    python benchmarks/studio.py [--leads 100000] [--events 2000000] [--changes 20]

A store is filled with history and outcomes (once for each size: it is kept in benchmarks/data/), the copy that the
studio works on is made from it, and the app is asked as a browser asks it, in this process: without the wire, but with
everything that a request passes. Told are: the copy, the first preview, changes of points (each time another one), of a
condition, and counts while a rule is typed; seconds, and CPU seconds, for where others use the cores the clock measures
them.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog
from sqlalchemy import text

from live import HERE, MODEL, fill
from scoville.live.models.drafts import Draft, keep_draft
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import open_store
from scoville.live.workbench import workbench_of
from scoville.live.workbench.touching import touched_by
from scoville.model.load import Model
from scoville.web.app import create_app
from scoville.web.auth.passwords import hash_now
from scoville.web.auth.users import NewUser, create_user
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from scoville.live.store.opening import Store

_DAY_US = 86_400_000_000
_WHO = {"email": "bench@example.com", "password": "a quiet river runs uphill"}
_POINTS = "points: 25, repeat: 5"


def filled(leads: int, events: int) -> Path:
    """A file with so many leads, events and outcomes, made once."""
    path = HERE / "data" / f"studio-{leads}-{events}.db"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        beside = path.with_suffix(".making")
        beside.unlink(missing_ok=True)
        with closing(open_store(f"sqlite:///{beside}")) as store:
            upgrade(store)
            fill(store, leads, events, datetime.now(UTC).replace(tzinfo=None))
            _give_a_past(store)
        beside.rename(path)
    return path


def _give_a_past(store: Store) -> None:
    """Leads came in the last year, and the model is in force; some were won, sooner after a demo than without one."""
    by_demo = (
        "INSERT INTO outcomes (identity_no, outcome, at, value, event_id) "  # noqa: S608 - numbers of our own
        f"SELECT identity_no, 'won', max(occurred_at) + (identity_no * 104729 % 40) * {_DAY_US}, 1000, min(event_id) "
        "FROM events WHERE event = 'demo_requested' AND identity_no % 4 = 0 "
        f"AND occurred_at < (SELECT max(occurred_at) FROM events) - 40 * {_DAY_US} GROUP BY identity_no"
    )
    others = (
        "INSERT INTO outcomes (identity_no, outcome, at, value, event_id) "
        "SELECT identity_no, 'won', max(occurred_at), 500, max(event_id) FROM events "
        "WHERE event = 'email_opened' AND identity_no % 31 = 1 GROUP BY identity_no"
    )
    with store.writing() as connection:
        connection.execute(
            text(f"UPDATE leads SET first_seen_at = first_seen_at - (lead_no * 7919 % 365) * {_DAY_US}")  # noqa: S608
        )
        connection.execute(text("UPDATE publications SET switched_at = published_at"))
        connection.execute(text(by_demo))
        connection.execute(text(others))


@dataclass
class Marketer:
    """Somebody in a browser who writes a draft and looks at what it would do."""

    app: FastAPI
    store: Store
    author: str
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def draft(self, model: str) -> None:
        """Have this text in the editor."""
        with self.store.writing() as connection:
            keep_draft(connection, self.author, Draft(model, 1, "version 1", now()))

    def get(self, path: str, block: str) -> str:
        """A part of a page."""
        return asyncio.run(self._asked("GET", path, {"HX-Request": "true", "HX-Target": f"div#{block}"}))

    def log_in(self) -> None:
        """Through the form."""
        asyncio.run(self._asked("POST", "/login", {}, data=_WHO))

    async def _asked(self, method: str, path: str, headers: dict[str, str], data: dict[str, str] | None = None) -> str:
        ours = {"Sec-Fetch-Site": "same-origin", **headers}
        way = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=way, base_url="http://127.0.0.1:8080", cookies=self.cookies) as client:
            answer = await client.request(method, path, headers=ours, data=data)
            self.cookies = client.cookies
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise SystemExit(answer.text)
        return answer.text


def now() -> datetime:
    """Naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def marketer(store: Store) -> Marketer:
    """Somebody who may steer, logged in."""
    wanted = NewUser(_WHO["email"], "Bench", "marketing", hash_now(_WHO["password"]))
    with store.writing() as connection:
        made = create_user(connection, wanted, author="bench", now=now())
    person = Marketer(create_app(store, Settings(requests_per_s=1e6, burst=1_000_000)), store, f"user:{made.user_id}")
    person.log_in()
    return person


def took(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    clock_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock_s, time.process_time() - cpu_s


def tell(name: str, runs: list[tuple[float, float]]) -> None:
    """One line: the median, the slowest of twenty, and the CPU."""
    clock = sorted(one for one, _ in runs)
    cpu = statistics.median(one for _, one in runs)
    p95 = clock[min(len(clock) - 1, int(0.95 * len(clock)))]
    print(f"{name:<46} p50 {statistics.median(clock):7.3f} s   p95 {p95:7.3f} s   CPU {cpu:7.3f} s")


def measure(store: Store, changes: int) -> None:
    """All of it, on a copy of the filled store."""
    person, model = marketer(store), MODEL.read_text()
    workbench = workbench_of(store)
    tell("the copy of the store is made", [took(lambda: workbench.bench_now(now()))])

    def look(changed: str, *, at_past: bool = True) -> None:
        person.draft(changed)
        if "would change" not in person.get("/studio/preview", "preview"):
            raise SystemExit("there is no preview")
        if at_past and "Looked back" not in person.get("/studio/preview/proof", "proof"):
            raise SystemExit("the past is not told")

    def points(value: float) -> str:
        return model.replace(_POINTS, f"points: {value}, repeat: 5")

    tell("the first preview of all", [took(lambda: look(points(35)))])
    one, both, when = [], [], []
    for number in range(changes):
        one.append(took(lambda: look(points(40 + number), at_past=False)))  # noqa: B023 - called at once
        both.append(took(lambda: look(points(70 + number))))  # noqa: B023
    tell("points changed: who moves, and why", one)
    tell("points changed: that, and the past", both)
    for number in range(min(changes, 5)):
        other = model.replace("starts_with: /pricing", f"contains: {'abcde'[number]}")
        when.append(took(lambda: look(other)))  # noqa: B023
    tell("a condition changed: that, and the past", when)
    bench, rules = workbench.bench_now(now()), Model.loads(points(25.5)).engagement.rules
    tell("how many leads a rule touches, as it is typed", [took(lambda: touched_by(bench, one)) for one in rules])  # noqa: B023
    workbench.close()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--changes", type=int, default=20)
    asked = parser.parse_args()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40)
    )  # a line for each request tells nothing
    path = filled(asked.leads, asked.events)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "studio.db")
        shutil.copyfile(path, copy)
        with closing(open_store(f"sqlite:///{copy}")) as store:
            measure(store, asked.changes)


if __name__ == "__main__":
    main()

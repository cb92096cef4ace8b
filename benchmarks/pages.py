"""How soon the pages that sales has open are there, of a store with a million leads.

    python benchmarks/pages.py [--leads 1000000] [--events 2000000] [--times 40] [--store FILE] [/queue?owner=mine ...]

The store is filled and scored once for each size, and kept in benchmarks/data/ (some minutes, 2 GB): a third of its
best leads have owners, some wait for one, some were answered, clocks run. Then each page is asked for as a browser
would, whole, with a login, in this process: told are the server's time, its CPU time, and the size of what it sends.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog
from sqlalchemy import text

import live
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.scoring.cells import count_cells
from scoville.live.scoring.in_force import Models
from scoville.live.scoring.score import build_some, nothing_more
from scoville.live.scoring.switching import switch
from scoville.live.sla import SlaRule, save_sla_rule
from scoville.live.store.metadata import to_us, utc_now
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import Store, open_store
from scoville.live.store.settings import LiveSettings
from scoville.web.app import create_app
from scoville.web.auth.passwords import hash_now
from scoville.web.auth.users import NewUser, create_user
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

PAGES = (
    "/queue", "/queue?owner=mine", "/queue?owner=nobody", "/queue?owner=waiting", "/queue?stage=MQL",
    "/queue?priority=hot&min=40", "/queue?grade=A&level=1", "/queue?account=firm7.com", "/queue?q=p123",
    "/queue?changed=7d", "/queue?answered=1", "/queue/news?seen=0", "/matrix",
)  # fmt: skip
EMAIL, PASSWORD = "sales@example.com", "a quiet river runs uphill"
HOME = "http://127.0.0.1:8080"
OURS = {"Sec-Fetch-Site": "same-origin"}
_DAY = timedelta(days=1)
_BEST = 100_000  # leads that sales has to do with

# The best leads by their place: every third has an owner, some are answered, some wait, some have a clock.
_AT_WORK = (
    """INSERT INTO ledger (lead_no, at, cause, score, fit, engagement, model_version)
       SELECT lead_no, :long_ago, 'event', round(score * 0.9), fit, engagement, model_version FROM scores""",
    """INSERT INTO assignments (identity_no, owner_no, assigned_at, way, assigned_by, score, why)
       SELECT lead_no, 1 + place % 20, :before, 'rule', 'routing', score, '{}' FROM best WHERE place % 3 = 0""",
    """INSERT INTO waiting (identity_no, since, cause, reason, detail, tries, try_at)
       SELECT lead_no, :before, 'manual', 'at_capacity', 'all have their share', 1, :before
       FROM best WHERE place % 37 = 1""",
    """INSERT INTO outcomes (identity_no, outcome, at, reason, event_id)
       SELECT lead_no, 'rejected', :now, 'No budget', randomblob(16) FROM best WHERE place % 5 = 2 OR place <= 5000""",
    """INSERT INTO touches (identity_no, kind, at, touched_by)
       SELECT lead_no, 'call', :before, 'user:x' FROM best WHERE place % 4 = 0""",
    """INSERT INTO clocks (change_no, identity_no, stage, started_at, due_at, steps)
       SELECT 1000000000 + place, lead_no, 'MQL', :before, :now, '[]' FROM best WHERE place % 9 = 1""",
)


def made(leads: int, events: int) -> Path:
    """A file with so many leads, scored, and with sales at work; made once."""
    path = live.HERE / "data" / f"pages-{leads}-{events}.db"
    if not path.exists():
        beside = path.with_suffix(".making")
        beside.unlink(missing_ok=True)
        store, now = open_store(f"sqlite:///{beside}"), utc_now()
        upgrade(store)
        live.fill(store, leads, events, now)
        found_companies(store, now)
        build(store, now)
        staff(store, now)
        store.close()
        beside.rename(path)
    return path


def found_companies(store: Store, now: datetime) -> None:
    """The 999 companies in the e-mail addresses, as accounts."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
    with store.writing() as connection:
        run = connection.execute
        company = "'firm' || (i % 999) || '.com'"
        run(text(f"{numbers} INSERT INTO accounts SELECT i, {company}, :now FROM n"), {"now": to_us(now)})  # noqa: S608
        run(text("UPDATE leads SET account_no = 1 + (lead_no + 997) % 999"))


def build(store: Store, now: datetime) -> None:
    """Score everybody, and bring the model into force."""
    models, settings = Models(), LiveSettings()
    while build_some(store, models, settings, now, 2_000):
        pass
    switch(store, models, now, on_stage_changes=nothing_more)


def staff(store: Store, now: datetime) -> None:
    """Somebody who logs in, twenty owners, and what they have to do with the best leads."""
    with store.writing() as connection:
        create_user(connection, NewUser(EMAIL, "Sam", "sales", hash_now(PASSWORD)), author="bench", now=now)
    for number in range(20):
        save_owner(store, Owner(f"Owner {number}", f"o{number}@example.com" if number else EMAIL), now)
    save_sla_rule(store, SlaRule("MQL", 3600))
    marks = {"now": to_us(now), "before": to_us(now - _DAY / 4), "long_ago": to_us(now - 10 * _DAY)}
    with store.writing() as connection:
        connection.execute(
            text(
                "CREATE TEMP TABLE best AS SELECT lead_no, row_number() OVER (ORDER BY score DESC) AS place, score "
                "FROM scores ORDER BY score DESC LIMIT :best"
            ),
            {"best": _BEST},
        )
        for statement in _AT_WORK:
            named = {name: value for name, value in marks.items() if f":{name}" in statement}
            connection.execute(text(statement), named)


@dataclass
class Told:
    """How long a page took, in seconds, and how large it is."""

    took: list[float]
    cpu: list[float]
    size: int


async def ask(app: FastAPI, pages: tuple[str, ...], times: int) -> dict[str, Told]:
    """Each page so many times, in turns, so that no page has the machine to itself."""
    told = {page: Told([], [], 0) for page in pages}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=HOME, headers=OURS) as client:
        answer = await client.post("/login", data={"email": EMAIL, "password": PASSWORD, "next": "/"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise SystemExit(f"nobody could log in: {answer.status_code}")
        for _ in range(times):
            for page, one in told.items():
                began, began_cpu = time.perf_counter(), time.process_time()
                answer = await client.get(page)
                one.took.append(time.perf_counter() - began)
                one.cpu.append(time.process_time() - began_cpu)
                one.size = len(answer.content)
                if answer.status_code not in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
                    raise SystemExit(f"{page} was answered with {answer.status_code}")
    return told


def shown(page: str, told: Told) -> str:
    """One line: median and p95 of the clock and of the CPU in milliseconds, kilobytes."""
    figures = [
        1e3 * figure for seconds in (told.took, told.cpu) for figure in (statistics.median(seconds), p95(seconds))
    ]
    return f"{page:34}" + "".join(f"{figure:9.1f}" for figure in figures) + f"{told.size / 1e3:9.0f}"


def p95(values: list[float]) -> float:
    """What 95 of a hundred do not exceed."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="addresses; without any, those of the queue")
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--store", type=Path, help="a file made before by this script")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    store = open_store(f"sqlite:///{asked.store or made(asked.leads, asked.events)}")
    count_cells(store, utc_now())  # as the worker does, over and over
    app = create_app(store, Settings(requests_per_s=1e6, burst=1_000_000))
    print(f"{'page':34}{'p50 ms':>9}{'p95 ms':>9}{'cpu p50':>9}{'cpu p95':>9}{'kB':>9}")
    for page, told in asyncio.run(ask(app, tuple(asked.pages) or PAGES, asked.times)).items():
        print(shown(page, told))
    store.close()


if __name__ == "__main__":
    main()

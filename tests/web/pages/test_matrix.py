from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from scoville.live.jobs.asking import ask_for
from scoville.live.queries.in_force import in_force
from scoville.live.scoring.cells import count_cells
from scoville.live.store.jobs import jobs

if TYPE_CHECKING:
    from pages_world import PagesWorld


def cell(leads: int, rate: float) -> dict[str, Any]:
    return {
        "leads": leads, "conversions": round(leads * rate), "rate": rate, "low": rate / 2, "high": rate * 2,
        "effective_leads": float(leads),
    }  # fmt: skip


def proven(world: PagesWorld, model_version: str | None = None) -> None:
    """Evidence of the model in force, as the worker leaves it: A converts, and of A1 there were too few."""
    with world.store.writing() as connection:
        now = in_force(connection)
        assert now is not None
        asked = {"version_no": now.version_no, "won": ["won"], "horizon_days": 90, "snapshots": "monthly"}
        job = ask_for(connection, "evidence", asked, by="user:1", now=world.clock())
        rows = [[cell(4, 0.5), *[cell(400, 0.22)] * 3], *[[cell(400, 0.01)] * 4] * 3]
        sides = {"rows": [{"label": one} for one in "ABCD"], "columns": [{"label": one} for one in "1234"]}
        matrix = {"rows_by": "grade", "columns_by": "level", **sides, "cells": rows}
        found = {"model_version": model_version or now.model_version, "horizon_days": 90.0, "matrix": matrix}
        done = {"state": "done", "result": {"evidence": found}, "ended_at": world.clock()}
        connection.execute(update(jobs).where(jobs.c.job_no == job.job_no).values(**done))


def test_every_lead_stands_in_a_cell_that_opens_the_leads_in_it(either_world: PagesWorld) -> None:
    page = either_world.visitor("viewer").page("/matrix")

    # by hand: ann has 40 for fit, and more than 35 for what she did; six people are in the world
    links = [str(one.get("href")) for one in page.all("a")]
    assert "/queue?grade=A&level=1&answered=1" in links
    assert "6 leads by the model m, counted just now." in page.text
    assert page.text.count("1 lead 17% of all") == 6
    assert len([link for link in links if link.startswith("/queue?")]) == 6  # an empty cell leads nowhere


def test_it_is_told_when_leads_were_counted(world: PagesWorld) -> None:
    count_cells(world.store, world.clock() - timedelta(minutes=3))

    assert "counted 3 min ago" in world.visitor("viewer").page("/matrix").text


def test_without_evidence_it_says_so_and_where_to_work_it_out(world: PagesWorld) -> None:
    page = world.visitor("marketing").page("/matrix")

    assert "Nobody has worked out yet how often the leads of each cell convert" in page.text
    assert "Work it out" in page.text
    assert "convert most often" not in page.text


def test_rates_of_the_evidence_stand_in_the_cells_with_their_ranges(world: PagesWorld) -> None:
    proven(world)
    page = world.visitor("viewer").page("/matrix")

    assert page.text.count("22% convert 11% to 44%") == 3
    assert page.text.count("1.0% convert") == 12
    assert page.text.count("too few to say") == 1  # four leads are no news
    assert "within 90 days of that day" in page.text
    assert "The darker a cell, the more often its leads convert" in {one.get("aria-label") for one in page.all("p")}
    by_leads = world.visitor("viewer").page("/matrix?colour=leads")
    assert "The darker a cell, the more leads it holds" in {one.get("aria-label") for one in by_leads.all("p")}


def test_evidence_of_another_model_says_nothing_of_this_one(world: PagesWorld) -> None:
    proven(world, model_version="another")

    assert "Nobody has worked out yet" in world.visitor("viewer").page("/matrix").text


def test_a_store_without_a_model_says_what_to_do(world: PagesWorld) -> None:
    with world.store.writing() as connection:
        connection.exec_driver_sql("UPDATE publications SET switched_at = NULL")

    assert "No model is in force yet" in world.visitor("viewer").page("/matrix").text


def test_a_screen_reader_gets_a_table_with_names(world: PagesWorld) -> None:
    page = world.visitor("viewer").page("/matrix")

    assert [one["scope"] for one in page.all("th")].count("col") == 5  # four levels and all
    assert [one["scope"] for one in page.all("th")].count("row") == 5  # four grades and all
    assert len(page.all("caption")) == 1

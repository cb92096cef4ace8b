from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from live_sending import Live, message
from scoville.live.queries.in_force import in_force
from scoville.live.queries.matrix import matrix_of
from scoville.live.scoring.cells import cells_of, count_cells, sides_of
from scoville.model.load import Model

if TYPE_CHECKING:
    from scoville.live.queries.matrix import Matrix

WORDS = """\
scoville: 1
name: Words
fit: {max: 40, rules: [{name: Country, by: country, values: {DE: 40, FR: 20}}]}
engagement: {rules: [{name: Any, event: "*", points: 10, repeat: 10}]}
"""
LETTERS = f"{WORDS}grades: {{A: 30, B: 10}}\nlevels: {{1: 15, 2: null}}\n"


def people(live: Live) -> None:
    for lead_id, country, events in (("a", "DE", 2), ("b", "DE", 0), ("c", "FR", 2), ("d", "IT", 1)):
        live.receive(message("identify", lead_id, traits={"country": country}, minutes_ago=90))
        live.receive(*(message("track", lead_id, event="Seen") for _ in range(events)))
    live.fold()


def matrix(live: Live, rates: dict[str, object] | None = None) -> Matrix:
    with live.store.reading() as connection:
        published = in_force(connection)
        assert published is not None
        return matrix_of(connection, published.publication_no, Model.loads(published.text), rates)


def counts(found: Matrix) -> dict[tuple[str, str], int]:
    return {(cell.row.label, cell.column.label): cell.leads for row in found.cells for cell in row if cell.leads}


@pytest.mark.parametrize("is_counted_before", [True, False])
def test_leads_stand_in_the_cells_of_their_letters(live: Live, *, is_counted_before: bool) -> None:
    people(live)
    live.publish(LETTERS)
    if is_counted_before:
        assert count_cells(live.store, live.now) == 1

    found = matrix(live)

    assert counts(found) == {("A", "1"): 1, ("A", "2"): 1, ("B", "1"): 1, ("(none)", "2"): 1}
    assert [band.label for band in found.rows.bands] == ["A", "B", "(none)"]
    assert (found.leads, found.counted_at) == (4, live.now if is_counted_before else None)


def test_a_model_without_letters_has_four_bands_of_points_on_each_side(live: Live) -> None:
    people(live)
    live.publish(WORDS)

    found = matrix(live)

    assert [band.label for band in found.rows.bands] == ["30 or more", "20 to 30", "10 to 20", "below 10"]  # 40 in four
    assert [band.label for band in found.columns.bands] == ["75 or more", "50 to 75", "25 to 50", "below 25"]
    assert counts(found) == {
        ("30 or more", "below 25"): 2, ("20 to 30", "below 25"): 1, ("below 10", "below 25"): 1,
    }  # fmt: skip


def test_it_is_counted_again_when_something_changed_and_not_too_often(live: Live) -> None:
    people(live)
    live.publish(LETTERS)
    assert [count_cells(live.store, live.now), count_cells(live.store, live.now)] == [1, 0]
    live.send(message("identify", "e", traits={"country": "DE"}, minutes_ago=1))
    live.score()

    assert count_cells(live.store, live.now) == 0  # within the same moment
    assert count_cells(live.store, live.now + timedelta(minutes=1)) == 1
    assert matrix(live).leads == 5
    assert count_cells(live.store, live.now + timedelta(minutes=2)) == 0  # nothing changed
    assert count_cells(live.store, live.now + timedelta(minutes=20)) == 1  # who was forgotten leaves no trace


def test_rates_stand_in_the_cells_where_the_evidence_was_sorted_by_the_same_letters(small: Live) -> None:
    people(small)
    small.publish(LETTERS)
    cell = {"leads": 40, "conversions": 10, "rate": 0.25, "low": 0.14, "high": 0.4, "effective_leads": 40.0}
    sides: dict[str, object] = {"rows": [{"label": "A"}, {"label": "B"}], "columns": [{"label": "1"}, {"label": "2"}]}
    rates: dict[str, object] = {
        "rows_by": "grade",
        "columns_by": "level",
        **sides,
        "cells": [[cell, cell], [cell, cell]],
    }

    known = [one.rate.rate if one.rate else None for row in matrix(small, rates).cells for one in row]
    assert known == [0.25, 0.25, 0.25, 0.25, None, None]
    others: list[dict[str, object]] = [{"rows_by": "fit"}, {"rows": [{"label": "Z"}, {"label": "B"}]}]
    for other in others:
        assert all(one.rate is None for row in matrix(small, rates | other).cells for one in row)


def test_cells_hold_every_lead_once(live: Live) -> None:
    people(live)
    for model in (WORDS, LETTERS):
        live.publish(model)
        with live.store.reading() as connection:
            published = in_force(connection)
            assert published is not None
            cells = cells_of(connection, published.publication_no, Model.loads(model))
        assert sum(cells.values()) == 4
        assert [side.has_words for side in sides_of(Model.loads(model))] == [model == LETTERS] * 2

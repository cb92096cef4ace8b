"""What people paste: the texts that the manual has, for this server and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoville.web.pages.data.snippets import HOST, NO_KEY, WAYS, Way, way_of

MANUAL = (Path(__file__).parents[3] / "docs" / "events-in.md").read_text()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.code)
def test_the_manual_says_the_same(way: Way) -> None:
    assert way.text in MANUAL


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.code)
def test_address_and_key_are_filled_in(way: Way) -> None:
    filled = way.filled("http://127.0.0.1:8080/", "sv_key")

    assert "http://127.0.0.1:8080" in filled
    assert "sv_key" in filled
    assert HOST not in filled
    assert NO_KEY[way.kind] not in filled
    assert "8080//" not in filled


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.code)
def test_whoever_pastes_it_sends_something(way: Way) -> None:
    assert any(call in way.text for call in ("analytics.track(", "analytics.page(", "/v1/track"))


def test_what_stands_in_a_page_has_a_key_that_only_sends() -> None:
    assert {way.code for way in WAYS if way.kind == "write"} == {"site"}


def test_an_unknown_way_is_the_first() -> None:
    assert way_of("pigeon") is way_of(None) is WAYS[0]

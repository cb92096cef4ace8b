"""How pages write numbers, instants and text: one way for each kind, whichever page it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from live_sending import NOW
from scoville.web.pages.templates import TEMPLATES, coded, percent, whole

if TYPE_CHECKING:
    from datetime import datetime


def said_of(at: datetime | None) -> str:
    """What a page of `NOW` says of an instant, without the element around it."""
    shown = TEMPLATES.from_string("{{ at | ago }}").render(at=at, now=NOW)
    return shown.partition(">")[2].partition("<")[0] or shown


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "–"), (0.0, "0%"), (0.0001, "under 0.1%"), (0.0083, "0.8%"), (0.0833, "8.3%"), (0.127, "13%"),
        (0.994, "99%"), (0.998, "over 99%"), (1.0, "100%"),
    ],
)  # fmt: skip
def test_a_share_has_a_decimal_below_ten_percent_and_is_never_rounded_to_nothing_or_all(
    share: float | None, said: str
) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "just now"), (timedelta(seconds=40), "40 s ago"), (timedelta(hours=47), "1 day ago"),
        (timedelta(days=-2, seconds=-1), "in 2 days"), (timedelta(days=20), "11 April"),
        (timedelta(days=200), "13 October 2025"),
    ],
)  # fmt: skip
def test_an_instant_is_said_by_its_distance_and_far_away_by_its_day(ago: timedelta, said: str) -> None:
    assert said_of(NOW - ago) == said


def test_scores_below_nought_have_a_real_minus_and_large_ones_are_grouped() -> None:
    assert [whole(value) for value in (-4.6, -0.4, 1234.5, None)] == ["−5", "0", "1,234", "–"]


def test_text_between_backticks_is_code_and_everything_is_escaped() -> None:
    assert coded("give `max` to <b>`") == "give <code>max</code> to &lt;b&gt;`"

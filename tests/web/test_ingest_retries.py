"""What the page says that clients do with our answers, against what each of them was seen to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
MATRIX = json.loads((TESTS / "recordings" / "retry-matrix.json").read_text(encoding="utf-8"))["clients"]
CLIENTS = [client for client in MATRIX if not client.startswith("posthog")]  # it does not speak this protocol
PAGE = (TESTS.parent / "docs" / "events-in.md").read_text(encoding="utf-8")
SAID = dict(re.findall(r"^\| (\d{3}) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))
SEEN_AS = {"400": "400_code_msg", "429": "429_ra1", "503": "503_ra1"}  # ours have code and message, and Retry-After
MORE_THAN_ONCE = {"forgets them": False, "drops them": False, "waits, tries again": True, "tries again": True}


def attempts(client: str, status: str) -> int | None:
    """How often a client sent one event to a server that always answered so; null where it was not tried."""
    seen = MATRIX[client].get(SEEN_AS.get(status, status)) or MATRIX[client].get(status)
    return None if seen is None else int(seen["attempts"])


def test_the_page_names_every_answer() -> None:
    assert sorted(SAID) == ["200", "400", "401", "403", "405", "408", "413", "415", "429", "500", "503"]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_does_with_an_answer_what_the_page_says(client: str) -> None:
    tried = {status: attempts(client, status) for status in SAID if SAID[status] in MORE_THAN_ONCE}
    seen = {status: number > 1 for status, number in tried.items() if number is not None}
    assert len(seen) >= 3  # browsers were asked less
    assert seen == {status: MORE_THAN_ONCE[SAID[status]] for status in seen}


def test_408_is_tried_again_by_segments_clients_alone() -> None:
    assert SAID["408"] == "Segment's try again"
    again = {client for client in CLIENTS if (attempts(client, "408") or 0) > 1}
    assert again == {"segment-py", "segment-node"}

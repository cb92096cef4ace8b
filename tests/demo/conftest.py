"""One demo data set for all tests of its shape."""

from __future__ import annotations

import pytest

from scoville.demo import Demo, generate


@pytest.fixture(scope="session")
def demo() -> Demo:
    return generate(20_000, seed=5)

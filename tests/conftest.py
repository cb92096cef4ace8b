"""What all tests share: where the real data lies, and how long Hypothesis may look."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from spark_cluster import Cluster, running_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres_server import Server

REPOSITORY = Path(__file__).resolve().parent.parent

settings.register_profile(
    "scoville",
    deadline=None,  # compiling a plan takes 0.4 s, and other work may run beside it
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("scoville")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory with real data sets. A missing one skips on a laptop and fails in CI, so that it cannot hide."""
    path = Path(os.environ.get("SCOVILLE_SHARED") or REPOSITORY.parent / "shared")
    if path.is_dir():
        return path
    reason = f"no real data at {path}; set SCOVILLE_SHARED to the directory that holds datasets/"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Spark cluster, started once: tests that use it carry the mark `xdist_group("spark")`."""
    with running_cluster() as started:
        yield started


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test asks for it."""
    from postgres_server import running_server  # noqa: PLC0415 - the driver is an extra

    with running_server() as server:
        yield server

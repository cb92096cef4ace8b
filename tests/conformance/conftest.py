"""Every test here that asks for `engine` is run once for each engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engines_under_test import EngineUnderTest, duckdb_under_test, postgres_under_test, spark_under_test

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINES = (
    "duckdb",
    pytest.param("postgres", marks=pytest.mark.xdist_group("postgres")),
    pytest.param("spark", marks=pytest.mark.xdist_group("spark")),
)


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[EngineUnderTest]:
    """An engine, started once; without what it needs the test is skipped, or fails in CI."""
    if request.param == "spark":
        with spark_under_test(request.getfixturevalue("cluster")) as spark:
            yield spark
    else:
        with {"duckdb": duckdb_under_test, "postgres": postgres_under_test}[request.param]() as other:
            yield other

"""The engines that one suite is run on, and what each of them cannot do yet.

A mark says why, and fails when the engine starts to do it: then the mark goes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plan_runner import Sending
    from spark_cluster import Cluster

# (engine, name of the test's case) -> why not. Empty is what it should be.
CANNOT: Mapping[tuple[str, str], str] = {}


@dataclass(frozen=True)
class EngineUnderTest:
    """`engine` is null for DuckDB, which has cleaned the data already and goes on with them where they are.

    `share` is the part of the usual number of random examples that it is given: one costs 0.5 s on DuckDB, 1 s on
    PostgreSQL, 8 s on Spark.
    """

    name: str
    engine: Sending | None
    share: float = 1.0


def mark_what_it_cannot(request: pytest.FixtureRequest, engine: EngineUnderTest, case: str) -> None:
    """Expect a failure where one is known."""
    reason = CANNOT.get((engine.name, case))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


@contextlib.contextmanager
def duckdb_under_test() -> Iterator[EngineUnderTest]:
    """The embedded engine."""
    yield EngineUnderTest("duckdb", None)


@contextlib.contextmanager
def postgres_under_test() -> Iterator[EngineUnderTest]:
    """A server of the tests' own."""
    from postgres_server import running_server  # noqa: PLC0415 - needs an extra

    with running_server() as server, server.database() as url:
        from scoville.engines.postgres import Postgres  # noqa: PLC0415 - likewise

        engine = Postgres(url)
        yield EngineUnderTest("postgres", engine, share=1 / 3)
        engine.close()


@contextlib.contextmanager
def spark_under_test(cluster: Cluster) -> Iterator[EngineUnderTest]:
    """The cluster of the tests, without compiling each query to Java, which takes longer than running a small one."""
    from scoville.engines.spark import Spark  # noqa: PLC0415 - needs an extra

    engine = Spark(cluster.session())
    engine.session.conf.set("spark.sql.codegen.wholeStage", "false")
    engine.session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    yield EngineUnderTest("spark", engine, share=1 / 6)
    engine.close()

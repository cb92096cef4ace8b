"""The engine behind an address: `duckdb://`, `postgres://user@host/database`, `spark://host:7077`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from scoville.engines.duckdb import DuckDB
from scoville.engines.without_password import without_password
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.engines.engine import Engine

# Scheme -> the module with `connected(url)`: loaded when it is asked for, because it needs an extra.
_WAREHOUSES = {
    "postgres": "scoville.engines.postgres",
    "postgresql": "scoville.engines.postgres",
    "spark": "scoville.engines.spark",
}
ALLOWED = (
    "duckdb:// (in memory), duckdb://path/to/file.duckdb (to read its tables), postgres://user@host:5432/database, "
    "or spark://host:7077"
)


def engine_of(url: str, *, memory_limit: str | None = None) -> Engine:
    """The engine behind an address.

    Raises:  UsageError for an address of another kind, or a memory limit for an engine that is not ours to limit;
             EngineError when it does not answer.
    Example: `engine_of("postgres://ann@localhost/crm")`
    """
    scheme = url.partition("://")[0]
    if "://" in url and scheme in _WAREHOUSES:
        if memory_limit is not None:
            raise UsageError(f"--memory-limit is for DuckDB; a {scheme} server has settings of its own")
        connected = importlib.import_module(_WAREHOUSES[scheme]).connected
        return cast("Callable[[str], Engine]", connected)(url)
    return duckdb_of(url, memory_limit=memory_limit)


def duckdb_of(url: str, *, memory_limit: str | None = None) -> DuckDB:
    """The same for what works on DuckDB alone. Raises: UsageError for another engine."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in _WAREHOUSES:
        raise UsageError(
            f"this works on DuckDB alone so far, not on {scheme}: export the tables to Parquet, and name the files "
            "instead. score, explain and check run where the data are"
        )
    if scheme != "duckdb" or not separator:
        raise UsageError(f"cannot use the engine '{without_password(url)}'; allowed: {ALLOWED}")
    return DuckDB(rest.removeprefix("/") if rest.startswith("/./") else rest or ":memory:", memory_limit=memory_limit)

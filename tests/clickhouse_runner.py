"""ClickHouse inside the test process, by the package chdb-core: scripts are run as a user would paste them."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from oracle import OracleResult
from plan_runner import contribution, score_row

if TYPE_CHECKING:
    from pathlib import Path

    import scoville

Row = dict[str, Any]


class ClickHouse:
    """One session with the clean tables of one run at a time."""

    def __init__(self, folder: Path) -> None:
        in_ci = os.environ.get("CI") == "true"  # where it must not hide that it is missing
        module = importlib.import_module("chdb.session") if in_ci else pytest.importorskip("chdb.session")
        self.session = module.Session()
        self.folder = folder

    def result_of(self, run: scoville.ScoreRun) -> OracleResult:
        """Scores and contributions of a run, worked out again here."""
        self.bind(run)
        rows = [score_row(row) for row in self.rows(run, "scores")]
        contributions = [contribution(row) for row in self.rows(run, "contributions")]
        return OracleResult({row.lead_id: row for row in rows}, contributions)

    def accounts_of(self, run: scoville.ScoreRun) -> dict[str, float]:
        """Account scores, likewise."""
        self.bind(run)
        return {row["account"]: row["score"] for row in self.rows(run, "account_scores")}

    def bind(self, run: scoville.ScoreRun) -> None:
        """Copy what the plan reads."""
        for name in set(run.plan.inputs) - {"as_of"}:
            path = self.folder / f"{name}.parquet"
            parquet.write_table(run.engine.arrow(f'SELECT * FROM "{name}"'), path)  # noqa: S608 - names of our own
            self.session.query(f"DROP TABLE IF EXISTS {name}")
            self.session.query(f"CREATE TABLE {name} ENGINE = Memory AS SELECT * FROM file('{path}', Parquet)")  # noqa: S608

    def rows(self, run: scoville.ScoreRun, output: str) -> list[Row]:
        """The rows of an output, by the script that `scoville sql` prints."""
        script = run.plan.script(output, "clickhouse", as_of=run.as_of).rstrip(";")
        found = self.session.query(script, "ArrowStream").bytes()
        rows: list[Row] = pa.ipc.open_stream(found).read_all().to_pylist() if found else []
        return [{name: _naive(value) for name, value in row.items()} for row in rows]

    def close(self) -> None:
        self.session.close()


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if getattr(value, "tzinfo", None) is not None else value

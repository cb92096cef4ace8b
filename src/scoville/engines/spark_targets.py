"""Results of Spark appear whole or not at all: written beside their place by the executors, then renamed into it.

A target is an address of files (`/shared/scores.parquet`, `s3://bucket/scores`), which Spark writes as a folder of
parts with `_SUCCESS` in it, or a table (`crm.scores`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import Observation
from pyspark.sql import functions as sf

from scoville.errors import DataError, EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

FORMATS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


def is_table(target: str) -> bool:
    """Whether a target is the name of a table: it has no slash, and does not end as files do."""
    return "/" not in target and PurePosixPath(target).suffix.lower() not in FORMATS


def checked_targets(session: SparkSession, targets: Sequence[str], sources: Sequence[str | None]) -> None:
    """Raises: UsageError for a target that is read, is named twice, or has no folder to lie in."""
    read = {_normal(session, source) for source in sources if source is not None}
    seen: set[str] = set()
    for target in targets:
        place = _normal(session, target)
        if place in read:
            raise UsageError(f"{target} is read in this run and would be overwritten; name another place to write to")
        if place in seen:
            raise UsageError(f"{target} is named for two outputs; give each its own place")
        seen.add(place)
        if not is_table(target):
            _Files(session, target).check()


def _normal(session: SparkSession, name: str) -> str:
    return name if is_table(name) else _Files(session, name).address


def write_all(session: SparkSession, frames: Mapping[str, DataFrame]) -> None:
    """Write each frame beside its target; when all are there, put them into their places."""
    token = secrets.token_hex(4)
    written: list[_Files | _Table] = []
    try:
        for target, frame in frames.items():
            place = _Table(session, target, token) if is_table(target) else _Files(session, target, token)
            written.append(place)
            place.write(frame)
        for place in written:
            place.put_in_place()
    finally:
        for place in written:
            place.clear()


@dataclass(frozen=True)
class _Files:
    """A folder of parts, by the file system that its address names: local, HDFS, S3 ..."""

    session: SparkSession
    target: str
    token: str = ""

    @property
    def _jvm(self) -> Any:  # noqa: ANN401 - py4j has no types
        try:
            return self.session.sparkContext._jvm  # noqa: SLF001 - the way to Hadoop's file systems
        except Exception as refused:
            raise UsageError(
                f"{self.target}: this session of Spark writes tables only (Spark Connect has no file system to rename "
                "in); name a table, such as crm.scores"
            ) from refused

    @property
    def _path(self) -> Any:  # noqa: ANN401 - likewise
        return self._system.makeQualified(self._jvm.org.apache.hadoop.fs.Path(self.target))

    @property
    def _system(self) -> Any:  # noqa: ANN401 - likewise
        settings = self.session.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
        return self._jvm.org.apache.hadoop.fs.Path(self.target).getFileSystem(settings)

    @property
    def address(self) -> str:
        """The whole address."""
        return str(self._path.toString())

    def _named(self, what: str) -> Any:  # noqa: ANN401 - likewise
        """A place beside the target whose name readers pass over, for it begins with a dot."""
        parts = PurePosixPath(str(self._path.getName()))
        return self._jvm.org.apache.hadoop.fs.Path(
            self._path.getParent(), f".{parts.stem}.{self.token}.{what}{parts.suffix}"
        )

    def check(self) -> None:
        """Raises: UsageError without the folder to lie in, where folders are real."""
        parent = self._path.getParent()
        is_real = str(self._path.toUri().getScheme()) in {"file", "hdfs"}
        if is_real and not self._system.exists(parent):
            raise UsageError(
                f"cannot write {self.target}: there is no folder {parent.toUri().getPath()}. Make it first"
            )

    def write(self, frame: DataFrame) -> None:
        """Parts and `_SUCCESS`, beside the target."""
        seen = Observation()
        kind = FORMATS.get(PurePosixPath(self.target).suffix.lower(), "parquet")
        writer = frame.observe(seen, sf.count(sf.lit(1)).alias("rows")).write.format(kind)
        beside = self._named("part")
        writer.option("header", value=True).save(beside.toString())
        has_parts = any(status.getPath().getName().startswith("part-") for status in self._system.listStatus(beside))
        if seen.get["rows"] and not has_parts:
            raise DataError(
                f"cannot write {self.target}: the executors wrote to disks of their own. Name a folder that all "
                "machines share, an address such as s3://bucket/scores, or a table"
            )

    def put_in_place(self) -> None:
        """The old folder steps aside, the new one takes its place, the old one goes."""
        there, old = self._system.exists(self._path), self._named("old")
        if there and not self._system.rename(self._path, old):
            raise EngineError(f"cannot replace {self.target}; the old files are as they were")
        if not self._system.rename(self._named("part"), self._path):
            if there:
                self._system.rename(old, self._path)
            raise EngineError(f"cannot write {self.target}; the old files are as they were")
        self._remove("old")

    def clear(self) -> None:
        """What did not get into its place is removed."""
        self._remove("part")

    def _remove(self, what: str) -> None:
        self._system.delete(self._named(what), True)  # noqa: FBT003 - Hadoop's own


@dataclass(frozen=True)
class _Table:
    """A table of a catalog."""

    session: SparkSession
    target: str
    token: str

    def _named(self, what: str) -> str:
        return f"{self.target}__{self.token}_{what}"

    def write(self, frame: DataFrame) -> None:
        """Rows in a table beside the target."""
        frame.write.saveAsTable(self._named("new"))

    def put_in_place(self) -> None:
        """The old table steps aside, the new one takes its place, the old one goes."""
        there = self.session.catalog.tableExists(self.target)
        if there:
            self._rename(self.target, self._named("old"))
        try:
            self._rename(self._named("new"), self.target)
        except AnalysisException:
            if there:
                self._rename(self._named("old"), self.target)
            raise
        self._drop("old")

    def _rename(self, before: str, after: str) -> None:
        self.session.sql(f"ALTER TABLE {before} RENAME TO {after}")

    def clear(self) -> None:
        """What did not get into its place is dropped."""
        self._drop("new")

    def _drop(self, what: str) -> None:
        self.session.sql(f"DROP TABLE IF EXISTS {self._named(what)}")

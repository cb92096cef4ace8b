"""Spark runs a plan where the data are: on a cluster, or in a session that its user brings (Databricks, EMR).

In: a Plan, whose inputs stand as views of one session. Out: Parquet, CSV, JSON Lines or tables, written by the
executors. Only answers that are small come to the driver. Called by `scoring.py`.
"""

from __future__ import annotations

import contextlib
import socket
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import ibis
from ibis.backends.sql.datatypes import PySparkType

from scoville.data.traits import LOOKUPS
from scoville.errors import EngineError, UsageError

try:
    from pyspark import StorageLevel
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as sf
except ModuleNotFoundError as missing:
    raise UsageError("Spark is an extra: pip install 'scoville[spark]'; it needs Java 17 or newer") from missing

from scoville.data.in_spark import ERRORS, InSpark, said_by, table_of
from scoville.engines.spark_targets import checked_targets, is_table, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from scoville.plan.compile import Plan

# What a session must be for the same plan to give the same scores: instants in UTC, names as they are written,
# errors instead of silent nulls, and "name" as an identifier.
SETTINGS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
}
_ANSWERS_WITHIN_S = 5.0
_LEADS_AT_ONCE = 20_000  # with their events some tens of MB, in one process of Python
# Beside the columns of leads and events stand ours, under names that no file has.
_PART, _BESIDE = "scoville: part", "scoville: beside: "


class Spark:
    """One session of Spark with the views of one run.

    `session` is the user's own; it is not stopped, and its settings stay as they are: the run has a session of its own
    beside it, where Spark can give one.
    Example: `scoville.score("model.yaml", "crm.leads", "crm.events", engine=Spark(spark))`
    """

    dialect = "spark"
    works_out_again = True

    def __init__(self, session: SparkSession, *, is_ours: bool = False) -> None:
        self._users = session
        self.session = _beside(session)
        self.place = InSpark(self.session)
        self.bound = 0
        self._is_ours = is_ours
        for name, value in SETTINGS.items():
            self.session.conf.set(name, value)

    def columns(self, table: str) -> Mapping[str, ibis.DataType]:
        """Names and Ibis types of a view's columns, in their order."""
        return dict(table_of(self.session.table(table), table).schema().items())

    def bind(self, plan: Plan, as_of: datetime, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make `as_of` and the lists that the plan looks things up in; `leads` and `events` stand there already."""
        self.bound += 1
        self.session.sql(f"SELECT TIMESTAMP_NTZ '{as_of.isoformat(' ')}' AS as_of").createOrReplaceTempView("as_of")
        for name in plan.lookups:
            self.place.put(name, LOOKUPS[name].rows(extra or {}))

    def keep(self, name: str, query: str) -> None:
        """Run a query now and hold its rows on two executors, where there are two, so that they outlive one.

        They are never worked out again: a sum of fractions would differ in its last digit, and a score from its rank.
        """
        with _explained():
            self._hold(name, self.session.sql(query))

    def _hold(self, name: str, frame: DataFrame) -> None:
        frame.localCheckpoint(storageLevel=StorageLevel.MEMORY_AND_DISK_2).createOrReplaceTempView(name)

    def materialise(self, plan: Plan, steps: Sequence[str], given: Sequence[str] = ()) -> None:
        """Run steps of the plan, each kept under its name, so that later ones read it. `given` stand there already."""
        done = list(given)
        for step in steps:
            self.keep(step, plan.sql(step, self.dialect, given=done))
            done.append(step)

    def arrow(self, query: str) -> pa.Table:
        """Rows of a query, here."""
        with _explained():
            return self.session.sql(query).toArrow()

    def work_out(
        self, name: str, work: Callable[[Mapping[str, pa.Table]], pa.Table], columns: Mapping[str, str], *, beside: str
    ) -> None:
        """Hand leads and their events out to Python on the executors: see `engine.Spread`."""
        leads, further = self.session.table("leads"), self.session.sql(beside)
        renamed = further.select(*(sf.col(column).alias(f"{_BESIDE}{column}") for column in further.columns))
        both = leads.join(renamed, leads["lead_id"] == renamed[f"{_BESIDE}lead_id"])
        part = sf.pmod(sf.xxhash64("lead_id"), sf.lit(leads.count() // _LEADS_AT_ONCE + 1))
        events = self.session.table("events").withColumn(_PART, part).groupBy(_PART)
        parts = both.withColumn(_PART, part).groupBy(_PART).cogroup(events)
        kinds = ", ".join(f"`{column}` {PySparkType.to_string(ibis.dtype(kind))}" for column, kind in columns.items())
        with _explained(), warnings.catch_warnings(action="ignore", category=FutureWarning):  # of pandas, unused
            self._hold(name, parts.applyInArrow(partial(_worked_out, work), kinds))

    def sort_key(self, column: str) -> str:
        """A column of text as ORDER BY takes it: Spark sorts by bytes."""
        return f'"{column}"'

    def likeness(self, column: str, text: str) -> str:
        """How few letters have to change to make one of the other, from 0 down."""
        plain = text.strip().lower().replace("\\", "\\\\").replace("'", "\\'")
        return f"-levenshtein(lower(\"{column}\"), '{plain}')"

    def check_targets(self, targets: Sequence[str], sources: Sequence[str | None]) -> None:
        """Nothing is written over what is read, nor twice to one place. Raises: UsageError for the first that would."""
        checked_targets(self.session, targets, sources)

    def write_all(self, queries: Mapping[str, str]) -> None:
        """Write the rows of each query to its target, beside it first: see `spark_targets.py`."""
        with _explained():
            write_all(self.session, {target: self.session.sql(query) for target, query in queries.items()})
            for target in filter(is_table, queries):
                self._users.catalog.refreshTable(target)  # a session remembers the files of tables it has read

    def close(self) -> None:
        """Forget what was kept; a session of our own ends."""
        self.place.drop_all()
        if self._is_ours:
            self.session.stop()


def _worked_out(work: Callable[[Mapping[str, pa.Table]], pa.Table], leads: pa.Table, events: pa.Table) -> pa.Table:
    """One part, on an executor."""
    beside = [name for name in leads.column_names if name.startswith(_BESIDE)]
    tables = {
        "leads": leads.drop_columns([_PART, *beside]),
        "events": events.drop_columns([_PART]),
        "beside": leads.select(beside).rename_columns([name.removeprefix(_BESIDE) for name in beside]),
    }
    return work(tables)


def connected(url: str) -> Spark:
    """The engine behind `spark://host:7077`, the master of a standalone cluster.

    Memory, cores and all else come from where Spark looks for them: spark-defaults.conf in SPARK_CONF_DIR.
    Raises: EngineError when the master does not answer, or there is no Java.
    """
    _check_answers(url)
    return Spark(start(url), is_ours=True)


def start(url: str) -> SparkSession:
    """A session on a cluster. Raises: EngineError where Spark does not start."""
    builder: Any = SparkSession.builder
    try:
        with warnings.catch_warnings():  # Spark's own tests, which it loads, warn of pandas 3; nothing of it is used
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            return builder.master(url).appName("Scoville").getOrCreate()  # type: ignore[no-any-return]
    except ERRORS as refused:
        raise EngineError(
            f"cannot start Spark: {said_by(refused)}. It needs Java 17 or newer, found by JAVA_HOME"
        ) from refused


def _check_answers(url: str) -> None:
    """Spark itself would ask for a minute."""
    masters = url.removeprefix("spark://").split(",")
    refused: OSError | None = None
    for master in masters:
        host, _, port = master.rpartition(":")
        if not host or not port.isdigit():
            raise UsageError(f"'{url}' is no address of a Spark master; write it like spark://host:7077")
        try:
            socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()
        except OSError as error:
            refused = error
        else:
            return
    raise EngineError(f"no Spark master answers at {url}: {refused}. Start it, or check the address and the firewall")


def _beside(session: SparkSession) -> SparkSession:
    """A session with settings and views of its own, on the same cluster; Spark Connect may have none to give."""
    with contextlib.suppress(AttributeError, NotImplementedError, PySparkException):
        return session.newSession()
    return session


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Spark's own errors as ours."""
    try:
        yield
    except ERRORS as error:
        raise EngineError(f"Spark could not run the plan: {said_by(error)}") from error

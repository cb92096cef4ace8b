"""A Spark cluster of the tests' own: one master and two workers of one core each, on loopback, gone when the tests are.

Started from the programs in the package `pyspark`, which has no `local-cluster` mode. Every worker is a group of
processes, so that killing it takes its executor along, as losing a machine would.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession

HOST = "127.0.0.1"
WORKERS = 2
START_S = 90
# What each Java process may take; a laptop and CI run the master, two workers, two executors and a driver at once.
DAEMON_MEMORY, EXECUTOR_MEMORY, DRIVER_MEMORY = "128m", "768m", "512m"
SETTINGS = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.driver.memory": DRIVER_MEMORY,
    "spark.executor.memory": EXECUTOR_MEMORY,
    "spark.executor.cores": "1",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",  # it plans anew after each stage: dear where a stage takes no time
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.showConsoleProgress": "false",
}
QUIET = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n
"""


@dataclass
class Cluster:
    """A running cluster. `url` is what `--engine` takes; `environment` is what a driver needs around it."""

    home: Path
    environment: Mapping[str, str]
    url: str = ""
    master: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start the master and its workers; they are ready when it returns."""
        self.master = self._daemon("master", "master.Master", "--port", "0")
        self.url = self._awaited("master", rf"Starting Spark master at (spark://{HOST}:\d+)")
        for _ in range(WORKERS):
            self.add_worker()

    def add_worker(self) -> None:
        """One more worker, once the master knows it."""
        name = f"worker-{len(self.workers)}"
        place = ("--work-dir", str(self.home / name), "--cores", "1", "--memory", "1g")
        self.workers.append(self._daemon(name, "worker.Worker", *place, self.url))
        self._awaited(name, "Successfully registered with master")

    def kill_worker(self) -> None:
        """Lose the newest worker and its executor, at once and without a word."""
        worker = self.workers[-1]
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def session(self) -> SparkSession:
        """The session of the tests, which takes all of the cluster; started when it is first asked for."""
        os.environ.update(self.environment)
        from scoville.engines.spark import start  # noqa: PLC0415 - needs an extra

        return start(self.url)

    def release(self) -> None:
        """End that session, so that another program can have the cluster."""
        from pyspark.sql import SparkSession  # noqa: PLC0415 - likewise

        active = SparkSession.getActiveSession()
        if active is not None:
            active.stop()

    def stop(self) -> None:
        """End every process."""
        for process in (*self.workers, self.master):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):  # killed by a test already
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _daemon(self, name: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = (spark_class(), f"org.apache.spark.deploy.{program}", "--host", HOST, "--webui-port", "0", *arguments)
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                command, env={**self.environment, "SPARK_CONF_DIR": str(self.home / "daemons")},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _awaited(self, name: str, pattern: str) -> str:
        """What the log of a process says once it is ready."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            said = re.search(pattern, self._log(name).read_text(errors="replace"))
            if said:
                return said[said.lastindex or 0]
            time.sleep(0.1)
        raise AssertionError(f"the {name} did not start:\n{self._log(name).read_text(errors='replace')[-3000:]}")


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster for as long as the block runs. Without Java or Spark the test is skipped; in CI it fails."""
    _check_is_there()
    with tempfile.TemporaryDirectory(prefix="scoville-spark-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        cluster = Cluster(home, _environment(home))
        try:
            cluster.start()
            yield cluster
            cluster.release()
        finally:
            cluster.stop()


def spark_class() -> str:
    """The program that starts a part of Spark."""
    package = importlib.util.find_spec("pyspark")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).parent / "bin" / "spark-class")


def _check_is_there() -> None:
    has_spark, has_java = importlib.util.find_spec("pyspark") is not None, shutil.which("java") is not None
    missing = None if has_spark and has_java else "Java 17" if has_spark else "pyspark"
    if missing is None:
        return
    reason = f"no {missing}: pip install 'scoville[spark]' and Java 17 or newer run the tests on Spark"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _environment(home: Path) -> dict[str, str]:
    """Where a driver finds its settings: as a user sets them for a cluster, in the folder SPARK_CONF_DIR."""
    for name, level in (("driver", "off"), ("daemons", "info")):
        folder = home / name
        folder.mkdir()
        (folder / "log4j2.properties").write_text(QUIET.replace("error", level, 1))
    settings = {
        **SETTINGS,
        "spark.sql.warehouse.dir": str(home / "warehouse"),
        "spark.executor.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{home}/driver/log4j2.properties",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (home / "driver" / "spark-defaults.conf").write_text(lines)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    return {
        **kept,
        "SPARK_CONF_DIR": str(home / "driver"),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(home / "scratch"),
        "SPARK_DAEMON_MEMORY": DAEMON_MEMORY,
        "PYSPARK_PYTHON": sys.executable,
    }

"""The same scoring on each engine, beside a bare group-by there: one table.

    python benchmarks/engines.py [--engines duckdb,postgres,spark] [--events 2m]

A server of PostgreSQL and a cluster of Spark with two workers of one core are started as for the tests, on this
machine. DuckDB and Spark read Parquet and write Parquet; PostgreSQL reads tables and writes a table. The whole command
is measured, from start to end, with what it started and what servers did for it.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psycopg
import sqlglot

from watched import Figure, watched
from workload import AS_OF, DATA, EVENTS_PER_LEAD, Data, count, make_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests"))  # where servers are started
SCOVILLE = (sys.executable, "-c", "from scoville.cli import main; main()")
HEAD = ("engine", "what", "seconds", "CPU s", "events/s", "CPU µs an event", "peak GiB", "of group-by (CPU)")
ENGINES = ("duckdb", "postgres", "spark")


@dataclass(frozen=True)
class There:
    """An engine that is ready: where the data are on it, and which processes work for it."""

    url: str
    leads: str
    events: str
    target: str
    servers: Sequence[int] = ()
    environment: Mapping[str, str] | None = field(default=None, repr=False)


@contextlib.contextmanager
def duckdb_there(data: Data) -> Iterator[There]:
    """Two files."""
    with tempfile.TemporaryDirectory(dir=data.leads_path.parent) as folder:
        yield There("duckdb://", str(data.leads_path), str(data.events_path), f"{folder}/scores.parquet")


@contextlib.contextmanager
def postgres_there(data: Data) -> Iterator[There]:
    """A server of our own with two tables, analysed."""
    from postgres_server import running_server  # noqa: PLC0415 - of the tests: needs a server's programs

    with running_server() as server, server.database() as url:
        for name, path in (("leads", data.leads_path), ("events", data.events_path)):
            _fill(url, name, path)
        process = int((server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        yield There(url, "leads", "events", "scores", (process,))


def _fill(url: str, name: str, path: Path) -> None:
    """A table with the rows of a Parquet file."""
    reader = duckdb.connect()
    columns = reader.execute(f"DESCRIBE FROM '{path}'").fetchall()
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as connection:
        file = Path(folder) / "rows.csv"
        reader.execute(f"COPY (FROM '{path}') TO '{file}' (HEADER false)")
        said = ", ".join(f'"{column}" {"text" if kind == "VARCHAR" else kind}' for column, kind, *_ in columns)
        connection.execute(f"CREATE TABLE {name} ({said})")  # type: ignore[arg-type,unused-ignore] # ours
        with (
            connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy,  # type: ignore[arg-type,unused-ignore]
            file.open("rb") as rows,
        ):
            while chunk := rows.read(1 << 20):
                copy.write(chunk)
        connection.execute(f"ANALYZE {name}")  # type: ignore[arg-type,unused-ignore]


@contextlib.contextmanager
def spark_there(data: Data) -> Iterator[There]:
    """A master and two workers of one core each."""
    from spark_cluster import running_cluster  # noqa: PLC0415 - of the tests: needs Java

    with running_cluster() as cluster, tempfile.TemporaryDirectory(dir=data.leads_path.parent) as folder:
        servers = [one.pid for one in (cluster.master, *cluster.workers) if one is not None]
        files = (str(data.leads_path), str(data.events_path), f"{folder}/scores.parquet")
        yield There(cluster.url, *files, servers, cluster.environment)


PLACES = {"duckdb": duckdb_there, "postgres": postgres_there, "spark": spark_there}


def figures(name: str, data: Data) -> tuple[Figure, Figure]:
    """What a bare group-by takes on an engine, and the whole of `scoville score`."""
    with PLACES[name](data) as there:
        script = (sys.executable, str(HERE / "engines.py"), "--floor-of", name)
        floor = watched((*script, there.url, there.events), there.servers, there.environment)
        files = ("--leads", there.leads, "--events", there.events, "-o", there.target)
        options = ("--as-of", AS_OF.isoformat(), "--engine", there.url)
        command = (*SCOVILLE, "score", str(HERE / "model.yaml"), *files, *options)
        return floor, watched(command, there.servers, there.environment)


def run_floor(name: str, url: str, events: str) -> None:
    """`floor.sql` on an engine, its rows counted there and thrown away."""
    text = (HERE / "floor.sql").read_text(encoding="utf-8").replace("::UTINYINT", "::SMALLINT")
    said = f"SELECT count(*) AS groups, sum(matched) AS met FROM ({sqlglot.transpile(text, 'duckdb', name)[0]}) q"  # noqa: S608
    if name == "duckdb":
        connection = duckdb.connect()
        connection.execute(
            f"CREATE VIEW events AS FROM '{events}'; CREATE VIEW as_of AS SELECT TIMESTAMP '{AS_OF}' AS as_of"
        )
        connection.execute(said).fetchall()
    elif name == "postgres":
        with psycopg.connect(url) as server:
            server.execute(f"CREATE TEMP TABLE as_of AS SELECT TIMESTAMP '{AS_OF}' AS as_of")  # type: ignore[arg-type,unused-ignore]
            server.execute(said).fetchall()  # type: ignore[arg-type,unused-ignore]
    else:
        from scoville.engines.spark import start  # noqa: PLC0415 - needs an extra

        session = start(url)
        session.read.parquet(events).createOrReplaceTempView("events")
        session.sql(f"SELECT TIMESTAMP_NTZ '{AS_OF}' AS as_of").createOrReplaceTempView("as_of")
        session.sql(said).collect()
        session.stop()


def rows(names: Sequence[str], data: Data) -> Iterator[tuple[str, ...]]:
    """Two lines for each engine."""
    for name in names:
        floor, scored = figures(name, data)
        for what, one in (("group-by", floor), ("`scoville score`", scored)):
            cost = one.cpu_s / data.event_count * 1e6
            speed = data.event_count / one.seconds / 1e6
            ratio = f"{one.seconds / floor.seconds:.1f} ({one.cpu_s / floor.cpu_s:.1f})"
            yield (
                name, what, f"{one.seconds:.1f}", f"{one.cpu_s:.1f}", f"{speed:.2f} M", f"{cost:.2f}",
                f"{one.peak_gib:.2f}", ratio,
            )  # fmt: skip


def print_table(names: Sequence[str], data: Data) -> None:
    """The Markdown table of some engines."""
    print(f"{data.event_count:,} events, {data.lead_count:,} leads, one round\n")
    for row in (HEAD, tuple("---" for _ in HEAD)):
        print("| " + " | ".join(row) + " |")
    for row in rows(names, data):
        print("| " + " | ".join(row) + " |", flush=True)


def names_of(text: str) -> list[str]:
    """Engines by their names with commas. Raises: ArgumentTypeError for one that is none of ours."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in ENGINES]:
        raise argparse.ArgumentTypeError(f"no engine {unknown[0]}; allowed: {', '.join(ENGINES)}")
    return names


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", type=names_of, default=list(ENGINES))
    parser.add_argument("--events", type=count, default=2_000_000)
    parser.add_argument("--floor-of", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.floor_of:
        run_floor(*asked.floor_of)
    else:
        print_table(asked.engines, make_data(asked.events // EVENTS_PER_LEAD, asked.events, DATA))


if __name__ == "__main__":
    main()

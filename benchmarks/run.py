"""The plan beside the best SQL by hand, and the other promises about speed.

    make bench
    python benchmarks/run.py [--events 20m] [--runs 3] [--large] [--engines duckdb,postgres,spark]

Makes the data first (once). Then, round by round, every command runs alone in a process of its own, one after another,
so that what else the machine does falls on all alike; a ratio is taken within each round, and the median of the rounds
is shown. Prints one Markdown table; README.md here says how to read it. Exit 0 whether targets are met or not: a
busy machine is not a defect.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engines import SCOVILLE, names_of, print_table
from watched import Figure, watched
from workload import AS_OF, DATA, EVENTS_PER_LEAD, HORIZON, SNAPSHOTS, Data, count, make_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).resolve().parent
HEAD = ("what", "seconds (min-max)", "CPU s", "events/s", "peak GiB", "of hand-written", "of floor", "target", "")
MEMORY_TARGET_GIB = 8.0


@dataclass(frozen=True)
class Line:
    """One line of the table: what is measured, beside what it stands, and how often that it may be."""

    name: str
    what: str
    beside: str = "hand"
    most: float | None = None


LINES = (
    Line("floor", "floor: `GROUP BY lead_id, rule`"),
    Line("hand", "scores by hand"),
    Line("plan", "scores by the plan", most=1.0),
    Line("plan", "scores by the plan, of the floor", beside="floor", most=2.0),
    Line("hand_alone", "by hand, without reasons and rank"),
    Line("plan_alone", "by the plan, without reasons and rank", beside="hand_alone", most=1.0),
    Line("polars_way", "scores by hand in Polars"),
    Line("pandas_way", "scores by hand in pandas"),
    Line("plan_40", "scores by the plan, 40 rules", beside="plan", most=1.6),
    Line("plan_files", "scores + contributions to Parquet by the plan", most=1.5),
    Line("command", "`scoville score`: Parquet, cleaned, to Parquet"),
    Line("command_40", "`scoville score`, 40 rules", beside="command", most=1.6),
    Line("backtest", "`scoville validate`: 12 snapshots, every figure", beside="command", most=6.0),
)
_COMMANDS = ("command", "command_40", "backtest")
LARGE = (
    Line("floor", "floor: `GROUP BY lead_id, rule`"),
    Line("hand", "scores by hand"),
    Line("plan", "scores by the plan", most=1.0),
    Line("plan", "scores by the plan, of the floor", beside="floor", most=2.0),
    Line("command", "`scoville score`: Parquet, cleaned, to Parquet"),
    Line("little", "`scoville score --memory-limit 2GB`", beside="command"),
)
LARGE_EVENTS, LITTLE = 100_000_000, "2GB"
Rounds = dict[str, list[Figure]]


@dataclass(frozen=True)
class Machine:
    """How busy it is. When more wants to run than there are cores, the clock measures the others: CPU time judges."""

    cores: int
    load: float

    @property
    def judge(self) -> str:
        """The figure that targets are held against."""
        return "seconds" if self.load <= self.cores + 1 else "cpu_s"

    def __str__(self) -> str:
        """For the line above the table."""
        by = "the clock" if self.judge == "seconds" else "CPU time, for the machine is busy"
        return f"load {self.load:.1f} on {self.cores} cores, so judged by {by}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the data, run the rounds, print the table."""
    asked = _asked(arguments)
    folder, limits = asked.folder, _limits(asked)
    data = make_data(asked.leads or asked.events // EVENTS_PER_LEAD, asked.events, folder)
    small = make_data(max(asked.small // EVENTS_PER_LEAD, 1), asked.small, folder)
    csv = make_data(asked.csv_events // 10, asked.csv_events, folder, ending="csv")
    rounds: Rounds = defaultdict(list)
    for number in range(asked.runs):
        _say(f"round {number + 1} of {asked.runs}")
        for name, figure in _round(data, small, csv, limits):
            rounds[name].append(figure)
    machine = Machine(os.cpu_count() or 1, os.getloadavg()[0])
    print(f"{data.event_count:,} events, {data.lead_count:,} leads; {asked.runs} rounds; {machine}\n")
    _print(_rows(rounds, data, small, csv, machine.judge))
    if asked.large:
        _large(rounds, data, asked, limits, machine.judge)
    if asked.engines:
        print("\nOn each engine:", end=" ")
        print_table(asked.engines, make_data(asked.engine_events // EVENTS_PER_LEAD, asked.engine_events, folder))


def _print(rows: Iterator[tuple[str, ...]]) -> None:
    for row in (HEAD, tuple("---" for _ in HEAD), *rows):
        print("| " + " | ".join(row) + " |")


def _large(rounds: Rounds, data: Data, asked: argparse.Namespace, limits: Sequence[str], judge: str) -> None:
    """The table of 100 M events, one round of it."""
    large = make_data(asked.large_events // EVENTS_PER_LEAD, asked.large_events, asked.folder)
    found = {name: [_query(name, large, limits)] for name in ("floor", "hand", "plan")}
    found["command"] = [_scored(large, "parquet", "--memory-limit", limits[1])]
    found["little"] = [_scored(large, "parquet", "--memory-limit", LITTLE)]
    print(f"\n{large.event_count:,} events, {large.lead_count:,} leads; one round\n")
    _print(_large_rows(rounds, found, data, large, judge))


def _large_rows(rounds: Rounds, found: Rounds, data: Data, large: Data, judge: str) -> Iterator[tuple[str, ...]]:
    for line in LARGE:
        yield _row(line, found, large, judge)
    for name in ("plan", "command"):
        wall, cpu = (
            found[name][0].seconds / _median(one.seconds for one in rounds[name]),
            found[name][0].cpu_s / _median(one.cpu_s for one in rounds[name]),
        )
        times = large.event_count / data.event_count
        met = _verdict((wall if judge == "seconds" else cpu) / times, 1.1)
        what = f"{name}: {large.event_count:,} of {data.event_count:,}"
        yield _line(what, f"{wall:.1f} times", f"{cpu:.1f} times", target=f"at most {times * 1.1:.1f}", met=met)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=count, default=20_000_000, help="such as 20m or 100m (default 20m)")
    parser.add_argument("--leads", type=count, help="how many leads (default: a twentieth of the events)")
    parser.add_argument("--small", type=count, default=10_000_000, help="events that growth is told from (default 10m)")
    parser.add_argument("--csv-events", type=count, default=100_000, help="of the CSV run, and a tenth as many leads")
    parser.add_argument("--runs", type=int, default=3, help="rounds; medians are shown (default 3)")
    parser.add_argument("--memory-limit", default="6GB", help="of DuckDB, for all alike (default 6GB)")
    parser.add_argument("--threads", type=int, help="of DuckDB, for all alike (default: every core)")
    parser.add_argument("--large", action="store_true", help="a second table: 100 M events, also within 2 GB")
    parser.add_argument("--large-events", type=count, default=LARGE_EVENTS, help="of that table (default 100m)")
    parser.add_argument("--engines", type=names_of, help="a table of engines, such as duckdb,postgres,spark")
    parser.add_argument("--engine-events", type=count, default=2_000_000, help="of that table (default 2m)")
    parser.add_argument("--folder", type=Path, default=DATA, help="where the data are made (default benchmarks/data)")
    return parser.parse_args(arguments)


def _limits(asked: argparse.Namespace) -> list[str]:
    threads = ["--threads", str(asked.threads)] if asked.threads else []
    return ["--memory-limit", asked.memory_limit, *threads]


def _round(data: Data, small: Data, csv: Data, limits: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """Every command once."""
    for name in dict.fromkeys(line.name for line in LINES if line.name not in _COMMANDS):
        yield name, _query(name, data, limits)
    yield "small", _query("plan", small, limits)
    yield "help", _command("--help")
    yield "csv", _scored(csv, "csv")
    yield "command", _scored(data, "parquet", "--memory-limit", limits[1])
    yield "command_40", _scored(data, "parquet", "--memory-limit", limits[1], model="model_40.yaml")
    yield "backtest", _backtest(data, "--memory-limit", limits[1])


def _query(name: str, data: Data, limits: Sequence[str]) -> Figure:
    command = (sys.executable, str(HERE / "measure.py"), name, str(data.leads_path), str(data.events_path), *limits)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figure(**json.loads(done.stdout))


def _scored(data: Data, ending: str, *options: str, model: str = "model.yaml") -> Figure:
    with tempfile.TemporaryDirectory(dir=data.leads_path.parent) as folder:
        files = ("--leads", str(data.leads_path), "--events", str(data.events_path), "-o", f"{folder}/scores.{ending}")
        return _command("score", str(HERE / model), *files, "--as-of", AS_OF.isoformat(), *options)


def _backtest(data: Data, *options: str) -> Figure:
    files = ("--leads", str(data.leads_path), "--events", str(data.events_path), "--outcomes", str(data.outcomes_path))
    dates = ("--snapshots", ",".join(SNAPSHOTS), "--horizon", HORIZON)
    return _command("validate", str(HERE / "model.yaml"), *files, *dates, *options)


def _command(*arguments: str) -> Figure:
    """The command line as a user starts it, from start to end."""
    return watched((*SCOVILLE, *arguments), answers=(0, 1))  # 1 is an answer: no


def _rows(rounds: Rounds, data: Data, small: Data, csv: Data, judge: str) -> Iterator[tuple[str, ...]]:
    for line in LINES:
        yield _row(line, rounds, data, judge)
    yield _growth(rounds, data, small, judge)
    peak = max(figure.peak_gib for name in ("plan", "plan_files", *_COMMANDS) for figure in rounds[name])
    met, target = _verdict(peak, MEMORY_TARGET_GIB), f"below {MEMORY_TARGET_GIB:g} GiB"
    yield _line("most memory of any of these", "", "", peak=f"{peak:.2f}", target=target, met=met)
    compile_s = _median(figure.compile_s for figure in rounds["plan"])
    yield _line("compile the plan, once for a model", f"{compile_s:.2f}", "")
    yield _timed("`scoville --help`", rounds["help"], None, 0.4, judge)
    what = f"`scoville score`: {csv.lead_count:,} leads, {csv.event_count:,} events, CSV to CSV"
    yield _timed(what, rounds["csv"], csv.event_count, 2.0, judge)


def _row(line: Line, rounds: Rounds, data: Data, judge: str) -> tuple[str, ...]:
    figures = rounds[line.name]
    ratio = _ratio(figures, rounds[line.beside], judge)
    target = "" if line.most is None else f"at most {line.most:g} of {_title(line.beside)}"
    return (
        line.what, *_costs(figures, data.event_count),
        _both(figures, rounds["hand"]), _both(figures, rounds["floor"]), target, _verdict(ratio, line.most),
    )  # fmt: skip


def _growth(rounds: Rounds, data: Data, small: Data, judge: str) -> tuple[str, ...]:
    """How much longer an event takes among many than among few."""
    scale = data.event_count / small.event_count
    wall = _ratio(rounds["plan"], rounds["small"]) / scale
    cpu = _ratio(rounds["plan"], rounds["small"], "cpu_s") / scale
    judged = wall if judge == "seconds" else cpu
    what = f"time of an event, {small.event_count:,} -> {data.event_count:,}"
    return _line(what, f"{wall - 1:+.0%}", f"{cpu - 1:+.0%}", target="at most +20%", met=_verdict(judged, 1.2))


def _timed(what: str, figures: Sequence[Figure], events: int | None, most_s: float, judge: str) -> tuple[str, ...]:
    seconds = _median(getattr(figure, judge) for figure in figures)
    return (what, *_costs(figures, events), "", "", f"below {most_s:g} s", _verdict(seconds, most_s))


def _line(what: str, seconds: str, cpu: str, *, peak: str = "", target: str = "", met: str = "") -> tuple[str, ...]:
    return (what, seconds, cpu, "", peak, "", "", target, met)


def _costs(figures: Sequence[Figure], events: int | None) -> tuple[str, str, str, str]:
    seconds = [figure.seconds for figure in figures]
    middle = _median(seconds)
    speed = "" if events is None else f"{events / middle / 1e6:.2f} M"
    cpu, peak = _median(figure.cpu_s for figure in figures), max(figure.peak_gib for figure in figures)
    return f"{middle:.2f} ({min(seconds):.2f}-{max(seconds):.2f})", f"{cpu:.2f}", speed, f"{peak:.2f}"


def _both(figures: Sequence[Figure], beside: Sequence[Figure]) -> str:
    return f"{_ratio(figures, beside):.2f} (CPU {_ratio(figures, beside, 'cpu_s'):.2f})"


def _ratio(figures: Sequence[Figure], beside: Sequence[Figure], what: str = "seconds") -> float:
    """The median over the rounds of one figure divided by the other of the same round."""
    return _median(getattr(one, what) / getattr(other, what) for one, other in zip(figures, beside, strict=True))


def _median(values: Iterator[float] | Sequence[float]) -> float:
    return statistics.median(values)


def _title(name: str) -> str:
    return {"hand": "hand-written", "hand_alone": "the line above"}.get(name, f"the {name}")


def _verdict(value: float, most: float | None) -> str:
    if most is None:
        return ""
    return "pass" if value <= most else "MISS"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

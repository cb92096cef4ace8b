"""Learned cards beside a starter model and the best card of traits alone, out of time, on leads with events.

    python benchmarks/learn_events.py [--data DIR] [--demo 5000 20000] [--seeds 3]

For each set: its files are written to a folder, `scoville init` makes the starter model there, and `scoville learn`
learns a card of up to 7 factors and holds it against the starter and against traits alone, on the same later leads. DIR
has the sets `bpi2012`, `udacity` and `olist` as folders with leads, events and conversions in Parquet; without it, only
the demo is tried. Printed: AUC on later leads, and by how much the learned card is better, with 95 % intervals.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scoville.data.workspace import load_workspace
from scoville.demo import generate
from scoville.errors import ScovilleError
from scoville.evidence.history import read_history
from scoville.learn.learning import learn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.learn.learning import Learned
    from scoville.learn.rivals import Rival

# folder, goal, horizon in days, snapshots
SETS = (
    ("bpi2012", "approved", 30, "weekly"),
    ("udacity", "first_project", 30, "weekly"),
    ("udacity", "paid", 30, "weekly"),
    ("olist", "won", 90, "monthly"),
)
DEMO_HORIZON_DAYS = 90


def real_sets(data: Path, into: Path) -> Iterator[tuple[str, Path, int, str]]:
    """Name, folder with three CSV files, horizon and snapshots of each set that is there."""
    for name, goal, horizon, snapshots in SETS:
        if (data / name).is_dir():
            leads, events, won = (pd.read_parquet(data / name / f"{of}.parquet")
                                  for of in ("leads", "events", "conversions"))  # fmt: skip
            won = won[won.goal == goal].rename(columns={"converted_at": "at"}).assign(outcome="won")
            folder = into / f"{name}-{goal}"
            folder.mkdir()
            leads.to_csv(folder / "leads.csv", index=False)
            events.rename(columns={"event_name": "event"}).to_csv(folder / "events.csv", index=False)
            won[["lead_id", "outcome", "at"]].to_csv(folder / "outcomes.csv", index=False)
            yield f"{name}, {goal}", folder, horizon, snapshots


def demo_sets(sizes: list[int], seeds: int, into: Path) -> Iterator[tuple[str, Path, int, str]]:
    """The demo in several sizes and seeds."""
    for size in sizes:
        for seed in range(1, seeds + 1):
            demo = generate(size, seed=seed)
            folder = into / f"demo-{size}-{seed}"
            folder.mkdir()
            for name in ("leads", "events", "outcomes"):
                getattr(demo, name).to_pandas().to_csv(folder / f"{name}.csv", index=False)
            yield f"demo {size:,}, seed {seed}", folder, DEMO_HORIZON_DAYS, "monthly"


def learned(folder: Path, horizon: int, snapshots: str) -> Learned:
    """The card of the files of a folder, held against the starter that is written there first."""
    names = [f"{name}.csv" for name in ("leads", "events", "outcomes")]
    scoville = Path(sys.executable).with_name("scoville")
    subprocess.run([scoville, "init", *names], cwd=folder, check=True, capture_output=True)
    workspace = load_workspace(folder / "scoville.toml")
    history = read_history(*(str(folder / name) for name in names), workspace=workspace)
    return learn(history, horizon=timedelta(days=horizon), snapshots=snapshots, against=folder / "model.yaml")


def row(name: str, found: Learned, seconds: float) -> str:
    """A line of the table."""
    if found.held_out is None or found.text is None:
        return f"| {name} | {found.conversions:,} | declines: {found.why_not} | | | | {seconds:.0f} |"
    traits = next((rival for rival in found.rivals if not rival.is_yours), None)
    starter = next((rival for rival in found.rivals if rival.is_yours), None)
    mine = found.held_out
    auc = f"{mine.auc:.3f} ({mine.auc_low:.3f} to {mine.auc_high:.3f})"
    return (
        f"| {name} | {found.conversions:,} | {auc} | {len(found.path)} | {_against(traits)} | {_against(starter)} "
        f"| {seconds:.0f} |"
    )


def _against(rival: Rival | None) -> str:
    if rival is None or rival.auc is None:
        return "-"
    return f"{rival.auc:.3f}: {rival.difference:+.3f} ({rival.low:+.3f} to {rival.high:+.3f})"


def main() -> int:
    """Set after set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--demo", type=int, nargs="*", default=[5_000, 20_000])
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    print(
        "| set | conversions | learned: AUC | factors | traits alone | starter | CPU s |\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as into:
        real = real_sets(options.data, Path(into)) if options.data is not None else iter(())
        for name, folder, horizon, snapshots in (*real, *demo_sets(options.demo, options.seeds, Path(into))):
            began = time.process_time()
            try:
                found = learned(folder, horizon, snapshots)
            except ScovilleError as error:
                print(f"| {name} | | cannot: {error} | | | | |", flush=True)
                continue
            print(row(name, found, time.process_time() - began), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

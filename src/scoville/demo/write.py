"""The demo data as files, streamed: of millions of leads only some are in memory at a time."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from scoville.demo.calendar import Window
from scoville.demo.generate import BLOCK_LEADS, DEFAULT_END, Recipe
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from scoville.demo.generate import Demo

RELATIONS = ("leads", "events", "outcomes", "accounts")
MODEL = "b2b_saas.yaml"
A_LITTLE_DIRT = 0.002  # enough for cleaning to show what it does, too little to move any figure


@dataclass(frozen=True)
class Written:
    """Where the files are and how many rows each holds. `model` is a copy of the starter model."""

    leads: Path
    events: Path
    outcomes: Path
    accounts: Path
    model: Path
    rows: dict[str, int]


def starter_model() -> str:
    """The text of the model that matches the demo data."""
    return resources.files("scoville.demo").joinpath(MODEL).read_text(encoding="utf-8")


def write(  # noqa: PLR0913 - the arguments of `generate`, and where to put the files
    directory: Path | str,
    n_leads: int,
    *,
    seed: int = 1,
    end: datetime = DEFAULT_END,
    months: int = 12,
    events_per_lead: float = 20,
    dirt: float = A_LITTLE_DIRT,
    chunk_leads: int = 100_000,
    format: Literal["parquet", "csv"] = "parquet",  # noqa: A002 - the word that every such function uses
    on_progress: Callable[[int], None] | None = None,
) -> Written:
    """Write leads, events, outcomes, accounts and the starter model into `directory`, which is made if need be.

    A model that is already there stays: somebody may have worked on it. The data files are replaced.

    Shape:   one file per relation. The rows are those of `generate` with the same arguments, whatever `chunk_leads`
             is: it sets how many leads are in memory at a time (in steps of 20,000) and in a Parquet row group.
             `on_progress` is called with the number of leads done so far.
    Raises:  UsageError for sizes and formats that make no sense. Files appear whole or not at all.
    """
    if format not in ("parquet", "csv"):
        raise UsageError(f"format is {format!r}, but the demo is written as 'parquet' or 'csv'.")
    recipe = Recipe(n_leads, seed, Window.before(end, months), events_per_lead, dirt)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.{format}" for name in RELATIONS}
    rows = _stream(_chunks(recipe, chunk_leads), paths, on_progress)
    model = folder / MODEL
    if not model.exists():
        model.write_text(starter_model(), encoding="utf-8")
    return Written(**paths, model=model, rows=rows)


def _chunks(recipe: Recipe, chunk_leads: int) -> Iterator[list[Demo]]:
    """Blocks in groups of about `chunk_leads` leads."""
    group: list[Demo] = []
    for block in recipe.blocks():
        group.append(block)
        if len(group) * BLOCK_LEADS >= chunk_leads:
            yield group
            group = []
    if group:
        yield group


def _stream(
    chunks: Iterator[list[Demo]], paths: dict[str, Path], on_progress: Callable[[int], None] | None
) -> dict[str, int]:
    """Write beside the final names, and rename when all is done."""
    parts = {name: path.with_name(f".{path.name}.part") for name, path in paths.items()}
    rows = dict.fromkeys(paths, 0)
    done = 0
    try:
        with ExitStack() as stack:
            files: dict[str, pq.ParquetWriter | pa_csv.CSVWriter] = {}
            for chunk in chunks:
                for name, part in parts.items():
                    table = pa.concat_tables([getattr(block, name) for block in chunk])
                    if name not in files:
                        files[name] = stack.enter_context(_open(part, table.schema, paths[name].suffix))
                    files[name].write_table(table)
                    rows[name] += table.num_rows
                done += sum(len(block.hidden) for block in chunk)
                if on_progress is not None:
                    on_progress(done)
        for name, part in parts.items():
            part.replace(paths[name])
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return rows


def _open(path: Path, schema: pa.Schema, suffix: str) -> pq.ParquetWriter | pa_csv.CSVWriter:
    return (
        pq.ParquetWriter(path, schema, compression="zstd") if suffix == ".parquet" else pa_csv.CSVWriter(path, schema)
    )

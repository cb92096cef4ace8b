"""`scoville demo`: a believable data set with a model, scored: the quickest way to see what Scoville does."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """Formats of the demo files."""

    csv = "csv"
    parquet = "parquet"


def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write the files.")] = Path("demo"),
    leads: Annotated[int, typer.Option(min=1, help="How many leads.")] = 5_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same data.")] = 1,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months of history.")] = 12,
    format: Annotated[Format, typer.Option(help="Format of the files.")] = Format.csv,  # noqa: A002 - the option's name
    top: Annotated[int, typer.Option(min=0, help="How many leads to show.")] = 10,
) -> None:
    """Make a B2B software company's leads, events, outcomes and accounts with a matching model, and score them.

    Example: scoville demo my-demo --leads 20000 --seed 7
    """
    from scoville.cli.output import print_next, print_quality, print_run
    from scoville.cli.run import working
    from scoville.errors import UsageError
    from scoville.scoring import score

    try:
        from scoville.demo import write
        from scoville.demo.generate import DEFAULT_END
    except ModuleNotFoundError as missing:
        message = f"the demo needs {missing.name}, which is not installed; run: pip install 'scoville[demo]'"
        raise UsageError(message) from None

    with working(f"making {leads:,} leads"):
        made = write(folder, leads, seed=seed, months=months, format=format.value)
    with working("scoring"):
        run = score(made.model, str(made.leads), str(made.events), as_of=DEFAULT_END)
        run.keep("scores")
    print_run(run, top)
    print_quality(run.quality, (made.leads, made.events, made.outcomes, made.accounts, made.model))
    best = run.top(1).to_pylist()[0]["lead_id"]
    date = f"{DEFAULT_END:%Y-%m-%d}"
    data = f"--leads {made.leads} --events {made.events} --as-of {date}"
    print_next(
        ("why the first one is first", f"scoville explain {made.model} {best} {data}"),
        ("change a number in the model, and score again", f"scoville score {made.model} {data}"),
        (
            "is the score worth believing",
            f"scoville validate {made.model} --leads {made.leads} --events {made.events} --outcomes {made.outcomes}",
        ),
        ("your own files", "scoville init"),
        (
            "the same company in a browser, as of today",
            f"scoville serve --demo --store {shlex.quote(f'sqlite:///{folder}/scoville.db')}",
        ),
    )

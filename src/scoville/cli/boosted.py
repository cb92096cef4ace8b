"""The boosted model on the command line: learned by `learn --boosted FILE`, read by `score --boosted FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.evidence.history import History
    from scoville.learn.boosted.kept import Boosted
    from scoville.learn.learning import Learned
    from scoville.scoring import ScoreRun

_MODEL = "Boosted model"
LearnBoosted = Annotated[
    Path | None,
    typer.Option(
        "--boosted", metavar="FILE", show_default=False, rich_help_panel=_MODEL,
        help="Learn a boosted model too, judge it beside the points, and write it here (JSON).",
    ),
]  # fmt: skip
WithBoosted = Annotated[
    Path | None,
    typer.Option(
        "--boosted", metavar="FILE", show_default=False, rich_help_panel=_MODEL,
        help="Put the probabilities of this boosted model, with reasons, beside the scores.",
    ),
]  # fmt: skip
Blend = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, metavar="SHARE", show_default=False, rich_help_panel=_MODEL,
        help="Also mix it, by so much (0.5: half), with the model's own probability.",
    ),
]  # fmt: skip


def learned_boosted(
    path: Path | None, learned: Learned, history: History, options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Learn a boosted model beside the points, where there are some, and write it; what there is to say about it."""
    if path is None or learned.text is None:
        return {}
    from scoville.cli.past import progress_of
    from scoville.learn.boosted.boosting import boost_beside

    with progress_of("learning a boosted model") as progress:
        made = boost_beside(learned, history, **options, progress=progress)
    made.save(path)
    return {"boosted": {"version": made.version, "written": str(path), **made.about}}


def print_boosted(told: Mapping[str, Mapping[str, Any]]) -> None:
    """What it comes to, beside the points."""
    from rich.text import Text

    from scoville.cli.output import out, print_written

    for about in told.values():
        style = "bold green" if about["is_better"] else "bold yellow"
        out().print(Text("boosted: ", style=style) + Text(f"{about['trees']:,} trees. {_sentence(about['advice'])}"))
        print_written(f"wrote {about['written']}")


def read_boosted(path: Path | None, blend: float | None) -> Boosted | None:
    """The boosted model of a file, proven. Raises: UsageError for a share to mix in without a file; DataError."""
    from scoville.errors import UsageError

    if path is None:
        if blend is not None:
            raise UsageError("--blend mixes in a boosted model; name it with --boosted FILE")
        return None
    from scoville.learn.boosted.kept import load_boosted

    return load_boosted(path)


def print_predicted(run: ScoreRun, top: int) -> None:
    """The leads that the boosted model thinks the likeliest, with its reasons."""
    from scoville.cli.output import figures_table, out
    from scoville.words import share

    rows = run.engine.arrow(
        f"SELECT * FROM scores WHERE boosted_probability IS NOT NULL "  # noqa: S608 - our own table
        f"ORDER BY boosted_probability DESC, rank, lead_id LIMIT {int(top)}"
    ).to_pylist()
    if not rows:
        return
    blended = ["blended"] if "blended_probability" in rows[0] else []
    shown = [
        [row["lead_id"], f"{row['score']:.1f}", share(row["boosted_probability"]),
         *([share(row["blended_probability"]) if row["blended_probability"] is not None else "-"] if blended else []),
         row["boosted_reasons"] or ""]
        for row in rows
    ]  # fmt: skip
    out().print()
    out().print(figures_table("By the boosted model", ["lead", "score", "boosted", *blended, "why"], shown))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

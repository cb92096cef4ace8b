"""`scoville init`: look at files, say what they are, and write scoville.toml and a first model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.options import Events, Json, Leads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.console import Console

    from scoville.data.recognise import Caution, RecognisedFile, Recognition
    from scoville.data.recognise.findings import Outcome
    from scoville.engines.duckdb import DuckDB

_OLD_DAYS = 30  # events older than this: a score as of today would find all interest gone
_CAUTIONS = {
    "afterwards": "perhaps written after the outcome",
    "constant": "one value only",
    "empty": "nearly always empty",
    "id": "ids",
    "free text": "free text",
    "placeholders": "placeholders",
    "unknown": "perhaps missing",
}


def init(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILES or FOLDER]",
            help="Files to look at, or folders of them; default: this folder.",
            show_default=False,
        ),
    ] = None,
    leads: Leads = None,
    events: Events = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Who became a customer, and when.", rich_help_panel="Data", show_default=False
        ),
    ] = None,
    model: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the model.")] = Path("model.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Look at your files, and write scoville.toml and a first model, with the reason for everything that is proposed.

    Example: scoville init leads.csv events.csv
    """
    from scoville.cli.output import print_json
    from scoville.cli.run import working
    from scoville.data.recognise import recognise
    from scoville.data.workspace import FILE_NAME, Settings
    from scoville.data.workspace_text import workspace_text
    from scoville.engines.duckdb import DuckDB
    from scoville.scoring import as_instant
    from scoville.starter import starter_model

    workspace = Path(FILE_NAME)
    _refuse_to_replace([workspace, model], force=force)
    named = {
        kind: file for kind, file in (("leads", leads), ("events", events), ("outcomes", outcomes)) if file is not None
    }
    places, now = _places(files, named), as_instant(None)
    engine = DuckDB()
    engine.run("SET preserve_insertion_order = true")  # row numbers follow the file
    with working("looking at the files"):
        lenient = any(Path(place).is_dir() for place in files or ["."])
        found = recognise(engine.place, places, Settings(), now=now, given=named, is_lenient=lenient)
        model_text = starter_model(found)
        sources = _numbered(engine, found, force=force)
        texts = {workspace: workspace_text(found, Path.cwd(), sources), model: model_text}
    written = [Path(file) for file in sources.values()] + _write(texts)
    steps = _next_steps(found, model, now)
    if json:
        print_json(
            {**_plain(found), "written": [str(path) for path in written], "next": [command for _, command in steps]}
        )
    else:
        _show(found, written, steps)


def _places(files: Sequence[str] | None, named: Mapping[str, str]) -> list[str]:
    """The files to look at. Raises: UsageError when there are none."""
    from scoville.data.recognise import SUFFIXES, data_files
    from scoville.errors import UsageError

    if not files and named:
        return []
    places = data_files(files or ["."])
    if not places and not named:
        where = ", ".join(files) if files else "this folder"
        raise UsageError(
            f"no data files in {where} (looked for {', '.join(SUFFIXES)}, also .gz). Name your files: "
            "scoville init leads.csv events.csv - or look around first with data that is made up: scoville demo"
        )
    return places


def _refuse_to_replace(paths: Sequence[Path], *, force: bool) -> None:
    from scoville.errors import UsageError

    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise UsageError(
            f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already, and may hold somebody's work. "
            "Write another model with --model FILE in another folder, or replace with --force."
        )


def _numbered(engine: DuckDB, found: Recognition, *, force: bool) -> dict[str, str]:
    """A copy of the leads with a number for each row, where no column tells them apart; else nothing."""
    from scoville.data.recognise import numbered_rows

    if not found.leads.is_numbered:
        return {}
    raw = found.leads.look.raw
    stem = Path(raw.name.rpartition("::")[2].replace("*", "all")).name.partition(".")[0]
    copy = Path(f"{stem}_numbered{'.csv' if raw.is_text else '.parquet'}")
    _refuse_to_replace([copy], force=force)
    engine.write(numbered_rows(found.leads)[0], copy)
    return {"leads": str(copy)}


def _write(texts: Mapping[Path, str]) -> list[Path]:
    from scoville.engines.beside import written_beside

    for path, text in texts.items():
        with written_beside(path) as beside:
            beside.write_text(text, encoding="utf-8")
    return list(texts)


def _next_steps(found: Recognition, model: Path, now: datetime) -> list[tuple[str, str]]:
    """Commands to run; with a date when the newest event is so old that all interest has faded."""
    from datetime import timedelta

    newest = found.newest_at
    is_old = newest is not None and now - newest > timedelta(days=_OLD_DAYS)
    as_of = f" --as-of {(newest + timedelta(days=1)):%Y-%m-%d}" if newest is not None and is_old else ""
    said = (
        f"score, as of the day after your newest event ({newest:%-d %B %Y})"
        if newest is not None and is_old
        else "score"
    )
    steps = [(said, f"scoville score {model}{as_of}"), ("after each change of the model", f"scoville check {model}")]
    if found.outcome is not None:
        steps.append(("is the score worth believing", f"scoville validate {model}{_won(found.outcome)}"))
    return steps


def _won(outcome: Outcome) -> str:
    """Which outcomes count, where that is not known without being said."""
    from scoville.data.outcomes import WON, YES

    known = YES if outcome.relation == "leads" else (WON,)
    return "".join(f" --won {shlex.quote(name)}" for name in outcome.won if name.lower() not in known)


# --- what is shown ---------------------------------------------------------------------------------------------------


def _show(found: Recognition, written: Sequence[Path], steps: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    from scoville.cli.output import out, print_next

    console = out()
    for file in found.files():
        _show_file(console, file)
    if found.outcome is not None:
        where = f"{found.outcome.relation}.{found.outcome.column}" if found.outcome.column else found.outcome.relation
        console.print(Text("Outcome: ", style="bold") + Text(f"{where}: {found.outcome.reason}"))
    _show_cautions(console, found.leads.cautions)
    for title, lines in (
        ("Not used", [f"{Path(source).name}: {reason}" for source, reason in found.aside]),
        ("For you to decide", found.unsure),
    ):
        if lines:
            console.print(Text(f"\n{title}", style="bold"))
            for line in lines:
                console.print(Text(f"  {line}"), soft_wrap=True)
    console.print()
    for path in written:
        console.print(Text(f"wrote {path}"))
    print_next(*steps)


def _show_file(console: Console, file: RecognisedFile) -> None:
    from rich.table import Table
    from rich.text import Text

    sure = "" if file.confidence >= 0.6 else " (not sure)"  # noqa: PLR2004 - as roles.SURE
    head = Text(f"{file.kind}{sure}: ", style="bold") + Text(
        f"{Path(file.source).name}, {file.look.rows:,} rows; {file.reason}"
    )
    console.print(head)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 2))
    for title in ("our name", "your column", "sure"):
        table.add_column(title, no_wrap=True, max_width=40, overflow="ellipsis")
    table.add_column("why", overflow="fold", ratio=1)
    for role in file.roles:
        style = "" if role.is_sure else "yellow"
        table.add_row(
            Text(role.name, style=style), Text(role.column), Text(f"{role.confidence:.0%}"), Text(role.reason)
        )
    if file.roles:
        console.print(table)
    console.print()


def _show_cautions(console: Console, cautions: Sequence[Caution]) -> None:
    """Columns that get no points: one line for each kind, or for each column where the reason differs."""
    from rich.text import Text

    if all(caution.kind not in _CAUTIONS for caution in cautions):
        return
    console.print(Text("\nColumns to be careful with", style="bold"))
    for kind, title in _CAUTIONS.items():
        some = [caution for caution in cautions if caution.kind == kind]
        if kind in {"constant", "id", "empty"} and some:
            console.print(Text(f"  {title}: ", style="dim") + Text(", ".join(caution.column for caution in some)))
        else:
            for caution in some:
                console.print(Text(f"  {title}: ", style="dim") + Text(f"{caution.column}: {caution.reason}"))


def _plain(found: Recognition) -> dict[str, object]:
    """What was recognised, for JSON."""
    from dataclasses import asdict

    return {
        "files": [
            {
                "kind": file.kind, "source": file.source, "rows": file.look.rows, "confidence": file.confidence,
                "reason": file.reason, "is_numbered": file.is_numbered, "roles": [asdict(role) for role in file.roles],
                "cautions": [asdict(caution) for caution in file.cautions],
            }
            for file in found.files()
        ],
        "outcome": asdict(found.outcome) if found.outcome else None,
        "events": [asdict(event) for event in found.events_seen],
        "newest_at": found.newest_at,
        "not_used": [{"source": source, "reason": reason} for source, reason in found.aside],
        "unsure": list(found.unsure),
    }  # fmt: skip

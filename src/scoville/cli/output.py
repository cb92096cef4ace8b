"""What a person sees: tables, lines and JSON. The only place that prints.

Results go to stdout; what was noticed on the way goes to stderr, so that a pipe carries only the result.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from scoville.display import probability
from scoville.words import UNSHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoville.data.quality import Quality, RelationQuality
    from scoville.errors import Problem
    from scoville.explain import Explanation
    from scoville.model.load import Model
    from scoville.scoring import ScoreRun

_WHO = ("name", "job_title", "company", "email")  # shown beside the id, the first two that the leads have
_MOSTLY_MISSING = 0.5
_WIDE = 160
_UUID = 36  # characters; an id is there to be copied into `explain`, so it is cut only where there is no room
_ROOM_FOR_UUID = 100
_ROOM_FOR_WHO = 110  # columns of a terminal below which the id alone says who it is
_STAGE_COLOURS = ("bright_black", "cyan", "yellow", "bold red")  # from the coldest to the hottest


class Screen(Console):
    """A console on which no name of a lead, rule or file can colour, erase or turn what stands around it."""

    def on_broken_pipe(self) -> None:
        """The command decides how it ends, not the console."""
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What rich would show, without the control characters in it."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else segment.text.translate(UNSHOWN)
            yield segment if text == segment.text else Segment(text, segment.style)


def out() -> Console:
    """Where results go; into a pipe or a file at a width that cuts nothing a person would miss."""
    return Screen(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def aside() -> Console:
    """Where remarks go."""
    return Screen(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDE)


def figures_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, are_words: bool = False
) -> Table:
    """A plain table; all columns but the first and the last are numbers, unless all are words.

    Text is shown as it is, never as markup.
    """
    table = Table(
        title=escape(title), title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    for place, name in enumerate(columns):
        is_text = are_words or place in {0, len(columns) - 1}
        table.add_column(Text(name), justify="left" if is_text else "right", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def print_json(content: Mapping[str, object]) -> None:
    """One JSON document on stdout; instants as ISO 8601."""
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write(text + "\n")


def _plain(value: object) -> object:
    return value.isoformat() + "Z" if isinstance(value, datetime) else str(value)


def print_run(run: ScoreRun, top: int) -> None:
    """The ranked top, and how many leads stand in each stage."""
    console = out()
    counts = run.counts()
    as_of = f"{run.as_of:%-d %B %Y %H:%M} UTC"
    console.print(
        f"[bold]{escape(run.model.name)}[/bold] {run.model.version} · as of {as_of} · {counts['leads']:,} leads"
    )
    if counts["stages"]:
        console.print(
            "   ".join(f"{escape(str(stage))} [bold]{count:,}[/bold]" for stage, count in counts["stages"].items())
        )
    if top and counts["leads"]:
        console.print(_ranked(run, top, console.width))


def _ranked(run: ScoreRun, top: int, width: int) -> Table:
    who = run.lead_columns(_WHO)[:2] if width >= _ROOM_FOR_WHO else []
    rows = run.top(top, who).to_pylist()
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("#", justify="right")
    id_width = _UUID if width >= _ROOM_FOR_UUID else 26
    for name, most in (("lead", id_width), *((name, 26) for name in who)):
        table.add_column(name.replace("_", " "), overflow="ellipsis", no_wrap=True, max_width=most)
    table.add_column("score", justify="right", style="bold")
    has_grid = run.model.grades is not None or run.model.levels is not None
    titles = [*(["fit/eng"] if has_grid else []), *(["stage"] if run.model.stages else [])]
    for title in titles:
        table.add_column(title, no_wrap=True)
    if run.model.probability is not None:
        table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for row in rows:
        grid = [Text((row["grade"] or "-") + (row["level"] or "-"))] if has_grid else []
        stage = [_stage(row["stage"], run.model)] if run.model.stages else []
        likely = [probability(row) or "-"] if run.model.probability is not None else []
        people = [Text(str(row[name]) if row[name] is not None else "") for name in who]
        table.add_row(
            f"{row['rank']:,}",
            Text(row["lead_id"]),
            *people,
            f"{row['score']:.1f}",
            *grid,
            *stage,
            *likely,
            _why(row["reasons"]),
        )
    return table


def _stage(stage: str | None, model: Model) -> Text:
    names = [each.name for each in model.stages]
    if stage not in names:
        return Text(stage or "-", style="dim")
    place = names.index(stage) / max(1, len(names) - 1)
    return Text(stage, style=_STAGE_COLOURS[round(place * (len(_STAGE_COLOURS) - 1))])


def _why(reasons: str | None) -> Text:
    text = Text(reasons or "")
    text.highlight_regex(r"(?<![^ ;])\+[0-9.]+", "green")
    text.highlight_regex(r"(?<![^ ;])-[0-9.]+", "red")
    return text


def print_quality(quality: Quality, written: Iterable[Path | str] = ()) -> None:
    """The data quality summary, and what was written, on stderr."""
    console = aside()
    console.print()
    for relation in quality.relations:
        console.print(Text(_relation_line(relation)))
        if missing := _missing_line(relation):
            console.print(Padding(Text(missing, style="dim"), (0, 0, 0, 2)))
    for notice in quality.notices:
        console.print(Text("note: ", style="yellow") + Text(str(notice)))
    for path in written:
        console.print(Text(f"wrote {path}"))


def print_written(what: object) -> None:
    """Something that was written besides the result, on stderr."""
    aside().print(Text(str(what)))


def _relation_line(relation: RelationQuality) -> str:
    parts = [f"{relation.relation}: {relation.rows:,} rows in", f"{relation.used:,} used"]
    parts += [f"{relation.merged:,} merged as duplicates"] if relation.merged else []
    parts += [f"{count:,} kept aside: {reason}" for reason, count in relation.rejected.items()]
    return ", ".join(parts)


def _missing_line(relation: RelationQuality) -> str:
    mostly = [trait for trait in relation.traits if (trait.missing_share or 0) > _MOSTLY_MISSING]
    if not mostly:
        return ""
    shown = ", ".join(
        f"{trait.name} {trait.missing_share:.0%}" for trait in sorted(mostly, key=lambda t: -(t.missing_share or 0))
    )
    return f"mostly missing: {shown}"


def print_problems(path: Path, model: Model | None, problems: Sequence[Problem]) -> None:
    """Every problem on a line of its own, then what it comes to."""
    console = out()
    for problem in problems:
        place = f"{problem.path}:{problem.line}:{problem.column}" if problem.line else problem.path
        style = "bold red" if problem.kind == "error" else "yellow"
        line = Text(f"{place}: ", style="dim") + Text(f"{problem.kind}: ", style=style) + Text(problem.message)
        console.print(line, soft_wrap=True)
        if problem.reason:
            console.print(Text(f"  why: {problem.reason}", style="dim"), soft_wrap=True)
    errors = sum(problem.kind == "error" for problem in problems)
    advice = len(problems) - errors
    if errors:
        console.print(
            f"[red]{path}: {_count(errors, 'error')}[/red]"
            + (f", {_count(advice, 'piece')} of advice" if advice else "")
        )
    elif model is not None:
        rules = len(model.fit.rules) + len(model.engagement.rules)
        said = f", {_count(advice, 'piece')} of advice" if advice else ""
        named = f"{escape(model.name)} {model.version}"
        console.print(f"[green]{escape(str(path))}: fine[/green] - {named}, {_count(rules, 'rule')}{said}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def print_explanation(explanation: Explanation) -> None:
    """Where every point of one lead comes from."""
    console = out()
    for line in explanation.lines():
        console.print(Text(line))


def print_sql(text: str) -> None:
    """SQL as it is, coloured on a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.write(text + "\n")
        return
    from rich.syntax import Syntax

    out().print(Syntax(text, "sql", background_color="default", word_wrap=True))


def print_next(*steps: tuple[str, str]) -> None:
    """What to try next, on stderr: (what it shows, the command). Commands of ours can be pasted as they are shown."""
    console = aside()
    console.print("\n[bold]Next[/bold]")
    for what, command in steps:
        console.print(Text(f"  {what}:", style="dim"))
        console.print(Text(f"    {_pasted(command)}"), soft_wrap=True)


def _pasted(command: str) -> str:
    """The command with the program as it was called, where the shell would not find it by its name."""
    called = sys.argv[0]
    is_ours = command.startswith("scoville ") and Path(called).name == "scoville" and os.sep in called
    if not is_ours or shutil.which("scoville"):
        return command
    return shlex.quote(called) + command.removeprefix("scoville")

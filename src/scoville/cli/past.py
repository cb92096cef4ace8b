"""From options to a history: what `validate`, `threshold`, `drift`, `compare` and others do first."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

    from scoville.evidence.history import History


def past_of(  # noqa: PLR0913 - the options of every verb of evidence
    leads: str | None,
    events: str | None,
    outcomes: str | None,
    outcome_column: str | None,
    won: Sequence[str] | None,
    maps: Sequence[str] | None,
    workspace: Path | None,
    engine: str,
    memory_limit: str | None,
) -> History:
    """Read and clean what the options name; the workspace names what they leave out.

    Raises: UsageError when neither says where the leads are, and what `read_history` raises.
    """
    from scoville.cli.run import open_engine, sources_of
    from scoville.data.outcomes import WON
    from scoville.evidence.history import read_history

    known, leads, events = sources_of(leads, events, maps, workspace)
    return read_history(
        leads, events, outcomes if outcomes is not None else known.outcomes.source,
        outcome_column=outcome_column, won=won or [WON], workspace=known, engine=open_engine(engine, memory_limit),
    )  # fmt: skip


@contextlib.contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that hears (done, all), after a spinner for the reading; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading and cleaning", total=None)
        yield lambda done, every: bar.update(task, description=what, completed=done, total=every)


def length(text: str, option: str) -> timedelta:
    """A time such as 90d. Raises: UsageError that names the option."""
    from scoville.model.conditions import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None

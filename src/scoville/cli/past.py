"""From options to a history: what `validate`, `threshold`, `drift`, `compare` and others do first."""

from __future__ import annotations

import contextlib
import math
import sys
from typing import TYPE_CHECKING

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from scoville.data.workspace import RelationSettings
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
    from scoville.cli.run import open_duckdb, sources_of
    from scoville.data.outcomes import WON
    from scoville.evidence.history import read_history

    known, leads, events = sources_of(leads, events, maps, workspace)
    if outcomes is None and outcome_column is None:
        outcomes, outcome_column = known.outcomes.source, _column_of_leads(known.outcomes, leads)
    return read_history(
        leads, events, outcomes, outcome_column=outcome_column, won=won or [WON], workspace=known,
        engine=open_duckdb(engine, memory_limit),
    )  # fmt: skip


def _column_of_leads(told: RelationSettings, leads: str) -> str | None:
    """The column that says who won, where the workspace takes outcomes from the leads themselves, without a date."""
    is_dated = not {"at", "occurred_at"}.isdisjoint(told.columns)
    return told.columns.get("outcome") if told.source == leads and not is_dated else None


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


def instant(text: str, option: str) -> datetime:
    """A date or instant as naive UTC. Raises: UsageError that names the option, also for one far from all data."""
    from scoville.evidence.snapshots import EARLIEST, LATEST
    from scoville.scoring import as_instant

    try:
        found = as_instant(text)
    except UsageError as error:
        raise UsageError(f"{option}: {str(error).removeprefix('as_of ')}") from None
    if not EARLIEST <= found < LATEST:
        raise UsageError(f"{option}: {text} is too far away; give a date from {EARLIEST.year} to {LATEST.year - 1}")
    return found


def share(text: str, option: str) -> float:
    """20%, 20 % or 0.2 as a number. Raises: UsageError that names the option."""
    number = text.strip().removesuffix("%").strip()
    try:
        found = float(number) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(f"{option} takes a share such as 5% or 0.05, not '{text}'")
    return found


def length(text: str, option: str) -> timedelta:
    """A time such as 90d. Raises: UsageError that names the option."""
    from scoville.model.conditions import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None

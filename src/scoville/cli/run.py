"""From options to a scored run: what `score`, `explain` and `demo` do first."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.data.workspace import Workspace
    from scoville.engines.duckdb import DuckDB
    from scoville.engines.engine import Engine
    from scoville.scoring import ScoreRun


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on stderr while something long runs; nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def open_engine(url: str, memory_limit: str | None) -> Engine:
    """The engine behind `--engine`. Raises: UsageError for another kind of URL; EngineError when it does not answer."""
    from scoville.engines.named import engine_of

    return engine_of(url, memory_limit=memory_limit)


def open_duckdb(url: str, memory_limit: str | None) -> DuckDB:
    """The same for a verb that works on DuckDB alone. Raises: UsageError for another engine."""
    from scoville.engines.named import duckdb_of

    return duckdb_of(url, memory_limit=memory_limit)


@contextlib.contextmanager
def scored(  # noqa: PLR0913 - the options of every verb that scores
    model: Path,
    leads: str | None,
    events: str | None,
    maps: Sequence[str] | None,
    workspace: Path | None,
    as_of: str | None,
    engine: str,
    memory_limit: str | None,
    targets: Sequence[str] = (),
    since: Path | None = None,
    adjustments: str | None = None,
) -> Iterator[ScoreRun]:
    """Read, clean and score what the options name; the workspace names what they leave out. The engine is closed after.

    `targets` are files or tables to be written later: what stands in their way is said before the work begins.

    Raises: UsageError when neither says where the leads are, and everything that `scoring.score` raises.
    """
    from scoville.model.load import Model
    from scoville.scoring import score

    checked = Model.load(model)
    known, leads, events = sources_of(leads, events, maps, workspace)
    with contextlib.closing(open_engine(engine, memory_limit)) as opened:
        opened.check_targets(targets, [str(model), leads, events, adjustments, str(since) if since else None])
        with working("reading and cleaning"):
            run = score(
                checked,
                leads,
                events,
                as_of=as_of,
                workspace=known,
                engine=opened,
                since=since,
                adjustments=adjustments,
            )
        yield run


def sources_of(
    leads: str | None, events: str | None, maps: Sequence[str] | None, workspace: Path | None
) -> tuple[Workspace, str, str | None]:
    """The workspace with the columns named by `--map`, and the leads and events that the options or it name.

    Raises: UsageError when neither says where the leads are.
    """
    from scoville.data.workspace import load_workspace

    known = load_workspace(workspace).with_maps(maps or ())
    leads, events = leads or known.leads.source, events or known.events.source
    if leads is None:
        message = "say where the leads are: --leads FILE (or write it once into scoville.toml with: scoville init)"
        raise UsageError(message)
    return known, leads, events

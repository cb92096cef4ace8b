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


def open_engine(url: str, memory_limit: str | None) -> DuckDB:
    """The engine behind `--engine`. Raises: UsageError for a URL of another kind."""
    from scoville.engines.duckdb import DuckDB

    scheme, _, rest = url.partition("://")
    if scheme != "duckdb":
        message = f"cannot use the engine '{url}'; allowed: duckdb:// (in memory) or duckdb:///path/to/file.duckdb"
        raise UsageError(message)
    return DuckDB(rest.removeprefix("/") if rest.startswith("/./") else rest or ":memory:", memory_limit=memory_limit)


def scored(  # noqa: PLR0913 - the options of every verb that scores
    model: Path,
    leads: str | None,
    events: str | None,
    maps: Sequence[str] | None,
    workspace: Path | None,
    as_of: str | None,
    engine: str,
    memory_limit: str | None,
    targets: Sequence[Path] = (),
) -> ScoreRun:
    """Read, clean and score what the options name; the workspace names what they leave out.

    `targets` are files to be written later: what stands in their way is said before the work begins.

    Raises: UsageError when neither says where the leads are, and everything that `scoring.score` raises.
    """
    from scoville.model.load import Model
    from scoville.scoring import score

    checked = Model.load(model)
    known, leads, events = sources_of(leads, events, maps, workspace)
    refuse_targets(targets, [str(model), leads, events])
    with working("reading and cleaning"):
        return score(
            checked,
            leads,
            events,
            as_of=as_of,
            workspace=known,
            engine=open_engine(engine, memory_limit),
        )


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


def refuse_targets(targets: Sequence[Path], sources: Sequence[str | None]) -> None:
    """Nothing is written over what is read, nor twice to one place. Raises: UsageError for the first that would be."""
    from scoville.engines.beside import check_ending, check_place

    for path in targets:
        check_place(path)
        check_ending(path)
    refuse_overwriting(targets, sources)


def refuse_overwriting(targets: Sequence[Path], sources: Sequence[str | None]) -> None:
    """As `refuse_targets`, for files of any kind."""
    read = {file for source in sources if source is not None for file in _files_of(source)}
    written: set[Path] = set()
    for path in targets:
        if path.resolve() in read:
            raise UsageError(f"{path} is read in this run and would be overwritten; name another file to write to")
        if path.resolve() in written:
            raise UsageError(f"{path} is named for two outputs; give each its own file")
        written.add(path.resolve())


def _files_of(source: str) -> Iterator[Path]:
    """The files behind a path, a glob or FILE.duckdb::TABLE."""
    from glob import glob

    path = str(Path(source.partition("::")[0]).expanduser())
    for file in (path, *glob(path, recursive=True)):  # noqa: PTH207 - as the data are found
        yield Path(file).resolve()

"""`scoville import`: history from files into the store of a server, which may run meanwhile."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.options import Json, Maps, WorkspacePath
from scoville.cli.standing import USUAL_STORE, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoville.live.importing import Imported, What

File = Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON Lines, Parquet, or a glob.", show_default=False)]
Source = Annotated[
    str, typer.Option(metavar="NAME", help="The source that the rows belong to; ids of events are unique within one.")
]
_USUAL_SOURCE = "import"

import_ = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Take history in from files. May be stopped and begun anew: no row is stored twice.\n\n"
    "Example: scoville import events events.parquet",
)


@import_.command()
def events(
    file: File,
    source: Source = _USUAL_SOURCE,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """What leads did: lead_id, event, occurred_at, and properties.

    Example: scoville import events events.csv --source website
    """
    _import("events", file, source, maps, workspace, store, json=json)


@import_.command()
def leads(
    file: File,
    source: Source = _USUAL_SOURCE,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Who they are: lead_id and traits, which hold since `updated_at`, or since now where there is none.

    Example: scoville import leads contacts.csv --map leads.lead_id="Contact ID"
    """
    _import("leads", file, source, maps, workspace, store, json=json)


@import_.command()
def outcomes(
    file: File,
    source: Source = _USUAL_SOURCE,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """What became of them: lead_id, at, and perhaps outcome (else won) and value.

    Example: scoville import outcomes deals.csv
    """
    _import("outcomes", file, source, maps, workspace, store, json=json)


def _import(
    what: What, file: str, source: str, maps: Maps, workspace: WorkspacePath, store: str, *, json: bool
) -> None:
    from scoville.cli.output import out, print_json
    from scoville.cli.standing import standing_store, this_instant
    from scoville.data.workspace import load_workspace
    from scoville.live.importing import import_history

    known = load_workspace(workspace).with_maps(maps or ())
    with standing_store(store) as opened, _counting() as told:
        done = import_history(opened, what, file, source=source, workspace=known, now=this_instant(), told=told)
    if json:
        print_json({"relation": what, **vars(done)})
        return
    out().print(_in_words(what, done), soft_wrap=True, markup=False)


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[Imported], None]]:
    """How many rows are in so far, on stderr while it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading") as status:
        yield lambda done: status.update(f"{done.accepted + done.known + done.refused:,} rows")


def _in_words(what: What, done: Imported) -> str:
    said = [f"{done.accepted:,} {'row' if done.accepted == 1 else 'rows'} of {what} taken in"]
    said += [f"{done.known:,} were there already"] if done.known else []
    said += [f"{done.refused:,} are in quarantine"] if done.refused else []
    said += [f"{done.unusable:,} had no lead_id"] if done.unusable else []
    said += [f"{count:,} unreadable in {name}, left empty" for name, count in done.unreadable.items()]
    return "; ".join(said) + "."

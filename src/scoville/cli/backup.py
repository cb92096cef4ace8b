"""`scoville backup` and `scoville restore`: the whole store in one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoville.cli.options import Json
from scoville.cli.standing import USUAL_STORE, StoreUrl


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: .zip.", show_default=False)],
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Write the whole store to one file while the server works on.

    Example: scoville backup monday.zip
    """
    from scoville.cli.output import out, print_json
    from scoville.cli.run import working
    from scoville.cli.standing import known_store, this_instant
    from scoville.live.backup import back_up

    with known_store(store) as opened, working("backing up"):
        manifest = back_up(opened, file, now=this_instant())
    if json:
        print_json({"file": file, **vars(manifest)})
        return
    rows = manifest.rows
    out().print(
        f"{file}: {sum(rows.values()):,} rows, among them {rows['leads']:,} leads and {rows['events']:,} events.",
        soft_wrap=True, markup=False,
    )  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.", show_default=False)],
    store: StoreUrl = USUAL_STORE,
    forgotten_from: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default=False,
            help="The store in use until now: who was deleted there since the backup is deleted again.",
        ),
    ] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Read a backup into a new store, of either kind: also the way from SQLite to PostgreSQL.

    Example: scoville restore monday.zip --store sqlite:///restored.db --forgotten-from sqlite:///scoville.db
    """  # fmt: skip
    import contextlib

    from scoville.cli.output import out, print_json
    from scoville.cli.run import working
    from scoville.cli.standing import known_store, this_instant
    from scoville.live.backup import restore as read_back
    from scoville.live.forget import forget_those_of
    from scoville.live.store.opening import open_store

    with contextlib.ExitStack() as open_meanwhile, working("restoring"):
        former = open_meanwhile.enter_context(known_store(forgotten_from)) if forgotten_from is not None else None
        opened = open_meanwhile.enter_context(contextlib.closing(open_store(store)))
        manifest = read_back(opened, file)
        forgotten = forget_those_of(opened, former, now=this_instant()) if former is not None else 0
    if json:
        print_json({"file": file, "forgotten": forgotten, **vars(manifest)})
        return
    said = f"{sum(manifest.rows.values()):,} rows of {manifest.created_at} are back."
    out().print(f"{said} {forgotten:,} people were deleted again." if forgotten else said, soft_wrap=True, markup=False)

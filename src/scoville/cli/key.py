"""`scoville key`: keys of sites and servers, made, listed and revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoville.cli.options import Json
from scoville.cli.standing import USUAL_STORE, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

key = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Keys of sites and servers.\n\nExample: scoville key create website --kind write",
)


@key.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, such as website or crm.", show_default=False)],
    kind: Annotated[
        str, typer.Option(help="write: stands in pages, only sends events. secret: for servers and the API.")
    ] = "secret",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="ingest, read, write or admin; may be repeated; default: ingest, read.",
        ),
    ] = None,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="The source that its events belong to; default: the name of the key.")
    ] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long it is good for, such as 90d; default: for ever.")
    ] = None,
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Make a key, and show it: once, now.

    Example: scoville key create website --kind write
    """
    from scoville.cli.output import out, print_json
    from scoville.cli.past import length
    from scoville.cli.standing import standing_store, this_instant, who_types
    from scoville.web.auth.audit import record
    from scoville.web.auth.keys import NewKey, create_key

    now = this_instant()
    expires_at = now + length(expires, "--expires") if expires else None
    wanted = NewKey(name, kind, tuple(scope or ()), source, expires_at=expires_at)  # type: ignore[arg-type]
    with standing_store(store) as opened, opened.writing() as connection:
        made = create_key(connection, wanted, author=who_types(), now=now)
        record(connection, who_types(), "key.created", made.key_id, {"name": name, "kind": kind}, now=now)
    if json:
        print_json({"key_id": made.key_id, "key": made.secret, "kind": kind, "expires_at": expires_at})
        return
    out().print(made.secret, soft_wrap=True, markup=False)
    _aside(f"This key is shown once: keep it safe. To end it: scoville key revoke {made.key_id}")


@key.command(name="list")
def list_(
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """All keys, the newest first.

    Example: scoville key list
    """
    from scoville.cli.output import figures_table, out, print_json
    from scoville.cli.standing import known_store, this_instant
    from scoville.web.auth.keys import list_keys

    with known_store(store) as opened, opened.reading() as connection:
        rows = list_keys(connection)
    if json:
        print_json({"keys": rows})
        return
    columns = ("key", "begins with", "kind", "scopes", "last used", "state", "name")
    out().print(figures_table("", columns, [_line(row, this_instant()) for row in rows], are_words=True))


@key.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `scoville key list` shows it.", show_default=False)],
    store: StoreUrl = USUAL_STORE,
) -> None:
    """End a key at once.

    Example: scoville key revoke Xw3kPq9LmN2sTu7v
    """
    from scoville.cli.standing import known_store, this_instant, who_types
    from scoville.errors import UsageError
    from scoville.web.auth.audit import record
    from scoville.web.auth.keys import revoke_key

    with known_store(store) as opened, opened.writing() as connection:
        if not revoke_key(connection, key_id, this_instant()):
            raise UsageError(f"there is no key '{key_id}' in force; see: scoville key list")
        record(connection, who_types(), "key.revoked", key_id, now=this_instant())
    _aside("It opens nothing any more.")


def _line(row: Mapping[str, Any], now: datetime) -> list[str]:
    return [
        str(row["key_id"]), f"{row['prefix']}...", str(row["kind"]), " ".join(row["scopes"]),
        _when(row["last_used_at"]), _state(row, now), str(row["name"]),
    ]  # fmt: skip


def _state(row: Mapping[str, Any], now: datetime) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] is None:
        return "in force"
    return f"until {_when(row['expires_at'])}" if row["expires_at"] > now else "expired"


def _when(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant is not None else "never"


def _aside(said: str) -> None:
    from scoville.cli.output import aside

    aside().print(said, soft_wrap=True, markup=False)

"""`scoville serve`: the server, and the worker behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.standing import USUAL_STORE, StoreUrl

if TYPE_CHECKING:
    from socket import socket

    from scoville.web.settings import Settings

_DOOR = "Door"
_PATIENCE_S = 5.0  # for the children of a server that was killed a moment ago


def serve(  # noqa: PLR0913 - one parameter for each option
    store: StoreUrl = USUAL_STORE,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="FILE",
            show_default=False,
            help="Publish this model when it is another one than that in force; else the one in force goes on.",
        ),
    ] = None,
    demo: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--demo", help="Fill an empty store with a made-up company's leads, to look around.")
    ] = False,
    role: Annotated[
        str, typer.Option(help="all, api (answers requests) or worker (scores, acts): to run them on other machines.")
    ] = "all",
    host: Annotated[str, typer.Option(help="Address to listen on.", rich_help_panel=_DOOR)] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", rich_help_panel=_DOOR)] = 8080,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="SCOVILLE_URL",
            rich_help_panel=_DOOR,
            show_default=False,
            help="How people reach it, such as https://leads.example.com; default: the address it listens on.",
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            rich_help_panel=_DOOR,
            show_default=False,
            help="A reverse proxy whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be repeated.",
        ),
    ] = None,
    open_metrics: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--open-metrics", help="Answer /metrics without a key.", rich_help_panel=_DOOR)
    ] = False,
    child_of: Annotated[int | None, typer.Option(hidden=True)] = None,
    door: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Take events in, score the leads they change within a second, and show whom to call, in a browser.

    Example: scoville serve --model model.yaml

    To look around: scoville serve --demo

    For a team: scoville serve --store postgres://scoville@db/scoville --url https://leads.example.com
    """  # fmt: skip
    from scoville.errors import UsageError
    from scoville.live.parent import die_with_parent
    from scoville.web.logs import set_up_logs
    from scoville.web.settings import Settings

    if role not in {"all", "api", "worker"}:
        raise UsageError(f"--role {role}: there are all, api and worker")
    shown = url or f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104 - a comparison
    settings = Settings(base_url=shown, proxies=tuple(proxy or ()), shows_metrics=open_metrics)
    set_up_logs()
    if child_of is not None:
        die_with_parent(child_of)
        _work_as(role, store, settings, door)
        return
    opened = _door(role, host, port)  # first: nothing is made or said by a server that cannot listen
    _prepare(store, model, role, shown, fills=demo)
    _run_parent(role, opened)


def _prepare(store: str, model: Path | None, role: str, shown: str, *, fills: bool) -> None:
    """The tables, the model, and what somebody who starts it wants to know."""
    from scoville.cli.standing import standing_store, this_instant
    from scoville.web.starting import ask_for_demo, notes_for, publish_file

    with standing_store(store) as opened:
        if model is not None:
            publish_file(opened, model, now=this_instant())
        if fills:
            ask_for_demo(opened, now=this_instant())
        if role != "worker":
            for note in notes_for(opened, shown, now=this_instant()):
                typer.echo(note, err=True)


def _door(role: str, host: str, port: int) -> socket | None:
    """Where requests arrive; who comes before there is an API waits in it. Nothing for a worker alone."""
    from scoville.web.processes import open_door

    return open_door(host, port, patience_s=_PATIENCE_S) if role != "worker" else None


def _run_parent(role: str, opened: socket | None) -> None:
    """The parent holds the door, and keeps one child for each part running."""
    import sys

    from scoville.web.processes import Child, Parent

    roles = ("worker", "api") if role == "all" else (role,)
    handed = ["--door", str(opened.fileno())] if opened is not None else []
    again = [sys.executable, "-m", "scoville", *sys.argv[1:], "--child-of", str(os.getpid()), *handed]
    Parent([Child(one, [*again, "--role", one], has_door=one == "api") for one in roles], opened).run()


def _work_as(role: str, store: str, settings: Settings, door: int | None) -> None:
    """What a child does until its parent asks it to finish."""
    import contextlib
    import socket

    from scoville.live.store.opening import open_store

    with contextlib.closing(open_store(store)) as opened:
        if role == "worker":
            from scoville.live.working import work
            from scoville.web.processes import say_ready

            work(opened, ready=say_ready)
            return
        from scoville.web.serving import serve as answer

        assert door is not None  # noqa: S101 - the parent hands it over
        answer(opened, socket.socket(fileno=door), settings)

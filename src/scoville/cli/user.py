"""`scoville user`: people with a login, made and listed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scoville.cli.options import Json
from scoville.cli.standing import USUAL_STORE, StoreUrl

user = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="People with a login.\n\nExample: scoville user create ann@example.com --role admin",
)


@user.command()
def create(
    email: Annotated[str, typer.Argument(help="What they log in with.", show_default=False)],
    role: Annotated[str, typer.Option(help="viewer, sales, marketing or admin.")] = "viewer",
    name: Annotated[str, typer.Option(help="What others see; default: the e-mail address.")] = "",
    store: StoreUrl = USUAL_STORE,
) -> None:
    """Make a login. The password is asked for, or read from the first line of a pipe; never given as an option.

    Example: scoville user create ann@example.com --role admin
    """
    from scoville.cli.output import out
    from scoville.cli.standing import standing_store, this_instant, who_types
    from scoville.web.auth.audit import record
    from scoville.web.auth.passwords import check_password, hash_now
    from scoville.web.auth.users import NewUser, create_user

    password = _asked()
    check_password(password, email=email)
    wanted, now = NewUser(email, name, role, hash_now(password)), this_instant()
    with standing_store(store) as opened, opened.writing() as connection:
        made = create_user(connection, wanted, author=who_types(), now=now)
        record(connection, who_types(), "user.created", made.user_id, {"role": role}, now=now)
    out().print(f"{made.email} may log in as {made.role}.", soft_wrap=True, markup=False)


@user.command(name="list")
def list_(
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Everybody with a login.

    Example: scoville user list
    """
    from scoville.cli.output import figures_table, out, print_json
    from scoville.cli.standing import known_store
    from scoville.web.auth.users import list_users

    with known_store(store) as opened, opened.reading() as connection:
        users = list_users(connection)
    rows = [[one.email, one.role, "switched off" if one.disabled_at else "in force", one.name] for one in users]
    if json:
        shown = ("user_id", "email", "name", "role", "created_at", "disabled_at")
        print_json({"users": [{column: getattr(one, column) for column in shown} for one in users]})
        return
    out().print(figures_table("", ("e-mail", "role", "state", "name"), rows, are_words=True))


@user.command()
def setup(store: StoreUrl = USUAL_STORE) -> None:
    """A token with which the first administrator makes a login in the browser: once, within the hour.

    Example: scoville user setup
    """
    from scoville.cli.output import aside, out
    from scoville.cli.standing import standing_store, this_instant, who_types
    from scoville.errors import UsageError
    from scoville.web.auth.audit import record
    from scoville.web.auth.users import new_setup_token

    now = this_instant()
    with standing_store(store) as opened, opened.writing() as connection:
        token = new_setup_token(connection, now=now)
        if token is None:
            raise UsageError("somebody has a login already: log in, or see: scoville user list")
        record(connection, who_types(), "setup.begun", now=now)
    out().print(token, soft_wrap=True, markup=False)
    aside().print("It works once, within the hour; a new one ends it.", soft_wrap=True, markup=False)


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")

"""All commands in one list, in the order in which a newcomer meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from scoville.cli.audit import audit
from scoville.cli.backup import backup, restore
from scoville.cli.check import check
from scoville.cli.compare import compare
from scoville.cli.demo import demo
from scoville.cli.drift import drift
from scoville.cli.endings import Verbs
from scoville.cli.experiment import experiment
from scoville.cli.explain import explain
from scoville.cli.figures import figures
from scoville.cli.import_ import import_
from scoville.cli.init import init
from scoville.cli.key import key
from scoville.cli.learn import learn
from scoville.cli.score import score
from scoville.cli.serve import serve
from scoville.cli.sql import sql
from scoville.cli.threshold import threshold
from scoville.cli.user import user
from scoville.cli.validate import validate

app = typer.Typer(
    name="scoville",
    cls=Verbs,
    help="Lead scoring that people trust: points that add up, explained, replayable at any date.",
    epilog="Begin with: scoville demo - or, with your own files: scoville init",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the flag in
    if wanted:
        from scoville import __version__

        typer.echo(f"scoville {__version__}")
        raise typer.Exit


@app.callback()
def _scoville(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Lead scoring that people trust: points that add up, explained, replayable at any date."""


for command in (
    demo,
    init,
    check,
    score,
    explain,
    validate,
    threshold,
    drift,
    compare,
    learn,
    figures,
    sql,
    serve,
    audit,
    backup,
    restore,
):
    app.command()(command)
app.add_typer(experiment, name="experiment")
app.add_typer(import_, name="import")
app.add_typer(key, name="key")
app.add_typer(user, name="user")

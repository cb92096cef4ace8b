"""`scoville audit`: whether the store of a server holds what it promises."""

from __future__ import annotations

from dataclasses import asdict

import typer

from scoville.cli.options import Json
from scoville.cli.standing import USUAL_STORE, StoreUrl

_SHOWN = 20


def audit(
    store: StoreUrl = USUAL_STORE,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Work every score out again from the stored events, and check that everything adds up.

    Exit code 1 when something does not. The server may run meanwhile.

    Example: scoville audit --store sqlite:///scoville.db
    """
    from scoville.cli.output import figures_table, out, print_json
    from scoville.cli.run import working
    from scoville.cli.standing import known_store
    from scoville.live.audit import audit as examine

    with known_store(store) as opened, working("working every score out again"):
        found = examine(opened)
    if json:
        print_json({**asdict(found), "holds": found.holds})
    else:
        waiting = f" {found.waiting:,} more wait to be scored." if found.waiting else ""
        verdict = "All of it holds." if found.holds else f"{len(found.differences):,} differences:"
        out().print(
            f"{found.leads:,} leads looked at, {found.by_batch:,} of them by a batch run too.{waiting} {verdict}"
        )
        if not found.holds:
            rows = [(one.check, one.about, one.found, one.expected) for one in found.differences[:_SHOWN]]
            out().print(figures_table("", ("check", "about", "found", "expected"), rows, are_words=True))
    if not found.holds:
        raise typer.Exit(1)

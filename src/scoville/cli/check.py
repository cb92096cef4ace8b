"""`scoville check`: what is wrong with a model, all of it at once, and what practice would advise."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from scoville.cli.options import AnyEngine, Events, Json, Leads, Maps, ModelPath, WorkspacePath

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scoville.errors import Problem
    from scoville.model.load import Model


def check(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    leads: Leads = None,
    events: Events = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: AnyEngine = "duckdb://",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when there is advice.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Check a model: every mistake with its place, and advice with its reason. With --leads also against the columns.

    Example: scoville check model.yaml --leads leads.csv --events events.csv
    """
    from scoville.cli.output import print_json, print_problems
    from scoville.errors import ModelError
    from scoville.model.lint import find_advice
    from scoville.model.load import Model

    checked: Model | None = None
    try:
        checked = Model.load(model)
        found = [*find_advice(checked), *_misfits(checked, leads, events, maps, workspace, engine)]
        problems = sorted(found, key=lambda problem: (problem.line or 0, problem.column or 0))
    except ModelError as error:
        problems = list(error.problems)
    if json:
        print_json(
            {"model": str(model), "version": checked and checked.version, "problems": [_plain(p) for p in problems]}
        )
    else:
        print_problems(model, checked, problems)
    if any(problem.kind == "error" for problem in problems):
        raise typer.Exit(2)
    if strict and problems:
        raise typer.Exit(1)


def _plain(problem: Problem) -> dict[str, object]:
    return {
        "kind": problem.kind, "path": problem.path, "line": problem.line, "column": problem.column,
        "message": problem.message, "reason": problem.reason,
    }  # fmt: skip


def _misfits(
    model: Model,
    leads: str | None,
    events: str | None,
    maps: Sequence[str] | None,
    workspace: Path | None,
    engine: str,
) -> list[Problem]:
    """What the model reads and the data do not have; nothing when no data are named."""
    from scoville.cli.run import open_engine
    from scoville.data.workspace import load_workspace
    from scoville.scoring import misfits

    known = load_workspace(workspace).with_maps(maps or ())
    leads, events = leads or known.leads.source, events or known.events.source
    if leads is None:
        return []
    with closing(open_engine(engine, None)) as opened:
        return misfits(model, leads, events, workspace=known, engine=opened)

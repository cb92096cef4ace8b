"""`scoville explain`: where every point of one lead comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from scoville.cli.options import AnyEngine, AsOf, Events, Json, Leads, Maps, MemoryLimit, ModelPath, WorkspacePath


def explain(  # noqa: PLR0913 - one parameter for each option
    model: ModelPath,
    lead_id: Annotated[str, typer.Argument(metavar="LEAD_ID", help="The lead.", show_default=False)],
    leads: Leads = None,
    events: Events = None,
    as_of: AsOf = None,
    maps: Maps = None,
    workspace: WorkspacePath = None,
    engine: AnyEngine = "duckdb://",
    memory_limit: MemoryLimit = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Show where every point comes from, what the score will be, and the shortest way to the next stage.

    Example: scoville explain model.yaml L-1042 --leads leads.csv --events events.csv
    """
    from scoville.cli.output import print_explanation, print_json
    from scoville.cli.run import scored, working
    from scoville.explain import explain_lead

    with (
        scored(model, leads, events, maps, workspace, as_of, engine, memory_limit) as run,
        working("explaining"),
    ):
        explanation = explain_lead(run, lead_id)
    if json:
        print_json(explanation.to_dict())
    else:
        print_explanation(explanation)

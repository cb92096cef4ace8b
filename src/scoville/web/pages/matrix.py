"""The matrix: who leads are against what they did, how many stand in each cell, and how often such leads convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from scoville.live.jobs.asking import find_job, list_jobs
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.queries.matrix import Cell, Matrix, matrix_of
from scoville.live.scoring.cells import NONE
from scoville.model.load import Model
from scoville.web.api.route import Here
from scoville.web.pages.page import PageRoute, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_LOOKED_AT = 20  # jobs: the newest evidence of the model in force is among them, or so old that it is made anew
_HEATS = 5


@router.get("/matrix")
def show_matrix(
    request: Request, here: Here, colour: Annotated[Literal["rate", "leads"] | None, Query()] = None
) -> Response:
    """Coloured by how often cells convert where that is known, else by how many leads they hold."""
    with here.store.reading() as connection:
        published = in_force(connection)
        if published is None:
            return show(request, "matrix.html", matrix=None)
        evidence = _evidence(connection, published)
        matrix = matrix_of(
            connection, published.publication_no, Model.loads(published.text), evidence["matrix"] if evidence else None
        )
    has_rates = any(cell.rate is not None and cell.rate.says for row in matrix.cells for cell in row)
    chosen = colour if has_rates and colour is not None else ("rate" if has_rates else "leads")
    return show(
        request, "matrix.html", matrix=matrix, model=published, evidence=evidence, has_rates=has_rates, colour=chosen,
        heats=_heats(matrix, chosen), none=NONE, row_totals=[sum(cell.leads for cell in row) for row in matrix.cells],
        column_totals=[sum(cell.leads for cell in column) for column in zip(*matrix.cells, strict=True)],
    )  # fmt: skip


def _evidence(connection: Connection, published: InForce) -> dict[str, Any] | None:
    """The newest evidence that was worked out for the content of the model in force; null when none was."""
    for job in list_jobs(connection, _LOOKED_AT, kind="evidence"):
        whole = find_job(connection, job.job_no) if job.state == "done" else None
        found = (whole.result or {}).get("evidence") if whole is not None else None
        if found is not None and found["model_version"] == published.model_version:
            return {**found, "made_at": job.ended_at}
    return None


def _heats(matrix: Matrix, colour: str) -> list[list[int | None]]:
    """0 to 5 for each cell, in proportion to the hottest one; null where there is nothing to say."""
    values = [[_value(cell, colour) for cell in row] for row in matrix.cells]
    top = max((value for row in values for value in row if value is not None), default=0) or 1
    return [[None if value is None else round(_HEATS * value / top) for value in row] for row in values]


def _value(cell: Cell, colour: str) -> float | None:
    if colour == "leads":
        return float(cell.leads)
    return cell.rate.rate if cell.rate is not None and cell.rate.says else None

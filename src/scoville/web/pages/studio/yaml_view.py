"""The model as text: the same file that the forms change, with what is wrong said where it is.

In: the draft of who asks, and the text as they type it. Out: the page, its list of problems, and the words that can be
completed. Without JavaScript it is a text area with the list; with it, an editor that shows both in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scoville.live.store.seen import version_of
from scoville.live.workbench.keeping import workbench_of
from scoville.model.conditions import OPERATORS
from scoville.model.json_schema import MEANINGS
from scoville.model.schema import (
    Accounts,
    Band,
    Breadth,
    Clamp,
    Content,
    Engagement,
    Fit,
    HalfLife,
    Keep,
    Linear,
    Lose,
    Priority,
    Probability,
    Qualification,
    Rollup,
    Scale,
    Segment,
    Stage,
    Sum,
)
from scoville.web.api.route import Here, Who
from scoville.web.errors import ApiError
from scoville.web.pages.files import FILES
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, show, wanted_block
from scoville.web.pages.refused import is_late, said_of, status_of
from scoville.web.pages.studio.draft import keep, needed_sheet, open_sheet, sheet_of
from scoville.web.pages.studio.known import events_of, traits_of
from scoville.web.pages.studio.rules import SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.live.workbench.bench import Bench
    from scoville.model.schema import Part
    from scoville.web.pages.studio.draft import Sheet

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_EDITOR = "vendored/codemirror.min.js"
_VALUES_OF, _VALUES = 60, 20  # traits whose values are completed, and how many of each
_PARTS: Mapping[str, tuple[type[Part], ...]] = {
    "": (Content,), "scale": (Scale,), "fit": (Fit,), "engagement": (Engagement,), "band": (Band,), "clamp": (Clamp,),
    "decay": (HalfLife, Linear, Keep, Lose), "sum": (Sum,), "qualification": (Qualification,), "stage": (Stage,),
    "priority": (Priority,), "segment": (Segment,), "accounts": (Accounts,), "rollup": (Rollup,), "breadth": (Breadth,),
    "probability": (Probability,),
}  # fmt: skip


@router.get("/studio/yaml")
def show_text(request: Request, here: Here, who: Who, line: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> Response:
    """The text; `line` is where somebody wants to look."""
    sheet = open_sheet(here, who)
    if sheet is None:
        return done(request, "/studio")
    return _page(request, sheet, line)


@router.post("/studio/yaml")
def take_text(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Keep the text as it is, faults and all; and say what is wrong with it.

    Raises: ApiError 409 when the draft is not the one that was opened, and the page still has what was typed.
    """
    sheet = needed_sheet(here, who)
    text = form.fields.get("text", ("",))[-1].replace("\r\n", "\n")
    try:
        if text != sheet.text.replace("\r\n", "\n"):
            keep(here, who, text, seen=form.get("was"))
            sheet = needed_sheet(here, who)
    except ApiError as refused:
        if not is_late(refused) or wanted_block(request) is not None:
            raise
        return _page(request, sheet, 0, typed=text, problem=refused)
    if wanted_block(request) != "problems":
        return done(request, "/studio/yaml", "Kept in your draft.")
    return _page(request, sheet, 0)


def _page(
    request: Request, sheet: Sheet, line: int, *, typed: str | None = None, problem: ApiError | None = None
) -> Response:
    """`typed` is a text that could not be kept, as the draft had become another one meanwhile."""
    file = FILES[_EDITOR]
    editor = {"src": f"/static/{_EDITOR}?v={file.version}", "integrity": file.integrity}  # fetched when the page stands
    shown = sheet if typed is None else sheet_of(typed, sheet.draft, sheet.in_force)
    return show(
        request, "studio/yaml.html", status=status_of(problem) if problem else 200, open_draft=shown,
        digest=version_of(sheet.text), line=line, editor=editor, problem=said_of(problem) if problem else "",
    )  # fmt: skip


@router.get("/studio/words")
def words(here: Here) -> dict[str, Any]:
    """What can be completed in the text: keys with what they mean, and traits, events and values that occur."""
    bench = workbench_of(here.store).bench(here.clock())
    return {"keys": {name: _keys(parts) for name, parts in _PARTS.items()} | _rule_keys(),
            "comparisons": {name: MEANINGS[name] for name in OPERATORS}, **_occurring(bench)}  # fmt: skip


def _keys(parts: tuple[type[Part], ...]) -> dict[str, str]:
    return {field.alias or name: field.description or "" for part in parts for name, field in part.model_fields.items()}


def _rule_keys() -> dict[str, dict[str, str]]:
    """Keys of rules, of all kinds of a section at once."""
    sections = {"fit rule": ("when", "bands", "values"), "engagement rule": ("points", "count", "sum", "recency")}
    said = {"when": "Condition that must hold.", "by": "The trait.", "event": 'A name, a list of names, or "*".'}
    return {
        section: {key: said.get(key, "") for kind in kinds for key in SHAPES[kind]}
        for section, kinds in sections.items()
    }


def _occurring(bench: Bench | None) -> dict[str, Any]:
    if bench is None:
        return {"traits": {}, "events": {}, "values": {}}
    some = bench.columns[:_VALUES_OF]
    values = {one.name: [found.value for found in bench.values_of(one.name, most=_VALUES)] for one in some}
    return {
        "traits": {one.name: one.said for one in traits_of(bench)},
        "events": {one.name: one.said for one in events_of(bench)},
        "values": {name: [value for value in found if len(value) <= 60] for name, found in values.items()},  # noqa: PLR2004 - longer is no choice
    }

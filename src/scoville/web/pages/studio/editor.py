"""The model as forms: rules as sentences, one of them open, and what it would touch as somebody types.

In: the draft of who asks, and the part that they have open. Out: the page, or the part of it that changed. Every change
that makes sense is kept in the draft at once; nothing that is typed here changes a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scoville import words
from scoville.live.store.seen import version_of
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.touching import holding, touched_by
from scoville.model.conditions import ConditionError, parse_condition
from scoville.web.api.route import Here, Who
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, show, wanted_block
from scoville.web.pages.studio import conditions, parts, rules
from scoville.web.pages.studio.draft import Sheet, keep, needed_sheet, open_sheet
from scoville.web.pages.studio.known import known_for
from scoville.web.pages.studio.overview import (
    KINDS,
    around,
    decay_of,
    entries,
    mapping,
    part_at,
    rule_of,
    sections,
    sentence_of,
)

if TYPE_CHECKING:
    from scoville.live.workbench.bench import Bench
    from scoville.web.auth.access import Caller
    from scoville.web.pages.studio.parts import Part
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_UNSOUND = 422
Address = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Said:
    """What a rule that is being typed would do: as a sentence, and to how many of all leads; null where nobody knows.

    `kept` is whether the draft has it.
    """

    sentence: str
    touched: int | None
    leads: int
    kept: bool


@router.get("/studio")
def show_editor(request: Request, here: Here, who: Who, open: Address = "", add: Address = "") -> Response:  # noqa: A002 - as the address has it
    """The draft; with `open=fit.rules.3` a part of it in a form, with `add=fit.rules:bands` a new one."""
    sheet = open_sheet(here, who)
    if sheet is None:
        return show(request, "studio/begin.html", in_force=None, draft=None, versions=(), proposal=None, refused="")
    part = None
    if open:
        part = parts.opened(sheet, open)
    elif add:
        where, _, kind = add.partition(":")
        part = parts.begun(sheet, where, kind)
    response = _page(request, here, sheet, part)
    if wanted_block(request) is not None:  # also after a change, which leads here
        response.headers["HX-Push-Url"] = f"/studio?{request.url.query}" if request.url.query else "/studio"
    return response


@router.post("/studio/part")
def take_part(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Keep a part as it was sent, if there is nothing wrong with it."""
    sheet = needed_sheet(here, who)
    part = parts.sent(sheet, form)
    as_typed = wanted_block(request) == "said_of_part"
    if as_typed and part.is_new:  # it is added when somebody says so, and only looked at until then
        _, part, _ = parts.written(sheet, part)
        return _said(request, here, sheet, part, kept=False)
    part, sheet = _kept(here, who, sheet, part)
    if as_typed:
        return _said(request, here, sheet, part, kept=not part.problems)
    if part.problems:
        return _page(request, here, sheet, part, status=200 if wanted_block(request) else _UNSOUND)
    return done(request, "/studio", f"{part.filled.get('name') or 'That'} is in your draft.")


@router.post("/studio/part/form")
def reshape(request: Request, here: Here, who: Who, form: Form) -> Response:
    """The form with a line more or less, as it was typed; nothing is kept."""
    sheet = needed_sheet(here, who)
    part = parts.reshaped(parts.sent(sheet, form), form.get("do"))
    if wanted_block(request) == "open_part":
        return show(request, "studio/part.html", **{**_of_part(here, sheet, part), "is_fresh": False})
    return _page(request, here, sheet, part)


@router.post("/studio/part/order")
def reorder(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Move a part up or down, copy it, or take it out."""
    sheet = needed_sheet(here, who)
    text, said = parts.reordered(sheet, form.get("where"), form.get("do"))
    keep(here, who, text)
    return done(request, "/studio", said)


def _kept(here: State, who: Caller, sheet: Sheet, part: Part) -> tuple[Part, Sheet]:
    """The part with what is wrong in it; where nothing is, the draft has it."""
    text, checked, _ = parts.written(sheet, part)
    if checked.problems or text == sheet.text:
        return checked, sheet
    keep(here, who, text)
    return checked, needed_sheet(here, who)


def _page(request: Request, here: State, sheet: Sheet, part: Part | None, *, status: int = 200) -> Response:
    plain, before = sheet.plain, sheet.before
    scale = {"min": 0, "max": 100, **mapping(plain.get("scale"))}
    values = {
        "open_draft": sheet, "name": plain.get("name", ""), "scale": scale,
        "sections": [*sections(plain, before)], "around": [*around(plain, before)], "kinds": KINDS,
        "lines": {key: mapping(plain.get(key)) for key in ("grades", "levels")},
        "segments": [(f"segments.{at}", one) for at, one in enumerate(entries(plain.get("segments")))],
        "others": [key for key in ("accounts", "probability") if key in plain], "digest": version_of(sheet.text),
    }  # fmt: skip
    return show(request, "studio/rules.html", status=status, **{**values, **_of_part(here, sheet, part)})


def _of_part(here: State, sheet: Sheet, part: Part | None) -> dict[str, Any]:
    """What the form of a part needs; nothing where none is open."""
    if part is None:
        return {"part": None}
    bench = workbench_of(here.store).bench(here.clock())
    content = mapping(part_at(part.where[: part.where.index("rules")], sheet.plain)) if part.is_rule else sheet.plain
    return {
        "part": part, "is_fresh": True, "known": known_for(bench, part.kind, part.filled, sheet.plain),
        "saying": _saying(bench, sheet, part, kept=False), "digest": version_of(sheet.text),
        "groups": [str(name) for name in mapping(content.get("groups"))],
        "comparisons": conditions.COMPARISONS, "fitting": conditions.FITTING, "units": conditions.UNITS,
        "group_kinds": conditions.KINDS,
    }  # fmt: skip


def _said(request: Request, here: State, sheet: Sheet, part: Part, *, kept: bool) -> Response:
    bench = workbench_of(here.store).bench(here.clock())
    saying = _saying(bench, sheet, part, kept=kept)
    return show(request, "studio/part_said.html", part=part, saying=saying, digest=version_of(sheet.text))


def _saying(bench: Bench | None, sheet: Sheet, part: Part, *, kept: bool) -> Said:
    """What the part says as it was typed, kept or not."""
    if part.kind == "lines" or "name" not in part.filled:
        return Said("", None, 0, kept)
    data = rules.read(part.kind, part.filled, {})
    if not part.is_rule:
        return _of_condition(bench, part, data.get("when"), kept=kept)
    content = mapping(part_at(part.where[: part.where.index("rules")], sheet.plain))
    rule = rule_of(part.section, data)
    if rule is None or bench is None:
        return Said(sentence_of(part.section, data, content), None, 0, kept)
    touched = touched_by(bench, rule, decay_of(content.get("decay", "none")))
    return Said(sentence_of(part.section, data, content), touched, bench.leads, kept)


def _of_condition(bench: Bench | None, part: Part, data: object, *, kept: bool) -> Said:
    """Whom a qualification or a segment speaks of."""
    try:
        condition = parse_condition(data) if part.kind in ("qualification", "segment") and data else None
    except ConditionError:
        condition = None
    if condition is None or bench is None:
        return Said("", None, 0, kept)
    return Said(f"When {words.condition(condition)}.", holding(bench, condition), bench.leads, kept)

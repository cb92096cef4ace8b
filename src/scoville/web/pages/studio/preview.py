"""What a draft would do, before anybody is scored by it: on all leads of today, and on the days that are known.

In: who asks, and their draft, or a version. Out: the page, its part beside the editor, and the part about the past,
which a page asks for when the first one stands. Nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scoville.errors import ModelError, PlanError
from scoville.live.models.versions import text_of
from scoville.live.queries.in_force import in_force
from scoville.live.queries.lead import SHOWN_TRAITS, traits_by_id
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.preview import preview
from scoville.web.api.route import Here, Who
from scoville.web.errors import not_found
from scoville.web.pages.lead_said import name_of
from scoville.web.pages.page import PageRoute, done, show
from scoville.web.pages.studio.draft import open_sheet

if TYPE_CHECKING:
    from scoville.live.queries.in_force import InForce
    from scoville.live.workbench.bench import Bench
    from scoville.live.workbench.preview import Preview
    from scoville.web.auth.access import Caller
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
VersionAsked = Annotated[int | None, Query(ge=1, le=2**53)]
ListedAlready = Annotated[bool, Query()]


@dataclass(frozen=True)
class Trial:
    """What is held against what. `version_no` is null for a draft, `before` for the first model there will be.

    `faults` is how many things are wrong with the text: then it cannot be tried.
    """

    text: str
    before: InForce | None
    version_no: int | None
    faults: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to try."""
        return self.before is None or self.before.text != self.text


@router.get("/studio/preview")
def show_preview(
    request: Request, here: Here, who: Who, version: VersionAsked = None, *, listed: ListedAlready = False
) -> Response:
    """What would change today; `listed` where the page around it lists the changes of the model already."""
    trial = trial_of(here, who, version)
    if trial is None:
        return done(request, "/studio")
    workbench = workbench_of(here.store)
    bench = workbench.bench(here.clock())
    values: dict[str, Any] = {
        "trial": trial,
        "standing": workbench.standing(),
        "found": None,
        "problem": "",
        "people": {},
        "is_listed": listed,
    }
    if bench is not None and trial.is_changed and not trial.faults:
        values |= _tried(bench, trial)
    values["people"] = _people(here, values["found"])
    return show(request, "studio/preview.html", **values)


@router.get("/studio/preview/proof")
def show_proof(request: Request, here: Here, who: Who, version: VersionAsked = None) -> Response:
    """Whether it would have ranked better."""
    trial = trial_of(here, who, version)
    bench = workbench_of(here.store).bench(here.clock())
    if trial is None or trial.before is None or trial.faults or bench is None:
        return done(request, "/studio/preview")
    try:
        found, problem = bench.proofs.of(trial.before.text, trial.text), ""
    except (ModelError, PlanError) as refused:
        found, problem = None, str(refused)
    return show(request, "studio/preview_proof.html", proof=found, problem=problem)


def trial_of(here: State, who: Caller, version_no: int | None) -> Trial | None:
    """The draft of somebody, or a version, against what is in force; null where there is neither.

    Raises: ApiError 404 for a version that is none.
    """
    if version_no is None:
        sheet = open_sheet(here, who)
        return None if sheet is None else Trial(sheet.text, sheet.in_force, None, len(sheet.errors))
    with here.store.reading() as connection:
        text, now = text_of(connection, version_no), in_force(connection)
    if text is None:
        raise not_found("version of the model")
    return Trial(text, now, version_no)


def _tried(bench: Bench, trial: Trial) -> dict[str, Any]:
    before = trial.before.text if trial.before is not None else trial.text  # of the first model only one side is shown
    try:
        found = preview(bench, before, trial.text)
    except (ModelError, PlanError) as refused:
        return {"problem": str(refused)}
    most = max((count for one in found.bins for count in (one.before, one.after)), default=0)
    return {
        "found": found,
        "most": max(most, 1),
        "crossing": sum(one.leads for one in found.crossings),
        "called": said_of,
    }


def _people(here: State, found: Preview | None) -> dict[str, str]:
    """What people call the leads that move, by their ids."""
    if found is None:
        return {}
    movers = (*found.movers, *(one for way in found.crossings for one in way.first))
    with here.store.reading() as connection:
        known = traits_by_id(connection, {one.lead_id for one in movers}, SHOWN_TRAITS)
    return {lead_id: name_of({"lead_id": lead_id, "traits": traits}) for lead_id, traits in known.items()}


def said_of(rule: str) -> str:
    """A rule, or what took or gave points beside the rules, as people call it."""
    kind, is_named, name = rule.partition(": ")
    if is_named and kind == "cap":
        return "Limit of the scale" if name == "scale" else f"Limit of {name}"
    return rule[:1].upper() + rule[1:] if is_named and kind in {"disqualified", "adjusted"} else rule

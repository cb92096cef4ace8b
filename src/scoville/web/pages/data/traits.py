"""The tab Traits: what is known of leads, how full it is, and what looks wrong."""

from __future__ import annotations

from functools import lru_cache

from fastapi import APIRouter, Request, Response

from scoville.live.queries.in_force import in_force
from scoville.live.queries.sampling import sampled_leads
from scoville.live.queries.trait_values import MOST_LEADS, trait_values
from scoville.live.scoring.wanted import wanted_by
from scoville.model.load import Model
from scoville.web.api.route import Here
from scoville.web.pages.data.doubts import trait_look
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.page import PageRoute, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/data/traits")
def show_traits(request: Request, here: Here) -> Response:
    """Every trait of the leads looked at, the fullest first."""
    now = here.clock()
    with here.store.reading() as connection:
        sample = sampled_leads(connection, MOST_LEADS)
        found = trait_values(connection, sample)
        model = in_force(connection)
    looks = [trait_look(trait, len(sample.numbers), now) for trait in found]
    used = _used_by(model.text) if model is not None else frozenset[str]()
    missing = sorted(name for name in used - {look.name for look in looks} if not name.startswith("account."))
    return show(
        request, "data/traits.html", tabs_shown=TABS, looks=looks, sample=sample, used=used, missing=missing,
        has_model=model is not None,
    )  # fmt: skip


@lru_cache(maxsize=2)
def _used_by(text: str) -> frozenset[str]:
    """The traits that a model's rules read."""
    return frozenset(wanted_by(Model.loads(text)).traits)

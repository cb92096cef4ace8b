"""The checklist of the first run. In: how far an installation is. Out: `Step`s in words. Called by the first page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoville.live.queries.set_up import SetUp


@dataclass(frozen=True)
class Step:
    """One thing to do: whether it is done, whether it is the next one, where it is done, and whether it can be left."""

    title: str
    text: str
    path: str
    is_done: bool
    is_next: bool = False
    is_optional: bool = False


def steps_of(set_up: SetUp) -> tuple[Step, ...]:
    """What there is to do, in order; the first that is not done and cannot be left is the next one."""
    steps = (
        Step("Make the first administrator", "That is you.", "/welcome", is_done=True),
        Step("Have leads", "Demo data, a file, or your site.", "/welcome#ways", set_up.has_leads or set_up.is_folding),
        Step("Have a model", "What a lead gets points for.", "/welcome/model", set_up.publication_no is not None),
        Step("See the ranked list", "Whom to call first, and why.", "/queue", set_up.is_scored),
        Step("Say how leads ended", "Then the score can be proved, and learned.", "/data/outcomes", set_up.has_outcomes,
             is_optional=True),
        Step("Send what people do, as they do it", "Scores change within a second.", "/data/connect", set_up.has_keys,
             is_optional=True),
        Step("Name who calls", "Leads go to the right person, with a clock.", "/settings/owners", set_up.has_owners,
             is_optional=True),
    )  # fmt: skip
    following = next((step for step in steps if not step.is_done and not step.is_optional), None)
    return tuple(_marked(step, is_next=step is following) for step in steps)


def _marked(step: Step, *, is_next: bool) -> Step:
    return Step(step.title, step.text, step.path, step.is_done, is_next, step.is_optional)

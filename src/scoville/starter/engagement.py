"""Events -> factors of `engagement`: what they did.

Names of events are read as words: asking for something, looking at something, turning away. What only sales or the
outcome itself writes gives no points.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.data.recognise.roles import shown_share
from scoville.starter.factors import Events, Quiet, Recency, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.data.recognise import Recognition
    from scoville.data.recognise.signals import EventSeen, PageSeen
    from scoville.starter.factors import Factor

INTENT = re.compile(
    r"demo|pricing|price|quote|trial|contact_(?:us|sales|form|request)|contacted_us|meeting|book(?:ed|ing)|call_?back|consult|checkout|cart|request"
)
AWAY = re.compile(
    r"unsubscri|bounce|complain|spam|opt_?(?:ed_)?out|career|job_|vacanc|cancel|churn|declin|reject|refus"
)
# The outcome itself, or what is only written when it is known: it must not score the lead that it is about.
OUTCOME = re.compile(
    r"(?:^|_)(?:won|lost|closed|purchased?|paid|payment|convert\w*|deal|contract|approved|accepted|activated|finalized|order\w*|invoice\w*|customer|subscription)(?:_|$)"
)
# Done to the lead, not by it.
OURS = re.compile(
    r"(?:^|_)(?:sent|delivered|assigned|dialed|outbound|enqueued|processed|imported|scored|task|note)(?:_|$)"
)
GLANCE = re.compile(r"view|visit|session|page|open|login|logged_in|impression|seen|active")
LOOK = re.compile(
    r"click|download|watch|attend|webinar|search|read|chat|repl(?:y|ied)|video|lesson|complete|submit|stud(?:y|ied)|form|feature|invite|sign_?up|regist|event"
)

GROUP = "Interest"
GROUP_MAX = 20
INTERESTS = 3
EVERYBODY = 0.95  # share of leads from which an event that comes once says nothing
NAMES_IN_A_RULE = 4
HALF_LIFE_DAYS = 30
QUIET_DAYS = 45
HABIT = 10  # events of one kind for each lead: what comes so often must add little, or everybody is at the limit


def engagement_factors(found: Recognition) -> list[Factor]:
    """Factors of `engagement`: asking, interest, when last seen, turning away; nothing without events."""
    if not found.events_seen:
        return []
    asked = [
        event
        for event in found.events_seen
        if _is(event, INTENT) and not _is(event, AWAY) and not _says_nothing(event, found)
    ]
    factors: list[Factor] = []
    if asked:
        factors.append(_asking(asked[:NAMES_IN_A_RULE]))
    factors += _pages(found.events_seen, ("pricing", "demo", "contact"))[:1]
    factors += _interests(found, asked)
    factors.append(_lately())
    return [*factors, *_turning_away(found)]


def group_limit(factors: Sequence[Factor]) -> float | None:
    """The limit of the group of interests; null when no factor is in it."""
    return GROUP_MAX if any(isinstance(factor, Events) and factor.group for factor in factors) else None


def _is(event: EventSeen, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(snake_case(event.name)))


def _says_nothing(event: EventSeen, found: Recognition) -> bool:
    """Whether it is ours, the outcome, or something that everybody does once."""
    outcomes = {value.lower() for value in found.outcome.won} if found.outcome else set()
    is_everybody = event.is_once and event.lead_share >= EVERYBODY
    return _is(event, OURS) or _is(event, OUTCOME) or event.name.lower() in outcomes or is_everybody


def _asking(events: Sequence[EventSeen]) -> Factor:
    leads = max(event.lead_share for event in events)
    did = f"Up to {shown_share(leads)} of the active leads did"
    why = f"The strongest sign there is: they ask. {did}. Asking again says less."
    return Events("Asked for it", why, tuple(event.name for event in events), 20, repeat=5, most=30)


def _pages(events: Sequence[EventSeen], about: tuple[str, ...]) -> list[Factor]:
    """Visits of a telling page, by the property that holds its address; the most telling page first."""
    seen = [(event, page) for topic in about for event in events for page in event.pages if page.about == topic]
    return [_page(event, page) for event, page in seen]


def _page(event: EventSeen, page: PageSeen) -> Factor:
    when = f"{{{quoted(page.column)}: {{contains: {page.word}}}}}"
    why = f"{shown_share(page.count / event.count)} of {event.name} have {page.word} in {page.column}."
    name = f"{page.about.capitalize()} page"
    if page.about == "careers":
        return Events(name, f"{why} Who looks for a job does not look for a product.", (event.name,), -10, when=when)
    return Events(name, f"{why} Nobody reads it for fun.", (event.name,), 8, repeat=4, most=20, when=when)


def _interests(found: Recognition, asked: Sequence[EventSeen]) -> list[Factor]:
    """What most leads do that looks like interest; names that nobody knows only where the others are few."""
    left = [
        event
        for event in found.events_seen
        if event not in asked and not _is(event, AWAY) and not _says_nothing(event, found)
    ]
    known = [event for event in left if _is(event, LOOK) or _is(event, GLANCE)]
    unknown = [event for event in left if event not in known]
    deeper = sorted(known, key=lambda event: (not _is(event, LOOK), -event.leads, event.name))
    picked = [*deeper, *sorted(unknown, key=lambda event: (-event.leads, event.name))][:INTERESTS]
    return [_interest(event) for event in sorted(picked, key=lambda event: (-event.leads, event.name))]


def _interest(event: EventSeen) -> Factor:
    is_glance = _is(event, GLANCE) and not _is(event, LOOK)
    is_habit = event.count > HABIT * event.leads
    points, repeat = (3, 0.5) if is_habit else (2, 1) if is_glance else (5, 2)
    why = f"{event.count:,} seen, of {shown_share(event.lead_share)} of the active leads."
    return Events(_spoken(event.name), why, (event.name,), points, repeat=repeat, group=GROUP)


def _spoken(name: str) -> str:
    words = snake_case(name).replace("_", " ") or name
    return (words[:1].upper() + words[1:])[:100]


def _lately() -> Factor:
    why = "Whoever was there this week is easier to reach than who came last quarter."
    return Recency("Seen lately", why, ((None, 7, 10), (7, 30, 4)))


def _turning_away(found: Recognition) -> list[Factor]:
    """Events that speak against a sale; where there is none, silence does."""
    away = [event for event in found.events_seen if _is(event, AWAY)]
    factors: list[Factor] = []
    if away:
        names = tuple(event.name for event in away[:NAMES_IN_A_RULE])
        factors.append(Events("Turned away", "It does not fade: a no stays a no until they say otherwise.", names, -20))
    factors = factors or _pages(found.events_seen, ("careers",))[:1]
    quiet = Quiet("Gone quiet", f"No event of any kind for {QUIET_DAYS} days.", QUIET_DAYS, -10)
    return factors or [quiet]

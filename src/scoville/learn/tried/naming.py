"""What a person would call a candidate: `Company size`, `Pricing page viewed in 30 days`, `Days since last visit`.

Pure. In: an origin. Out: its name. Called by `candidates`, and by whoever shows one.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.learn.tried.origins import Counted, Decayed, Recent, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.learn.tried.origins import Happening, Origin

ANY = "*"
NAME_AT_MOST = 100
_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "email.kind": "Kind of email address",
        "email.domain": "Email domain",
        "job_title.seniority": "Job seniority",
        "job_title.function": "Job function",
        "phone.country": "Country of the phone",
        "company_domain": "Company domain",
    }
)
_SIZE = re.compile(r"^(?:(?:number|no|num)_(?:of_)?)?(?:employees|headcount|company_size|staff_count)(?:_count)?$")
_VISIT = re.compile(r"^(?:session|visit)(?:_(?:started|start|begin|began))?$")
_SHORT = re.compile(r"^(?:id|url|utm|seo|crm|sql|mql|vp|cta|nps|api|b2b|ip|pdf|sms|faq)$")


def name_of(origin: Origin) -> str:
    """The name of a candidate, of at most 100 letters.

    Example: Counted(Happening("webinar_watched"), 30) -> `Webinar watched in 30 days`
    """
    return _name(origin)[:NAME_AT_MOST].strip()


def _name(origin: Origin) -> str:
    if isinstance(origin, Trait):
        return _of_trait(origin.trait)
    did = _did(origin.of)
    if isinstance(origin, Decayed):
        return did
    if isinstance(origin, Recent):
        return _since(origin.of)
    if isinstance(origin, Counted):
        window = ", times in all" if origin.within_days is None else f" in {origin.within_days:g} days"
        return f"{did}{window}"
    window = "in all" if origin.within_days is None else f"in {origin.within_days:g} days"
    return f"{did}: {_words(origin.what).lower()} {window}"


def _of_trait(trait: str) -> str:
    if trait in _KNOWN:
        return _KNOWN[trait]
    whose, _, fact = trait.rpartition(".")  # what an account tells is written account.NAME
    if _SIZE.match(snake_case(fact)):
        return "Company size"
    return _words(trait if whose != "account" else fact)


def _did(of: Happening) -> str:
    named = "Any activity" if of.event == ANY else _words(of.event)
    if of.where is None:
        return named
    _, value = of.where
    if of.below and "page" in named.lower():
        about = re.sub(r"[^\w]+|_+", " ", value).strip()
        return f"{about[:1].upper()}{about[1:]} {named.lower()}" if about else f"{named}: {value}"
    return f"{named}: {value}"


def _since(of: Happening) -> str:
    if of.event == ANY:
        return "Days since last activity"
    if of.where is None and _VISIT.match(snake_case(of.event)):
        return "Days since last visit"
    did = _did(of)
    return f"Days since {did[:1].lower()}{did[1:]}"


def _words(name: str) -> str:
    """`amount_requested` -> `Amount requested`; what is written with blanks already is left as it is."""
    if " " in name.strip():
        said = " ".join(name.split())
    else:
        words = snake_case(name).split("_")
        said = " ".join(word.upper() if _SHORT.match(word) else word for word in words if word)
    said = said or name
    return said[:1].upper() + said[1:]

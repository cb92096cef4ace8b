"""One file -> what it is: leads, events, outcomes, accounts, or none of them; with the reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.data.recognise.clues import CLUES, OUTCOME_TIME_NAMES, REQUIRED
from scoville.data.recognise.findings import RecognisedFile
from scoville.data.recognise.roles import Role, candidates, how_distinct, is_key, roles_of
from scoville.data.recognise.winners import outcome_in

if TYPE_CHECKING:
    from scoville.data.recognise.looks import FileLook

KINDS = ("leads", "events", "outcomes", "accounts")
# What files are called that hold these; the first that matches counts.
STEMS = tuple(
    (kind, re.compile(rf"(?:^|_)(?:{english}|{abroad})(?:_|$)"))
    for kind, english, abroad in (
        (
            "outcomes",
            r"outcomes?|conversions?|deals?|won|opportunit\w*|orders?|purchases?|sales",
            r"abschlu\w+|verkauf\w*|auftrag\w*|ventes?|ventas?|oportunidad\w*",
        ),
        (
            "accounts",
            r"accounts?|companies|company|organi[sz]ations?",
            r"firmen|unternehmen|entreprises?|societes?|empresas?",
        ),
        (
            "events",
            r"events?|activit\w*|engagement|clicks?|interactions?|actions?|timeline|tracks?|log",
            r"ereignisse?|aktivitat\w*|evenements?|eventos?|actividad\w*",
        ),
        (
            "leads",
            r"leads?|contacts?|prospects?|people|persons?|customers?|users?|sign_?ups?|mql",
            r"kontakte?|kunden|interessenten|clients?|contactos?|clientes?",
        ),
    )
)
PERSON = frozenset({"email", "phone", "job_title"})  # who has these is a person, whatever the file is called
FEW_COLUMNS = 5  # an outcome list has hardly more
REPEATED = 0.5  # distinct values for each value, below which an id comes twice on average


def what_it_is(look: FileLook, kind: str | None = None) -> RecognisedFile:
    """A file with its kind (the one given, else the likeliest), the reason, and the roles of its columns."""
    roles = {name: roles_of(look.columns, CLUES[name]) for name in KINDS}
    if kind is not None:
        return RecognisedFile(kind, look, 1.0, "as you said", roles[kind])
    says = _stem_says(look.name)
    found = [one for name in KINDS if (one := as_kind(name, look, roles[name], says)) is not None]
    if not found:
        return RecognisedFile("unknown", look, 0.0, _why_unknown(look, roles["events"]))
    return max(found, key=lambda one: one.confidence)


def _stem_says(name: str) -> str | None:
    stem = snake_case(Path(name.rpartition("::")[2]).name.partition(".")[0])
    return next((kind for kind, pattern in STEMS if pattern.search(stem)), None)


def as_kind(kind: str, look: FileLook, roles: tuple[Role, ...], says: str | None) -> RecognisedFile | None:
    """The file as one of this kind; null when it cannot be one."""
    has = {role.name: role for role in roles if role.is_sure}
    if not set(REQUIRED[kind]) <= has.keys():
        return _as_leads_without_id(look, roles, says) if kind == "leads" else None
    is_person = any(role.name in PERSON and role.is_sure for role in roles_of(look.columns, CLUES["leads"]))
    # A name says much; without one the columns must tell.
    confidence = min(has[name].confidence for name in REQUIRED[kind]) - (0.0 if says == kind else 0.3)
    if kind == "events":
        confidence += 0.0 if is_key(look.column(has["lead_id"].column)) else 0.25
    elif kind == "outcomes":
        is_result = "at" in has and snake_case(has["at"].column) in OUTCOME_TIME_NAMES
        tells = is_result or "outcome" in has
        is_narrow = len(look.columns) <= FEW_COLUMNS and not is_person
        if not tells or not (says == kind or is_narrow):
            return None
        confidence += 0.2 if is_narrow else 0.0
    elif kind == "accounts" and (is_person or says != kind):
        return None
    named = f"; its name says {kind}" if says == kind else ""
    shown = ", ".join(f"{has[name].column} for {name}" for name in REQUIRED[kind])
    return RecognisedFile(kind, look, round(confidence, 3), f"it has {shown}{named}", roles)


def _as_leads_without_id(look: FileLook, roles: tuple[Role, ...], says: str | None) -> RecognisedFile | None:
    """People without an id: their e-mail addresses tell them apart; rows of facts without either get numbers."""
    email = next((role for role in roles if role.name == "email" and role.is_sure), None)
    if email is not None and is_key(look.column(email.column)):
        reason = f"no id, but {how_distinct(look.column(email.column))}: the address stands for it"
        own = Role("lead_id", email.column, email.confidence, reason)
        return RecognisedFile(
            "leads", look, 0.6 + (0.3 if says == "leads" else 0), f"it has {email.column}", (own, *roles)
        )
    if says in {None, "leads"} and not _points_elsewhere(look) and len(look.columns) > 1:
        confidence = 0.3 + (0.3 if says == "leads" else 0) + (0.1 if outcome_in(look) else 0)
        reason = "rows of facts, but no column tells them apart"
        return RecognisedFile("leads", look, confidence, reason, roles, is_numbered=True)
    return None


def _points_elsewhere(look: FileLook) -> bool:
    """Whether it has an id that comes several times, as a log has."""
    found = (role for role in candidates(look.columns, CLUES["events"][:1]) if role.is_sure)
    return any(look.column(role.column).distinct_share < REPEATED for role in found)


def _why_unknown(look: FileLook, roles: tuple[Role, ...]) -> str:
    has = {role.name for role in roles if role.is_sure}
    missing = [name for name in REQUIRED["events"] if name not in has]
    if "lead_id" in has and missing:
        return f"its ids repeat, so it is no list of leads, and for events it has no {' and no '.join(missing)}"
    return f"no column tells its {look.rows:,} rows apart, and none says what happened when"

"""Columns of a file -> columns of a relation: by mapping, by our own name, else by a short list of well known names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

from scoville.data.quality import Notice
from scoville.data.suggest import did_you_mean, listed, nearest
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A column that a relation cannot do without, and the other names under which it is found without being told.
# Compared as snake case (`Prospect ID` is `prospect_id`). Two of them in one file are ambiguous: nothing is guessed.
PEOPLE = ("lead_id", "prospect_id", "contact_id", "customer_id", "person_id", "user_id", "subscriber_id")
EMAILS = ("email", "email_address", "e_mail", "mail")

KNOWN_AS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "leads": {"lead_id": (*PEOPLE, "id")},
        "events": {
            "lead_id": PEOPLE,
            "event": ("event", "event_name", "event_type", "action", "activity", "type"),
            "occurred_at": (
                "occurred_at",
                "timestamp",
                "event_time",
                "event_timestamp",
                "event_date",
                "occurred",
                "time",
                "datetime",
                "date",
                "created_at",
            ),
        },
        "outcomes": {
            "lead_id": PEOPLE,
            "occurred_at": (
                "at",
                "occurred_at",
                "outcome_at",
                "converted_at",
                "won_at",
                "won_date",
                "closed_at",
                "close_date",
                "timestamp",
                "date",
            ),
        },
        "adjustments": {"lead_id": PEOPLE, "points": ("points", "adjustment")},
        "accounts": {"account_id": ("account_id", "company_id", "company_domain", "domain", "id")},
    }
)
# Columns with a meaning to cleaning, found in any spelling of their own name only. Others keep the file's name.
OPTIONAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("email", "created_at", "updated_at"),
        "events": ("event_id",),
        "outcomes": ("value",),
        "adjustments": ("reason", "created_at", "expires_at"),
        "accounts": ("created_at", "updated_at"),
    }
)


@dataclass(frozen=True)
class Columns:
    """`names` maps our name to the file's, in the order of the file but with the required ones first.

    `is_keyed_by_email`: lead_id is read from an e-mail address, so it is compared without case.
    """

    names: Mapping[str, str]
    is_keyed_by_email: bool = False
    notices: tuple[Notice, ...] = ()


def resolve_columns(relation: str, source: str, found: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Which column of the file is which of ours. Columns that nobody named keep their names, as traits or properties.

    Raises:  DataError for a mapping to a column that is not there, and for a required column that is missing or
             ambiguous; with the columns found, the nearest of them, and the flag that settles it.
    Example: `resolve_columns("leads", "a.csv", ["Prospect ID", "City"], {}).names` ->
             `{"lead_id": "Prospect ID", "City": "City"}`.
    """
    chosen = _mapped(relation, source, found, mapping)
    for name, aliases in KNOWN_AS[relation].items():
        if name not in chosen:
            chosen[name] = _required(relation, source, found, chosen, (name, aliases))
    for name in OPTIONAL[relation]:
        matches = _matches(found, chosen, name, (name,))
        if name not in chosen and len(matches) == 1:
            chosen[name] = matches[0]
    is_keyed_by_email = "lead_id" in chosen and snake_case(chosen["lead_id"]) in EMAILS
    if is_keyed_by_email and relation == "leads":
        chosen.setdefault("email", chosen["lead_id"])
    names, notices = _with_the_rest(relation, found, chosen)
    return Columns(MappingProxyType(names), is_keyed_by_email=is_keyed_by_email, notices=notices)


@lru_cache(maxsize=4096)  # a wide file's names are each held against every name that is known
def snake_case(name: str) -> str:
    """`Prospect ID`, `prospectId` and `prospect-id` as `prospect_id`; letters without their marks: `País` as `pais`."""
    plain = "".join(letter for letter in normalize("NFKD", name.replace("ß", "ss")) if not combining(letter))
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _mapped(relation: str, source: str, found: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for name, column in mapping.items():
        exact = column if column in found else next((one for one in found if one.casefold() == column.casefold()), None)
        if exact is None:
            raise DataError(
                f"{source}: no column '{column}', which {relation}.{name} is mapped to.{did_you_mean(column, found)} "
                f"Columns found: {listed(found)}."
            )
        chosen[name] = exact
    return chosen


def _required(
    relation: str, source: str, found: Sequence[str], chosen: Mapping[str, str], wanted: tuple[str, tuple[str, ...]]
) -> str:
    name, aliases = wanted
    matches = _matches(found, chosen, name, aliases)
    if not matches and name == "lead_id":
        matches = _matches(found, chosen, "email", EMAILS)  # stands in for an id that a file does not have
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DataError(
            f"{source}: {relation}.{name} may be any of the columns {listed(matches)}. "
            f"Say which: --map {relation}.{name}={_flag_value(matches[0])}, or the same in scoville.toml."
        )
    near = next((one for one in (nearest(alias, found) for alias in aliases) if one), None)
    hint = f" Did you mean '{near}'?" if near else ""
    alone = _only_column(found)
    raise DataError(
        f"{source}: no column {name}, which {relation} need.{hint} Columns found: {listed(found)}.{alone} "
        f"Say which column it is: --map {relation}.{name}={_flag_value(near or 'Name in the file')}, "
        "or the same in scoville.toml."
    )


def _flag_value(column: str) -> str:
    return f'"{column}"'


def _only_column(found: Sequence[str]) -> str:
    return " There is only one: is the delimiter what you expect?" if len(found) == 1 else ""


def _matches(found: Sequence[str], chosen: Mapping[str, str], name: str, aliases: tuple[str, ...]) -> list[str]:
    """Columns that may be `name`: the one of exactly this name wins over other names."""
    free = [column for column in found if column not in chosen.values()]
    exact = [column for column in free if column.casefold() == name]
    return exact or [column for column in free if snake_case(column) in aliases]


def _with_the_rest(
    relation: str, found: Sequence[str], chosen: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Notice, ...]]:
    """Our columns first, then the others under their own names; one whose name is now taken is left out, and said."""
    names = {name: chosen[name] for name in (*KNOWN_AS[relation], *chosen) if name in chosen}
    taken = {name.casefold() for name in names}
    notices = []
    for column in found:
        if column in chosen.values():
            continue
        if column.casefold() not in taken:
            names[column] = column
        else:
            text = f"left out: {column} is read from another column of the file, as you mapped it."
            notices.append(Notice(relation, column, text))
    return names, tuple(notices)

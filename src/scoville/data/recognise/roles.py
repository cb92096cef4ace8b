"""What a column may be for: by its name and by its values, with a confidence and a reason in words.

Pure: takes looks, returns roles. A name alone is a rumour: the values must allow it, or there is no role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.data.identity import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scoville.data.recognise.looks import ColumnLook

SURE = 0.6  # from here a role is written down; below it is only offered
EXACT, NEAR, MAYBE = 0.95, 0.75, 0.5  # the name is one that exports use; has such a word in it; a vague one
ABROAD = 0.85  # the name is one that exports use in another language than English
ONLY_VALUES = 0.65  # no word in the name, but values that can hardly be anything else
LEAST_LIKE = 0.8  # share of values that must look like what the name says
UNIQUE = 0.9  # distinct values for each value: a key may have some duplicates, which are merged
FULL = 0.98
TITLES_AT_LEAST = 13  # a list of a dozen is a form's choice; titles that people write are more
ENOUGH_ROWS = 200  # below, few values prove nothing
NAMES_AT_MOST = 500  # of events: more are descriptions
WHOLE_YEARS = (1e9, 1e17)  # seconds to microseconds since 1970 lie in between

PHONE = r"[+(]?\d[\d ()./-]{5,20}\d(?: ?(?:x|ext\.?) ?\d+)?"
DOMAIN = r"(?i)(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/?#].*)?"
ID = r"(?i)[a-z]{0,12}[-_]?\d+|[0-9a-f]{16,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.*\d)[a-z0-9_-]{6,40}"


@dataclass(frozen=True)
class Role:
    """`column` of the file as our column `name`, with a confidence in [0, 1] and the reason in words."""

    name: str
    column: str
    confidence: float
    reason: str

    @property
    def is_sure(self) -> bool:
        """Whether it is written down as found; otherwise it is only offered."""
        return self.confidence >= SURE


@dataclass(frozen=True)
class Clue:
    """How a role shows: names that say it, the best first; a word that hints at it; and what the values must be.

    `abroad` are the names that German, French and Spanish exports use, as snake case without marks on letters. `fits`
    gives the reason that lies in the values, or null when they contradict. `by_values`: the values tell enough when no
    name does. `never`: names that mean something else. `near` is the confidence that the hint gives.
    """

    role: str
    names: tuple[str, ...]
    hint: str | None
    fits: Callable[[ColumnLook], str | None]
    by_values: bool = False
    never: str | None = None
    near: float = NEAR
    abroad: tuple[str, ...] = ()


def roles_of(columns: Iterable[ColumnLook], clues: Sequence[Clue]) -> tuple[Role, ...]:
    """The best role of each kind and column: each role once, each column once, in the order of the clues."""
    order = {clue.role: place for place, clue in enumerate(clues)}
    found = candidates(columns, clues)
    chosen: dict[str, Role] = {}
    for role in sorted(found, key=lambda role: (-role.confidence, order[role.name])):
        if role.name not in chosen and all(role.column != other.column for other in chosen.values()):
            chosen[role.name] = role
    return tuple(sorted(chosen.values(), key=lambda role: order[role.name]))


def candidates(columns: Iterable[ColumnLook], clues: Sequence[Clue]) -> list[Role]:
    """Every role that every column may have, in the order of the columns."""
    both = ((clue, column) for column in columns for clue in clues)
    return [role for clue, column in both if (role := _role(clue, column)) is not None]


def _role(clue: Clue, column: ColumnLook) -> Role | None:
    name = snake_case(column.name)
    if not column.filled or (clue.never and re.search(clue.never, name)):
        return None
    confidence, says = _by_name(clue, name)
    if not confidence and not clue.by_values:
        return None
    seen = clue.fits(column)
    if seen is None:
        return None
    reason = "; ".join(part for part in (seen, says) if part)
    return Role(clue.role, column.name, round(confidence or ONLY_VALUES, 3), reason)


def _by_name(clue: Clue, name: str) -> tuple[float, str]:
    if name in clue.names:
        return EXACT - 0.004 * clue.names.index(name), f"the name says {_spoken(name)}"
    if name in clue.abroad:
        return ABROAD, f"the name says {_spoken(name)}"
    word = re.search(clue.hint, name) if clue.hint else None
    return (clue.near, f"the name has '{_spoken(word[0])}' in it") if word else (0.0, "")


def _spoken(name: str) -> str:
    return name.strip("_").replace("_", " ")


# --- what values must be ---------------------------------------------------------------------------------------------


def share_like(pattern: str, column: ColumnLook) -> float:
    """Share of the values shown that match the whole pattern, in [0, 1]."""
    whole = re.compile(pattern)
    return sum(bool(whole.fullmatch(value)) for value in column.shown) / len(column.shown) if column.shown else 0.0


def how_full(column: ColumnLook) -> str:
    """`never empty`, or the share that is."""
    missing = 1 - column.filled_share
    return "never empty" if not missing else f"empty in {shown_share(missing)}"


def shown_share(share: float) -> str:
    """A share as a reader wants it: `37.9%`, `under 0.1%`."""
    return f"{share:.1%}".replace(".0%", "%") if share >= 0.001 else "under 0.1%"  # noqa: PLR2004


def counted(number: int, what: str) -> str:
    """`1 value`, `1,200 values`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def how_distinct(column: ColumnLook) -> str:
    """`6,468 distinct of 6,468, never empty`."""
    return f"{column.distinct:,} distinct of {column.filled:,}, {how_full(column)}"


def is_key(column: ColumnLook) -> bool:
    """Whether its values tell rows apart: nearly all different, nearly never missing, and no measure."""
    whole = column.type == "text" or (column.type == "number" and not any("." in value for value in column.shown))
    return whole and column.filled_share >= FULL and column.distinct_share >= UNIQUE


def key(column: ColumnLook) -> str | None:
    """The values tell rows apart."""
    return how_distinct(column) if is_key(column) else None


def key_by_looks(column: ColumnLook) -> str | None:
    """A key whose values look like one; measures and people's names can be all different too."""
    is_long_text = column.type == "text" and share_like(ID, column) >= LEAST_LIKE
    return how_distinct(column) if is_key(column) and (is_long_text or _has_key_name(column)) else None


KEY_NAME = r"(?:^|_)(?:id|key|uuid|guid|no|nr|number|ref|code)$|nummer$|^id_(?:de_|del_|du_)?(?:client|contact)"


def _has_key_name(column: ColumnLook) -> bool:
    return bool(re.search(KEY_NAME, snake_case(column.name)))


def pointer(column: ColumnLook) -> str | None:
    """An id that points elsewhere: it may come many times."""
    is_whole = column.type == "number" and not any("." in value for value in column.shown)
    is_name = column.type == "text" and (
        _has_key_name(column) or max(share_like(ID, column), share_like(ADDRESS, column)) >= LEAST_LIKE
    )
    return how_distinct(column) if is_whole or is_name else None


def like(pattern: str, what: str, least: float = LEAST_LIKE) -> Callable[[ColumnLook], str | None]:
    """Enough of the values shown match the whole pattern; `what` names them."""

    def fits(column: ColumnLook) -> str | None:
        share = share_like(pattern, column)
        return f"{shown_share(share)} of the values are {what}" if share >= least else None

    return fits


def of_type(*types: str) -> Callable[[ColumnLook], str | None]:
    """The column is of one of these types."""

    def fits(column: ColumnLook) -> str | None:
        return how_full(column) if column.type in types else None

    return fits


def a_time(column: ColumnLook) -> str | None:
    """Times, dates, or numbers that can be times."""
    if column.is_order_open:
        return f"dates, but day/month and month/day both fit, such as {column.shown[0]}"
    if column.type == "time":
        return f"times, {how_full(column)}"
    low, high = WHOLE_YEARS
    is_epoch = (
        column.type == "number" and column.quantiles and low <= column.quantiles[0] <= column.quantiles[-1] < high
    )
    return f"times as numbers since 1970, {how_full(column)}" if is_epoch else None


def category(column: ColumnLook) -> str | None:
    """A text with few values."""
    return f"{counted(column.distinct, 'value')}, {how_full(column)}" if column.type == "text" and column.top else None


def shared(column: ColumnLook) -> str | None:
    """Values that many rows share."""
    is_shared = column.distinct_share < 0.5 or column.rows < ENOUGH_ROWS  # noqa: PLR2004 - on average two rows each
    return f"{counted(column.distinct, 'value')}, {how_full(column)}" if column.type != "time" and is_shared else None


def titles(column: ColumnLook) -> str | None:
    """Texts that are too many to be a choice in a form."""
    is_varied = column.distinct >= TITLES_AT_LEAST or column.rows < ENOUGH_ROWS
    return f"{column.distinct:,} titles, {how_full(column)}" if column.type == "text" and is_varied else None


def event_names(column: ColumnLook) -> str | None:
    """A text with few values that come many times."""
    is_repeated = column.distinct_share < 0.5 or column.rows < ENOUGH_ROWS  # noqa: PLR2004 - as shared
    if column.type != "text" or column.distinct > NAMES_AT_MOST or not is_repeated:
        return None
    shown = ", ".join(value for value, _ in column.top[:3])
    return f"{counted(column.distinct, 'value')}, such as {shown}"


def json_objects(column: ColumnLook) -> str | None:
    """Texts that are JSON objects."""
    return "JSON objects" if column.type == "text" and share_like(r"(?s)\{.*\}", column) >= LEAST_LIKE else None

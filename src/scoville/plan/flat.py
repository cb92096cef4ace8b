"""A query that reads from the top: no SELECT inside another, a word above each step, names without quotes.

In: a query of named steps as a tree. Out: the same, changed in place. Called by `script.py`.
"""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

import sqlglot as sg
import sqlglot.expressions as sge

from scoville.spelling.reserved import reserved_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLAIN = re.compile("[a-z_][a-z0-9_]*")
_NO_LETTERS = re.compile("[^a-z0-9]+")
NOTES = {
    "as_of": "the instant that the scores speak of, in UTC",
    "clean_leads": "your leads by the names and types of the model: change here what does not fit",
    "clean_events": "your events likewise; instants in UTC",
    "traits": "what the model reads of each lead",
    "people": "the segment, the qualification and the points of each fit rule",
    "event_rules": "the rules about events, as a table",
    "met": "the events that a rule looks at",
    "hits": "their age and what each of them weighs",
    "event_points": "points of each lead and rule",
    "sums": "fit and engagement within their clamps, and what each clamp took",
    "weighed": "the score, and the rules that gave and took most",
    "graded": "letters and words from numbers",
    "ranked": "rank and percentile",
    "scores": "one row for each lead",
    "contributions": "one row for each lead and rule; they add up to the score",
    "members": "the people of each account",
    "account_scores": "one row for each account",
}
"""What a step is for, said above it."""


def flatten(query: sge.Select) -> None:
    """Each SELECT inside another becomes a step of its own before it: read from the top, never from the inside."""
    flat = [cte for step in query.ctes for cte in _flattened(step)]
    query.args["with_"].set("expressions", flat)


def _flattened(step: sge.CTE) -> Iterator[sge.CTE]:
    names = (f"{step.alias}_{number}" for number in count(1))
    yield from _lifted(step.this, names)
    if step.alias in NOTES:
        step.this.add_comments([f" {NOTES[step.alias]} "])
    yield step


def _lifted(body: sge.Expression, names: Iterator[str]) -> Iterator[sge.CTE]:
    """The steps inside a SELECT, taken out of it, each after those that it reads."""
    inside = body.args.get("with_")
    body.set("with_", None)
    ctes = inside.expressions if inside is not None else []
    for cte in ctes:
        yield from _lifted(cte.this, names)
        name = next(names)
        for reader in (body, *ctes):
            _reread(reader, cte.alias, name)
        yield _cte(name, cte.this)
    for subquery in reversed(
        [one for one in body.find_all(sge.Subquery) if isinstance(one.parent, (sge.From, sge.Join))]
    ):
        name = next(names)
        alias = subquery.args.get("alias")
        subquery.replace(sge.Table(this=sg.to_identifier(name, quoted=True), alias=alias))
        yield _cte(name, subquery.this)


def _reread(reader: sge.Expression, before: str, after: str) -> None:
    for table in reader.find_all(sge.Table):
        if table.name == before:
            table.set("this", sg.to_identifier(after, quoted=True))


def _cte(name: str, body: sge.Expression) -> sge.CTE:
    return sge.CTE(this=body, alias=sge.TableAlias(this=sg.to_identifier(name, quoted=True)))


def plain_names(query: sge.Select, dialect: str, *, theirs: str) -> None:
    """Our names in small letters, digits and _, without quotes; those of the user's columns as they are.

    `theirs` is how the names of the user's tables begin.
    """
    reserved = reserved_in(dialect)
    kept = {id(name) for name in _columns_of_tables(query, theirs)}
    every = [name for name in query.find_all(sge.Identifier) if not isinstance(name.parent, sge.Collate)]
    ours = plain(dict.fromkeys(name.name for name in every if id(name) not in kept))
    for name in every:
        said = name.name if id(name) in kept else ours[name.name]
        is_bare = _PLAIN.fullmatch(said) is not None and said not in reserved
        if dialect == "snowflake" and id(name) in kept:
            said, is_bare = _folded(said, reserved)
        name.set("this", said)
        name.set("quoted", not is_bare)


def _columns_of_tables(query: sge.Select, beginning: str) -> Iterator[sge.Identifier]:
    for select in query.find_all(sge.Select):
        table = select.args["from_"].this if select.args.get("from_") else None
        if isinstance(table, sge.Table) and table.name.startswith(beginning):
            columns = (column.this for column in select.find_all(sge.Column))
            yield from (name for name in columns if isinstance(name, sge.Identifier))


def plain(names: Iterable[str]) -> dict[str, str]:
    """Each name with a plain one that no other has."""
    names = list(names)
    plain = {name: name for name in names if _PLAIN.fullmatch(name)}
    taken = set(plain)
    for name in names:
        if name not in plain:
            base = _NO_LETTERS.sub("_", name.lower()).strip("_")
            base = base if base[:1].isalpha() else f"column_{base}"
            numbered = chain([base], (f"{base}_{number}" for number in count(2)))
            plain[name] = next(one for one in numbered if one not in taken)
            taken.add(plain[name])
    return plain


def _folded(name: str, reserved: frozenset[str]) -> tuple[str, bool]:
    """A column of a table in Snowflake: `email` stands there as EMAIL, unless it was quoted; `Job Title` is kept."""
    if _PLAIN.fullmatch(name.lower()) is None or not (name.islower() or name.isupper()):
        return name, False
    is_bare = name.lower() not in reserved
    return (name.lower() if is_bare else name.upper()), is_bare

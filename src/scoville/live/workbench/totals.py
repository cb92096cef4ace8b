"""What leads did, added up by rule: worked out once, whatever points the rule gives.

In: rules about events, instants. Out: rows of one table in memory: for each rule, instant and lead how many events
matched, what their weights add up to, and the newest. Called by `sides`. It is the plan's own step `rule_totals`; what
it costs to change points, caps, groups or lines is what comes after it.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import ibis

from scoville.data.keep import literal, quoted
from scoville.live.scoring.wanted import Wanted, columns_for
from scoville.live.store.metadata import from_us, to_us
from scoville.live.workbench.tables import EVENTS
from scoville.model.conditions import traits_of
from scoville.model.schema import SumRule
from scoville.plan.engagement import add_event_points
from scoville.plan.ledger import Ledger
from scoville.plan.steps import Steps, to_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import duckdb

    from scoville.plan.ledger import NumberedEventRule

TOTALS = "totals"
_MOST_ROWS = 40_000_000  # of all rules and instants; beyond it everything is worked out anew
_GROUPS = ("", "any_", "newest_", "newest_any_")  # the plan's own: rules that are added up alike
_MET, _ENDING = "met", "rule_totals"
_Key = tuple[object, ...]


class Totals:
    """The table, and what stands in it."""

    def __init__(self, cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> None:
        self._cursor = cursor
        self._numbers: dict[_Key, int] = {}
        self._there: set[tuple[int, int]] = set()
        self._turn = threading.Lock()
        with cursor() as run:
            run.execute(
                f"CREATE TABLE {TOTALS} (key INTEGER, as_of_us BIGINT, lead_id VARCHAR, matched BIGINT, total DOUBLE, "
                "age_us BIGINT, newest_at TIMESTAMP)"
            )

    def have(self, rules: Sequence[NumberedEventRule], instants: Sequence[datetime]) -> dict[int, int]:
        """See that some rules are added up as of some instants; the key of each rule in the table, by its number."""
        with self._turn:
            self._make_room()
            keys = {entry.number: self._number(entry) for entry in rules}
            lacking: dict[frozenset[int], list[int]] = {}
            for at_us in map(to_us, instants):
                missing = frozenset(key for key in keys.values() if (key, at_us) not in self._there)
                lacking.setdefault(missing, []).append(at_us)
            for missing, several_us in lacking.items():
                self._add({keys[one.number]: one for one in rules if keys[one.number] in missing}, several_us)
            return keys

    def views(
        self, keys: Mapping[int, int], rules: Sequence[NumberedEventRule], at: datetime
    ) -> Iterator[tuple[str, str]]:
        """The plan's steps of totals, as queries of the table, with the rules numbered as that plan has them."""
        for prefix, chosen in _grouped(rules).items():
            pairs = ", ".join(f"({keys[entry.number]}, {entry.number}::SMALLINT)" for entry in chosen)
            some = ", ".join(str(keys[entry.number]) for entry in chosen)
            query = (
                f"SELECT t.lead_id, k.rule, t.matched, t.total, t.age_us, t.newest_at FROM {TOTALS} t "  # noqa: S608 - ours
                f"JOIN (VALUES {pairs}) k(key, rule) USING (key) WHERE t.as_of_us = {to_us(at)} AND t.key IN ({some})"
            )
            yield f"{prefix}{_ENDING}", query

    def _number(self, entry: NumberedEventRule) -> int:
        return self._numbers.setdefault(_key(entry), len(self._numbers))

    def _make_room(self) -> None:
        with self._cursor() as cursor:
            held = cursor.execute(f"SELECT count(*) FROM {TOTALS}").fetchall()[0][0]  # noqa: S608 - ours
            if held > _MOST_ROWS:
                cursor.execute(f"TRUNCATE {TOTALS}")
                self._there.clear()

    def _add(self, missing: Mapping[int, NumberedEventRule], instants_us: Sequence[int]) -> None:
        if not missing:
            return
        rules = [replace(entry, number=number, group=None) for number, entry in enumerate(missing.values())]
        pairs = ", ".join(f"({number}, {key})" for number, key in enumerate(missing))
        steps, groups = steps_of(rules), _grouped(rules)
        met = [f"{prefix}{_MET}" for prefix in groups] if len(instants_us) > 1 else []  # the same at every instant
        with self._cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE as_of AS SELECT NULL::TIMESTAMP AS as_of")
            cursor.execute(f"CREATE TEMP VIEW events AS {_events(rules)}")
            for step in met:
                cursor.execute(f"CREATE TEMP TABLE {step} AS {to_sql(steps.relations, step, 'duckdb')}")
            totals = [to_sql(steps.relations, f"{prefix}{_ENDING}", "duckdb", given=met) for prefix in groups]
            for at_us in instants_us:
                cursor.execute("UPDATE as_of SET as_of = ?::TIMESTAMP", [from_us(at_us)])
                for query in totals:
                    cursor.execute(
                        f"INSERT INTO {TOTALS} SELECT k.key, {at_us}, t.lead_id, t.matched, t.total, t.age_us, "  # noqa: S608
                        f"t.newest_at FROM ({query}) t JOIN (VALUES {pairs}) k(rule, key) USING (rule)"
                    )
        self._there |= {(key, at_us) for key in missing for at_us in instants_us}


def _grouped(rules: Sequence[NumberedEventRule]) -> dict[str, list[NumberedEventRule]]:
    """Rules by the beginning of the plan's steps that add them up."""
    found: dict[str, list[NumberedEventRule]] = {}
    for entry in rules:
        prefix = _GROUPS[2 * entry.must_be_sorted + ("*" in entry.rule.event)]
        found.setdefault(prefix, []).append(entry)
    return found


def _key(entry: NumberedEventRule) -> _Key:
    """All that a rule's totals rest on: not its points, nor its name."""
    rule, of = entry.rule, entry.rule.sum.of if isinstance(entry.rule, SumRule) else None
    limits = (rule.within, entry.at_most, getattr(rule, "at_most_per_day", None), entry.must_be_sorted)
    return (tuple(rule.event), repr(rule.when), of, *limits, *entry.fading)


def steps_of(rules: Sequence[NumberedEventRule]) -> Steps:
    """The plan's steps from events to the points of some rules."""
    ledger = Ledger((), (), (), tuple(rules), ())
    steps = Steps()
    columns = columns_for(_wanted(rules)).events or {}
    as_of = ibis.table({"as_of": "timestamp(6)"}, name="as_of")
    add_event_points(steps, ibis.table(dict(columns), name="events"), as_of, ledger)
    return steps


def _events(rules: Sequence[NumberedEventRule]) -> str:
    """The events that the rules name, with the properties that they read as columns."""
    wanted = _wanted(rules)
    held = "".join(
        f", json_extract_string(properties, {literal(_path(name))}) AS {quoted(name)}" for name in wanted.properties
    )
    named = "" if wanted.events is None else f" WHERE event IN ({', '.join(map(literal, sorted(wanted.events)))})"
    return f"SELECT lead_id, event, occurred_at{held} FROM {EVENTS}{named}"  # noqa: S608 - literals


def _wanted(rules: Sequence[NumberedEventRule]) -> Wanted:
    """What some rules read of events."""
    read: dict[str, None] = {}
    for entry in rules:
        if entry.rule.when is not None:
            read |= dict.fromkeys(traits_of(entry.rule.when))
        if isinstance(entry.rule, SumRule):
            read[entry.rule.sum.of] = None
    names = {name for entry in rules for name in entry.rule.event}
    return Wanted((), tuple(read), None if "*" in names else frozenset(names))


def _path(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'

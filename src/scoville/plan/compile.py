"""Model + columns -> Plan: the only place where a score is defined.

In: a Model and the columns of `leads` and `events`. Out: a `Plan`, which runs nothing. Called by `scoring.py`, and by
anything that needs the arithmetic somewhere else (another engine, a warehouse, a single lead a second after a click).

Read `compile_plan` first: its lines are the way of a lead through the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis

from scoville.data.traits import LOOKUPS
from scoville.errors import PlanError
from scoville.plan.accounts import add_account_scores
from scoville.plan.adjusted import add_adjusted
from scoville.plan.carried import CARRIED_TABLES
from scoville.plan.contributions import add_contributions
from scoville.plan.engagement import add_event_points
from scoville.plan.grading import add_graded
from scoville.plan.ledger import Ledger, ledger_of
from scoville.plan.people import add_people, add_traits, used_traits
from scoville.plan.ranking import add_ranked, add_ranks, add_scores
from scoville.plan.reasons import add_weighed, reason_keys
from scoville.plan.script import Source, needs, script_of
from scoville.plan.steps import SCRIPT, Constant, Steps, needed, tables_in, timeless, to_sql
from scoville.plan.sums import add_engagement, add_sums, narrow_to_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    import ibis.expr.types as ir

    from scoville.model.load import Model


@dataclass(frozen=True)
class Columns:
    """Names and Ibis types of the columns that a plan may read, and whether there are `adjustments` beside them."""

    leads: Mapping[str, ibis.DataType | str]
    events: Mapping[str, ibis.DataType | str] | None = None
    has_adjustments: bool = False


@dataclass(frozen=True)
class Plan:
    """A model compiled for some columns.

    Named relations over the inputs `leads`, `events`, `as_of` and lookup lists.
    """

    model: Model
    ledger: Ledger
    relations: Mapping[str, ir.Table | Constant]
    inputs: tuple[str, ...]
    own: Mapping[str, Mapping[str, ir.Table]] = field(default_factory=dict, compare=False, repr=False)
    _texts: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def lookups(self) -> tuple[str, ...]:
        """Names of the lists that an engine must bind beside `leads`, `events` and `as_of`."""
        return tuple(name for name in self.inputs if name in LOOKUPS)

    def sql(
        self, output: str = "scores", dialect: str = "duckdb", *, given: Iterable[str] = (), pretty: bool = False
    ) -> str:
        """One SELECT for `scores`, `contributions`, `account_scores` or any step, for an SQL dialect of Ibis.

        `given` names steps that exist as tables already, so that two outputs can share them.
        """
        # writing SQL takes a quarter of a second, and one plan is asked for the same text again and again
        given = tuple(given)
        asked = (output, dialect, "pretty" if pretty else "", *given)
        if asked not in self._texts:
            self._texts[asked] = to_sql(self._said_in(dialect), output, dialect, given, pretty=pretty)
        return self._texts[asked]

    def script(
        self,
        output: str,
        dialect: str,
        *,
        as_of: datetime | None = None,
        leads: Source | None = None,
        events: Source | None = None,
    ) -> str:
        """The query to read and to paste, with `as_of` written into it (null: the time at which it runs).

        It begins with the user's own tables, `leads` and `events` unless named otherwise.
        Raises: PlanError for an output that this plan does not have, or a dialect that cannot say something the model
        uses.
        """
        given = {"leads": leads or Source("leads"), "events": events or Source("events")}
        sources = {name: source for name, source in given.items() if name in self.inputs}
        head = "".join(f"-- {line}\n" for line in self._head(output, dialect, sources))
        return f"{head}{self.select(output, dialect, sources, as_of=as_of)};"

    def select(
        self,
        output: str,
        dialect: str,
        sources: Mapping[str, Source],
        *,
        as_of: datetime | str | None = None,
        lists: Mapping[str, str] | None = None,
    ) -> str:
        """The same without the comment on top; `as_of` may be SQL, and `lists` says how lists are called there."""
        if output not in self.relations:
            message = f"this model gives no '{output}'; it needs `accounts:` for account_scores"
            raise PlanError(message)
        said = {**self._said_in(dialect), **self.own.get(SCRIPT, {})}
        return script_of(said, output, dialect, sources=sources, as_of=as_of, names=lists)

    def _said_in(self, dialect: str) -> Mapping[str, ir.Table | Constant]:
        """The steps, those in the dialect's own words that have some."""
        return {**self.relations, **self.own.get(dialect, {})}

    def _head(self, output: str, dialect: str, sources: Mapping[str, Source]) -> Iterator[str]:
        name = " ".join(self.model.name.split())  # a line break in it would end the comment
        reads = ", ".join(source.table for source in sources.values())
        yield f"{output} by Scoville: {name}, version {self.model.version}. Reads {reads}."
        if self.lookups:
            yield f"Lists to load beside them, which `scoville sql --lists FOLDER` writes: {', '.join(self.lookups)}."
        if (statement := needs(dialect)) is not None:
            yield f"Before it, in the same session: {statement};"

    def timeless(self, output: str) -> tuple[str, ...]:
        """The steps behind an output that are the same at every as_of, and that those read which are not."""
        return tuple(timeless(self.relations, output, "as_of"))

    @property
    def totals(self) -> tuple[str, ...]:
        """The steps that add up what leads did, by lead and rule; of a plan that is carried on."""
        left = self.relations.get("left_totals")
        return () if left is None or isinstance(left, Constant) else tuple(tables_in(left) - {"as_of"})

    def rests_on(self, *outputs: str) -> tuple[str, ...]:
        """The steps that some outputs need, in order."""
        return tuple(needed(self.relations, outputs))

    def reads(self, step: str, given: Iterable[str] = ()) -> frozenset[str]:
        """The tables that the query of a step reads: inputs, and steps in `given`, which exist as tables already."""
        given = tuple(given)
        found = (self.relations[name] for name in needed(self.relations, [step], given))
        tables = {name for one in found if not isinstance(one, Constant) for name in tables_in(one)}
        return frozenset(tables & {*self.inputs, *given})


def compile_plan(model: Model, columns: Columns, *, is_carried: bool = False) -> Plan:
    """Compile a model for leads (and events) with the given columns.

    `is_carried`: the events are those since an earlier run, whose `left_totals` and `left_hits` stand as
    `carried_totals` and `carried_hits`.

    Raises: PlanError when the model reads a trait or property that is not among them.
    """
    steps, ledger = Steps(), ledger_of(model)
    keys = reason_keys(ledger, model, has_adjustments=columns.has_adjustments)
    leads = ibis.table(dict(columns.leads), name="leads")
    as_of = ibis.table({"as_of": "timestamp(6)"}, name="as_of")
    lookups = {name: ibis.table(dict(lookup.columns), name=name) for name, lookup in LOOKUPS.items()}

    traits = add_traits(steps, leads, used_traits(model, ledger), lookups)
    people = add_people(steps, traits, as_of, model, ledger)
    event_points = engagement = None
    if columns.events is not None and ledger.events:
        events = ibis.table(dict(columns.events), name="events")
        event_points = add_event_points(steps, events, as_of, ledger, is_carried=is_carried)
        event_points = narrow_to_segments(steps, event_points, people, ledger)
        engagement = add_engagement(steps, event_points, ledger, keys)
    adjusted = add_adjusted(steps, as_of) if columns.has_adjustments else None
    sums = add_sums(steps, people, engagement, adjusted, model, ledger)
    add_contributions(steps, sums, event_points, adjusted, model, ledger)
    weighed = add_weighed(steps, sums, keys)
    graded = add_graded(steps, weighed, as_of, model, ledger)
    scores = add_scores(steps, add_ranked(steps, graded, add_ranks(steps, weighed)), model, keys)
    if model.accounts is not None:
        add_account_scores(steps, traits, scores, model)
    read = {
        name
        for relation in steps.relations.values()
        if not isinstance(relation, Constant)
        for name in tables_in(relation)
    }
    inputs = tuple(
        name for name in ("leads", "events", "adjustments", "as_of", *CARRIED_TABLES, *LOOKUPS) if name in read
    )
    return Plan(model, ledger, dict(steps.relations), inputs, steps.own)

"""What each rule gives, and the scores without it: the plan run again from the step at which rules become a sum.

In: a few leads, a plan, instants. Out: points by rule and lead, and scores. Called by `pooled.py`.

Leaving a rule out compiles nothing: the plan's own steps `people` and `event_points` are made once, the points of one
rule are taken out of them, and the plan's own step `sums` goes on from there. There is no second arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scoville.data.keep import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    import numpy.typing as npt

    from scoville.evidence.sampled import Few
    from scoville.plan.compile import Plan
    from scoville.plan.ledger import Ledger, NumberedEventRule, NumberedFitRule, SectionName


@dataclass(frozen=True)
class RulePlace:
    """A rule by its number in its section. Two segments may have rules of one name: `segments` tells them apart.

    `segments` are the numbers of the segments whose leads it speaks of, 0 for leads of no segment; `segment` is the
    name of the segment that has it, null for a rule of the model's own sections. `gives_without_events`: it gives
    points to leads that did nothing it looks at.
    """

    section: SectionName
    number: int
    name: str
    segments: tuple[int, ...]
    segment: str | None
    gives_without_events: bool


def places_of(ledger: Ledger) -> tuple[RulePlace, ...]:
    """Every rule of a model: fit first, each section's own rules before those of segments."""
    fit = [_place(ledger, "fit", entry, gives_without_events=False) for entry in ledger.fit]
    events = [
        _place(ledger, "engagement", entry, gives_without_events=entry.points_without_events != 0)
        for entry in ledger.events
    ]
    return (*fit, *events)


def _place(
    ledger: Ledger, section: SectionName, entry: NumberedFitRule | NumberedEventRule, *, gives_without_events: bool
) -> RulePlace:
    segment = ledger.segment_names[entry.segments[0] - 1] if entry.segments and entry.segments[0] else None
    return RulePlace(section, entry.number, entry.rule.name, entry.segments, segment, gives_without_events)


@dataclass(frozen=True)
class Trial:
    """A few leads at one instant, with the steps that rules end in made as tables. Arrays are in the order of `few`.

    `shared` are steps that are tables too and the same at every instant.
    """

    few: Few
    plan: Plan
    as_of: datetime
    rules: tuple[RulePlace, ...]
    events_step: str | None
    shared: tuple[str, ...]

    @cached_property
    def _sums(self) -> str:
        given = ["people", *([self.events_step] if self.events_step else [])]
        return self.plan.sql("sums", self.few.engine.dialect, given=given)

    @cached_property
    def scores(self) -> npt.NDArray[np.float64]:
        """The model's score of each lead."""
        return self._column(f"SELECT score FROM ({self._sums}) ORDER BY lead_id")  # noqa: S608 - our own steps

    @cached_property
    def segment(self) -> npt.NDArray[np.int64]:
        """The number of each lead's segment, 0 for none."""
        return self._column("SELECT segment_no FROM people ORDER BY lead_id").astype(np.int64)

    @cached_property
    def points(self) -> npt.NDArray[np.float64]:
        """What each rule (row) gives each lead (column), after its own clamp, before those of groups and sections."""
        return self._points(f'FROM temp.main."{self.events_step}"')

    def points_since(self, age: timedelta) -> npt.NDArray[np.float64]:
        """The same, had nothing happened before `age` ago."""
        if self.events_step is None:
            return self.points
        since = literal((self.as_of - age).isoformat(" "))
        engine = self.few.engine
        step = self.plan.sql(self.events_step, engine.dialect, given=dict.fromkeys(["people", *self.shared]))
        dated = [name for name in ("events", *self.shared) if "occurred_at" in engine.columns(name)]
        recent = [f'"{name}" AS (FROM temp.main."{name}" WHERE occurred_at > TIMESTAMP {since})' for name in dated]
        return self._points(f"WITH {', '.join(recent)} FROM ({step})")

    def scores_without(self, rule: RulePlace) -> npt.NDArray[np.float64] | None:
        """The score of each lead had the model not had this rule.

        Null for a rule about silence where no events were given: it says the same of everybody.
        """
        if rule.section == "fit":
            people = f"SELECT * REPLACE (0::DOUBLE AS fit_{rule.number}) FROM temp.main.people"  # noqa: S608 - our own tables
            return self._scores_with("people", people)
        if self.events_step is None:
            return None if rule.gives_without_events else self.scores
        kept = f'FROM temp.main."{self.events_step}" WHERE rule <> {rule.number}'
        if rule.gives_without_events:  # an event worth nothing, so that nobody has points for having none
            met = f"SELECT lead_id, {rule.number}::SMALLINT AS rule, 0::DOUBLE AS points FROM temp.main.people"  # noqa: S608 - as above
            kept = f"{kept} UNION ALL BY NAME {met}"
        return self._scores_with(self.events_step, kept)

    def _scores_with(self, step: str, query: str) -> npt.NDArray[np.float64]:
        return self._column(f'WITH "{step}" AS ({query}) SELECT score FROM ({self._sums}) ORDER BY lead_id')  # noqa: S608 - as above

    def _points(self, events: str) -> npt.NDArray[np.float64]:
        """Points of each rule and lead, when `events` is the query for the step of event points."""
        found = np.zeros((len(self.rules), len(self.few.lead)))
        head = f'WITH "{self.events_step}" AS ({events}) ' if self.events_step else ""
        columns = {place: name for place, rule in enumerate(self.rules) if (name := _column_of(rule)) is not None}
        if columns:
            asked = ", ".join(f"{name} AS c{place}" for place, name in columns.items())
            rows = self.few.engine.arrow(f"{head}SELECT {asked} FROM ({self._sums}) ORDER BY lead_id")  # noqa: S608 - as above
            for place in columns:
                found[place] += rows[f"c{place}"].to_numpy()
        if self.events_step:
            self._add_event_points(found, head)
        return found

    def _add_event_points(self, found: npt.NDArray[np.float64], head: str) -> None:
        rows = self.few.engine.arrow(
            f"{head}SELECT f.lead_no, e.rule::BIGINT AS rule, e.points "  # noqa: S608 - as above
            f'FROM "{self.events_step}" e JOIN few f USING (lead_id)'
        )
        row_of = np.array([place for place, rule in enumerate(self.rules) if rule.section == "engagement"])
        place = np.searchsorted(self.few.lead, rows["lead_no"].to_numpy())
        found[row_of[rows["rule"].to_numpy()], place] += rows["points"].to_numpy()

    def _column(self, query: str) -> npt.NDArray[np.float64]:
        return np.asarray(self.few.engine.arrow(query).column(0).to_numpy(), dtype=np.float64)


def _column_of(rule: RulePlace) -> str | None:
    """The column of `sums` that holds the rule's points, in all or for leads without events."""
    if rule.section == "fit":
        return f"fit_{rule.number}"
    return f"idle_{rule.number}" if rule.gives_without_events else None


def trials_of(few: Few, plan: Plan, instants: Sequence[datetime]) -> Iterator[Trial]:
    """Run the plan on a few leads at each instant, up to the steps in which every rule still stands by itself.

    What is the same at every instant is run once. A trial can be asked until the next one is made, whose tables take
    the place of its own.
    """
    step = next((name for name in ("segment_points", "event_points") if name in plan.relations), None)
    few.bind(plan, instants[0])
    shared = plan.timeless("sums")
    few.engine.materialise(plan, shared)
    own = [name for name in ("people", step) if name is not None and name not in shared]
    for as_of in instants:
        few.engine.bind_as_of(as_of)
        few.engine.materialise(plan, own, shared)
        yield Trial(few, plan, as_of, places_of(plan.ledger), step, shared)

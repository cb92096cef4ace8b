"""What can be said of some leads at an instant: this value, that range, this event done. Each is true or false of each.

In: a few leads, an instant. Out: `Feature`s. Called by `misses.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.data.keep import literal, quoted
from scoville.evidence.figures.sample import even_groups, levels
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    import pyarrow as pa
    from numpy.typing import NDArray

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.sampled import Few

Kind = Literal["trait", "event"]

MOST_VALUES = 40  # of one trait: more are names, not kinds
FEW_NUMBERS = 10  # different numbers up to which each is a value of its own
QUARTERS = 4
AGES = (0, 30, 90, 180, 365)  # days
LATELY_DAYS = 30
MOST_EVENTS = 100
# They name a person, so that nothing can be in common but by chance; or say when somebody typed.
_PERSONAL = ("lead_id", "email", "phone", "name", "first_name", "last_name", "full_name", "updated_at")
_DERIVED = {
    "email.kind": "email", "job_title.seniority": "job_title", "job_title.function": "job_title",
    "phone.country": "phone",
}  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """`says` completes "leads that ...", such as `have source = partner`. `holds` has one entry per lead."""

    kind: Kind
    name: str
    says: str
    holds: Bools


def features_of(few: Few, as_of: datetime, open_: Ints, without: Collection[str] = ()) -> tuple[Feature, ...]:
    """Everything that can be said of the leads at places `open_` of `few`, by their traits and by what they did so far.

    `without` names columns that are not asked. Traits are as they are in the file today, events up to `as_of`.
    """
    kept = {name for name in few.engine.columns("leads") if name not in {*_PERSONAL, *without}}
    return (*_traits(few, as_of, open_, kept), *_events(few, as_of, open_))


# Traits


def _traits(few: Few, as_of: datetime, open_: Ints, kept: Collection[str]) -> Iterator[Feature]:
    columns = {name: kind for name, kind in few.engine.columns("leads").items() if name in kept}
    plain = ", ".join(quoted(name) for name in columns) or "lead_id"
    rows = few.engine.arrow(f"SELECT {plain} FROM leads ORDER BY lead_id").take(open_)  # noqa: S608 - our own tables
    for name, kind in columns.items():
        if kind.is_timestamp() or kind.is_date():
            days = _days_before(rows[name], as_of)
            yield from _ages(days) if name == "created_at" else _given(name, ~np.isnan(days))
        elif kind.is_numeric():
            yield from _numbers(name, _floats(rows[name]))
        else:
            yield from _values(name, rows[name])
    yield from _derived(few, as_of, open_)


def _derived(few: Few, as_of: datetime, open_: Ints) -> Iterator[Feature]:
    """What an address or a title says, as a plan works it out."""
    columns = few.engine.columns("leads")
    names = [name for name, source in _DERIVED.items() if source in columns and name not in columns]
    if not names:
        return
    rules = [{"name": name, "when": {name: {"is": "present"}}, "points": 1} for name in names]
    asking = Model.from_dict({"scoville": 1, "name": "What is known", "fit": {"rules": rules}})
    plan = compile_plan(asking, columns_of(few.engine, with_events=False))
    few.bind(plan, as_of)
    traits = plan.sql("traits", few.engine.dialect)
    rows = few.engine.arrow(f"SELECT * FROM ({traits}) ORDER BY lead_id").take(open_)  # noqa: S608 - our own steps
    for name in names:
        yield from _values(name, rows[trait_column(name)])


def _values(name: str, column: pa.ChunkedArray) -> Iterator[Feature]:
    """Each of the most frequent texts of a column, and that there is none. Text compares ignoring case and blanks."""
    import pyarrow as pa  # noqa: PLC0415 - only here
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    texts = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), "")).combine_chunks()
    coded = pc.utf8_lower(texts).dictionary_encode()
    code, folded = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    counts = np.bincount(code, minlength=len(folded))
    first = np.unique(code, return_index=True)[1]  # a value is shown as it is first written
    yield from _missing(name, code == (folded.index("") if "" in folded else -1))
    frequent = [place for place in np.argsort(-counts, kind="stable").tolist() if folded[place]][:MOST_VALUES]
    for place in frequent:
        yield Feature("trait", name, f"have {name} = {texts[int(first[place])].as_py()}", code == place)


def _numbers(name: str, values: Floats) -> Iterator[Feature]:
    """Each number where there are few, else quarters of the leads by their number; and that there is none."""
    there = ~np.isnan(values)
    yield from _missing(name, ~there)
    known, level = levels(values[there])
    if known.size <= FEW_NUMBERS:
        for number in known.tolist():
            yield Feature("trait", name, f"have {name} = {number:.6g}", values == number)
        return
    group = even_groups(np.bincount(level).astype(np.float64), QUARTERS)
    edges = known[np.flatnonzero(np.diff(group, prepend=-1))].tolist()
    for low, high in zip(edges, [*edges[1:], np.inf], strict=True):
        yield Feature("trait", name, f"have {name} {_range(low, high, edges[0])}", (values >= low) & (values < high))


def _range(low: float, high: float, lowest: float) -> str:
    if high == np.inf:
        return f"from {low:,.6g}"
    return f"below {high:,.6g}" if low == lowest else f"from {low:,.6g} to below {high:,.6g}"


def _missing(name: str, is_missing: Bools) -> Iterator[Feature]:
    yield Feature("trait", name, f"have no {name}", np.asarray(is_missing, dtype=np.bool_))


def _given(name: str, is_there: Bools) -> Iterator[Feature]:
    yield Feature("trait", name, f"have a {name}", is_there)
    yield from _missing(name, ~is_there)


def _ages(days: Floats) -> Iterator[Feature]:
    for low, high in zip(AGES, [*AGES[1:], np.inf], strict=True):
        said = f"over {low} days" if high == np.inf else f"{low} to {high:.0f} days"
        yield Feature("trait", "created_at", f"came {said} before", (days >= low) & (days < high))


def _days_before(column: pa.ChunkedArray, as_of: datetime) -> Floats:
    """NaN where there is no date."""
    days = np.datetime64(as_of, "us") - column.to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(days), np.nan, days.astype(np.float64) / 86_400_000_000)


def _floats(column: pa.ChunkedArray) -> Floats:
    import pyarrow as pa  # noqa: PLC0415 - only here

    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


# Events


def _events(few: Few, as_of: datetime, open_: Ints) -> Iterator[Feature]:
    """For each kind of event who ever did it and who did lately; and who did nothing at all."""
    if not few.has_events:
        return
    at = literal(as_of.isoformat(" "))
    rows = few.engine.arrow(
        "SELECT e.event, f.lead_no, max(e.occurred_at) "  # noqa: S608 - our own tables
        f"> TIMESTAMP {at} - INTERVAL {LATELY_DAYS} DAY AS lately FROM events e JOIN few f USING (lead_id) "
        f"WHERE e.occurred_at <= TIMESTAMP {at} GROUP BY 1, 2 ORDER BY 1, 2"
    )
    place, lately = np.searchsorted(few.lead, rows["lead_no"].to_numpy()), rows["lately"].to_numpy()
    names, code = np.unique(np.array(rows["event"].to_pylist(), dtype=np.str_), return_inverse=True)
    holds = _holder(len(few.lead), open_)
    yield Feature("event", "*", "had done nothing at all", ~holds(place))
    frequent = np.argsort(-np.bincount(code, minlength=names.size), kind="stable")[:MOST_EVENTS]
    for number in sorted(frequent.tolist()):
        did = code == number
        yield Feature("event", str(names[number]), f"had done {names[number]}", holds(place[did]))
        said = f"had done {names[number]} in the last {LATELY_DAYS} days"
        yield Feature("event", str(names[number]), said, holds(place[did & lately]))


def _holder(leads: int, open_: Ints) -> Callable[[Ints], NDArray[np.bool_]]:
    """From places of leads that did something to whether each of the open ones did."""

    def holds(place: Ints) -> Bools:
        did = np.zeros(leads, dtype=np.bool_)
        did[place] = True
        return did[open_]

    return holds

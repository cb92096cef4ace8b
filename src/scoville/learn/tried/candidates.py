"""History and rows -> everything that a card could say about a lead: traits, and what it did, in many forms.

In: a history and its rows. Out: `Candidates`: columns and amounts aligned with the rows, each with where it comes from
and a name, and what was left out and why. Called by `learning`.

Traits are as they are today; what a lead did is what was known at the instant of the row. Every value is what the plan
of the rule gives that is later written from it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.leaks.named import find_leaks
from scoville.learn.choosing.bands import Column, numbers
from scoville.learn.choosing.selecting import Amount
from scoville.learn.tried.happenings import asked_about, figures
from scoville.learn.tried.naming import name_of
from scoville.learn.tried.origins import Counted, Decayed
from scoville.learn.tried.trait_columns import check_names, trait_columns, trait_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.learn.rows import Rows
    from scoville.learn.tried.happenings import Asked
    from scoville.learn.tried.origins import Happening, Origin

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

MOST_BYTES = 600_000_000  # of all amounts and columns of behaviour
MOST_HAPPENINGS = 40
_EVENT = "event: "


@dataclass(frozen=True)
class Candidate:
    """A column or an amount with a value for each row, and how it is written as a rule."""

    name: str
    origin: Origin
    candidate: Column | Amount


@dataclass(frozen=True)
class Candidates:
    """All of them, traits first. `left_out` names what is none, with the reason; events as `event: NAME`."""

    all: tuple[Candidate, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[Column | Amount, ...]:
        """What `selecting.select` takes."""
        return tuple(one.candidate for one in self.all)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where each comes from, in the same order."""
        return tuple(one.origin for one in self.all)

    def at(self, rows: Bools) -> Candidates:
        """The same candidates on some of the rows only."""
        return Candidates(tuple(replace(one, candidate=_at(one.candidate, rows)) for one in self.all), self.left_out)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


def candidates_of(
    history: History, rows: Rows, traits: Sequence[str] | None = None, exclude: Collection[str] = ()
) -> Candidates:
    """What a card could be made of.

    `traits` names those that may be used, the derived ones such as `job_title.seniority` among them; None: all that are
    worth a look. `exclude` names traits and events that may not. What looks written after the outcome is never used.
    Where outcomes have no dates, events are not: what came before the outcome cannot be told from what came after.

    Raises: UsageError for a name in `traits` that is no trait of the leads.
    """
    plan = trait_plan(history)
    if traits is not None:
        check_names(traits, plan)
    leaks = {leak.name: f"looks written after the outcome: {leak.reason}" for leak in find_leaks(history, plan)}
    left_out = {**leaks, **dict.fromkeys(exclude, "left out as asked")}
    told = [
        Candidate(column.name, origin, _small(column))
        for origin, column in trait_columns(history, rows, plan, traits, left_out)
    ]
    did = list(_behaviour(history, rows, left_out, {*exclude}))
    return Candidates(_with_own_names([*told, *did]), tuple(left_out.items()))


# Behaviour


def _behaviour(history: History, rows: Rows, left_out: dict[str, str], exclude: set[str]) -> Iterator[Candidate]:
    if not history.loaded.has_events:
        return
    if not history.outcomes.has_dates:
        left_out["events"] = "outcomes have no dates, so nobody knows what came before them"
        return
    never = {name.removeprefix(_EVENT) for name in left_out if name.startswith(_EVENT)} | exclude | {*history.won}
    best: list[tuple[float, int, Asked, dict[Origin, Floats]]] = []
    bound = _most(rows)
    for number, (asked, found) in enumerate(figures(history, rows, asked_about(history, never))):
        best.append((max(_gain(rows, column) for column in found.values()), -number, asked, _held(found)))
        if len(best) > bound:
            weakest = min(best, key=lambda one: one[:2])
            best.remove(weakest)
            left_out[f"{_EVENT}{_spoken(weakest[2].of)}"] = f"{bound} other kinds of events tell more"
    best.sort(key=lambda one: one[1])
    while best:
        *_, asked, found = best.pop()
        yield from _forms(asked.of, found)


def _held(found: dict[Origin, Floats]) -> dict[Origin, Floats]:
    """Counts in half the memory: they are whole numbers."""
    return {
        origin: column.astype(np.float32) if isinstance(origin, Counted) else column for origin, column in found.items()
    }


def _most(rows: Rows) -> int:
    """How many kinds of events fit into memory: eight amounts each and five columns of cells."""
    return max(8, min(MOST_HAPPENINGS, MOST_BYTES // max(1, len(rows) * (8 * 8 + 5 * 4))))


def _gain(rows: Rows, column: Floats) -> float:
    """What an amount adds to twice the log likelihood of the training rows: a score test of its logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        amount = np.log1p(np.nan_to_num(1 / (1 + column)) if np.isnan(column).any() else column)[rows.train]
    won, weight = rows.won[rows.train].astype(np.float64), rows.weight[rows.train]
    total = max(float(weight.sum()), 1e-12)
    # sums and not products of vectors: for these numpy starts threads, which wait for each other on a busy machine
    rate = float((weight * won).sum()) / total
    centred = amount - float((weight * amount).sum()) / total
    spread = rate * (1 - rate) * float((weight * centred**2).sum())
    return float((weight * (won - rate) * centred).sum()) ** 2 / spread if spread > 0 else 0.0


def _forms(of: Happening, found: dict[Origin, Floats]) -> Iterator[Candidate]:
    """All that can be said of one kind of events; they say the same in different ways, so a card takes one of them."""
    group = _spoken(of)
    for origin in list(found):
        column = found.pop(origin)
        name = name_of(origin)
        if isinstance(origin, Decayed):
            yield Candidate(name, origin, Amount(name, column, group=group))
        else:
            yield Candidate(name, origin, _small(numbers(name, column, shape="either", group=group)))


def _spoken(of: Happening) -> str:
    if of.where is None:
        return of.event
    return f"{of.event} where {of.where[0]} {'begins with' if of.below else 'is'} {of.where[1]}"


# Shapes


def _small(column: Column) -> Column:
    """Cells are few: half the memory."""
    return replace(column, codes=column.codes.astype(np.int32))


def _at(candidate: Column | Amount, rows: Bools) -> Column | Amount:
    if isinstance(candidate, Column):
        return replace(candidate, codes=candidate.codes[rows])
    return replace(candidate, of=candidate.of[rows])


def _with_own_names(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The forms of one kind of events may share a name, as only one is chosen; nothing else may."""
    owners: dict[str, set[str | None]] = {}
    for one in found:
        owners.setdefault(one.name, set()).add(one.candidate.group or str(one.origin))
    seen: Counter[str] = Counter()
    made = []
    for one in found:
        if len(owners[one.name]) > 1:
            seen[one.name] += 1
            name = f"{one.name} ({seen[one.name]})" if seen[one.name] > 1 else one.name
            made.append(replace(one, name=name, candidate=replace(one.candidate, name=name)))
        else:
            made.append(one)
    return tuple(made)

"""What has moved between two profiles, by how much, in words, and what to do about it.

In: a base `Profile` and the columns of now. Out: `Moved`, the farthest first. Pure. Called by `stability.py` and
`drift.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.evidence.drift.profile import Kind  # noqa: TC001 - kept figures are read back by their types
from scoville.evidence.drift.psi import FALSE_ALARMS, MISSING, OTHERS, Shift, shift, stability_index
from scoville.evidence.figures.sample import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.drift.profile import Column, ColumnProfile, Profile

SHOWN_BINS = 30  # of a column; beyond it nobody reads on
_GONE = 0.1  # of what a rule or trait once reached is left: look for a broken import before a changed market


@dataclass(frozen=True)
class BinShare:
    """One bin of a column: its share of the leads then and now, between 0 and 1."""

    label: str
    base: float
    now: float


@dataclass(frozen=True)
class Moved:
    """One column then and now.

    `filled_base` and `filled_now` are the shares of leads that get points from the rule, or have the trait. `is_gone`
    says that less than a tenth of it is left, beyond chance: of a rule that speaks of few leads the index stays small
    even when it speaks of none. `sentence` says what moved most, `advice` what to do; both are empty where nothing is
    shown to have moved.
    """

    kind: Kind
    name: str
    section: str | None
    shift: Shift
    filled_base: float
    filled_now: float
    is_gone: bool
    bins: tuple[BinShare, ...]
    sentence: str
    advice: str

    @property
    def has_moved(self) -> bool:
        """Whether it moved, beyond chance."""
        return self.is_gone or self.shift.word in {"moved", "shifted"}

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `psi` and what belongs to it beside the name."""
        shift_ = self.shift
        return {
            "kind": self.kind, "name": self.name, "section": self.section, "psi": shift_.psi, "psi_low": shift_.low,
            "psi_high": shift_.high, "psi_by_chance": shift_.by_chance, "p": shift_.p, "word": shift_.word,
            "base_leads": shift_.base_leads, "now_leads": shift_.now_leads, "filled_base": self.filled_base,
            "filled_now": self.filled_now, "is_gone": self.is_gone, "bins": [vars(one) for one in self.bins],
            "sentence": self.sentence, "advice": self.advice,
        }  # fmt: skip


def moved(base: Profile, columns: Sequence[Column]) -> tuple[Moved, ...]:
    """Every column of now against the base; the score first, then what moved farthest.

    Columns that the base does not have, or has in another kind, are left out: `unmatched` names them.
    """
    pairs = _pairs(base, columns)
    found = [_moved(before, column, len(pairs)) for before, column in pairs]
    return tuple(sorted(found, key=lambda one: (one.kind != "score", not one.has_moved, -(one.shift.psi or 0.0))))


def indices(base: Profile, columns: Sequence[Column]) -> dict[tuple[str, str | None, str], float | None]:
    """The population stability index of each column against the base, by kind, section and name."""
    found: dict[tuple[str, str | None, str], float | None] = {}
    for before, column in _pairs(base, columns):
        counts = before.bins.counts(column.values)
        has_both = before.leads and sum(counts)
        found[column.kind, column.section, column.name] = stability_index(before.counts, counts) if has_both else None
    return found


def unmatched(base: Profile, columns: Sequence[Column]) -> list[str]:
    """What cannot be compared, and why, in words."""
    here = {(column.kind, column.section, column.name): column for column in columns}
    there = {(column.kind, column.section, column.name): column for column in base.columns}
    lines = [f"{kind} '{name}' is new since the baseline" for kind, _, name in here.keys() - there.keys()]
    lines += [f"{kind} '{name}' is no more in the model" for kind, _, name in there.keys() - here.keys()]
    for key in here.keys() & there.keys():
        if here[key].has_numbers == (there[key].bins.texts is not None):
            held, holds = ("numbers", "texts") if there[key].bins.texts is None else ("texts", "numbers")
            lines.append(
                f"{key[0]} '{key[2]}' held {held} in the baseline and holds {holds} now: was the import changed?"
            )
    return sorted(lines)


def _pairs(base: Profile, columns: Sequence[Column]) -> list[tuple[ColumnProfile, Column]]:
    known = {(one.kind, one.section, one.name): one for one in base.columns}
    pairs = [(known.get((column.kind, column.section, column.name)), column) for column in columns]
    return [
        (before, column)
        for before, column in pairs
        if before is not None and column.has_numbers == (before.bins.texts is None)
    ]


def _moved(before: ColumnProfile, column: Column, columns: int) -> Moved:
    counts = before.bins.counts(column.values)
    found = shift(before.counts, counts, columns)
    base_leads, now_leads = max(1, before.leads), max(1, sum(counts))
    filled = before.filled / base_leads, column.filled() / now_leads
    shares = [
        BinShare(label, then / base_leads, now / now_leads)
        for label, then, now in zip(before.bins.labels, before.counts, counts, strict=True)
        if then or now
    ]
    is_gone = found.p is not None and found.p < FALSE_ALARMS / columns and filled[1] < _GONE * filled[0]
    has_moved = is_gone or found.word in {"moved", "shifted"}
    return Moved(
        column.kind,
        column.name,
        column.section,
        found,
        *filled,
        is_gone,
        tuple(shares[:SHOWN_BINS]),
        _sentence(column, filled, shares) if has_moved else _unshown(found),
        _advice(column, filled, shares) if has_moved else "",
    )


def _unshown(found: Shift) -> str:
    if found.word == "cannot tell":
        fewer = min(found.base_leads, found.now_leads)
        return f"cannot tell: {counted(fewer, 'lead')} {'now' if found.now_leads == fewer else 'then'}"
    return "with so few leads, chance alone may do this" if found.word == "not shown" else ""


def _sentence(column: Column, filled: tuple[float, float], shares: Sequence[BinShare]) -> str:
    if column.kind == "rule" and abs(filled[1] - filled[0]) >= _largest(shares) / 2:
        return f"points for {filled[1]:.0%} of the leads, {filled[0]:.0%} before"
    most = max(shares, key=lambda one: abs(one.now - one.base))
    return f"{most.label}: {most.now:.0%} of the leads, {most.base:.0%} before"


def _largest(shares: Sequence[BinShare]) -> float:
    return max((abs(one.now - one.base) for one in shares), default=0.0)


def _advice(column: Column, filled: tuple[float, float], shares: Sequence[BinShare]) -> str:
    gone = filled[1] < _GONE * filled[0]
    if column.kind == "score":
        return "a line lets through more or fewer leads than it did: set the lines anew (scoville threshold)"
    if column.kind == "rule":
        if gone:
            return "it gives points to almost nobody now: was an event or a value renamed?"
        return "look whether leads behave otherwise, or events are recorded otherwise"
    missing = next((one for one in shares if one.label == MISSING), None)
    if gone or (missing is not None and missing.now - missing.base >= _largest(shares) / 2):
        return "it is filled in less often: look at the form or the import first"
    others = next((one for one in shares if one.label == OTHERS), None)
    if others is not None and others.now - others.base >= _largest(shares) / 2:
        return "values are new: does the model name them?"
    return "other people come in than before: ask whether campaigns or sources changed"

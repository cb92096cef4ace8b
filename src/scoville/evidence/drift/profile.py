"""What leads look like at one instant: their score, the points of each rule, the traits that the model reads.

In: a history, a plan, its panel. Out: `Column`s of values, and `Profile`s, which hold counts alone and can be kept as a
baseline. Called by `stability.py` and `drift.py`.

Only **new** leads are compared: those created within a window before the instant. All open leads of a later day are an
older crowd than those of an earlier one, because nobody leaves but by converting: decayed points alone would look like
drift for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from scoville.evidence.drift.psi import Bins, number_bins, text_bins
from scoville.plan.people import trait_column, used_traits

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

    Values = NDArray[Any]

Kind = Literal["score", "rule", "trait"]

PERSONAL = ("lead_id", "email", "phone", "name", "first_name", "last_name", "full_name")  # seen as given or not, alone
_NUMBERS = 0.95  # of the texts of a trait that read as numbers, for it to be one: a model compares them as such
_DAY_US = 86_400_000_000
_UNDATED = datetime(1901, 1, 1)  # noqa: DTZ001 - naive UTC; a lead without any date counts as created in 1900


@dataclass(frozen=True)
class Column:
    """One column of values, one per lead: floats (NaN is missing) or texts (None is missing)."""

    kind: Kind
    name: str
    section: str | None
    values: Values

    @property
    def has_numbers(self) -> bool:
        """Whether it holds numbers."""
        return self.values.dtype != np.object_

    def bins(self) -> Bins:
        """Where to cut it, when this is the base period."""
        return number_bins(self.values.astype(np.float64)) if self.has_numbers else text_bins(self.values)

    def filled(self) -> int:
        """Leads that the rule gives or takes points, or that have the trait."""
        if not self.has_numbers:
            return sum(value is not None for value in self.values.tolist())
        numbers = self.values.astype(np.float64)
        return int((numbers != 0).sum() if self.kind == "rule" else (~np.isnan(numbers)).sum())


@dataclass(frozen=True)
class ColumnProfile:
    """A column as counts: leads per bin, and how many have the trait, or points of the rule."""

    kind: Kind
    name: str
    section: str | None
    bins: Bins
    counts: tuple[int, ...]
    filled: int

    @property
    def leads(self) -> int:
        """All leads, with and without a value."""
        return sum(self.counts)


@dataclass(frozen=True)
class Judged:
    """How the score did on the new leads of an instant whose horizon is over; `auc_se` is None where it cannot be told.

    `cannot_tell` says why a figure is missing or not to be relied on.
    """

    as_of: datetime
    horizon_days: float
    leads: int
    conversions: int
    auc: float | None
    auc_se: float | None
    cannot_tell: str | None


@dataclass(frozen=True)
class Profile:
    """The leads of one instant as counts: no value of a single lead, so that it can be kept in a file.

    `window_days` is how old the leads may be at most; None: all open ones. `stages` holds, for each stage, its
    threshold and the leads at or above it.
    """

    model: str
    model_version: str
    as_of: datetime
    window_days: float | None
    leads: int
    columns: tuple[ColumnProfile, ...]
    stages: dict[str, tuple[float, int]]
    judged: Judged | None = None


def profile_of(plan: Plan, as_of: datetime, window: timedelta | None, columns: tuple[Column, ...]) -> Profile:
    """Columns of one instant as counts, in bins of their own. The first column is the score."""
    score = columns[0].values.astype(np.float64)
    kept = []
    for column in columns:
        bins = column.bins()
        counts = bins.counts(column.values)
        kept.append(ColumnProfile(column.kind, column.name, column.section, bins, counts, column.filled()))
    return Profile(
        plan.model.name, plan.model.version, as_of, window / timedelta(days=1) if window is not None else None,
        score.size, tuple(kept), stage_counts(plan.model, score),
    )  # fmt: skip


def stage_counts(model: Model, score: Floats) -> dict[str, tuple[float, int]]:
    """For each stage its threshold and how many scores are at or above it."""
    return {stage.name: (float(stage.from_), int((score >= stage.from_).sum())) for stage in model.stages}


# Which leads


@dataclass(frozen=True)
class Created:
    """When each lead was created, by its number in the panel."""

    at: NDArray[np.datetime64]

    def within(self, panel: Panel, window: timedelta | None) -> Bools:
        """The rows of a panel whose lead was created within a window before their snapshot; None: all of them."""
        if window is None:
            return np.ones(len(panel), dtype=np.bool_)
        starts = np.array([np.datetime64(as_of - window, "us") for as_of in panel.as_of])
        rows: Bools = self.at[panel.lead] > starts[panel.snapshot]
        return rows

    def first(self) -> datetime | None:
        """Where the data begin: the first creation but for the earliest 0.1 %, which may be typed wrong."""
        known = np.sort(self.at[self.at > np.datetime64(_UNDATED, "us")])
        return known[int(0.001 * known.size)].astype(object) if known.size else None


def created_of(engine: DuckDB) -> Created:
    """The creation (or first event) of every lead; `panel_leads` stands since the panel was built."""
    rows = engine.arrow("SELECT lead_no, created_at FROM panel_leads")
    at = np.full(rows.num_rows + 1, np.datetime64("NaT", "us"))
    at[rows["lead_no"].to_numpy()] = rows["created_at"].to_numpy().astype("datetime64[us]")
    return Created(at)


def only(panel: Panel, rows: Bools) -> Panel:
    """Some rows of a panel."""
    labels = {name: replace(one, codes=one.codes[rows]) for name, one in panel.labels.items()}
    return replace(
        panel, snapshot=panel.snapshot[rows], lead=panel.lead[rows], score=panel.score[rows], fit=panel.fit[rows],
        engagement=panel.engagement[rows], won=panel.won[rows], value=panel.value[rows], labels=labels,
    )  # fmt: skip


# What they look like


@dataclass
class Reader:
    """Reads columns of the leads of a panel: the score of all of them, rules and traits of the few."""

    few: Few
    plan: Plan
    panel: Panel
    _traits: dict[str, Values] = field(default_factory=dict)
    _is_ready: bool = False

    def columns(self, snapshot: int) -> tuple[Column, ...]:
        """Score first, then every rule, then every trait, of the leads that the panel has at one snapshot."""
        as_of = self.panel.as_of[snapshot]
        places = self.few.places(self.panel, self.few.rows(self.panel, snapshot))
        if not self._is_ready:  # binding takes longer than asking; from here on only the instant changes
            self.few.bind(self.plan, as_of)
            self.few.engine.materialise(self.plan, self.plan.timeless("contributions"))
            self._traits.update(_traits(self.few, self.plan))
            self._is_ready = True
        self.few.engine.bind_as_of(as_of)
        score = Column("score", "score", None, self.panel.score[self.panel.snapshot == snapshot])
        return (score, *self._rules(places), *self._read_traits(as_of, places))

    def _rules(self, places: Ints) -> Iterator[Column]:
        dialect, made = self.few.engine.dialect, self.plan.timeless("contributions")
        given = self.few.engine.arrow(
            "SELECT f.lead_no, c.section, c.rule, c.points "  # noqa: S608 - our own steps
            f"FROM ({self.plan.sql('contributions', dialect, given=made)}) c JOIN few f USING (lead_id)"
        )
        rule, section_of = (_coded(given[name]) for name in ("rule", "section"))
        lead = np.searchsorted(self.few.lead, given["lead_no"].to_numpy())
        points = given["points"].to_numpy()
        for section, name in _rule_names(self.plan.model):
            rows = (rule.codes == rule.place(name)) & (section_of.codes == section_of.place(section))
            total = np.bincount(lead[rows], points[rows], minlength=self.few.lead.size).astype(np.float64)
            yield Column("rule", name, section, np.round(total[places], 6))

    def _read_traits(self, as_of: datetime, places: Ints) -> Iterator[Column]:
        for name, values in self._traits.items():
            here = values[places]
            if np.issubdtype(here.dtype, np.datetime64):  # a date moves with the calendar, an age does not
                here = _ages_days(as_of, here)
            yield Column("trait", name, None, here)


class _Coded(NamedTuple):
    """A column of texts: for each row the place of its text in `names`."""

    names: list[str]
    codes: Ints

    def place(self, name: str) -> int:
        return self.names.index(name) if name in self.names else -1


def _coded(column: pa.ChunkedArray) -> _Coded:
    texts = column.combine_chunks().dictionary_encode()
    return _Coded(texts.dictionary.to_pylist(), texts.indices.to_numpy())


def _rule_names(model: Model) -> list[tuple[str, str]]:
    """Section and name as contributions have them, each once, in the order of the file."""
    found = [("score", f"disqualified: {qualification.name}") for qualification in (*model.qualify, *model.disqualify)]
    for section in ("fit", "engagement"):
        found += [(section, rule.name) for rule in getattr(model, section).rules]
        for segment in model.segments:
            content = getattr(segment, section)
            found += [(section, rule.name) for rule in (content.rules if content is not None else ())]
    return list(dict.fromkeys(found))


def _traits(few: Few, plan: Plan) -> dict[str, Values]:
    """What the model reads of the few leads, derived traits too, in the order of `few.lead`."""
    rows = few.engine.arrow(
        f"SELECT t.* FROM ({plan.sql('traits', few.engine.dialect)}) t JOIN few f USING (lead_id) "  # noqa: S608
        "ORDER BY f.lead_no"
    )
    return {name: _values(name, rows[trait_column(name)]) for name in used_traits(plan.model, plan.ledger)}


def _ages_days(as_of: datetime, dates: Values) -> Floats:
    ages = np.full(dates.size, np.nan)
    known = ~np.isnat(dates)
    ages[known] = (np.datetime64(as_of, "us") - dates[known]).astype(np.int64) / _DAY_US
    return ages


def _values(name: str, column: pa.ChunkedArray) -> Values:
    import pyarrow as pa  # noqa: PLC0415 - only here

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return np.asarray(column.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False), dtype="datetime64[us]")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    texts = [None if value is None else str(value) for value in column.to_pylist()]
    if name in PERSONAL:
        return np.array([None if text is None else "(given)" for text in texts], dtype=np.object_)
    numbers = np.array([_number(text) for text in texts], dtype=np.float64)
    known = sum(text is not None for text in texts)
    if known and (~np.isnan(numbers)).sum() >= _NUMBERS * known:
        return numbers
    return np.array(texts, dtype=np.object_)


def _number(text: str | None) -> float:
    try:
        number = float(text) if text is not None else np.nan
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan

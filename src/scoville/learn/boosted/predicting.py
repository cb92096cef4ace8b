"""A boosted model meets the leads of a run: features as of its instant, probabilities, and the reason for each.

In: a `ScoreRun` and a `Boosted`. Out: columns beside the scores. What leads did is worked out by the very queries that
the model was learned from, and traits are those that the plan sees. Called by the command line and by notebooks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scoville.data.keep import literal, quoted
from scoville.data.suggest import did_you_mean, listed
from scoville.data.traits import DERIVED
from scoville.engines.duckdb import DuckDB
from scoville.engines.engine import Spread
from scoville.errors import DataError, UsageError
from scoville.learn.boosted.features import matrix_of
from scoville.learn.tried.happenings import Asked, figures
from scoville.learn.tried.origins import Decayed, Summed, Trait
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from scoville.learn.boosted.features import Feature
    from scoville.learn.boosted.kept import Boosted
    from scoville.learn.tried.origins import Happening, Origin
    from scoville.scoring import ScoreRun

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

_KINDS = {
    "lead_id": "string", "boosted_probability": "float64", "boosted_reasons": "string",
    "blended_probability": "float64",
}  # fmt: skip
UP, DOWN = 3, 1  # as many reasons as the points give
_TELLS = 0.005  # in log odds: what moves less is no reason


def add_boosted(run: ScoreRun, boosted: Boosted, blend: float | None = None) -> None:
    """Put `boosted_probability` and `boosted_reasons` beside the scores of a run; with `blend`, both kinds mixed.

    `blend` is the share of the boosted model, from 0 to 1: `blended_probability` is the mean, so weighted, of its log
    odds and those of the model's own `probability`. All are null for leads that the model disqualifies.

    Raises:  UsageError for a share that is none, or to blend with a model without probability; DataError for leads or
        events without a column that the boosted model looks at; UsageError without LightGBM.
    Example: `add_boosted(run, load_boosted("boosted.json")); run.scores`
    """
    _check_blend(run, blend)
    run.keep("scores")
    likely = "s.probability" if run.model.probability is not None else "CAST(NULL AS DOUBLE)"
    judged = f"SELECT s.lead_id, s.disqualified_by IS NULL AS counts, {likely} AS likely FROM scores s"  # noqa: S608 - our own
    names = ("boosted_probability", "boosted_reasons", *(("blended_probability",) if blend is not None else ()))
    if isinstance(run.engine, Spread):
        part = partial(_of_part, boosted=boosted, blend=blend, as_of=run.as_of, lists=run.lists, sees=_has_events(run))
        run.engine.work_out("boosted", part, {name: _KINDS[name] for name in ("lead_id", *names)}, beside=judged)
        run.beside_kept("boosted", names)
    else:
        known = run.engine.arrow(f"{judged} ORDER BY lead_id")
        run.beside(_columns(features_at(run, boosted), known, boosted, blend))


def _columns(matrix: Singles, known: pa.Table, boosted: Boosted, blend: float | None) -> pa.Table:
    """What is put beside the scores, for leads in the order of their ids."""
    counts = known["counts"].to_numpy()
    found = boosted.probability(matrix)
    columns = {
        "lead_id": known["lead_id"],
        "boosted_probability": pa.array(found, mask=~counts),
        "boosted_reasons": pa.array(reasons(boosted, matrix), pa.string(), mask=~counts),
    }
    if blend is not None:
        own = known["likely"].to_numpy().astype(np.float64)
        columns["blended_probability"] = pa.array(_blended(own, found, blend), mask=~counts | np.isnan(own))
    return pa.table(columns)


def _of_part(
    tables: Mapping[str, pa.Table],
    *,
    boosted: Boosted,
    blend: float | None,
    as_of: datetime,
    lists: Mapping[str, Sequence[str]],
    sees: bool,
) -> pa.Table:
    """The same for some leads and their events, in a DuckDB of its own."""
    engine = DuckDB(threads=1)
    try:
        for name, rows in tables.items():
            with engine.registered(rows) as source:
                engine.keep(name, f"SELECT * FROM {source}")  # noqa: S608 - our own name
        matrix = _matrix(_Leads(engine, as_of, lists, has_events=sees), boosted)
        return _columns(matrix, engine.arrow("SELECT * FROM beside ORDER BY lead_id"), boosted, blend)
    finally:
        engine.close()


def _check_blend(run: ScoreRun, blend: float | None) -> None:
    if blend is None:
        return
    if not 0 <= blend <= 1:
        raise UsageError(f"blend is {blend:g}: give the share of the boosted model, from 0 to 1")
    if run.model.probability is None:
        raise UsageError(
            f"the model '{run.model.name}' has no probability to blend with; measure it first: "
            "scoville validate MODEL ... --write-probability"
        )


def _blended(own: Floats, boosted: Floats, share: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (1 - share) * np.log(own / (1 - own)) if share < 1 else np.zeros_like(own)
        odds = odds + (share * np.log(boosted / (1 - boosted)) if share > 0 else 0.0)
        return np.asarray(1 / (1 + np.exp(-odds)), np.float64)


# Features


def features_at(run: ScoreRun, boosted: Boosted) -> Singles:
    """The features of every lead of a run at its instant, in the order of lead ids; those no tree asks about empty.

    Raises: DataError for a column that is not there.
    """
    return _matrix(_Leads(run.duckdb, run.as_of, run.lists, has_events=_has_events(run)), boosted)


def _has_events(run: ScoreRun) -> bool:
    return run.quality.relation("events") is not None


@dataclass(frozen=True)
class _Leads:
    """Clean leads and events at an instant: all those of a run, or a part of them."""

    engine: DuckDB
    as_of: datetime
    lists: Mapping[str, Sequence[str]]
    has_events: bool


def _matrix(run: _Leads, boosted: Boosted) -> Singles:
    engine = run.engine
    engine.run(
        "CREATE OR REPLACE TEMP TABLE learn_rows AS SELECT row_number() OVER (ORDER BY lead_id) - 1 AS row_no, "  # noqa: S608
        f"lead_id, row_number() OVER (ORDER BY lead_id) AS lead_no, TIMESTAMP {literal(str(run.as_of))} AS as_of, "
        "true AS is_train FROM leads ORDER BY lead_id"
    )
    rows = engine.arrow("SELECT count(*) AS n FROM learn_rows")["n"][0].as_py()
    columns = [np.full(rows, np.nan, np.float32)] * len(boosted.features)
    used = [(place, boosted.features[place]) for place in boosted.used]
    for found in (_traits(run, used), _behaviour(run, used, rows)):
        for place, column in found:
            columns[place] = column
    engine.run("DROP TABLE learn_rows")
    return matrix_of(columns, rows)


def _traits(run: _Leads, used: Sequence[tuple[int, Feature]]) -> Iterable[tuple[int, Singles]]:
    wanted = [(place, one, one.origin.trait) for place, one in used if isinstance(one.origin, Trait)]
    if not wanted:
        return
    columns = columns_of(run.engine, with_events=False)
    for *_, name in wanted:
        _check_trait(name, list(columns.leads))
    rules = [{"name": str(place), "by": name, "values": {"x": 1}} for place, _, name in wanted]
    plan = compile_plan(Model.from_dict({"scoville": 1, "name": "Traits", "fit": {"rules": rules}}), columns)
    run.engine.bind_lists(plan, run.lists)
    run.engine.run(f"CREATE OR REPLACE TEMP TABLE learn_traits AS {plan.sql('traits', run.engine.dialect)}")
    for place, feature, name in wanted:
        yield place, feature.column(_cells_of(run, feature, name))
    run.engine.run("DROP TABLE learn_traits")


def _check_trait(name: str, known: Sequence[str]) -> None:
    if name in known or (name in DERIVED and any(one in known for one in DERIVED[name].sources)):
        return
    raise DataError(
        f"the boosted model looks at the trait '{name}', which these leads do not have.{did_you_mean(name, known)} "
        f"They have: {listed(known)}"
    )


def _cells_of(run: _Leads, feature: Feature, name: str) -> NDArray[np.int64]:
    column = quoted(trait_column(name))
    if not feature.by_value:
        found = _read(run, f"try_cast({column} AS DOUBLE)").fill_null(float("nan"))
        return feature.cells.codes(found.to_numpy(zero_copy_only=False))  # type: ignore[union-attr]
    # as when it was learned from: texts that differ in case and outer blanks only are one
    texts = _read(run, f"trim({column}::VARCHAR)").to_pylist()
    usual = {str(value).strip().lower(): value for value in feature.cells.values}  # type: ignore[union-attr]
    spelled = [None if text is None else usual.get(text.strip().lower(), "\0") for text in texts]
    return feature.cells.codes(np.array(spelled, object))  # type: ignore[union-attr]


def _read(run: _Leads, value: str) -> pa.Array:
    table = run.engine.arrow(f"SELECT {value} AS value FROM learn_traits ORDER BY lead_id")  # noqa: S608
    return table["value"].combine_chunks()


def _behaviour(run: _Leads, used: Sequence[tuple[int, Feature]], rows: int) -> Iterable[tuple[int, Singles]]:
    """What each lead did; without events nobody did anything."""
    wanted: dict[Happening, dict[Origin, tuple[int, Feature]]] = {}
    for place, feature in used:
        if not isinstance(feature.origin, Trait):
            wanted.setdefault(feature.origin.of, {})[feature.origin] = (place, feature)
    asked = [
        Asked(of, tuple(dict.fromkeys(o.what for o in forms if isinstance(o, Summed)))) for of, forms in wanted.items()
    ]
    if not run.has_events:
        for forms in wanted.values():
            yield from ((place, _never(feature, rows)) for place, feature in forms.values())
        return
    for one, found in figures(run, range(rows), asked):
        for origin, (place, feature) in wanted[one.of].items():
            yield place, _numbers(feature, found[origin])


def _never(feature: Feature, rows: int) -> Singles:
    is_amount = isinstance(feature.origin, Decayed | Summed)
    return _numbers(feature, np.full(rows, 0.0 if is_amount else np.nan))


def _numbers(feature: Feature, found: Floats) -> Singles:
    return found.astype(np.float32) if feature.cells is None else feature.column(feature.cells.codes(found))


# Reasons


def reasons(boosted: Boosted, matrix: Singles) -> list[str]:
    """For each row what counts most for it and against it, such as `+ Pricing page viewed, half-life 30d; - ...`.

    What several features say of one trait or kind of events is one reason, called as the strongest of them.
    """
    about = [_subject(feature.origin) for feature in boosted.features]
    subjects = list(dict.fromkeys(about))
    place = np.array([subjects.index(one) for one in about])
    each = boosted.contributions(matrix)
    whole = np.zeros((len(matrix), len(subjects)))
    for feature, subject in enumerate(place):
        whole[:, subject] += each[:, feature]
    order = np.argsort(-whole, axis=1, kind="stable")
    return ["; ".join(_reasons(boosted, place, *row)) for row in zip(matrix, each, whole, order, strict=True)]


def _reasons(
    boosted: Boosted, place: NDArray[np.int64], values: Singles, each: Floats, whole: Floats, order: NDArray[np.int64]
) -> Iterable[str]:
    chosen = [subject for subject in order[:UP] if whole[subject] > _TELLS]
    chosen += [subject for subject in order[::-1][:DOWN] if whole[subject] < -_TELLS]
    for subject in chosen:
        sign = math.copysign(1, whole[subject])
        of = np.flatnonzero(place == subject)
        strongest = of[np.argmax(sign * each[of])]
        yield f"{'+' if sign > 0 else '-'} {boosted.features[strongest].spoken(values[strongest])}"


def _subject(origin: Origin) -> str | Happening:
    return origin.trait if isinstance(origin, Trait) else origin.of

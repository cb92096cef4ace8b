"""model.yaml by hand for pandas and this model alone: whole columns, no loops. Same columns and values as the plan.

In: the two Parquet files of `workload.py`. Out: a data frame like the plan's `scores`. Called by `measure.py`.

What makes it swift: events and paths stay dictionary-coded, so that they are compared once each; a lead is a number,
and a lead and its rule one number, so that sums are `bincount` and everything later is a matrix of leads and rules.
"""

# ruff: noqa: PLR2004 - the numbers are those of model.yaml

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from polars_way import COLUMNS, NAMES, RULES, US_PER_DAY

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

EVENT_RULES = 12
KEPT = ["lead_id", "event", "occurred_at", "path"]


def scores(leads: Path, events: Path, as_of: datetime) -> pd.DataFrame:
    """Every lead with its score, rank and reasons."""
    people = pd.read_parquet(leads, columns=["lead_id", "job_title", "employees", "industry", "country"])
    total, newest = _totals(events, pd.Index(people["lead_id"]), as_of)
    points = np.hstack([_event_points(total, newest), _fit_points(people)])
    out = people["job_title"].str.lower().str.contains("student", regex=False).fillna(value=False).to_numpy(bool)
    return _ranked(people["lead_id"], points, out, as_of)


def _totals(path: Path, leads: pd.Index, as_of: datetime) -> tuple[Floats, Floats]:
    """Per lead (row) and rule (column) the sum of the weights and the greatest one, which is the newest event's."""
    events = pd.read_parquet(path, columns=KEPT, read_dictionary=["event", "path"])
    rule = _rules(events)
    kept = (rule >= 0) & (events["occurred_at"] <= as_of).to_numpy()
    events, rule = events[kept], rule[kept]
    age_us = (np.datetime64(as_of, "us") - events["occurred_at"].to_numpy("datetime64[us]")).astype(np.int64)
    fading = np.exp(age_us * (-np.log(2) / (30 * US_PER_DAY)))
    weight = np.where(rule == RULES["demo_requested"], np.maximum(1 - age_us / (60 * US_PER_DAY), 0), fading)
    cell = leads.get_indexer(pd.Index(events["lead_id"])) * EVENT_RULES + rule
    shape = (len(leads), EVENT_RULES)
    newest = pd.Series(weight).groupby(cell).max()
    greatest = np.zeros(len(leads) * EVENT_RULES)
    greatest[newest.index.to_numpy()] = newest.to_numpy()
    total = np.bincount(cell, weight, len(leads) * EVENT_RULES).astype(np.float64, copy=False)
    return total.reshape(shape), greatest.reshape(shape)


def _rules(events: pd.DataFrame) -> Whole:
    """The rule that each event meets, -1 for none."""
    by_event = events["event"].cat.categories.map(RULES).fillna(-1).to_numpy(np.int64)
    paths = events["path"].cat.categories.str.strip().str.lower()
    by_path = np.where(paths.str.startswith("/pricing"), 0, np.where(paths.str.startswith("/careers"), 1, -1))
    is_page = (events["event"] == "page_viewed").to_numpy()
    # a path of none has the code -1, which takes the last of them
    return np.where(is_page, np.append(by_path, -1)[events["path"].cat.codes], by_event[events["event"].cat.codes])


def _event_points(total: Floats, newest: Floats) -> Floats:
    points: Floats = total * np.array([5, -5, 1, 3, 1, 5, 8, 5, 10, 0, 2, 2])
    points[:, 0] += 5 * newest[:, 0]
    points[:, 7] += 20 * newest[:, 7]
    points[:, 9] = np.where(total[:, 9] > 0, -30, 0)
    points[:, 11] += 8 * newest[:, 11]
    highest = {0: 25, 4: 8, 5: 15, 10: 20}
    for rule, most in highest.items():
        points[:, rule] = np.minimum(points[:, rule], most)
    points[:, 1] = np.maximum(points[:, 1], -15)
    return points


def _fit_points(people: pd.DataFrame) -> Floats:
    title, industry, country = (people[name].str.strip().str.lower() for name in ("job_title", "industry", "country"))
    size = people["employees"]
    columns = [
        np.where(title.isin(["director", "vp sales"]), 15, 0),
        np.select([size < 10, size >= 501, size >= 50], [-5, 20, 15], 0),
        np.select([industry == "software", industry == "finance"], [10, 8], 0),
        np.where(country.isin(["us", "de"]), 5, 0),
    ]
    return np.column_stack(columns).astype(np.float64)


def _ranked(lead_id: pd.Series[str], points: Floats, out: npt.NDArray[np.bool_], as_of: datetime) -> pd.DataFrame:
    fit = np.minimum(points[:, EVENT_RULES:].sum(axis=1), 50)
    too_many_mails = np.maximum(points[:, 2:4].sum(axis=1) - 10, 0)
    engagement = np.minimum(points[:, :EVENT_RULES].sum(axis=1) - too_many_mails, 60)
    points_left = np.where(out, 0, np.clip(fit + engagement, 0, 100))
    score = pd.Series(points_left)
    is_fit, is_engaged = fit >= 20, engagement >= 15
    made = pd.DataFrame(
        {
            "lead_id": lead_id,
            "score": score,
            "fit": fit,
            "engagement": engagement,
            "grade": _first([fit >= 35, fit >= 20, fit >= 5], ["A", "B", "C"], "D"),
            "level": _first([engagement >= 35, engagement >= 15, engagement >= 5], ["1", "2", "3"], "4"),
            "priority": _first([is_fit & is_engaged, is_fit, is_engaged], ["hot", "nurture", "engaged"], "cold"),
            "stage": _first(
                [out, (points_left >= 71) & is_fit, points_left >= 41, points_left >= 11],
                ["Disqualified", "SQL", "MQL", "Lead"],
                "Prospect",
            ),
            "segment": pd.Series(None, index=score.index, dtype="str"),
            "rank": score.rank(method="min", ascending=False).astype("int64"),
            "percentile": score.rank(method="max") / len(score) * 100,
            "disqualified_by": pd.Series("Student", index=score.index, dtype="str").where(out),
            "reasons": _reasons(points).mask(out, "Disqualified: Student"),
            "model": "Benchmark",
            "model_version": "by hand",
            "as_of": pd.Timestamp(as_of),
        }
    )
    return made[COLUMNS]  # fmt: skip


def _first(branches: list[npt.NDArray[np.bool_]], words: list[str], other: str) -> pd.Categorical[str]:
    """The word of the first branch that holds; as codes, for a column of text is dear to make."""
    place = np.select(branches, range(len(branches)), len(branches))
    return pd.Categorical.from_codes(place.astype(np.int8), pd.Index([*words, other]))


def _reasons(points: Floats) -> pd.Series[str]:
    """The three rules that gave most and the one that took most: `+20 Demo requested; -10 Free email`."""
    tenths = (np.sign(points) * np.floor(np.abs(points) * 10 + 0.5)).astype(np.int64)
    place = 99 - np.arange(tenths.shape[1])
    keys = tenths * 100 + np.sign(tenths) * place
    best = -np.sort(np.partition(-keys, 3, axis=1)[:, :3], axis=1)
    parts = [*(np.maximum(best[:, i], 0) for i in range(3)), np.minimum(keys.min(axis=1), 0)]
    said = [_words(key) for key in parts]
    return (said[0] + said[1] + said[2] + said[3]).str.removeprefix("; ").replace("", None)


def _words(keys: Whole) -> pd.Series[str]:
    """`; +12.4 Demo requested`, put together once for each different key; empty for 0."""
    codes, different = pd.factorize(keys)
    texts = [_text(int(key)) if key else "" for key in different]
    return pd.Series(texts, dtype="str").take(codes).reset_index(drop=True)


def _text(key: int) -> str:
    tenths, place = divmod(abs(key), 100)
    points = tenths / 10 if tenths % 10 else tenths // 10
    return f"; {'+' if key > 0 else '-'}{points} {NAMES[99 - place]}"

"""`scoville.score` in a notebook: any kind of table in, the same kind out; the same answer whatever else goes on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import scoville
from scoville.errors import DataError, ModelError, ScovilleError, UsageError
from scoville.scoring import as_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]
AS_OF = datetime(2026, 2, 1)  # noqa: DTZ001 - UTC
LEADS: list[Row] = [
    {"lead_id": "ada", "title": "Director", "employees": 150},
    {"lead_id": "bob", "title": None, "employees": None},
]
EVENTS: list[Row] = [
    {"lead_id": "ada", "event": "demo", "occurred_at": AS_OF - timedelta(days=30), "path": None},
    {"lead_id": "ada", "event": "visit", "occurred_at": AS_OF, "path": "/pricing"},
]
SCORES = {"ada": 15 + 10 + 25 / 2 + 10, "bob": -5}  # one half life has passed since the demo


def model_of(fit: list[Row], engagement: list[Row] | None = None, **also: object) -> scoville.Model:
    sections = {"fit": {"rules": fit}, "engagement": {"rules": engagement or []}}
    return scoville.Model.from_dict(
        {"scoville": 1, "name": "T", "scale": {"min": -500, "max": 500}, **sections, **also}
    )


def points(name: str, when: Row, given: float = 1) -> Row:
    return {"name": name, "when": when, "points": given}


def happened(name: str, given: float, **also: object) -> Row:
    return {"name": name, "event": "x", "points": given, "decay": "none", **also}


SIZE = {"name": "Size", "by": "employees", "bands": [{"from": 100, "points": 10}], "missing": -5}
DEMO = {"name": "Demo", "event": "demo", "points": 25, "decay": {"half_life": "30d"}}
PRICING = {"name": "Pricing", "event": "visit", "when": {"path": "/pricing"}, "points": 10}
MODEL = model_of([points("Director", {"title": "director"}, 15), SIZE], [DEMO, PRICING])


def scores_of(run: scoville.ScoreRun) -> dict[str, float]:
    return {row["lead_id"]: row["score"] for row in run.engine.arrow(run.sql("scores")).to_pylist()}


def reasons_of(run: scoville.ScoreRun) -> dict[str, str | None]:
    return {row["lead_id"]: row["reasons"] for row in run.engine.arrow(run.sql("scores")).to_pylist()}


def matching(run: scoville.ScoreRun) -> set[str]:
    """Names of the rules that gave points."""
    return {row["rule"] for row in run.engine.arrow(run.sql("contributions")).to_pylist()}


# --- kinds of tables -------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[Callable[[list[Row]], Any], type]] = {
    "pandas": (pd.DataFrame, pd.DataFrame),
    "pandas objects": (lambda rows: pd.DataFrame(rows).astype(object), pd.DataFrame),
    "polars": (pl.DataFrame, pl.DataFrame),
    "polars lazy": (pl.LazyFrame, pl.LazyFrame),
    "arrow": (pa.Table.from_pylist, pa.Table),
    "arrow reader": (lambda rows: pa.Table.from_pylist(rows).to_reader(), pa.Table),
    "ibis": (lambda rows: ibis.memtable(pa.Table.from_pylist(rows)), ibis.Table),
    "list of dicts": (list, list),
}


def as_rows(frame: Any) -> list[Row]:
    if isinstance(frame, pd.DataFrame):
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return [{str(name): row[name] for name in row} for row in rows]
    if isinstance(frame, pl.LazyFrame):
        return frame.collect().to_dicts()
    if isinstance(frame, pl.DataFrame):
        return frame.to_dicts()
    if isinstance(frame, ibis.Table):
        frame = frame.to_pyarrow()
    return frame if isinstance(frame, list) else frame.to_pylist()


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_in_as_one_kind_goes_out_as_the_same(kind: str) -> None:
    make, expected = KINDS[kind]
    run = scoville.score(MODEL, make(LEADS), make(EVENTS), as_of=AS_OF)
    assert isinstance(run.scores, expected)
    assert isinstance(run.contributions, expected)
    assert isinstance(run.rejects, expected)
    scores = as_rows(run.scores)
    assert {row["lead_id"]: row["score"] for row in scores} == pytest.approx(SCORES, abs=1e-9)
    assert [row["lead_id"] for row in scores] == ["ada", "bob"]
    assert scores[1]["disqualified_by"] is None
    sums: dict[str, float] = {}
    for row in as_rows(run.contributions):
        sums[row["lead_id"]] = sums.get(row["lead_id"], 0) + row["points"]
    assert sums == pytest.approx(SCORES, abs=1e-9)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_times_with_a_zone_are_instants(zone: str) -> None:
    events = pl.DataFrame(EVENTS).with_columns(
        pl.col("occurred_at").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    )
    assert scores_of(scoville.score(MODEL, LEADS, events, as_of=AS_OF)) == pytest.approx(SCORES, abs=1e-9)


def test_ids_that_are_numbers_meet_ids_that_are_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"lead_id": pa.array([7, 8], pa.int64())}), tmp_path / "leads.parquet")
    events = [{"lead_id": "7", "event": "x", "occurred_at": AS_OF}]
    run = scoville.score(model_of([], [happened("X", 3)]), tmp_path / "leads.parquet", events, as_of=AS_OF)
    assert scores_of(run) == {"7": 3, "8": 0}


def test_types_of_parquet_are_understood(tmp_path: Path) -> None:
    columns = {
        "lead_id": pa.array([1]),
        "flag": pa.array([True]),
        "day": pa.array([date(2026, 1, 15)]),
        "price": pa.array([Decimal("1.50")]),
        "zoned": pa.array([datetime(2026, 1, 15, tzinfo=UTC)], pa.timestamp("us", "America/New_York")),
        "nanos": pa.array([datetime(2026, 1, 15)], pa.timestamp("ns")),  # noqa: DTZ001 - UTC
        "items": pa.array([["a", "b"]]),
        "inner": pa.array([{"x": 1}]),
        "large": pa.array([2**64 - 1], pa.uint64()),
        "code": pa.array(["x"]).dictionary_encode(),
        "clock": pa.array([time(1, 2)]),
        "nothing": pa.nulls(1),
        "nan": pa.array([float("nan")]),
    }
    pq.write_table(pa.table(columns), tmp_path / "leads.parquet")
    holds = {
        "flag": True, "day": {"newer_than": "30d"}, "price": 1.5, "zoned": {"newer_than": "30d"},
        "nanos": {"newer_than": "30d"}, "items": {"contains": "b"}, "inner": {"is": "present"}, "large": {"gt": 1e19},
        "code": "X", "clock": {"is": "present"}, "nothing": {"is": "missing"}, "nan": {"is": "missing"},
    }  # fmt: skip
    model = model_of([points(name, {name: condition}) for name, condition in holds.items()])
    run = scoville.score(model, tmp_path / "leads.parquet", as_of=AS_OF)
    assert matching(run) == set(holds)


# --- empty and small -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leads", "events", "expected"),
    [
        (LEADS[:0], EVENTS[:0], {}),
        (LEADS[1:], EVENTS[:0], {"bob": -5}),
        (LEADS, [{**event, "lead_id": "someone else"} for event in EVENTS], {"ada": 25, "bob": -5}),
        (LEADS[:0], EVENTS, {}),
    ],
    ids=["nothing", "one lead", "events of strangers", "events alone"],
)
def test_small_tables_are_scored(leads: list[Row], events: list[Row], expected: dict[str, float]) -> None:
    schema = pa.Table.from_pylist(LEADS).schema, pa.Table.from_pylist(EVENTS).schema
    given = (pa.Table.from_pylist(rows, kind) for rows, kind in zip((leads, events), schema, strict=True))
    run = scoville.score(MODEL, *given, as_of=AS_OF)
    assert scores_of(run) == expected
    assert run.scores.column_names == list(scoville.tables.SCORES.names())
    assert run.counts()["leads"] == len(expected)


# --- names -----------------------------------------------------------------------------------------------------------

OWN_NAMES = (
    "as_of", "score", "rule", "points", "name", "segment_no", "decay", "event", "section", "fit_0", "sums", "leads",
    "place", "fit", "share", "age_us", "disqualified_by", "traits", "events", "key", "rank", "reasons", "entry",
    "occurred", "select", "a.b", 'qu"ote', "it's", "semi;colon--", "$x", "%s", "{x}", "émoji🔥", "with space",
    "scoville_from", "?", "LEAD", "\\",
)  # fmt: skip


def test_traits_and_properties_may_be_called_like_anything() -> None:
    """Names that the plan uses itself, names with signs that SQL knows, and names that it does not."""
    properties = [name for name in OWN_NAMES if name != "event"]
    model = model_of(
        [points(f"T {name}", {name: "v"}) for name in OWN_NAMES],
        [happened(f"E {name}", 10, when={name: "v"}) for name in properties],
    )
    leads = [{"lead_id": "a", **dict.fromkeys(OWN_NAMES, "v")}, {"lead_id": "b", **dict.fromkeys(OWN_NAMES, "w")}]
    events = [
        {**dict.fromkeys(properties, value), "lead_id": "a", "event": "x", "occurred_at": AS_OF} for value in "vw"
    ]
    run = scoville.score(model, leads, events, as_of=AS_OF)
    assert scores_of(run) == {"a": len(OWN_NAMES) + 10 * len(properties), "b": 0}
    assert run.top(1, ["name"]).to_pylist()[0]["name"] == "v"


@pytest.mark.parametrize(
    "name", ["it's", 'a "quote"', "100% %s", "line\nbreak", "'; -- \\", "$1 :x {y}", "ünï🔥", "tab\there"]
)
def test_models_rules_and_segments_may_be_called_like_anything(name: str) -> None:
    fit = {"groups": {name: {"max": 3}}, "rules": [points(name, {"t": name}, 5) | {"group": name}]}
    model = scoville.Model.from_dict({
        "scoville": 1, "name": name, "segments": [{"name": name, "when": {"t": name}, "fit": fit}],
        "engagement": {"rules": [{"name": f"{name}!", "event": name, "points": 10, "decay": "none"}]},
        "disqualify": [{"name": name, "when": {"t": "never"}}], "stages": [{"name": name, "from": 0}],
        "priorities": [{"name": name}], "grades": {name: None},
    })  # fmt: skip
    events = [{"lead_id": name, "event": name, "occurred_at": AS_OF}]
    run = scoville.score(model, [{"lead_id": name, "t": name}], events, as_of=AS_OF)
    [row] = run.scores
    assert row["score"] == 13
    assert {row[column] for column in ("lead_id", "segment", "stage", "priority", "grade", "model")} == {name}
    assert {entry["rule"] for entry in run.contributions} == {name, f"{name}!", f"cap: {name}"}


def test_the_id_column_is_found_in_capitals() -> None:
    assert scores_of(scoville.score(model_of([]), [{"LEAD_ID": "a"}], as_of=AS_OF)) == {"a": 0}


# --- properties in JSON ----------------------------------------------------------------------------------------------

JSON_PROPERTIES = {
    "text": "/pricing", "number": 5, "digits": "12", "yes": True, "large": 2**63, "tiny": 1.5e-3, "list": ["a"],
    "inner": {"x": "deep", "list": [1]}, "nothing": None, "$browser": "Firefox", "/slash": "v", "utm.source": "ads",
    "it's": "v", 'q"q': "v", "x[0]": "v", "with space": "v", "émoji🔥": "v",
}  # fmt: skip
JSON_HOLDS = {
    "text": {"starts_with": "/pri"}, "number": 5, "digits": {"gt": 9}, "yes": True, "large": {"gt": 1e18},
    "tiny": {"between": [0.001, 0.002]}, "list": {"is": "present"}, "inner": {"is": "present"}, "inner.x": "deep",
    "nothing": {"is": "missing"}, "absent": {"is": "missing"}, "$browser": "firefox", "/slash": "v",
    "utm.source": "ads", "it's": "v", 'q"q': "v", "x[0]": "v", "with space": "v", "émoji🔥": "v",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "struct"])
def test_json_properties_are_read_by_name_whatever_the_name(kind: str) -> None:
    given = JSON_PROPERTIES if kind == "struct" else json.dumps(JSON_PROPERTIES)
    if kind == "struct":
        given = {name: value for name, value in JSON_PROPERTIES.items() if name != "large"}
    holds = {name: condition for name, condition in JSON_HOLDS.items() if kind == "text" or name != "large"}
    model = model_of([], [happened(name, 1, when={name: condition}) for name, condition in holds.items()])
    events = [{"lead_id": "a", "event": "x", "occurred_at": AS_OF, "properties": given}]
    assert matching(scoville.score(model, [{"lead_id": "a"}], events, as_of=AS_OF)) == set(holds)


# --- as_of -----------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 2, 1, 12)  # noqa: DTZ001 - UTC


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-02-01", AS_OF),
        (" 2026-02-01T12:00 ", NOON),
        ("2026-02-01T12:00Z", NOON),
        ("2026-02-01T14:00+02:00", NOON),
        (date(2026, 2, 1), AS_OF),
        (NOON, NOON),
        (NOON.replace(tzinfo=UTC), NOON),
        (datetime(2026, 2, 1, 7, tzinfo=timezone(timedelta(hours=-5))), NOON),
        (pd.Timestamp("2026-02-01 07:00", tz="America/New_York"), NOON),
    ],
)
def test_as_of_is_an_instant_in_utc(given: object, expected: datetime) -> None:
    assert as_instant(given) == expected
    assert as_instant(given).tzinfo is None


@pytest.mark.parametrize(
    "given", ["", "yesterday", "2026-13-01", 5, 1.5e9, pd.NaT, "0001-01-01T00:00:00+14:00", b"2026-02-01"]
)
def test_what_is_no_instant_is_refused(given: object) -> None:
    with pytest.raises(UsageError, match=r"as_of .* write it like 2026-01-31"):
        as_instant(given)


def test_as_of_is_now_when_nothing_is_said() -> None:
    assert abs(as_instant(None) - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


def test_the_past_does_not_know_the_future() -> None:
    later = [*EVENTS, {"lead_id": "ada", "event": "demo", "occurred_at": AS_OF + timedelta(microseconds=1), "path": ""}]
    then = scoville.score(MODEL, LEADS, EVENTS, as_of=AS_OF)
    now = scoville.score(MODEL, LEADS, later, as_of=AS_OF)
    assert now.scores == then.scores
    assert [(row["relation"], row["reason"]) for row in now.rejects] == [("events", "after as_of")]


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (UsageError, {"model": 5}),
        (UsageError, {"model": None}),
        (UsageError, {"model": "nothing.yaml"}),
        (DataError, {"leads": 3}),
        (DataError, {"leads": None}),
        (DataError, {"leads": "nothing.csv"}),
        (DataError, {"leads": [1, 2]}),
        (DataError, {"leads": pd.Series([1])}),
        (DataError, {"leads": [{"name": "x"}]}),
        (DataError, {"events": [{"lead_id": "ada", "event": "demo", "occurred_at": True}]}),
        (ModelError, {"leads": [{"lead_id": "ada"}]}),
        (ModelError, {"events": [{"lead_id": "ada", "event": "visit", "occurred_at": AS_OF}]}),
        (UsageError, {"as_of": "soon"}),
        (UsageError, {"maps": ["leads.lead_id"]}),
    ],
)
def test_every_error_is_ours(kind: type[ScovilleError], given: Row) -> None:
    arguments = {"model": MODEL, "leads": LEADS, "events": EVENTS, "as_of": AS_OF, **given}
    with pytest.raises(kind):
        scoville.score(arguments.pop("model"), arguments.pop("leads"), arguments.pop("events"), **arguments)


def test_accounts_of_a_model_without_accounts_are_refused() -> None:
    run = scoville.score(MODEL, LEADS, EVENTS, as_of=AS_OF)
    with pytest.raises(UsageError, match="has no accounts"):
        _ = run.accounts


# --- one run and another ---------------------------------------------------------------------------------------------


def test_runs_do_not_know_of_each_other() -> None:
    one = scoville.score(MODEL, LEADS, EVENTS, as_of=AS_OF)
    other = scoville.score(MODEL, [{**LEADS[0], "lead_id": "other"}], EVENTS[:0] or None, as_of="2020-01-01")
    assert scores_of(other) == {"other": 25}
    assert scores_of(one) == pytest.approx(SCORES, abs=1e-9)  # computed only now


def test_a_run_does_not_answer_with_the_data_of_the_next_one() -> None:
    engine = scoville.DuckDB()
    one = scoville.score(MODEL, LEADS, as_of=AS_OF, engine=engine)
    scoville.score(MODEL, [{**LEADS[0], "lead_id": "other"}], as_of=AS_OF, engine=engine)
    for ask in (lambda: one.scores, lambda: one.contributions, lambda: one.rejects, one.top, one.counts):
        with pytest.raises(UsageError, match="another run has used this engine"):
            ask()


def test_runs_in_threads_give_what_they_give_alone() -> None:
    def one(size: int) -> dict[str, float]:
        leads = [{"lead_id": f"{size}-{i}", "title": "Director" if i % 2 else "x", "employees": size} for i in range(9)]
        return scores_of(scoville.score(MODEL, leads, EVENTS, as_of=AS_OF))

    sizes = [1, 100, 1, 100]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(one, sizes))
    expected = [{f"{size}-{i}": 15 * (i % 2) + 10 * (size >= 100) for i in range(9)} for size in sizes]
    assert together == expected


def test_other_tables_of_the_process_are_left_alone() -> None:
    duckdb.execute("CREATE OR REPLACE TEMP TABLE leads AS SELECT 'global' AS lead_id")
    assert scores_of(scoville.score(MODEL, LEADS, EVENTS, as_of=AS_OF)) == pytest.approx(SCORES, abs=1e-9)
    assert duckdb.execute("FROM leads").fetchall() == [("global",)]
    duckdb.execute("DROP TABLE leads")


def test_equal_scores_share_a_rank_and_the_disqualified_come_last_among_them() -> None:
    model = model_of([points("A", {"t": "a"}, 5)], disqualify=[{"name": "Out", "when": {"t": "out"}}], scale={"min": 0})
    leads = [{"lead_id": str(i), "t": t} for i, t in enumerate(["out", "b", "a", "b"])]
    run = scoville.score(model, leads, as_of=AS_OF)
    found = [(row["lead_id"], row["rank"], row["percentile"]) for row in run.scores]
    assert found == [("2", 1, 100.0), ("1", 2, 75.0), ("3", 2, 75.0), ("0", 2, 75.0)]
    assert run.top(3)["lead_id"].to_pylist() == ["2", "1", "3"]
    assert reasons_of(run)["0"] == "Disqualified: Out"


def test_a_run_without_events_says_that_rules_about_behaviour_saw_nothing() -> None:
    model = scoville.Model.from_dict(
        {"scoville": 1, "name": "M", "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 5}]}}
    )
    run = scoville.score(model, [{"lead_id": "a"}], as_of="2026-01-01")
    assert [str(notice) for notice in run.quality.notices] == [
        "events: there are none, so 1 rule about behaviour saw nothing"
    ]


def test_events_long_before_as_of_are_said_with_the_date_to_ask_for() -> None:
    model = scoville.Model.from_dict(
        {"scoville": 1, "name": "M", "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 5}]}}
    )
    events = [{"lead_id": "a", "event": "visit", "occurred_at": "2025-08-27T10:00:00"}]
    late, soon = (
        scoville.score(model, [{"lead_id": "a"}], events, as_of=as_of).quality.notices
        for as_of in ("2026-08-27T10:00:00", "2025-09-01")
    )
    assert len(late) == 1
    assert "27 August 2025, 365 days before as_of" in str(late[0])
    assert "as_of 2025-08-28" in str(late[0])
    assert not soon


def test_an_empty_list_of_events_is_no_events_even_for_rules_about_properties() -> None:
    rule = {"name": "Pricing", "event": "visit", "when": {"path": "/pricing"}, "points": 5}
    model = scoville.Model.from_dict({"scoville": 1, "name": "M", "engagement": {"rules": [rule]}})
    assert scoville.score(model, [{"lead_id": "a"}], [], as_of="2026-01-01").scores[0]["score"] == 0

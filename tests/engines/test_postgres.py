"""PostgreSQL gives what DuckDB gives, whatever stands in its tables, and says what to do when it cannot.

The expected values are DuckDB's own answers about the same rows, unless a test says otherwise.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pytest

import scoville
from scoville.data.workspace import Workspace
from scoville.engines.named import duckdb_of, engine_of
from scoville.engines.postgres import Postgres
from scoville.errors import DataError, EngineError, UsageError
from scoville.explain import explain_lead
from scoville.scoring import misfits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres_server import Server

AS_OF = "2026-03-01"
LONG = "number_of_times_that_somebody_asked_for_a_price_in_the_quarter"  # 61 bytes; 70 as `property.` of the plan
MODEL: dict[str, Any] = {
    "scoville": 1,
    "name": "Of everything",
    "disqualify": [{"name": "Student", "when": {"job_title.seniority": "student"}}],
    "fit": {
        "max": 40,
        "rules": [
            {"name": "Lives there", "when": {"city": "ÉVRY"}, "points": 5},
            {"name": "Size", "by": "employees",
             "bands": [{"from": 10, "below": 50, "points": 3}, {"from": 50, "points": 7}]},
            {"name": "Plan", "by": "plan", "values": {"pro": 4, "free": -2}, "other": 1},
            {"name": "At work", "when": {"email.kind": "business"}, "points": 6},
            {"name": "Signed late", "when": {"signed_on": {"gte": "2026-01-31"}}, "points": 2},
            {"name": "Consent", "when": {"consent": True}, "points": 1},
            {"name": "Budget", "when": {"budget": {"gt": 999.5}}, "points": 2},
        ],
    },
    "engagement": {
        "decay": {"half_life": "1h"},
        "rules": [
            {"name": "Pricing", "event": "page_viewed", "when": {"path": {"matches": "^/pri[a-z]+"}}, "points": 10,
             "decay": {"half_life": "30d"}},
            {"name": "Any visit", "event": "*", "points": 3, "at_most_per_day": 1,
             "decay": {"every": "7d", "keep": 0.5}},
            {"name": "Old enough", "event": "page_viewed", "points": 5},
            {"name": "Minutes", "event": "webinar", "sum": {"of": "minutes", "bands": [{"from": 20, "points": 8}]}},
            {"name": "Asked", "event": "asked", "when": {LONG: {"gte": 2}}, "points": 4, "decay": "none"},
            {"name": "Through a campaign", "event": "*", "when": {"utm.source": "news"}, "points": 2, "decay": "none"},
        ],
    },
    "grades": {"A": 15, "B": 5, "C": None},
    "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 10}, {"name": "Hot", "from": 20}],
}  # fmt: skip
LEADS = pa.table(
    {
        "lead_id": ["a", "b", "B", "é", "c", "N/A", None, "d", "e"],
        "email": ["ann@acme.com", "bob@gmail.com", "BOB@gmail.com ", "x", None, "y@acme.com", "z@acme.com", "n/a", ""],
        "job_title": ["VP Sales", "Étudiant", None, "Geschäftsführerin", "student", "", "CEO", "-", "CFO"],
        "city": ["Évry", "evry", "ÉVRY ", "\u00a0évry", None, "Évry", "Évry", "Select", "Paris"],
        "employees": [10, 49, 50, None, 9, 1, 2, 3, 1000],
        "plan": ["Pro", "free", "FREE", None, "trial", "", "pro", "null", " pro "],
        "signed_on": [date(2026, 1, 31), date(2026, 1, 30), None, date(1969, 12, 31), *[None] * 5],
        "created_at": [datetime(2026, 1, day) for day in range(1, 10)],  # noqa: DTZ001 - naive UTC
        "consent": [True, False, None, True, True, True, False, None, True],
        "budget": [999.5, 1000.0, float("nan"), None, -0.0, 1e300, 2.0, 3.0, float("inf")],
    },
    schema=pa.schema(
        {
            "lead_id": pa.string(), "email": pa.string(), "job_title": pa.string(), "city": pa.string(),
            "employees": pa.int32(), "plan": pa.string(), "signed_on": pa.date32(), "created_at": pa.timestamp("us"),
            "consent": pa.bool_(), "budget": pa.float64(),
        }
    ),
)  # fmt: skip
EVENTS = [  # event_id, lead_id, event, occurred_at, path, minutes, properties
    ("1", "a", "page_viewed", "2026-02-28 23:59:59.999999", "/pricing", None, '{"utm": {"source": "news"}}'),
    ("2", "a", "page_viewed", "2020-01-01 00:00:00", "/PRICING?x=1", None, '{"utm.source": "News"}'),
    ("2", "a", "page_viewed", "2026-02-01 00:00:00", "/", None, "{}"),
    ("3", "b", "webinar", "2026-02-27 10:00:00", None, 12.5, None),
    ("4", "b", "webinar", "2026-02-27 11:00:00", None, 12.5, None),
    ("5", "B", "asked", "2026-02-20 00:00:00", None, None, f'{{"{LONG}": 2}}'),
    ("6", "é", "asked", "2026-02-20 00:00:00", None, None, f'{{"{LONG}": "2.5"}}'),
    ("7", "é", "asked", "2026-02-20 00:00:00", None, None, f'{{"{LONG}": null}}'),
    ("8", "nobody", "asked", "2026-02-20 00:00:00", None, None, None),
    ("9", None, "asked", "2026-02-20 00:00:00", None, None, None),
    ("10", "a", " ", "2026-02-20 00:00:00", None, None, None),
    ("11", "a", "asked", None, None, None, None),
    ("12", "a", "asked", "2026-03-01 00:00:00.000001", None, None, None),
    (None, "e", "asked", "1969-12-31 23:00:00", None, None, f'{{"{LONG}": 7}}'),
    (None, "e", "page_viewed", "2026-03-01 00:00:00", "/pricing", None, '["no", "object"]'),
]
EVENT_COLUMNS = ("event_id", "lead_id", "event", "occurred_at", "path", "minutes", "properties")


@pytest.fixture(scope="module")
def url(postgres: Server) -> Iterator[str]:
    """A database whose language sorts `a` before `B`, where the server has such a one, with the tables above."""
    is_german = "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(postgres.database(is_german))
        except psycopg.Error:  # a server made without ICU
            address = stack.enter_context(postgres.database())
        with psycopg.connect(address, autocommit=True) as connection:
            filled(connection)
        yield address


def filled(connection: psycopg.Connection[Any]) -> None:
    """The tables `crm.leads` and `events`, with the types that a database would give them."""
    connection.execute(
        "CREATE SCHEMA crm; CREATE TYPE plan AS ENUM ('Pro', 'free', 'FREE', 'trial', '', 'pro', 'null', ' pro ');"
        'CREATE TABLE crm.leads (lead_id varchar(20), email text, job_title text COLLATE "C", city char(12), '
        "employees numeric(9, 0), plan plan, signed_on date, created_at timestamptz, consent boolean, "
        "budget double precision);"
        "CREATE TABLE events (event_id text, lead_id text, event text, occurred_at timestamp, path text, "
        "minutes real, properties jsonb)"
    )
    connection.execute("SET TimeZone = 'UTC'")
    for row in LEADS.to_pylist():
        connection.execute(f"INSERT INTO crm.leads VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))  # noqa: S608
    for event in EVENTS:
        connection.execute("INSERT INTO events VALUES (%s, %s, %s, %s, %s, %s, %s)", event)


@pytest.fixture
def engine(url: str) -> Iterator[Postgres]:
    engine = Postgres(url)
    yield engine
    engine.close()


def events() -> pa.Table:
    columns = dict(zip(EVENT_COLUMNS, zip(*EVENTS, strict=True), strict=True))
    times = [None if one is None else datetime.fromisoformat(one) for one in columns["occurred_at"]]
    return pa.table({**{name: list(column) for name, column in columns.items()}, "occurred_at": times})


@pytest.fixture(scope="module")
def expected() -> scoville.ScoreRun:
    """DuckDB's answers about the same rows."""
    return scoville.score(scoville.Model.from_dict(MODEL), LEADS, events(), as_of=AS_OF)


# --- the same answers ------------------------------------------------------------------------------------------------


def test_scores_and_their_origin_are_those_of_duckdb(engine: Postgres, expected: scoville.ScoreRun) -> None:
    run = scoville.score(scoville.Model.from_dict(MODEL), "crm.leads", "events", as_of=AS_OF, engine=engine)
    assert alike(run.scores) == alike(expected.scores)
    assert alike(run.contributions) == alike(expected.contributions)
    assert run.counts() == expected.counts()
    assert alike(run.top(3, ["city"])) == alike(expected.top(3, ["city"]))


def alike(table: pa.Table) -> list[dict[str, Any]]:
    """Rows with numbers to nine decimals, and texts without the blanks with which PostgreSQL fills a char(12)."""

    def shown(value: object) -> object:
        return round(value, 9) if isinstance(value, float) else value.strip() if isinstance(value, str) else value

    return [{name: shown(value) for name, value in row.items()} for row in table.to_pylist()]


def test_rows_are_set_aside_for_the_same_reasons(engine: Postgres, expected: scoville.ScoreRun) -> None:
    run = scoville.score(scoville.Model.from_dict(MODEL), "crm.leads", "events", as_of=AS_OF, engine=engine)
    for found, wanted in zip(run.quality.relations, expected.quality.relations, strict=True):
        assert (found.rows, found.used, found.merged, found.rejected) == (
            wanted.rows, wanted.used, wanted.merged, wanted.rejected,
        )  # fmt: skip
        assert {one.name: one.missing_share for one in found.traits} == {
            one.name: one.missing_share for one in wanted.traits
        }
    assert sorted(set(expected.rejects["reason"].to_pylist())) == [
        "after as_of", "duplicate event_id", "no event name", "no lead_id", "no time", "unknown lead",
    ]  # fmt: skip
    assert sorted(run.rejects["reason"].to_pylist()) == sorted(expected.rejects["reason"].to_pylist())


def test_a_file_beside_a_warehouse_is_sent_there(engine: Postgres, tmp_path: Path, expected: scoville.ScoreRun) -> None:
    lines = ["event_id;lead;event;when;path;minutes;properties"]
    lines += [
        ";".join("" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row) for row in EVENTS
    ]
    file = tmp_path / "events.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    maps = ["events.lead_id=lead", "events.occurred_at=when"]
    run = scoville.score(scoville.Model.from_dict(MODEL), "crm.leads", file, as_of=AS_OF, maps=maps, engine=engine)
    assert alike(run.scores) == alike(expected.scores)


def test_points_by_hand_that_are_no_numbers_are_kept_aside_as_on_duckdb(engine: Postgres, tmp_path: Path) -> None:
    given = ["5", "+4", " .5", "1e2", "many", "1.2.3", "1e400", "NaN", "-"]
    file = tmp_path / "by_hand.csv"
    file.write_text("lead_id,points,expires_at\n" + "".join(f"a,{one},\n" for one in given) + "a,1,someday\n")
    model = scoville.Model.from_dict({"scoville": 1, "name": "By hand", "fit": {"rules": []}})
    leads = pa.table({"lead_id": ["a"]})
    here = scoville.score(model, leads, as_of=AS_OF, adjustments=file)
    there = scoville.score(model, leads, as_of=AS_OF, adjustments=file, engine=engine)
    for run in (here, there):
        quality = run.quality.relation("adjustments")
        assert quality is not None
        assert quality.rejected == {"no points": 5, "unreadable time": 1}
    assert alike(there.contributions) == alike(here.contributions)


def test_frames_beside_a_warehouse_are_sent_there(engine: Postgres, expected: scoville.ScoreRun) -> None:
    run = scoville.score(scoville.Model.from_dict(MODEL), LEADS, events(), as_of=AS_OF, engine=engine)
    assert alike(run.scores) == alike(expected.scores)
    assert alike(run.contributions) == alike(expected.contributions)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["2026-02-28T12:00:00+01:00", "2026-02-27T11:00:00Z"]),
        ("text", ["28/02/2026 11:00", "27/02/2026 11:00"]),
        ("text", ["28 Feb 2026", "27 Feb 2026"]),
        ("bigint", [1772276400, 1772190000]),
        ("timestamptz", ["2026-02-28T12:00:00+01:00", "infinity"]),
    ],
)
def test_times_are_read_however_a_table_holds_them(url: str, kind: str, values: list[object]) -> None:
    with psycopg.connect(url, autocommit=True) as connection, Postgres(url) as engine:
        connection.execute("DROP TABLE IF EXISTS visits")
        connection.execute(f"CREATE TABLE visits (lead_id text, event text, occurred_at {kind})")
        for value in values:
            connection.execute("INSERT INTO visits VALUES ('a', 'page_viewed', %s)", [value])
        rows = [{"lead_id": "a", "event": "page_viewed", "occurred_at": value} for value in values]
        model = scoville.Model.from_dict(
            {**MODEL, "engagement": {"rules": [MODEL["engagement"]["rules"][1] | {"name": "V"}]}}
        )
        ours = scoville.score(model, LEADS, "visits", as_of=AS_OF, engine=engine)
        if kind == "timestamptz":
            rows[1]["occurred_at"] = "9999-12-31"
        theirs = scoville.score(model, LEADS, rows, as_of=AS_OF)
        assert alike(ours.contributions) == alike(theirs.contributions)
        assert ours.quality.relation("events").rejected == theirs.quality.relation("events").rejected  # type: ignore[union-attr]


def test_a_lead_is_explained_from_the_warehouse(engine: Postgres, expected: scoville.ScoreRun) -> None:
    run = scoville.score(scoville.Model.from_dict(MODEL), "crm.leads", "events", as_of=AS_OF, engine=engine)
    assert explain_lead(run, "a").to_dict() == explain_lead(expected, "a").to_dict()
    assert explain_lead(run, "B").lead_id == "b"  # of one address: b came first
    with pytest.raises(UsageError, match=r"there is no lead 'bb' among the 6 leads[.] Ids most like it: 'b'"):
        explain_lead(run, "bb")


def test_a_model_is_checked_against_the_warehouse(engine: Postgres) -> None:
    model = scoville.Model.from_dict(
        {"scoville": 1, "name": "M", "fit": {"rules": [{"name": "R", "when": {"citi": "x"}, "points": 1}]}}
    )
    found = misfits(model, "crm.leads", "events", workspace=Workspace(), engine=engine)
    assert ["'citi'" in str(problem) and "city" in str(problem) for problem in found] == [True]


def test_a_run_sees_the_tables_as_they_were_when_it_began(url: str) -> None:
    with Postgres(url) as engine, psycopg.connect(url, autocommit=True) as other:
        run = scoville.score(scoville.Model.from_dict(MODEL), "crm.leads", "events", as_of=AS_OF, engine=engine)
        other.execute("INSERT INTO events (lead_id, event, occurred_at) VALUES ('d', 'page_viewed', '2026-02-28')")
        try:
            assert (
                "d"
                not in run.contributions.filter(pa.compute.equal(run.contributions["section"], "engagement"))["lead_id"]
            )
        finally:
            other.execute("DELETE FROM events WHERE lead_id = 'd'")


# --- what it says when it cannot -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgres://owner@127.0.0.1:1/crm", r"127.0.0.1:1/crm does not answer: .*refused. Is the server running"),
        ("postgres://owner@127.0.0.1:{port}/nowhere", 'did not let us in: database "nowhere" does not exist'),
        ("postgres://stranger:secret@127.0.0.1:{port}/postgres", 'role "stranger" does not exist'),
        ("postgres://owner:se/cret@127.0.0.1:{port}/postgres", "is no address that PostgreSQL understands"),
        ("postgres://owner:se@cret@127.0.0.1:{port}/postgres", "is no address that PostgreSQL understands"),
        ("postgres://owner:secret@127.0.0.1:{port}/postgres?colour=blue", "is no address that PostgreSQL understands"),
        ("postgres://owner:secret@127.0.0.1:port/postgres", "does not answer: .*port"),
    ],
)
def test_what_keeps_us_from_the_server_is_said_without_the_password(postgres: Server, address: str, said: str) -> None:
    with pytest.raises(EngineError, match=said) as refused:
        engine_of(address.format(port=postgres.port))
    assert "cret" not in str(refused.value)


def test_a_wrong_password_is_not_shown(postgres: Server) -> None:
    with (
        postgres.with_passwords("ann", "right"),
        pytest.raises(EngineError, match="did not accept this user or") as refused,
    ):
        engine_of(postgres.url("postgres", "ann", "wrong"))
    assert "wrong" not in str(refused.value)


def test_a_table_that_is_not_there_is_said_with_the_nearest_name(engine: Postgres) -> None:
    model = scoville.Model.from_dict(MODEL)
    with pytest.raises(
        DataError, match=r"crm.laeds: no such table in scoville_\w+, and no such file. Did you mean 'crm.leads'"
    ):
        scoville.score(model, "crm.laeds", as_of=AS_OF, engine=engine)


def test_what_may_not_be_read_is_said(postgres: Server, url: str) -> None:
    postgres.run("CREATE ROLE visitor LOGIN")
    model = scoville.Model.from_dict(MODEL)
    with (
        Postgres(url.replace("owner@", "visitor@")) as engine,
        pytest.raises(EngineError, match=r"denied .* GRANT what"),
    ):
        scoville.score(model, "events", as_of=AS_OF, engine=engine)


def test_verbs_that_need_duckdb_say_so(url: str) -> None:
    with pytest.raises(UsageError, match="on DuckDB alone so far, not on postgres: export the tables to Parquet"):
        duckdb_of(url)


def test_a_limit_of_memory_is_not_for_a_server(url: str) -> None:
    with pytest.raises(UsageError, match="--memory-limit is for DuckDB"):
        engine_of(url, memory_limit="4GB")


def test_without_the_extra_the_command_that_installs_it_is_said() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"  # None: importing it is an ImportError
        "from scoville.engines.named import engine_of\n"
        "engine_of('postgres://ann@127.0.0.1/crm')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("UsageError: PostgreSQL is an extra: pip install 'scoville[postgres]'")

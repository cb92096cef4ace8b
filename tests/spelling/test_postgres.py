"""What PostgreSQL would say otherwise than DuckDB, value by value. The expected values are DuckDB's own answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from scoville.data.moments import HALF_DAY_FORMATS, _try_strptime
from scoville.data.values import row_as_json, without_placeholders
from scoville.data.workspace import Settings
from scoville.engines.postgres import Postgres
from scoville.plan.terms import number
from scoville.spelling import empty_of, sql_of
from scoville.spelling.postgres import BLANKS, LONGEST_NAME, short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import ibis.expr.types as ir

    from postgres_server import Server

TEXT = ibis.table({"given": "string"}, name="texts")
FLOAT = ibis.table({"given": "float64"}, name="floats")


@pytest.fixture(scope="module")
def engine(postgres: Server) -> Iterator[Postgres]:
    with postgres.database() as url:
        engine = Postgres(url)
        yield engine
        engine.close()


def answers(engine: Postgres, table: ir.Table, values: list[Any], asked: Callable[[ir.Value], ir.Value]) -> list[Any]:
    """What PostgreSQL gives for each value, once DuckDB has given the same."""
    kind = {"string": "text", "float64": "double precision"}[str(table["given"].type())]
    name = table.op().name
    engine.run(f"CREATE TEMP TABLE IF NOT EXISTS {name} (place int, given {kind}); TRUNCATE {name}")
    expression = table.select(answer=asked(table["given"]))
    with duckdb.connect() as other:
        other.execute(f"SET TimeZone = 'UTC'; CREATE TABLE {name} (given {kind.replace('text', 'VARCHAR')})")
        found = []
        for value in values:
            engine.run(f"TRUNCATE {name}")
            engine.place.execute(f"INSERT INTO {name} VALUES (0, %s)", [value])  # noqa: S608
            other.execute(f"DELETE FROM {name}; INSERT INTO {name} VALUES (?)", [value])  # noqa: S608
            ours = engine.place.execute(sql_of(expression, "postgres")).fetchall()[0][0]
            theirs = other.execute(sql_of(expression, "duckdb")).fetchall()[0][0]
            assert ours == theirs, value
            found.append(ours)
    return found


def test_a_text_is_a_time_where_it_is_one_for_duckdb(engine: Postgres) -> None:
    written = [
        "2026-01-31", "2026-1-5", "2026/01/05", "2026-01-31T18:00", "2026-01-31 18:00:00.123456", "2024-02-29",
        "2000-02-29", "2026-01-31T18:00:00Z", "2026-01-31T18:00:00+02", "2026-01-31 18:00:00+02:30",
        "2026-01-31T18:00:00-0800",
    ]  # fmt: skip
    wrong = [
        "2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-05 25:00",
        "2026-01-05 10:61", "2026-01-05 10", "31.01.2026", "yesterday", "now", "2026", "20260105", "", None,
        "2026-01-05x",
    ]  # fmt: skip
    read = lambda text: text.try_cast("timestamp('UTC')").cast("timestamp")  # noqa: E731
    assert None not in answers(engine, TEXT, written, read)
    assert answers(engine, TEXT, wrong, read) == [None] * len(wrong)


def test_a_text_is_a_number_as_far_as_a_float_goes(engine: Postgres) -> None:
    written = ["5", "-5.25", " 7 ", "1e5", "1E-05", "+3.", ".5", "0005", "123456789012345678901234567890", "1e99"]
    assert None not in answers(engine, TEXT, written, number)
    assert answers(engine, TEXT, ["", "five", "1,000", "0x10", "1_000", "NaN", "Infinity", None], number) == [None] * 8
    for beyond in ("1e999", "1e-999", "9" * 400):  # DuckDB says infinite or 0; PostgreSQL would stop the run
        engine.run("TRUNCATE texts")
        engine.place.execute("INSERT INTO texts VALUES (0, %s)", [beyond])
        asked = sql_of(TEXT.select(answer=number(TEXT["given"])), "postgres")
        assert engine.arrow(asked)["answer"].to_pylist() == [None]


def test_halves_are_rounded_away_from_zero(engine: Postgres) -> None:
    values = [0.5, 1.5, 2.5, -0.5, -2.5, 562.5, 2.4999999999999996, 1e15 + 0.5, 0.0, None]
    assert answers(engine, FLOAT, values, lambda value: value.round().cast("int64"))[:3] == [1, 2, 3]


@pytest.mark.parametrize(
    ("decay", "of_five"), [(lambda age: (-age).exp(), math.exp(-5)), (lambda age: ibis.literal(0.01) ** age, 1e-10)]
)
def test_a_weight_too_small_for_a_float_is_nothing(
    engine: Postgres, decay: Callable[[ir.Value], ir.Value], of_five: float
) -> None:
    asked = sql_of(FLOAT.select(answer=decay(FLOAT["given"])).order_by("answer"), "postgres")
    engine.run("CREATE TEMP TABLE IF NOT EXISTS floats (place int, given double precision); TRUNCATE floats")
    engine.run("INSERT INTO floats VALUES (0, 0), (0, 5), (0, 1e6), (0, NULL)")
    *found, unknown = engine.arrow(asked)["answer"].to_pylist()
    assert found == pytest.approx([0, of_five, 1])
    assert unknown is None


def test_other_powers_are_left_alone(engine: Postgres) -> None:
    assert answers(engine, FLOAT, [0.0, 1.0, 2.0, -3.0, None], lambda value: value**2.0) == [0, 1, 4, 9, None]


def test_blanks_of_every_script_are_trimmed(engine: Postgres) -> None:
    clean = lambda text: without_placeholders(text, Settings())  # noqa: E731
    assert answers(engine, TEXT, [f"{BLANKS}a b{BLANKS}", "\ta", "N/A", BLANKS], clean) == ["a b", "\ta", None, None]


def test_half_days_and_months_by_name_are_read(engine: Postgres) -> None:
    read = lambda text: _try_strptime(text, ["%d %b %Y", *HALF_DAY_FORMATS])  # noqa: E731
    written = ["3 May 2024", "03 may 2024", "2024-05-03 2:30 PM", "2024-05-03 12:00:05 am"]
    assert None not in answers(engine, TEXT, written, read)
    assert answers(engine, TEXT, ["31 Feb 2024", "3 Mai 2024", None], read) == [None] * 3


def test_patterns_ignore_case_when_they_say_so(engine: Postgres) -> None:
    found = answers(
        engine, TEXT, ["3 May 2024", "3 MAY 2024", "May"], lambda text: text.re_search("^(?:(?i)\\d may .*)$")
    )
    assert found == [True, True, False]


def test_a_row_is_json_with_its_names(engine: Postgres) -> None:
    engine.run("TRUNCATE texts; INSERT INTO texts VALUES (0, 'say \"hi\"')")
    sql = sql_of(TEXT.select(row=row_as_json(TEXT, ["given"])), "postgres")
    assert engine.arrow(sql)["row"].to_pylist() == ['{"given":"say \\"hi\\""}']


def test_texts_are_sorted_by_their_bytes(engine: Postgres) -> None:
    engine.run("TRUNCATE texts; INSERT INTO texts VALUES (0, 'a'), (0, 'B'), (0, 'é'), (0, NULL)")
    by = sql_of(TEXT.select("given").order_by(TEXT["given"]), "postgres")
    assert engine.arrow(by)["given"].to_pylist() == ["B", "a", "é", None]
    ends = sql_of(TEXT.aggregate(low=TEXT["given"].min(), high=TEXT["given"].max()), "postgres")
    assert engine.arrow(ends).to_pylist() == [{"low": "B", "high": "é"}]


def test_long_names_stay_different(engine: Postgres) -> None:
    one, other = "ä" * 60 + "1", "ä" * 60 + "2"  # 121 bytes, of which PostgreSQL would keep the same 63
    engine.run(f"CREATE TEMP TABLE wide AS {empty_of({one: 'string', other: 'int64'}, 'postgres')}")
    table = ibis.table({one: "string", other: "int64"}, name="wide")
    assert engine.arrow(sql_of(table.select(other), "postgres")).schema.types == [pa.int64()]
    assert [len(short_name(name).encode()) <= LONGEST_NAME for name in (one, other)] == [True, True]
    assert short_name("short") == "short"

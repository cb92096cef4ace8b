"""What the text of a column turns into, as tables anybody can read."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scoville.data.clean import clean_leads
from scoville.data.load import load
from scoville.data.sources import open_source
from scoville.data.workspace import Settings, Workspace
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.quality import Notice


def cleaned(
    con: InDuckDB,
    values: Sequence[object],
    name: str = "trait",
    settings: Settings | None = None,
    *,
    is_text: bool = True,
) -> tuple[list[Any], str, tuple[Notice, ...], int]:
    """The values of one trait after cleaning, in their order; its type; notices; values that could not be read."""
    table = pa.table({"lead_id": [f"{place:05}" for place in range(len(values))], name: values})
    raw = open_source(con, table, relation="leads")
    raw = type(raw)(raw.relation, raw.name, raw.table, is_text=is_text)
    found = clean_leads(con, raw, {}, settings or Settings())
    rows = con.con.execute(f'SELECT "{name}", typeof("{name}") FROM clean_leads ORDER BY lead_id').fetchall()  # noqa: S608
    return [row[0] for row in rows], rows[0][1], found.notices, found.unreadable.get(name, 0)


# Expected values by hand, from how the forms are written in the countries that use them.
NUMBERS = {
    "plain": (["1", "-20", "0"], [1, -20, 0]),
    "decimals": (["1.5", "2", "-0.25"], [1.5, 2.0, -0.25]),
    "exponents as programs write them": (["1e-05", "2.5"], [1e-05, 2.5]),
    "thousands": (["1,200", "35", "1,200,000"], [1200, 35, 1200000]),
    "dollars": (["$5,000", "$12.50", "-$3"], [5000.0, 12.5, -3.0]),
    "per cent": (["12 %", "7%"], [12, 7]),
    "euros in German": (["1.234,56 €", "5 €", "0,5 €"], [1234.56, 5.0, 0.5]),
    "comma decimals": (["1,5", "2", "10,25"], [1.5, 2.0, 10.25]),
    "French": (["1 234,5", "12,0"], [1234.5, 12.0]),
    "Swiss": (["CHF 1'234.50", "CHF 7.00"], [1234.5, 7.0]),
    "currency code behind": (["1,200 USD", "3 USD"], [1200, 3]),
    "minus sign of typesetters": (["−3,5", "4,0"], [-3.5, 4.0]),
}
NOT_NUMBERS = {
    "leading zeros": ["00123", "45"],
    "1e5 is an id": ["1e5", "2e3"],
    "phone with a plus": ["+4917012345678", "+4917012345679"],
    "ranges": ["10-50", "51-200"],
    "one word among numbers": ["5", "six"],
    "more digits than a float holds": ["12345678901234567", "1"],
    "both marks": ["1.5", "1,5"],
    "not a number": ["nan1", "inf"],
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_in_text(con: InDuckDB, case: str) -> None:
    written, expected = NUMBERS[case]
    values, kind, _, _ = cleaned(con, written)
    assert values == expected
    assert kind == ("BIGINT" if isinstance(expected[0], int) else "DOUBLE")


@pytest.mark.parametrize("case", NOT_NUMBERS)
def test_what_only_looks_like_a_number_stays_text(con: InDuckDB, case: str) -> None:
    values, kind, _, _ = cleaned(con, NOT_NUMBERS[case])
    assert (values, kind) == (NOT_NUMBERS[case], "VARCHAR")


@pytest.mark.parametrize("name", ["phone", "Mobile No", "zip_code", "PLZ", "customerId", "account_id"])
def test_labels_written_in_digits_stay_text(con: InDuckDB, name: str) -> None:
    assert cleaned(con, ["10115", "20095"], name)[0] == ["10115", "20095"]


def test_counts_of_calls_are_no_phone(con: InDuckDB) -> None:
    assert cleaned(con, ["3", "5"], "phone_calls")[0] == [3, 5]


@pytest.mark.parametrize(
    ("written", "expected", "words"),
    [
        (["1,200", "1,300"], [1200, 1300], "1,234 may be a decimal or a thousands mark; read as 1234"),
        (["1.200", "1.300"], [1.2, 1.3], "1.234 may be a decimal or a thousands mark; read as 1.234"),
        (["$5", "€6"], ["$5", "€6"], "mixes currencies ($, €)"),
        (["5 %", "6"], ["5 %", "6"], "mixes percentages"),
    ],
)
def test_open_choices_are_said(con: InDuckDB, written: list[str], expected: list[object], words: str) -> None:
    values, _, notices, _ = cleaned(con, written)
    assert values == expected
    assert words in str(notices[0])


def test_decimal_mark_of_the_workspace_settles_it(con: InDuckDB) -> None:
    comma = Settings(decimal_mark=",")
    assert cleaned(con, ["1,200", "1,300"], settings=comma)[0] == [1.2, 1.3]
    assert cleaned(con, ["1.200", "1.300"], settings=comma)[0] == [1200, 1300]
    assert cleaned(con, ["1.5", "1.6"], settings=comma)[0] == ["1.5", "1.6"]
    assert cleaned(con, ["1.200", "1.300"], settings=Settings(decimal_mark="."))[2] == ()


def test_a_value_beyond_the_sample_decides_too(con: InDuckDB) -> None:
    many = [str(number) for number in range(1, 5001)]
    assert cleaned(con, many)[0][:2] == [1, 2]
    assert cleaned(con, [*many, "unlimited"])[1] == "VARCHAR"
    assert cleaned(con, [*many, "1,200,300"])[0][-1] == 1200300


MOMENTS = {
    "date": ("2024-05-03", "2024-05-03 00:00:00"),
    "slashes": ("2024/05/03 7:08", "2024-05-03 07:08:00"),
    "minutes": ("2024-05-03 14:30", "2024-05-03 14:30:00"),
    "microseconds": ("2024-05-03T14:30:01.123456", "2024-05-03 14:30:01.123456"),
    "zulu": ("2024-05-03T14:30:00Z", "2024-05-03 14:30:00"),
    "offset": ("2024-05-03T14:30:00+02:00", "2024-05-03 12:30:00"),
    "offset of half an hour": ("2024-05-03T14:30:00.5-0330", "2024-05-03 18:00:00.5"),
    "offset apart": ("2024-05-03 14:30:00 +0200", "2024-05-03 12:30:00"),
    "UTC in words": ("2024-05-03 14:30:00 UTC", "2024-05-03 14:30:00"),
    "day first": ("23/05/2024", "2024-05-23 00:00:00"),
    "day first with dashes": ("23-05-2024 14:30", "2024-05-23 14:30:00"),
    "month first": ("05/23/2024 2:30 PM", "2024-05-23 14:30:00"),
    "month first with seconds": ("5/23/24, 12:05:06 AM", "2024-05-23 00:05:06"),
    "two digits of the last century": ("23/05/98", "1998-05-23 00:00:00"),
    "German": ("03.05.2024 14:30:15", "2024-05-03 14:30:15"),
    "month by name": ("3 May 2024", "2024-05-03 00:00:00"),
    "long name": ("13 September 2024 14:30", "2024-09-13 14:30:00"),
    "Oracle": ("03-MAY-2024", "2024-05-03 00:00:00"),
    "American": ("May 3, 2024", "2024-05-03 00:00:00"),
    "American with a time": ("December 31, 2024 11:59:59 PM", "2024-12-31 23:59:59"),
}


@pytest.mark.parametrize("name", ["trait", "created_at"])
@pytest.mark.parametrize("case", MOMENTS)
def test_moments_in_text(con: InDuckDB, case: str, name: str) -> None:
    written, expected = MOMENTS[case]
    values, kind, _, unreadable = cleaned(con, [written, None], name)
    assert (values, kind, unreadable) == ([datetime.fromisoformat(expected), None], "TIMESTAMP", 0)


@pytest.mark.parametrize(
    "written", ["2024-13-01", "2024-02-30", "32.01.2024", "99/99/2024", "May 2024", "soon", "infinity", "20240503x"]
)
def test_what_is_no_moment_stays_text(con: InDuckDB, written: str) -> None:
    assert cleaned(con, [written])[0] == [written]


def test_some_offsets_and_some_not(con: InDuckDB) -> None:
    values, _, _, _ = cleaned(con, ["2024-05-03 14:30", "2024-05-03 14:30+02:00"], settings=Settings("Europe/Berlin"))
    assert values == [datetime(2024, 5, 3, 12, 30)] * 2  # noqa: DTZ001 - naive UTC; Berlin is 2 h ahead in May


def test_local_times_become_utc_through_the_year(con: InDuckDB) -> None:
    written = ["2024-01-15", "2024-07-15", "2024-03-31 02:30", "2024-10-27 02:30"]
    values, _, _, _ = cleaned(con, written, settings=Settings("Europe/Berlin"))
    assert [str(value) for value in values] == [
        "2024-01-14 23:00:00",  # winter: 1 h ahead of UTC
        "2024-07-14 22:00:00",  # summer: 2 h
        "2024-03-31 01:30:00",  # the hour that is skipped: the clock runs on
        "2024-10-27 01:30:00",  # the hour that comes twice: the later one
    ]


def test_one_per_cent_of_a_trait_may_be_unreadable(con: InDuckDB) -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 31)] * 4
    values, kind, _, unreadable = cleaned(con, [*days, "tomorrow"])
    assert (values[-1], kind, unreadable) == (None, "TIMESTAMP", 1)
    assert cleaned(con, [*days[:30], "tomorrow"])[1] == "VARCHAR"  # 3 %


def test_day_and_month_are_decided_by_the_rows_that_tell(con: InDuckDB) -> None:
    open_dates = ["01/02/2024"] * 3000
    assert cleaned(con, [*open_dates, "13/02/2024"])[0][0] == datetime(2024, 2, 1)  # noqa: DTZ001
    assert cleaned(con, [*open_dates, "02/13/2024"])[0][0] == datetime(2024, 1, 2)  # noqa: DTZ001


def test_open_day_and_month_stay_text_until_said(con: InDuckDB) -> None:
    values, kind, notices, _ = cleaned(con, ["01/02/2024"])
    assert (values, kind) == (["01/02/2024"], "VARCHAR")
    assert 'Set date_order = "dmy" or "mdy"' in str(notices[0])
    assert cleaned(con, ["01/02/2024"], settings=Settings(date_order="mdy"))[0] == [datetime(2024, 1, 2)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["sometime", "later"], "leads.created_at does not read as a time, such as 'later', 'sometime'"),
        (["01/02/2024"], "may be day/month or month/day"),
        (["5", "6"], "does not read as a time"),
    ],
)
def test_created_at_has_to_be_a_time(con: InDuckDB, values: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        cleaned(con, values, "created_at")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1714730000", "2024-05-03 09:53:20"),  # date -u -d @1714730000
        ("1714730000.25", "2024-05-03 09:53:20.25"),
        ("1714730000123", "2024-05-03 09:53:20.123"),
        ("1714730000123456", "2024-05-03 09:53:20.123456"),
    ],
)
def test_epochs_are_times_only_where_a_time_has_to_be(con: InDuckDB, written: str, expected: str) -> None:
    assert cleaned(con, [written], "created_at")[0] == [datetime.fromisoformat(expected)]
    assert cleaned(con, [float(written)], "created_at", is_text=False)[0] == [datetime.fromisoformat(expected)]
    assert cleaned(con, [written])[1] != "TIMESTAMP"


def test_typed_numbers_that_are_no_epoch(con: InDuckDB) -> None:
    with pytest.raises(DataError, match="holds numbers up to 7, which are no time"):
        cleaned(con, [5, 7], "created_at", is_text=False)
    with pytest.raises(DataError, match="is of type boolean, which is no time"):
        cleaned(con, [True], "created_at", is_text=False)


def test_words_of_truth(con: InDuckDB) -> None:
    assert cleaned(con, ["true", "FALSE", None])[0] == [True, False, None]
    assert cleaned(con, ["yes", "no"])[0] == ["yes", "no"]
    assert cleaned(con, ["true", "maybe"])[0] == ["true", "maybe"]


PLACEHOLDERS = [
    "",
    " ",
    "Select",
    "N/A",
    "n/a",
    "NA",
    "-",
    "--",
    "null",
    "NULL",
    "None",
    "nil",
    "NaN",
    "(not set)",
    "?",
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
@pytest.mark.parametrize("is_text", [True, False])
def test_placeholders_are_missing(con: InDuckDB, text: str, *, is_text: bool) -> None:
    assert cleaned(con, [text, f"  {text} ", "x"], is_text=is_text)[0] == [None, None, "x"]


@pytest.mark.parametrize("text", ["unknown", "Other", "0", "no", "selected", "none of these", "n/a yet"])
def test_answers_are_not_placeholders(con: InDuckDB, text: str) -> None:
    assert str(cleaned(con, [text, "x"])[0][0]) == text


def test_placeholders_do_not_stop_a_number(con: InDuckDB) -> None:
    assert cleaned(con, ["5", "N/A", "7"])[0] == [5, None, 7]


def test_namibia_is_a_country(con: InDuckDB) -> None:
    assert cleaned(con, ["NA", "DE", None, "n/a"], "country")[0] == ["NA", "DE", None, None]
    assert cleaned(con, ["NA", "Germany"], "Country")[0] == [None, "Germany"]
    assert cleaned(con, ["NA", "DE"], "grade")[0] == [None, "DE"]


def test_column_without_any_value_is_missing_text(con: InDuckDB) -> None:
    assert cleaned(con, [None, ""])[:2] == ([None, None], "VARCHAR")


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1.5, float("nan"), float("inf")]), [1.5, None, None]),
        (pa.array([1, None], pa.int8()), [1, None]),
        (pa.array([1, 2], pa.uint64()), [1.0, 2.0]),
        (pa.array([1, 2], pa.float32()), [1.0, 2.0]),
        (pa.array(["1.50"]).cast(pa.decimal128(9, 2)), [1.5]),
        (pa.array([True, None]), [True, None]),
        (pa.array([{"a": 1}]), ['{"a":1}']),
        (pa.array([[1, 2]]), ["[1,2]"]),
        (pa.array(["a", "Select"]).dictionary_encode(), ["a", None]),
        (pa.array(["12", "13"]), ["12", "13"]),  # text by its type stays text
        (pa.array([19846], pa.date32()), [datetime(2024, 5, 3)]),  # noqa: DTZ001
        (pa.array([0], pa.timestamp("ns")), [datetime(1970, 1, 1)]),  # noqa: DTZ001
        (pa.array([0], pa.timestamp("s", "Asia/Tokyo")), [datetime(1970, 1, 1)]),  # noqa: DTZ001
        (pa.nulls(1), [None]),
    ],
)
def test_types_of_the_source_are_kept(con: InDuckDB, array: pa.Array, expected: list[object]) -> None:
    values, kind, _, _ = cleaned(con, array, is_text=False)
    assert values == expected
    assert kind in {"VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP"}


def test_bytes_are_left_out_and_said(con: InDuckDB) -> None:
    raw = open_source(con, pa.table({"lead_id": ["1"], "photo": [b"\x00"]}), relation="leads")
    found = clean_leads(con, raw, {}, Settings())
    assert found.table.columns == ("lead_id",)
    assert "leads.photo: left out: it holds bytes" in str(found.notices[0])


def test_order_of_rows_decides_nothing(con: InDuckDB) -> None:
    texts = ["1,200", "1.5", "13/02/2024", "x", None]
    outcomes = {
        (kind, tuple(sorted(map(str, values))))
        for values, kind, _, _ in (cleaned(con, order) for order in permutations(texts))
    }
    assert len(outcomes) == 1


ZONED = "2024-03-01T10:00:00.123456400+02:00"  # 8:00 in Greenwich
ZONED_NANOSECONDS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame({"at": pd.to_datetime([ZONED]).as_unit("ns")}),
    "polars": lambda: pl.DataFrame({"at": [ZONED]}).select(
        pl.col("at").str.to_datetime(time_unit="ns", time_zone="Europe/Berlin")
    ),
    "arrow": lambda: pa.table({"at": pa.array([1709280000123456400], pa.timestamp("ns", "Asia/Tokyo"))}),
}


@pytest.mark.parametrize("library", ZONED_NANOSECONDS)
def test_nanoseconds_with_a_zone_become_naive_utc_microseconds(con: InDuckDB, library: str) -> None:
    frame = ZONED_NANOSECONDS[library]()
    leads = pa.table(frame).rename_columns(["created_at"]).append_column("lead_id", [["1"]])
    events = pa.table(frame).rename_columns(["occurred_at"])
    events = events.append_column("lead_id", [["1"]]).append_column("event", [["v"]])
    load(con, leads, events, workspace=Workspace(), as_of=datetime(2024, 6, 1))  # noqa: DTZ001 - naive UTC
    expected = [(datetime(2024, 3, 1, 8, 0, 0, 123456), "TIMESTAMP")]  # noqa: DTZ001
    assert con.con.execute("SELECT created_at, typeof(created_at) FROM leads").fetchall() == expected
    assert con.con.execute("SELECT occurred_at, typeof(occurred_at) FROM events").fetchall() == expected

"""Duplicate leads become one, by the stated policy, whatever the order of the rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scoville.data.identity import CROWD, People, merge_accounts, merge_leads
from scoville.data.in_duckdb import InDuckDB
from scoville.data.workspace import Settings
from scoville.errors import DataError

if TYPE_CHECKING:
    Row = dict[str, Any]

OLD, MID, NEW = (datetime(2024, month, 1) for month in (1, 2, 3))  # noqa: DTZ001 - naive UTC

SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("email", pa.string()),
        ("country", pa.string()),
        ("created_at", pa.timestamp("us")),
        ("updated_at", pa.timestamp("us")),
    ]
)


def merged(con: InDuckDB, rows: list[Row], merge: Literal["email", "id", "none"] = "email") -> tuple[list[Row], People]:
    con.con.register("given", pa.Table.from_pylist(rows, SCHEMA))
    leads = con.keep_table_from_sql("clean_leads", "SELECT * FROM given")
    people = merge_leads(con, leads, Settings(merge=merge), source="leads.csv")
    return sorted(con.fetch_rows(people.table), key=lambda row: str(row["lead_id"])), people


def links(con: InDuckDB, people: People) -> dict[str, str]:
    return {row["scoville_from"]: row["scoville_survivor"] for row in con.fetch_rows(people.links)}


def test_leads_without_duplicates_are_passed_as_they_are(con: InDuckDB) -> None:
    rows = [{"lead_id": "1", "email": "a@x.io"}, {"lead_id": "2", "email": "b@x.io"}, {"lead_id": "3"}]
    found, people = merged(con, rows)
    assert [row["lead_id"] for row in found] == ["1", "2", "3"]
    assert (people.merged, people.has_links, links(con, people)) == (0, False, {})


def test_rows_of_one_id_become_one_lead(con: InDuckDB) -> None:
    rows: list[Row] = [
        {"lead_id": "1", "country": "US", "created_at": OLD, "updated_at": OLD},
        {"lead_id": "1", "country": None, "created_at": MID, "updated_at": NEW},
    ]
    found, people = merged(con, rows)
    assert found == [{"lead_id": "1", "email": None, "country": "US", "created_at": OLD, "updated_at": NEW}]
    assert (people.merged, people.merged_by_email) == (1, 0)


def test_newest_value_wins_trait_by_trait(con: InDuckDB) -> None:
    rows: list[Row] = [
        {"lead_id": "1", "email": "new@x.io", "country": None, "created_at": OLD, "updated_at": NEW},
        {"lead_id": "1", "email": "old@x.io", "country": "DE", "created_at": OLD, "updated_at": MID},
        {"lead_id": "1", "email": "older@x.io", "country": "US", "created_at": OLD, "updated_at": OLD},
    ]
    found, _ = merged(con, rows)
    assert (found[0]["email"], found[0]["country"]) == ("new@x.io", "DE")


def test_created_at_stands_in_for_a_missing_updated_at(con: InDuckDB) -> None:
    rows: list[Row] = [
        {"lead_id": "1", "country": "US", "created_at": OLD, "updated_at": MID},
        {"lead_id": "1", "country": "DE", "created_at": NEW, "updated_at": None},
        {"lead_id": "1", "country": "FR", "created_at": None, "updated_at": None},
    ]
    assert merged(con, rows)[0][0]["country"] == "DE"


def test_one_address_is_one_lead_under_the_id_created_first(con: InDuckDB) -> None:
    rows: list[Row] = [
        {"lead_id": "1", "email": "a@x.io", "created_at": NEW},
        {"lead_id": "2", "email": " A@X.io", "created_at": OLD},
        {"lead_id": "3", "email": "a@x.io", "created_at": None},
    ]
    found, people = merged(con, rows)
    assert [row["lead_id"] for row in found] == ["2"]
    assert links(con, people) == {"1": "2", "3": "2"}
    assert (people.merged, people.merged_by_email) == (2, 2)


def test_smallest_id_survives_where_no_date_tells(con: InDuckDB) -> None:
    found, _ = merged(con, [{"lead_id": "b", "email": "a@x.io"}, {"lead_id": "a", "email": "a@x.io"}])
    assert [row["lead_id"] for row in found] == ["a"]


@pytest.mark.parametrize("email", ["none", "a@", "@x.io", "a b@x.io", "a@x", "a@x.io, b@x.io", ""])
def test_what_cannot_be_an_address_merges_nobody(con: InDuckDB, email: str) -> None:
    found, _ = merged(con, [{"lead_id": "1", "email": email}, {"lead_id": "2", "email": email}])
    assert len(found) == 2


def test_both_kinds_of_duplicates_are_counted_apart(con: InDuckDB) -> None:
    rows: list[Row] = [
        {"lead_id": "1", "email": "a@x.io"},
        {"lead_id": "1", "email": "a@x.io"},
        {"lead_id": "2", "email": "A@x.io"},
    ]
    _, people = merged(con, rows)
    assert (people.merged, people.merged_by_email) == (2, 1)


def test_by_id_addresses_do_not_matter(con: InDuckDB) -> None:
    rows = [{"lead_id": "1", "email": "a@x.io"}, {"lead_id": "2", "email": "a@x.io"}, {"lead_id": "2", "country": "US"}]
    found, people = merged(con, rows, merge="id")
    assert [row["lead_id"] for row in found] == ["1", "2"]
    assert people.merged == 1


def test_none_makes_a_duplicate_id_an_error(con: InDuckDB) -> None:
    rows = [{"lead_id": str(number % 7)} for number in range(14)]
    with pytest.raises(
        DataError, match=r"lead_id is not unique: '0', '1', '2', '3', '4' of 7 that come more than once"
    ):
        merged(con, rows, merge="none")
    assert (
        len(merged(con, [{"lead_id": "1", "email": "a@x.io"}, {"lead_id": "2", "email": "a@x.io"}], merge="none")[0])
        == 2
    )


def test_a_crowd_behind_one_address_is_noticed(con: InDuckDB) -> None:
    rows = [{"lead_id": f"{number:02}", "email": "info@x.io"} for number in range(CROWD)]
    _, people = merged(con, rows)
    assert "10 leads share the e-mail address of lead '00'" in str(people.notices[0])
    assert merged(con, rows[1:])[1].notices == ()


def test_accounts_are_merged_by_their_id(con: InDuckDB) -> None:
    rows = "('x.io', NULL, 5), ('x.io', 'Rome', 7)"
    con.con.execute(f"CREATE TABLE companies AS SELECT * FROM (VALUES {rows}) t(account_id, city, size)")  # noqa: S608
    accounts = con.keep_table_from_sql("clean_accounts", "SELECT * FROM companies")
    people = merge_accounts(con, accounts, Settings(), source="a.csv")
    assert con.fetch_rows(people.table) == [{"account_id": "x.io", "city": "Rome", "size": 7}]
    assert people.merged == 1
    with pytest.raises(DataError, match=r"account_id is not unique: 'x.io'"):
        merge_accounts(con, accounts, Settings(merge="none"), source="a.csv")


LEAD = st.fixed_dictionaries(
    {
        "lead_id": st.sampled_from(["1", "2", "3", "4"]),
        "email": st.sampled_from(["a@x.io", " A@x.io", "b@x.io", "B@x.io", "none", None]),
        "country": st.sampled_from(["US", "DE", None]),
        "created_at": st.sampled_from([OLD, MID, None]),
        "updated_at": st.sampled_from([MID, NEW, None]),
    }
)


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # a merge takes 0.1 s: no shrinking
@given(rows=st.lists(LEAD, min_size=1, max_size=8), data=st.data())
def test_merging_ignores_order_and_merges_all_at_once(rows: list[Row], data: st.DataObject) -> None:
    con = InDuckDB(duckdb.connect())
    found, people = merged(con, rows)
    shuffled, again = merged(con, data.draw(st.permutations(rows)))
    assert shuffled == found
    assert links(con, again) == links(con, people)
    assert people.merged == len(rows) - len(found)
    assert {row["lead_id"] for row in rows} == {row["lead_id"] for row in found} | links(con, people).keys()
    assert set(links(con, people).values()) <= {row["lead_id"] for row in found}
    twice, idle = merged(con, found)
    assert (twice, idle.merged) == (found, 0)

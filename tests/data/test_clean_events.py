"""Events: every row is used, or rejected for the first reason that holds; large clean tables are not copied."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scoville.data.in_duckdb import InDuckDB
from scoville.data.load import Loaded, load
from scoville.data.workspace import Settings, Workspace
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Rows = Callable[[str], list[dict[str, Any]]]

AS_OF = datetime(2024, 6, 1)  # noqa: DTZ001 - naive UTC, as all of our instants
LEADS = pa.table({"lead_id": ["1", "2"], "email": ["a@x.io", "b@x.io"]})


def loaded(con: InDuckDB, events: object, workspace: Workspace | None = None, as_of: datetime | None = AS_OF) -> Loaded:
    return load(con, LEADS, events, workspace=workspace or Workspace(), as_of=as_of)


def rejected(result: Loaded) -> dict[str, int]:
    found = result.quality.relation("events")
    assert found is not None
    assert found.rows == found.used + found.merged + sum(found.rejected.values())
    return found.rejected


REASONED = """lead_id,event,occurred_at,path
1,viewed,2024-05-01T10:00:00+02:00,/pricing
,viewed,2024-05-01T10:00:00Z,no lead_id
1,N/A,2024-05-01T10:00:00Z,no event name
1,viewed,,no time
1,viewed,soon,unreadable time
1,viewed,2024-06-01T00:00:01Z,after as_of
9,viewed,2024-05-01T10:00:00Z,unknown lead
2,viewed,2024-06-01T00:00:00Z,-
"""


def test_every_reason(con: InDuckDB, write: Callable[..., Path], rows: Rows) -> None:
    result = loaded(con, write("e.csv", REASONED))
    reasons = ["no lead_id", "no event name", "no time", "unreadable time", "after as_of", "unknown lead"]
    assert rejected(result) == dict.fromkeys(reasons, 1)
    assert rows("events") == [
        {
            "event_id": None,
            "lead_id": "1",
            "event": "viewed",
            "occurred_at": datetime(2024, 5, 1, 8),  # noqa: DTZ001
            "path": "/pricing",
        },
        {"event_id": None, "lead_id": "2", "event": "viewed", "occurred_at": AS_OF, "path": None},
    ]
    said = {row["reason"]: json.loads(row["row"])["path"] for row in rows("rejects")}
    assert said == {reason: reason for reason in reasons}


def test_reasons_of_typed_events_are_the_same(con: InDuckDB, rows: Rows) -> None:
    late = datetime(2024, 7, 1)  # noqa: DTZ001
    events = pa.table(
        {
            "lead_id": ["1", None, "1", "1", "1", "9"],
            "event": ["v", "v", " ", "v", "v", "v"],
            "occurred_at": [AS_OF, AS_OF, AS_OF, None, late, AS_OF],
        }
    )
    result = loaded(con, events)
    assert rejected(result) == {
        "no lead_id": 1,
        "no event name": 1,
        "no time": 1,
        "after as_of": 1,
        "unknown lead": 1,
    }
    assert len(rows("events")) == 1
    assert len(rows("rejects")) == 5


def test_without_as_of_nothing_is_late(con: InDuckDB) -> None:
    events = [{"lead_id": "1", "event": "v", "occurred_at": datetime(2999, 1, 1)}]  # noqa: DTZ001
    assert rejected(loaded(con, events, as_of=None)) == {}


def test_as_of_with_a_zone(con: InDuckDB) -> None:
    events = [{"lead_id": "1", "event": "v", "occurred_at": datetime(2024, 6, 1)}]  # noqa: DTZ001
    assert rejected(loaded(con, events, as_of=datetime.fromisoformat("2024-06-01T01:00:00+02:00"))) == {
        "after as_of": 1
    }


def typed(lead_ids: list[str], **columns: list[Any]) -> pa.Table:
    count = len(lead_ids)
    return pa.table({"lead_id": lead_ids, "event": ["v"] * count, "occurred_at": [AS_OF] * count, **columns})


def is_view(con: InDuckDB) -> bool:
    """Whether `events` reads the source itself rather than a copy of it."""
    sql = con.con.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'events'").fetchall()[0][0]
    return "raw_events" in sql


def test_clean_typed_events_are_not_copied(con: InDuckDB) -> None:
    loaded(con, typed(["1", "2"], path=["/a", None], event_id=["x", "y"]))
    assert is_view(con)


def test_only_the_column_with_placeholders_is_cleaned(con: InDuckDB, rows: Rows) -> None:
    loaded(con, typed(["1", "2"], path=["/a", "-"], note=[" b", "c"], minutes=[float("nan"), 2.0]))
    assert is_view(con)
    assert [(row["path"], row["note"], row["minutes"]) for row in rows("events")] == [
        ("/a", "b", None),
        (None, "c", 2.0),
    ]


def test_late_events_leave_the_view_but_make_no_copy(con: InDuckDB, rows: Rows) -> None:
    events = typed(["1", "2"]).set_column(2, "occurred_at", [[AS_OF, datetime(2024, 6, 2)]])  # noqa: DTZ001
    assert rejected(loaded(con, events)) == {"after as_of": 1}
    assert is_view(con)
    assert [row["lead_id"] for row in rows("events")] == ["1"]
    assert [row["reason"] for row in rows("rejects")] == ["after as_of"]


def test_ids_are_compared_as_text_whatever_their_type(con: InDuckDB) -> None:
    ids = pa.array([1, 2, None])
    events = pa.table({"lead_id": ids, "event": ["v"] * 3, "occurred_at": [AS_OF] * 3})
    assert rejected(loaded(con, events)) == {"no lead_id": 1}
    assert rejected(loaded(con, events.set_column(0, "lead_id", ids.cast(pa.float64())))) == {"no lead_id": 1}
    assert rejected(loaded(con, typed([" 1", "2 "]))) == {}


def test_first_of_one_event_id_is_kept(con: InDuckDB, rows: Rows) -> None:
    earlier = datetime(2024, 5, 31)  # noqa: DTZ001
    events = typed(["1", "1", "1", "2"], event_id=["a", "a", "b", None], n=[1, 2, 3, 4])
    events = events.set_column(2, "occurred_at", [[AS_OF, earlier, AS_OF, AS_OF]])
    assert rejected(loaded(con, events)) == {"duplicate event_id": 1}
    assert sorted(row["n"] for row in rows("events")) == [2, 3, 4]
    assert [json.loads(row["row"])["n"] for row in rows("rejects")] == [1]


def test_missing_event_ids_are_no_duplicates(con: InDuckDB) -> None:
    assert rejected(loaded(con, typed(["1", "1", "1"], event_id=["-", "-", None]))) == {}


def test_row_of_an_unknown_lead_does_not_use_up_an_event_id(con: InDuckDB, rows: Rows) -> None:
    events = typed(["9", "1"], event_id=["a", "a"]).set_column(
        2,
        "occurred_at",
        [[datetime(2024, 1, 1), AS_OF]],  # noqa: DTZ001
    )
    assert rejected(loaded(con, events)) == {"unknown lead": 1}
    assert [row["lead_id"] for row in rows("events")] == ["1"]


def test_later_rows_of_a_file_do_not_change_an_earlier_score(con: InDuckDB, rows: Rows) -> None:
    early = typed(["1"], event_id=["a"])
    late = typed(["1"], event_id=["a"]).set_column(2, "occurred_at", [[datetime(2024, 7, 1)]])  # noqa: DTZ001
    loaded(con, early)
    alone = rows("events")
    loaded(con, pa.concat_tables([late, early]))
    assert rows("events") == alone


def test_events_of_merged_leads_count_for_the_survivor(con: InDuckDB, rows: Rows) -> None:
    leads = [{"lead_id": "1", "email": "a@x.io"}, {"lead_id": "2", "email": "A@X.io "}]
    load(con, leads, typed(["1", "2"]), workspace=Workspace(), as_of=AS_OF)
    assert [row["lead_id"] for row in rows("events")] == ["1", "1"]


def test_events_may_name_their_lead_by_address(con: InDuckDB, write: Callable[..., Path], rows: Rows) -> None:
    path = write("e.csv", "email,event,time\nA@x.io ,v,2024-01-01\nnobody@x.io,v,2024-01-01\n")
    assert rejected(loaded(con, path)) == {"unknown lead": 1}
    assert [row["lead_id"] for row in rows("events")] == ["1"]


@pytest.mark.parametrize("column", ["email", "user_id"])
def test_leads_and_events_keyed_by_address(con: InDuckDB, rows: Rows, column: str) -> None:
    leads = [{"E-Mail": "Ann@X.io", "city": "Rome"}]
    events = [{column: "ANN@x.io", "event": "v", "occurred_at": AS_OF}]
    load(con, leads, events, workspace=Workspace(), as_of=AS_OF)
    assert rows("leads") == [{"lead_id": "ann@x.io", "email": "Ann@X.io", "city": "Rome"}]
    assert [row["lead_id"] for row in rows("events")] == ["ann@x.io"]


def test_ids_that_are_different_things_are_noticed(con: InDuckDB) -> None:
    result = loaded(con, typed(["u-77", "u-78", "1"]))
    assert "2 of 3 events are of unknown leads" in str(result.quality.notices[0])
    assert "In events it is such as '1', in leads such as '1'" in str(result.quality.notices[0])


def test_nested_properties_are_json_text(con: InDuckDB, rows: Rows) -> None:
    loaded(con, typed(["1"], properties=[{"plan": "pro", "seats": 3}]))
    assert [row["properties"] for row in rows("events")] == ['{"plan":"pro","seats":3}']


@pytest.mark.parametrize("strangers", [0, 1], ids=["view", "copy"])
def test_properties_that_are_no_json_are_missing_and_counted(con: InDuckDB, rows: Rows, strangers: int) -> None:
    texts = ['{"plan": "pro"}', "{plan: pro", '{"plan": ', "N/A", "", None]
    owners = ["1"] * len(texts) + ["9"] * strangers
    result = loaded(con, typed(owners, properties=texts + ["{unknown"] * strangers))
    assert is_view(con) == (not strangers)
    assert [row["properties"] for row in rows("events")] == ['{"plan": "pro"}', *[None] * 5]
    assert [str(notice) for notice in result.quality.notices] == [
        "events.properties: of 2 events are no JSON, so missing; those events count without them."
    ]


def test_properties_in_sound_json_are_passed_without_a_word(con: InDuckDB, rows: Rows) -> None:
    result = loaded(con, typed(["1"], properties=['{"plan": "pro"}']))
    assert (rows("events")[0]["properties"], result.quality.notices) == ('{"plan": "pro"}', ())


def test_an_empty_text_in_typed_events_is_missing(con: InDuckDB, rows: Rows) -> None:
    loaded(con, typed(["1", "2"], path=["", "/a"], properties=["", "{}"]))
    assert [(row["path"], row["properties"]) for row in rows("events")] == [(None, None), ("/a", "{}")]


def test_text_properties_stay_text(con: InDuckDB, write: Callable[..., Path], rows: Rows) -> None:
    loaded(con, write("e.csv", "lead_id,event,occurred_at,minutes\n1,v,2024-01-01,12\n1,v,2024-01-01,N/A\n"))
    assert [row["minutes"] for row in rows("events")] == ["12", None]


def test_local_times_of_typed_events(con: InDuckDB, rows: Rows) -> None:
    loaded(con, typed(["1"]), Workspace(Settings("Europe/Berlin")))
    assert [row["occurred_at"] for row in rows("events")] == [datetime(2024, 5, 31, 22)]  # noqa: DTZ001 - CEST is +2


def test_times_that_do_not_parse_stop_the_run(con: InDuckDB, write: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"events.occurred_at does not read as a time, such as 'soon'"):
        loaded(con, write("e.csv", "lead_id,event,occurred_at\n1,v,soon\n"))


def test_no_time_at_all_rejects_every_row(con: InDuckDB, write: Callable[..., Path]) -> None:
    assert rejected(loaded(con, write("e.csv", "lead_id,event,occurred_at\n1,v,\n"))) == {"no time": 1}


def test_without_events_the_table_is_empty_and_typed(con: InDuckDB) -> None:
    result = load(con, LEADS, workspace=Workspace(), as_of=AS_OF)
    assert result.events.columns == ("event_id", "lead_id", "event", "occurred_at")
    assert con.con.execute("SELECT count(*) FROM events").fetchall() == [(0,)]


def test_a_header_without_events_is_noticed(con: InDuckDB, write: Callable[..., Path]) -> None:
    header = "lead_id,event,occurred_at,plan\n"
    frame = pd.DataFrame({name: [] for name in header.strip().split(",")})
    for nothing in (write("e.csv", header), frame):
        result = loaded(con, nothing)
        assert [str(one) for one in result.quality.notices] == ["events: no rows: the run goes on as without events."]
        assert rejected(result) == {}
        assert result.events.columns == ("event_id", "lead_id", "event", "occurred_at", "plan")


@pytest.mark.parametrize("nothing", [[], {}, pd.DataFrame()], ids=repr)
def test_a_table_without_columns_means_no_events(con: InDuckDB, nothing: object) -> None:
    mapped = Workspace().with_maps(["events.lead_id=who"])
    result = loaded(con, nothing, mapped)
    assert [str(notice) for notice in result.quality.notices] == ["events: no rows: the run goes on as without events."]
    assert result.quality.relation("events") is None
    assert con.con.execute("SELECT count(*) FROM events").fetchall() == [(0,)]


def test_columns_of_the_source_may_have_any_name(con: InDuckDB, rows: Rows) -> None:
    odd = {name: ["x"] for name in ("owner", "from_id", "reason", "row", "rows", "key", "times", 'quo"te', "Größe")}
    load(con, [{"lead_id": "1", **dict.fromkeys(odd, "y")}], typed(["1"], **odd), workspace=Workspace(), as_of=AS_OF)
    assert set(odd) < set(rows("events")[0])
    assert set(odd) < set(rows("leads")[0])


EVENT = st.fixed_dictionaries(
    {
        "lead_id": st.sampled_from(["1", "2", "9", None]),
        "event": st.sampled_from(["v", "w", "-"]),
        "occurred_at": st.sampled_from([datetime(2024, 5, 1), AS_OF, datetime(2024, 7, 1), None]),  # noqa: DTZ001
        "event_id": st.sampled_from(["a", "b", "c", None, "n/a"]),
        "n": st.integers(0, 3),
    }
)

EVENT_SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", pa.timestamp("us")),
        ("event_id", pa.string()),
        ("n", pa.int64()),
    ]
)


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # a load takes 0.1 s: no shrinking
@given(events=st.lists(EVENT, min_size=1, max_size=8), data=st.data())
def test_order_of_rows_changes_nothing_and_no_row_is_lost(events: list[dict[str, Any]], data: st.DataObject) -> None:

    con = InDuckDB(duckdb.connect())
    outcomes = []
    for order in (events, data.draw(st.permutations(events))):
        result = loaded(con, pa.Table.from_pylist(order, EVENT_SCHEMA))
        outcomes.append(
            (
                rejected(result),
                con.con.execute("SELECT * FROM events ORDER BY ALL").fetchall(),
                con.con.execute("SELECT relation, reason, row FROM rejects ORDER BY ALL").fetchall(),
            )
        )
    assert outcomes[0] == outcomes[1]
    counted, used, aside = outcomes[0]
    assert len(used) + len(aside) == len(events)
    assert len(aside) == sum(counted.values())
    ids = [row[0] for row in used if row[0] is not None]
    assert len(ids) == len(set(ids))

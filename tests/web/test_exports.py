from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_world import Api
from scoville.live.store.access import audit_log
from scoville.web.api.exports import cell

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

FORMULA = "=+-@\t\r\n\0"


@pytest.fixture
def api(store: Store) -> Api:
    made = Api(store)
    made.world.lead("ann", 70.0, name="=HYPERLINK(1)", company='Acme, "Inc"\nLtd')
    made.world.lead("-1+1", 50.0)
    return made


def test_scores_as_csv_hold_every_lead_and_no_formula(api: Api) -> None:
    answer = api.key("write").get("/v1/exports/scores")

    assert answer.headers["content-disposition"] == 'attachment; filename="scores.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["lead_id"], row["score"]) for row in rows] == [("ann", "70.0"), ("'-1+1", "50.0")]
    assert (rows[0]["name"], rows[0]["company"]) == ("'=HYPERLINK(1)", 'Acme, "Inc"\nLtd')


def test_scores_as_parquet_have_types_and_the_texts_as_they_are(api: Api) -> None:
    table = pq.read_table(io.BytesIO(api.key("write").get("/v1/exports/scores?format=parquet").content))

    assert table.column("lead_id").to_pylist() == ["ann", "-1+1"]
    assert str(table.schema.field("score").type) == "double"
    assert str(table.schema.field("as_of").type) == "timestamp[us, tz=UTC]"


@pytest.mark.parametrize("what", ["history", "stage_changes", "outcomes"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_table_can_be_taken_away(api: Api, what: str, kind: str) -> None:
    api.world.crossing("ann")
    api.key("write").post("/v1/leads/ann/outcomes", {"outcome": "won"})
    answer = api.key("write").get(f"/v1/exports/{what}?format={kind}")

    assert answer.status_code == 200
    if kind == "csv":
        rows = len(list(csv.DictReader(io.StringIO(answer.text, newline=""))))
    else:
        rows = pq.read_table(io.BytesIO(answer.content)).num_rows
    assert rows == (0 if what == "history" else 1)


def test_the_whole_store_comes_as_files_for_the_command_line(api: Api) -> None:
    answer = api.key("admin").get("/v1/exports/store")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = {*archive.namelist()}

    assert {"leads.parquet", "events.parquet", "outcomes.parquet", "scoville.toml"} <= names


def test_who_takes_data_away_is_in_the_audit_log(api: Api) -> None:
    api.key("write").get("/v1/exports/scores")

    with api.store.reading() as connection:
        entry = connection.execute(audit_log.select()).mappings().one()
    assert (entry["action"], entry["object"]) == ("exported", "scores")


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from([*FORMULA, "=1+1", "'=1", "''"]))
def test_no_cell_begins_like_a_formula_and_the_original_comes_back(text: str) -> None:
    found = cell(text)

    assert isinstance(found, str)
    assert not found.startswith(tuple(FORMULA))
    assert (found.removeprefix("'")) == text

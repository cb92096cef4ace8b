"""Demo data as files: the rows of `generate`, however it is cut into chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from scoville.demo import Demo, generate, starter_model, write
from scoville.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

RELATIONS = ("leads", "events", "outcomes", "accounts")
N_LEADS = 41_000  # three blocks, the last one small


@pytest.fixture(scope="module")
def whole() -> Demo:
    return generate(N_LEADS, seed=3, dirt=0.002)


@pytest.mark.parametrize("chunk_leads", [1, 40_000, 10_000_000])
def test_chunks_do_not_change_rows(whole: Demo, tmp_path: Path, chunk_leads: int) -> None:
    written = write(tmp_path, N_LEADS, seed=3, chunk_leads=chunk_leads)
    for relation in RELATIONS:
        assert pq.read_table(getattr(written, relation)).equals(getattr(whole, relation))
        assert written.rows[relation] == len(getattr(whole, relation))


def test_the_same_call_writes_the_same_bytes(tmp_path: Path) -> None:
    once, again = (write(tmp_path / name, 300, seed=4) for name in ("once", "again"))
    for relation in RELATIONS:
        assert getattr(once, relation).read_bytes() == getattr(again, relation).read_bytes()


def test_csv_holds_the_same_rows_as_parquet(tmp_path: Path) -> None:
    csv, parquet = (write(tmp_path, 300, format=form) for form in ("csv", "parquet"))
    for relation in RELATIONS:
        expected = pq.read_table(getattr(parquet, relation))
        options = pa_csv.ConvertOptions(
            column_types=expected.schema, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=False
        )
        read = pa_csv.read_csv(getattr(csv, relation), convert_options=options)
        assert read.cast(expected.schema).equals(expected.combine_chunks())


def test_there_is_a_little_dirt_unless_told_otherwise(tmp_path: Path) -> None:
    dirty, clean = write(tmp_path / "dirty", 5_000), write(tmp_path / "clean", 5_000, dirt=0.0)
    assert clean.rows["leads"] == 5_000
    assert 5_000 < dirty.rows["leads"] < 5_100


def test_the_model_comes_along_and_is_not_overwritten(tmp_path: Path) -> None:
    written = write(tmp_path, 10)
    assert written.model.read_text(encoding="utf-8") == starter_model()
    written.model.write_text("mine", encoding="utf-8")
    assert write(tmp_path, 10).model.read_text(encoding="utf-8") == "mine"


def test_progress_counts_leads(tmp_path: Path) -> None:
    seen: list[int] = []
    write(tmp_path, 25_000, chunk_leads=20_000, on_progress=seen.append)
    assert seen == [20_000, 25_000]


def test_a_broken_run_leaves_the_old_files_and_no_parts(tmp_path: Path) -> None:
    write(tmp_path, 10)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, 20, on_progress=stop)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'xlsx'"):
        write(tmp_path, 10, format="xlsx")  # type: ignore[arg-type]


def test_columns_have_the_types_of_the_relations(whole: Demo) -> None:
    timestamps = [("leads", "created_at"), ("events", "occurred_at"), ("outcomes", "at")]
    assert all(getattr(whole, relation).schema.field(name).type == pa.timestamp("us") for relation, name in timestamps)
    assert whole.leads.schema.field("employees").type == pa.int64()

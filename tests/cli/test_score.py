"""`scoville score` as a new user meets it: what it gives, and what it says when it cannot."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from scoville import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.conftest import Ended, Scoville

AS_OF = ("--as-of", "2026-02-01")
DATA = ("--leads", "leads.csv", "--events", "events.csv", *AS_OF)
# By hand: Director 15 and Company size 10, held to 20 by the section. Demo, one half life old: 12.5. Pricing, one day
# old: (10 + 5) * 2^(-1/30) = 14.66, held to 12 by the rule. 20 + 12.5 + 12
ADA = 44.5


def rows_of(path: str) -> list[dict[str, Any]]:
    file = Path(path)
    if file.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
        return rows
    text = file.read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines())) if file.suffix == ".csv" else [*map(json.loads, text.splitlines())]


def refused(ended: Ended, *said: str) -> None:
    """It cannot run, it says why and what to do, and it does so without a traceback."""
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.err
    for words in said:
        assert words in ended.err
    assert ended.out == ""


# --- what it gives ---------------------------------------------------------------------------------------------------


def test_without_a_file_the_ranked_top_is_shown_and_the_summary_goes_to_stderr(scoville: Scoville) -> None:
    ended = scoville("score", "model.yaml", *DATA)
    assert ended.code == 0
    assert [line.split()[1] for line in ended.out.splitlines()[-3:]] == ["ada", "bob", "eve"]
    assert "44.5" in ended.out
    assert "events: 6 rows in, 4 used, 1 kept aside: after as_of, 1 kept aside: unknown lead" in ended.err


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_all_outputs_in_each_format(scoville: Scoville, ending: str) -> None:
    names = {name: f"{name}.{ending}" for name in ("scores", "contributions", "accounts", "rejects")}
    options = [part for name in ("contributions", "accounts", "rejects") for part in (f"--{name}", names[name])]
    ended = scoville("score", "model.yaml", *DATA, "-o", names["scores"], *options)
    assert (ended.code, ended.out) == (0, "")
    assert all(f"wrote {name}" in ended.err for name in names.values())
    read = {name: rows_of(file) for name, file in names.items()}
    assert [tuple(read[name][0]) for name in ("scores", "contributions", "accounts")] == [
        relation.names() for relation in (tables.SCORES, tables.CONTRIBUTIONS, tables.ACCOUNT_SCORES)
    ]
    assert [row["lead_id"] for row in read["scores"]] == ["ada", "bob", "eve"]  # disqualified after others of its rank
    scores = {row["lead_id"]: float(row["score"]) for row in read["scores"]}
    assert scores == pytest.approx({"ada": ADA, "bob": 0, "eve": 0}, abs=1e-9)
    sums = dict.fromkeys(scores, 0.0)
    for row in read["contributions"]:
        sums[row["lead_id"]] += float(row["points"])
    assert sums == pytest.approx(scores, abs=1e-9)
    # the best two people of acme; rival's only person is disqualified
    accounts = {row["account"]: float(row["score"]) for row in read["accounts"]}
    assert accounts == pytest.approx({"acme": ADA / 2}, abs=1e-9)
    assert {(row["reason"], json.loads(row["row"])["lead_id"]) for row in read["rejects"]} == {
        ("unknown lead", "nobody"), ("after as_of", "eve"),
    }  # fmt: skip
    assert [file.name for file in Path().iterdir() if file.name.startswith(".")] == []


def test_json_is_one_document_for_machines(scoville: Scoville) -> None:
    ended = scoville("score", "model.yaml", *DATA, "--json", "--top", "1", "-o", "scores.csv")
    document = json.loads(ended.out)
    assert list(document) == ["model", "model_version", "as_of", "leads", "stages", "top", "quality", "written"]
    assert document["leads"] == 3
    assert document["stages"] == {"MQL": 1, "Lead": 1, "Disqualified": 1}
    assert document["as_of"] == "2026-02-01T00:00:00Z"
    assert [row["lead_id"] for row in document["top"]] == ["ada"]
    assert list(document["top"][0]) == list(tables.SCORES.names())
    assert document["written"] == ["scores.csv"]


def test_fit_alone_needs_no_events(scoville: Scoville) -> None:
    ended = scoville("score", "model.yaml", "--leads", "leads.csv", *AS_OF, "-o", "scores.jsonl")
    assert ended.code == 0
    assert rows_of("scores.jsonl")[0]["engagement"] == -5  # Quiet


def test_the_reader_of_a_pipe_may_go_away(folder: Path) -> None:
    command = [sys.executable, "-m", "scoville", "sql", "model.yaml"]  # more text than a pipe holds
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        assert (running.wait(60), running.stderr.read()) == (0, b"")


# --- what stops it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, ["data.csv: no such file", "leads.csv"]),
        (b"", ["data.csv: the file is empty", "header"]),
        (b"lead_id,job_title\n", ["data.csv: has a header line but no rows"]),
        (b"lead_id^job_title^company\nada^Director^Acme\n", ["data.csv: wrong delimiter", "delimiter = '^'"]),
        (bytes(range(256)) * 8, ["data.csv: is a binary file", "Parquet"]),
        (b"lead_id,job_titel,company,employees\na,b,c,5\n", ["model.yaml:9:", "Did you mean 'job_titel'?"]),
        (b"who_is_it,job_title\na,b\n", ["no column lead_id", '--map leads.lead_id="Name in the file"']),
        (b"lead_id,job_title\na,b,c\n", ["data.csv:2: the row has 3 cells, the header 2 columns"]),
    ],
    ids=["missing", "empty", "header only", "delimiter", "binary", "misspelt column", "no id", "ragged"],
)
def test_leads_that_cannot_be_read(scoville: Scoville, content: bytes | None, said: list[str]) -> None:
    if content is not None:
        Path("data.csv").write_bytes(content)
    refused(scoville("score", "model.yaml", "--leads", "data.csv", *AS_OF), *said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"lead_id,event,occurred_at,path\nada,x,the day before,\n", ["occurred_at", "'the day before'", "ISO 8601"]),
        (b"lead_id,event,path\nada,x,/a\n", ["no column occurred_at", "--map events.occurred_at"]),
        (b"lead_id,event,occurred_at,pth\nada,x,2026-01-01,/a\n", ["model.yaml:15:", "path", "Did you mean 'pth'?"]),
    ],
    ids=["dates", "no time", "no property"],
)
def test_events_that_cannot_be_read(scoville: Scoville, content: bytes, said: list[str]) -> None:
    Path("data.csv").write_bytes(content)
    refused(scoville("score", "model.yaml", "--leads", "leads.csv", "--events", "data.csv", *AS_OF), *said)


def test_an_id_column_with_duplicates_stops_where_nothing_may_merge(scoville: Scoville) -> None:
    Path("twice.csv").write_text("lead_id,job_title,company,employees\nada,a,b,1\nada,c,d,2\n", encoding="utf-8")
    Path("scoville.toml").write_text('merge = "none"\n', encoding="utf-8")
    refused(scoville("score", "model.yaml", "--leads", "twice.csv"), "lead_id is not unique: 'ada'", 'merge = "id"')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.yaml", *DATA], ["there is no model file nothing.yaml", "scoville init"]),
        ([".", *DATA], [". is a folder; name the model file in it"]),
        (["model.yaml"], ["--leads FILE", "scoville init"]),
        (["model.yaml", *DATA, "--as-of", "yesterday"], ["as_of 'yesterday'", "2026-01-31"]),
        (["model.yaml", *DATA, "--as-of", "0001-01-01T00:00:00+14:00"], ["beyond the calendar"]),
        (["model.yaml", *DATA, "--memory-limit", "lots"], ["the memory limit 'lots' is not a size", "4GB"]),
        (["model.yaml", *DATA, "--engine", "mysql://x"], ["the engine 'mysql://x'", "duckdb://"]),
        (["model.yaml", *DATA, "--engine", "duckdb:///no/db"], ["there is no DuckDB database /no/db"]),
        (["model.yaml", *DATA, "--map", "leads.lead_id=Nope"], ["no column 'Nope'", "lead_id, job_title"]),
        (["model.yaml", *DATA, "-o", "scores.xlsx"], ["format of scores.xlsx", ".csv, .parquet, .jsonl"]),
        (["model.yaml", *DATA, "-o", "no/scores.csv"], ["there is no folder no", "Make it first"]),
        (["model.yaml", *DATA, "-o", "."], ["it is a folder; name a file in it"]),
        (["model.yaml", *DATA, "-o", "./leads.csv"], ["leads.csv is read in this run and would be overwritten"]),
        (["model.yaml", *DATA, "-o", "a.csv", "--rejects", "a.csv"], ["a.csv is named for two outputs"]),
    ],
)  # fmt: skip
def test_requests_that_make_no_sense(scoville: Scoville, arguments: list[str], said: list[str]) -> None:
    before = {file: file.read_bytes() for file in Path().iterdir()}
    refused(scoville("score", *arguments), *said)
    assert {file: file.read_bytes() for file in Path().iterdir()} == before


def test_what_a_glob_reads_is_not_overwritten(scoville: Scoville) -> None:
    refused(scoville("score", "model.yaml", "--leads", "lead*.csv", *AS_OF, "-o", "leads.csv"), "would be overwritten")


def test_accounts_need_a_model_that_has_them(scoville: Scoville) -> None:
    text = Path("model.yaml").read_text(encoding="utf-8")
    Path("model.yaml").write_text(text[: text.index("accounts:")], encoding="utf-8")
    refused(scoville("score", "model.yaml", *DATA, "--accounts", "a.csv"), "has no accounts", "accounts: {by:")
    assert not Path("a.csv").exists()


# --- what comes in between -------------------------------------------------------------------------------------------


def scoring(*arguments: str, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scoville", "score", "model.yaml", *DATA, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before)  # noqa: PLW1509


def many_leads(count: int) -> None:
    rows = "".join(f"L{i},Director,C{i % 50},{i}\n" for i in range(count))
    Path("leads.csv").write_text("lead_id,job_title,company,employees\n" + rows, encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_a_file_that_cannot_grow_leaves_nothing_behind() -> None:
    many_leads(2_000)
    Path("scores.csv").write_text("old", encoding="utf-8")

    def disk_of_40_kb() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    with scoring("-o", "scores.csv", before=disk_of_40_kb) as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert err.startswith("error: cannot write scores.csv: ")
    assert "Traceback" not in err
    assert Path("scores.csv").read_text(encoding="utf-8") == "old"
    assert sorted(file.name for file in Path().iterdir()) == ["events.csv", "leads.csv", "model.yaml", "scores.csv"]


@pytest.mark.usefixtures("folder")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_stdout_is_said() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "scoville", "check", "model.yaml", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the output: No space left on device")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_leaves_the_old_output(folder: Path, sign: signal.Signals) -> None:
    many_leads(300_000)  # about a second of work
    Path("scores.csv").write_text("old", encoding="utf-8")
    with scoring("-o", "scores.csv", "--contributions", "points.csv") as running:
        was_at_work = _wait_until_at_work(running)
        running.send_signal(sign)
        _, err = running.communicate(timeout=60)
    assert was_at_work
    assert running.returncode == (130 if sign is signal.SIGINT else -sign)
    assert "Traceback" not in err
    assert ("interrupted" in err) == (sign is signal.SIGINT)
    assert Path("scores.csv").read_text(encoding="utf-8") == "old"
    new = {file.name for file in folder.iterdir()} - {"events.csv", "leads.csv", "model.yaml", "scores.csv"}
    assert all(name.startswith(".") and ".part" in name for name in new)
    assert sign is signal.SIGKILL or not new


def _wait_until_at_work(running: subprocess.Popen[str]) -> bool:
    """Whether the run has used a second of CPU, and so is past its imports and in the middle of the data."""
    ticks = os.sysconf("SC_CLK_TCK")
    for _ in range(2_000):
        if running.poll() is not None:
            return False
        fields = Path(f"/proc/{running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / ticks > 1.4:
            return True
        time.sleep(0.01)
    return False

"""scoville.toml is read whole, and everything wrong with it is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoville.data.workspace import PLACEHOLDERS, Settings, Workspace, load_workspace
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FULL = """
time_zone = "Europe/Berlin"
date_order = "dmy"
decimal_mark = ","
placeholders = ["Unknown ", "tbd"]
keep_values = ["None"]
merge = "id"

[leads]
source = "crm/leads.csv"
delimiter = ";"
[leads.columns]
lead_id = "Prospect ID"

[events]
source = "web_events"

[lists]
free_email_domains = "lists/free.txt"
"""


def test_every_key_is_read(write: Callable[..., Path], tmp_path: Path) -> None:
    workspace = load_workspace(write("scoville.toml", FULL))
    assert workspace.settings == Settings(
        time_zone="Europe/Berlin",
        date_order="dmy",
        decimal_mark=",",
        placeholders=(PLACEHOLDERS | {"unknown", "tbd"}) - {"none"},
        merge="id",
    )
    assert workspace.leads.source == str(tmp_path / "crm" / "leads.csv")
    assert workspace.leads.delimiter == ";"
    assert dict(workspace.leads.columns) == {"lead_id": "Prospect ID"}
    assert workspace.events.source == "web_events"  # a table of the engine, no path
    assert dict(workspace.lists) == {"free_email_domains": tmp_path / "lists" / "free.txt"}


@pytest.mark.parametrize(
    ("source", "is_file"),
    [("crm.leads", False), ("leads", False), ("leads.csv", True), ("LEADS.Parquet", True), ("a/leads", True),
     ("*.csv", True), ("there.already", True), ("leads.csv.gz", True), ("crm.duckdb::people", True)],
)  # fmt: skip
def test_a_table_of_a_schema_is_no_path(
    write: Callable[..., Path], tmp_path: Path, source: str, *, is_file: bool
) -> None:
    write("there.already", "lead_id\n1\n")
    workspace = load_workspace(write("scoville.toml", f'[leads]\nsource = "{source}"\n'))
    assert workspace.leads.source == (str(tmp_path / source) if is_file else source)


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_workspace(None) == Workspace()


def test_file_of_the_current_folder_is_found(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("scoville.toml", 'merge = "none"')
    monkeypatch.chdir(tmp_path)
    assert load_workspace(None).settings.merge == "none"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('time_zoen = "UTC"', "unknown key 'time_zoen'. Did you mean 'time_zone'? Allowed: time_zone, date_order"),
        ("[leads]\ncolums = {}", "unknown key 'leads.colums'. Did you mean 'columns'?"),
        ('time_zone = "Europe/Berln"', "is not an IANA time zone. Did you mean 'Europe/Berlin'?"),
        ("time_zone = 2", "is not an IANA time zone"),
        ('time_zone = "../x"', "is not an IANA time zone"),
        ('date_order = "ymd"', "date_order = 'ymd' is not known. Allowed: dmy, mdy."),
        ('merge = "all"', "merge = 'all' is not known. Allowed: email, id, none."),
        ('placeholders = "x"', "placeholders must be a list of texts"),
        ('leads = "x"', "[leads] must be a table"),
        ("[leads]\nsource = 5", "leads.source must be text"),
        ("[leads.columns]\nlead_id = 5", "[leads.columns] must say our_name"),
        ("[lists]\nfree = 5", "[lists] must say name"),
        ("time_zone = UTC", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said(write: Callable[..., Path], text: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        load_workspace(write("scoville.toml", text))
    assert expected in str(refused.value)


def test_all_problems_at_once(write: Callable[..., Path]) -> None:
    with pytest.raises(UsageError) as refused:
        load_workspace(write("scoville.toml", 'colour = 1\nmerge = "all"\n[events]\nfile = "x"'))
    assert len(str(refused.value).splitlines()) == 3


def test_missing_file_and_wrong_encoding(write: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_workspace(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="is not UTF-8"):
        load_workspace(write("scoville.toml", 'merge = "ü"'.encode("latin-1")))
    with pytest.raises(UsageError, match="cannot be read"):
        load_workspace(tmp_path)


def test_maps_of_the_command_line_replace_single_columns(write: Callable[..., Path]) -> None:
    before = load_workspace(write("scoville.toml", FULL))
    after = before.with_maps(["leads.email=E-Mail = work", 'leads.lead_id="Nr"', "events.event=what"])
    assert dict(after.leads.columns) == {"lead_id": "Nr", "email": "E-Mail = work"}
    assert dict(after.events.columns) == {"event": "what"}
    assert dict(before.leads.columns) == {"lead_id": "Prospect ID"}
    assert after.leads.source == before.leads.source


def test_quotes_within_a_name_are_of_the_name() -> None:
    mapped = Workspace().with_maps(['leads.job_title=Job "Title"', "leads.city='City'"]).leads.columns
    assert dict(mapped) == {"job_title": 'Job "Title"', "city": "City"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lead_id=Nr", "not of the form relation.column="),
        ("leads.lead_id", "not of the form relation.column="),
        ("leads.lead_id=", "not of the form relation.column="),
        ("lead.lead_id=Nr", "unknown relation 'lead'. Did you mean 'leads'?"),
    ],
)
def test_wrong_maps_are_said(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        Workspace().with_maps([text])
    assert expected in str(refused.value)

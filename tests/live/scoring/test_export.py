from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from sqlalchemy import insert

from live_sending import NOW, Live, message
from scoville.data.workspace import load_workspace
from scoville.live.export import export
from scoville.live.store.scores import adjustments

if TYPE_CHECKING:
    from pathlib import Path


def told(live: Live) -> None:
    live.send(
        message(
            "identify", "u", traits={"title": "CEO", "tags": ["a"], "n": 3.0, "Plan": "x", "plan": "y"}, minutes_ago=30
        ),
        message("group", "u", group="acme", traits={"industry": "steel", "createdAt": "2020-01-01"}, minutes_ago=30),
        message("page", "u", properties={"path": "/a", "n": 2.5, "ok": True}, minutes_ago=20),
        message("identify", "u", traits={"title": "CFO"}, minutes_ago=10),
        message("outcome", "u", event="Deal Won", outcome="won", properties={"value": 9}, minutes_ago=5),
    )
    with live.store.writing() as connection:
        row = {"identity_no": 1, "points": 2.0, "reason": "r", "author": "Ann", "created_at": live.now}
        connection.execute(insert(adjustments).values(**row, removed_at=live.now + timedelta(1), removed_by="Bob"))


def read(folder: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def test_the_store_is_written_as_files_that_the_command_line_reads(live: Live, tmp_path: Path) -> None:
    told(live)
    assert export(live.store, tmp_path / "out", live.now).rows == {
        "leads": 1, "events": 2, "outcomes": 1, "adjustments": 1, "accounts": 1,
    }  # fmt: skip
    (lead,) = read(tmp_path / "out", "leads")
    assert lead == {
        "lead_id": "u", "created_at": NOW - timedelta(minutes=30), "account_id": "acme", "Plan": "x",
        "job_title": "CFO",
        "n": "3", "tags": '["a"]', "account.created_at": "2020-01-01T00:00:00", "account.industry": "steel",
    }  # fmt: skip
    events = {row["event"]: row["properties"] for row in read(tmp_path / "out", "events")}
    assert events == {"page_viewed": '{"path":"/a","n":"2.5","ok":"true"}', "Deal Won": '{"value":"9"}'}
    (adjustment,) = read(tmp_path / "out", "adjustments")
    assert adjustment["expires_at"] == live.now + timedelta(1)  # taken back: it counted until then
    (account,) = read(tmp_path / "out", "accounts")
    assert account == {"account_id": "acme", "created_at": datetime.fromisoformat("2020-01-01"), "industry": "steel"}
    workspace = load_workspace(tmp_path / "out" / "scoville.toml")
    assert workspace.settings.merge == "none"
    assert workspace.settings.placeholders == {""}


def test_an_export_of_the_past_knows_nothing_of_what_came_later(small: Live, tmp_path: Path) -> None:
    told(small)
    small.send(message("page", "newcomer", minutes_ago=1))
    export(small.store, tmp_path, small.now - timedelta(minutes=15), reads=["job_title", "never_said"])
    (lead,) = read(tmp_path, "leads")
    assert (lead["lead_id"], lead["job_title"], lead["never_said"]) == ("u", "CEO", None)
    assert [row["event"] for row in read(tmp_path, "events")] == ["page_viewed"]
    assert read(tmp_path, "outcomes") == []


def test_an_empty_store_is_an_export_too(small: Live, tmp_path: Path) -> None:
    assert set(export(small.store, tmp_path, small.now).rows.values()) == {0}

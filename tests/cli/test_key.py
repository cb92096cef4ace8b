"""`scoville key` and `scoville user`: the first ways into a server, before anybody can log in."""

from __future__ import annotations

import io
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Scoville

PASSWORD = "a quiet river runs uphill"  # noqa: S105 - of a test


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/keys.db"


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(
    scoville: Scoville, store: str, tmp_path: Path
) -> None:
    made = scoville("key", "create", "website", "--kind", "write", "--store", store)
    secret = made.out.strip()

    assert (made.code, secret[:9]) == (0, "sv_write_")
    (listed,) = json.loads(scoville("key", "list", "--json", "--store", store).out)["keys"]
    assert (listed["name"], listed["scopes"], listed["is_trusted"]) == ("website", ["ingest"], False)
    assert secret not in str(listed)
    assert secret.encode() not in (tmp_path / "keys.db").read_bytes()
    assert scoville("key", "revoke", listed["key_id"], "--store", store).code == 0
    assert "revoked" in scoville("key", "list", "--store", store).out
    assert scoville("key", "revoke", listed["key_id"], "--store", store).code == 2


def test_a_secret_key_has_the_scopes_and_the_end_it_was_given(scoville: Scoville, store: str) -> None:
    given = ("--scope", "read", "--scope", "write", "--expires", "90d")
    made = json.loads(scoville("key", "create", "crm", *given, "--json", "--store", store).out)
    (listed,) = json.loads(scoville("key", "list", "--json", "--store", store).out)["keys"]

    assert made["key"].startswith("sv_secret_")
    assert (listed["scopes"], listed["is_trusted"], listed["expires_at"]) == (
        ["read", "write"],
        True,
        made["expires_at"],
    )


@pytest.mark.parametrize(
    "wrong", [("--kind", "write", "--scope", "admin"), ("--kind", "both"), ("--scope", "all"), ("--expires", "soon")]
)
def test_a_key_that_cannot_be_is_refused(scoville: Scoville, store: str, wrong: tuple[str, ...]) -> None:
    assert scoville("key", "create", "x", *wrong, "--store", store).code == 2


def test_a_login_takes_its_password_from_a_pipe_and_ends_the_setup(
    scoville: Scoville, store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert scoville("user", "setup", "--store", store).out.startswith("sv_setup_")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    made = scoville("user", "create", "Ann@Example.com", "--role", "admin", "--store", store)

    assert (made.code, made.out.strip()) == (0, "ann@example.com may log in as admin.")
    (listed,) = json.loads(scoville("user", "list", "--json", "--store", store).out)["users"]
    assert (listed["email"], listed["role"]) == ("ann@example.com", "admin")
    assert scoville("user", "setup", "--store", store).code == 2
    with sqlite3.connect(tmp_path / "keys.db") as held:
        assert held.execute("SELECT actor LIKE 'cli:%', action FROM audit_log").fetchall() == [
            (1, "setup.begun"),
            (1, "user.created"),
        ]
    held.close()


def test_a_password_that_is_tried_first_makes_no_login(
    scoville: Scoville, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Passw0rd!\n"))

    assert scoville("user", "create", "ann@example.com", "--store", store).code == 2


@pytest.mark.parametrize("verb", [("key", "create"), ("key", "list"), ("key", "revoke"), ("user", "create")])
def test_help_has_an_example(scoville: Scoville, verb: tuple[str, str]) -> None:
    assert f"Example: scoville {verb[0]} {verb[1]}" in " ".join(scoville(*verb, "-h").out.split())


@pytest.mark.parametrize(
    "command",
    ["key list", "user list", "audit", "backup x.zip", "key revoke x", "restore x.zip --forgotten-from STORE"],
)
def test_a_store_that_is_not_there_is_not_made_by_looking_into_it(
    scoville: Scoville, store: str, tmp_path: Path, command: str
) -> None:
    words = command.replace("STORE", store).split()
    told = scoville(*words, *([] if store in words else ["--store", store]))

    assert (told.code, f"there is no store at {store}" in told.err) == (2, True)
    assert not (tmp_path / "keys.db").exists()

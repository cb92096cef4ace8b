"""Which file of history is the newest, who makes the next one, and how far that is.

In: an open store. Out: a `Workbench`, one for each process that asks. The files lie in a folder that this user alone
can read. Processes of one machine share them: one makes a new one, all read it. A file from before somebody was
forgotten is thrown away when it is seen, and by `forget` itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from scoville.errors import EngineError, ScovilleError
from scoville.live.queries.in_force import in_force
from scoville.live.store.beside import folder_of
from scoville.live.store.metadata import from_us, to_us
from scoville.live.workbench.bench import Bench
from scoville.live.workbench.making import forgotten_in, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from scoville.live.store.opening import Store

FRESH = timedelta(minutes=10)  # younger is asked as it is
_LONGEST_S = 3600.0  # a file takes to be made: what lies around for longer was left by somebody who died
_LOOK_S = 0.2
_PATIENCE_S = 1.0  # who looks whether a file is being made holds the lock for a moment


@dataclass(frozen=True)
class Standing:
    """What there is to ask: history as of `as_of` (null: none yet), and how far the next one is (`share`, 0 to 1).

    `has_failed`: the last one that this process had made came to nothing; the server's log says why.
    """

    as_of: datetime | None
    is_being_made: bool
    share: float | None
    said: str
    has_failed: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is young enough to be asked without a newer one being made."""
        return self.as_of is not None and now - self.as_of < FRESH


@dataclass
class Workbench:
    """The history of one store, for one process. `of` gives the one that is kept for a store."""

    store: Store
    folder: Path
    _bench: Bench | None = None
    _path: Path | None = None
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _maker: subprocess.Popen[bytes] | None = None

    def standing(self) -> Standing:
        """What there is, and what is on its way."""
        newest = self._newest()
        is_being_made = self._is_being_made()
        far = self._told() if is_being_made else {}
        as_of = None if newest is None else _as_of(newest)
        return Standing(as_of, is_being_made, far.get("share"), str(far.get("said", "")), self._has_failed())

    def refresh(self, now: datetime, *, always: bool = False) -> None:
        """Have a newer file made beside us, unless one is being made or the one we have is young."""
        standing = self.standing()
        if standing.is_being_made or (standing.is_fresh(now) and not always):
            return
        with self._turn:
            if self._maker is not None and self._maker.poll() is None:
                return
            self._maker = subprocess.Popen(
                [sys.executable, "-m", "scoville.live.workbench"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )  # fmt: skip
            asked = orjson.dumps({"url": _url(self.store), "folder": str(self.folder), "now_us": to_us(now)})
            assert self._maker.stdin is not None  # noqa: S101 - asked for above
            self._maker.stdin.write(asked)  # not an argument: others could read the password there
            self._maker.stdin.close()

    def bench(self, now: datetime) -> Bench | None:
        """The newest history, open; null while there is none. One that is old is made anew beside us."""
        self.refresh(now)
        with self._turn:
            newest = self._newest()
            if newest != self._path:
                self._close()
                with contextlib.suppress(EngineError):  # it went between being seen and being opened
                    self._bench, self._path = (None, None) if newest is None else (Bench(newest), newest)
                self._warm()
            return self._bench

    def bench_soon(self, now: datetime, patience_s: float) -> Bench | None:
        """The same, waiting so long for the first one; null when it took longer."""
        until_s = time.monotonic() + patience_s
        while (found := self.bench(now)) is None and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
        return found

    def bench_now(self, now: datetime, told: Callable[[float | None, str], None] = lambda _share, _said: None) -> Bench:
        """The same, waiting for one where there is none that is young: for jobs and programs, which can wait."""
        if not self.standing().is_fresh(now):
            make_in(self.store, self.folder, now, told)
        found = self.bench(now)
        if found is None:
            raise EngineError("the history was thrown away while it was being made: somebody was forgotten. Try again")
        return found

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._close()
            if self._maker is not None:
                self._maker.wait()

    def _warm(self) -> None:
        """Work out the model in force at once: what is tried is held against it."""
        bench = self._bench
        with self.store.reading() as connection:
            now = in_force(connection)
        if bench is None or now is None:
            return

        def work(text: str = now.text) -> None:
            with contextlib.suppress(ScovilleError, duckdb.Error):  # closed meanwhile, or a model of former rules
                bench.proofs.prepare(text)

        threading.Thread(target=work, name="warming", daemon=True).start()

    def _has_failed(self) -> bool:
        return self._maker is not None and self._maker.poll() not in {None, 0}

    def _close(self) -> None:
        if self._bench is not None:
            self._bench.close()
        self._bench = self._path = None

    def _newest(self) -> Path | None:
        """The newest file from after the last forgetting; the others are thrown away."""
        with self.store.reading() as connection:
            forgotten = forgotten_in(connection)
        found = sorted(self.folder.glob("history-*.duckdb"), key=_as_of_us)
        good = [path for path in found if _forgotten(path) == forgotten]
        for path in found:
            if not good or path != good[-1]:
                path.unlink(missing_ok=True)
        return good[-1] if good else None

    def _is_being_made(self) -> bool:
        if self._maker is not None and self._maker.poll() is None:
            return True
        with _locked(self.folder) as is_ours:
            return not is_ours

    def _told(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, orjson.JSONDecodeError):
            told: dict[str, Any] = orjson.loads((self.folder / "making.json").read_bytes())
            return told
        return {}


_KEPT: dict[str, Workbench] = {}
_KEEPING = threading.Lock()


def workbench_of(store: Store) -> Workbench:
    """The workbench of a store, kept for this process."""
    url = _url(store)
    with _KEEPING:
        if url not in _KEPT:
            _KEPT[url] = Workbench(store, folder_of(store))
        return _KEPT[url]


def _url(store: Store) -> str:
    """The address of a store as `open_store` takes it."""
    url = store.engine.url if store.is_sqlite else store.engine.url.set(drivername="postgres")
    return url.render_as_string(hide_password=False)


def make_in(
    store: Store, folder: Path, now: datetime, told: Callable[[float | None, str], None] = lambda _share, _said: None
) -> None:
    """Make a file in the folder, or wait for who makes one. It appears whole or not at all."""
    with _locked(folder, patience_s=_PATIENCE_S) as is_ours:
        if is_ours:
            _make(store, folder, now, told)
            return
    _wait(folder, told)


def _make(store: Store, folder: Path, now: datetime, told: Callable[[float | None, str], None]) -> None:
    _clean(folder)
    beside = folder / f"making-{secrets.token_hex(4)}.duckdb"

    def tell(share: float | None, said: str) -> None:
        told(share, said)
        _tell(folder, share, said)

    try:
        forgotten = make(store, beside, now, tell)
        beside.rename(folder / f"history-{to_us(now)}-{forgotten}.duckdb")
    finally:
        beside.unlink(missing_ok=True)
        (folder / "making.json").unlink(missing_ok=True)


def _wait(folder: Path, told: Callable[[float | None, str], None]) -> None:
    until_s = time.monotonic() + _LONGEST_S
    while time.monotonic() < until_s:
        with _locked(folder) as is_ours:
            if is_ours:
                return
        told(None, "Reading the store")
        time.sleep(_LOOK_S)


def _tell(folder: Path, share: float | None, said: str) -> None:
    beside = folder / "making.told"
    beside.write_bytes(orjson.dumps({"share": share, "said": said}))
    beside.rename(folder / "making.json")


def _clean(folder: Path) -> None:
    """What others left who died while they made one."""
    for path in folder.glob("making-*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path, *, patience_s: float = 0.0) -> Iterator[bool]:
    """Whether it is ours to make the next file; others see that somebody does, until we leave or die."""
    with (folder / "making.lock").open("ab") as file:
        until_s = time.monotonic() + patience_s
        while not (is_ours := _lock(file.fileno())) and time.monotonic() < until_s:
            time.sleep(_LOOK_S / 10)
        yield is_ours


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _as_of_us(path: Path) -> int:
    return int(path.stem.split("-")[1])


def _as_of(path: Path) -> datetime:
    return from_us(_as_of_us(path))


def _forgotten(path: Path) -> int:
    return int(path.stem.split("-")[2])

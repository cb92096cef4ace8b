"""A job's process as its worker sees it: started, listened to, ended.

In: the store, a kind, what was asked for. Out: what the process said last, and how it ended. Called by `running`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from scoville.live.jobs.kinds import kind_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.live.store.opening import Store

_LEAVE_S = 5.0  # what it has to end when it is asked to; then it is killed
_COMMAND = (sys.executable, "-m", "scoville.live.jobs.child")


@dataclass
class Process:
    """One running job.

    `told` is the share and the words it said last. `ended` is how it ended: `{"done": result}`, `{"failed": words}` or
    `{"broke": error, "trace": text}`; null while it runs, and for ever when it died.
    """

    job_no: int
    told: tuple[float | None, str] = (None, "")
    ended: dict[str, Any] | None = None
    started_s: float = field(default_factory=time.monotonic)
    _process: subprocess.Popen[bytes] | None = None
    _listener: threading.Thread | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def start(cls, store: Store, job_no: int, kind: str, asked: Mapping[str, Any]) -> Process:
        """Start it. The system ends it when the thread that calls this ends."""
        # the address goes through a pipe: every user of a machine sees the arguments of its processes
        order = {"store": _address(store), "run": kind_named(kind).run, "asked": asked, "parent": os.getpid()}
        folder = tempfile.TemporaryDirectory(prefix="scoville-job-")  # what it leaves there is gone when it is
        process = subprocess.Popen(  # noqa: S603 - our own
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": folder.name}
        )
        made = cls(job_no, _process=process, _folder=folder)
        made._listener = threading.Thread(target=made._listen, name=f"job {job_no}", daemon=True)
        made._listener.start()
        made._order(orjson.dumps(order) + b"\n")
        return made

    @property
    def has_ended(self) -> bool:
        """Whether it is gone, and all it said was heard."""
        assert self._process is not None  # noqa: S101 - it has been started
        assert self._listener is not None  # noqa: S101
        return self._process.poll() is not None and not self._listener.is_alive()

    @property
    def code(self) -> int | None:
        """Its exit code: below 0 the signal that killed it; null while it runs."""
        return None if self._process is None else self._process.returncode

    @property
    def ran_s(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started_s

    def end(self) -> None:
        """End it now, whatever it is doing, and remove what it wrote for itself."""
        assert self._process is not None  # noqa: S101 - it has been started
        assert self._listener is not None  # noqa: S101
        assert self._folder is not None  # noqa: S101
        self._process.terminate()
        try:
            self._process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_LEAVE_S)
        self._folder.cleanup()

    def _order(self, line: bytes) -> None:
        assert self._process is not None  # noqa: S101 - it has been started
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            with self._process.stdin as way:
                way.write(line)
        except BrokenPipeError:
            return  # it died at once: `ended` stays null

    def _listen(self) -> None:
        assert self._process is not None  # noqa: S101 - it has been started
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._process.stdout as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # it died in the middle of a word
                message = orjson.loads(line)
                if "told" in message:
                    self.told = tuple(message["told"])
                else:
                    self.ended = message["ended"]


def _address(store: Store) -> str:
    """The store as `open_store` takes it, with its password."""
    url = store.engine.url
    named = url if store.is_sqlite else url.set(drivername="postgres")
    return named.render_as_string(hide_password=False)

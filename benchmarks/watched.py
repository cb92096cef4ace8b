"""A command and whatever it started, or left to a server: seconds, CPU seconds and peak memory.

In: a command and the processes of the servers that work for it. Out: a `Figure`. Called by `run.py` and `engines.py`.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped,unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EVERY_S = 0.1


@dataclass(frozen=True)
class Figure:
    """What one run of one command took. The peak is the command's own and its children's, not a server's."""

    seconds: float
    cpu_s: float
    peak_gib: float
    compile_s: float = 0.0


class Watch:
    """Looks at some processes and their children again and again; one that ends counts as it was last seen."""

    def __init__(self, command: int, servers: Sequence[int]) -> None:
        self._roots = (command, *servers)
        self._command = command
        self._before = {one.pid: _cpu_s(one) for root in servers for one in _family(root)}
        self._seen: dict[int, float] = {}
        self.peak_bytes = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """Once."""
        for root in self._roots:
            for one in _family(root):
                with contextlib.suppress(psutil.Error):
                    self._seen[one.pid] = _cpu_s(one)
        held = 0
        for one in _family(self._command):
            with contextlib.suppress(psutil.Error):
                held += one.memory_info().rss
        self.peak_bytes = max(self.peak_bytes, held)

    def end(self) -> float:
        """CPU seconds since the beginning."""
        self._is_over.set()
        self._thread.join()
        return sum(cpu_s - self._before.get(pid, 0.0) for pid, cpu_s in self._seen.items())


def _family(root: int) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(root)
        yield from (parent, *parent.children(recursive=True))


def _cpu_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def watched(
    command: Sequence[str],
    servers: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    answers: Sequence[int] = (0,),
) -> Figure:
    """Run a command to its end. `servers` are processes that work for it; `answers` are codes that are no failure.

    Raises: CalledProcessError where it fails, with what it said.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment) as process:
            watch = Watch(process.pid, servers)
            code = process.wait()
            seconds = time.perf_counter() - started
        cpu_s = watch.end()
        said.seek(0)
        if code not in answers:
            raise subprocess.CalledProcessError(code, command, stderr=said.read())
    return Figure(seconds, cpu_s, watch.peak_bytes / 2**30)

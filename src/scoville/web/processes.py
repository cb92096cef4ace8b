"""The processes of one server: a parent that holds the door open, and children that work behind it.

In: what to run, and where to listen. Out: an exit code. Called by `scoville serve`.

The parent opens the listening socket and hands it to its children, so that whatever becomes of a child, no connection
is refused: those that come meanwhile wait in the socket until the next child accepts them. A child that dies is started
again. SIGHUP starts new children before the old ones are asked to finish: a new release without a gap.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

_BACKLOG = 2048  # connections that may wait while a child starts
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0  # before a child that died at once is started again
_LIVED_S = 30.0  # a child that lived so long has not died of its start
_LEAVE_S = 25.0  # what a child has to finish what it is doing
_READY_S = 30.0  # what a child has to start
_CHECK_S = 0.05
_READY = "SCOVILLE_READY"  # names the pipe to a child
_FIRST_HANDED = 3  # the first socket that systemd hands over
_log = structlog.get_logger(__name__)


def open_door(host: str, port: int, *, patience_s: float = 0.0) -> socket.socket:
    """The socket to listen on: the one that systemd hands over (LISTEN_FDS), else a new one.

    For `patience_s` it is tried again while the address is taken: the children of a parent that was killed may still be
    on their way out.
    Raises: UsageError when the address is taken or not ours.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and int(os.environ.get("LISTEN_FDS", "0")) > 0:
        return socket.socket(fileno=_FIRST_HANDED)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _bind(door, (host, port), time.monotonic() + patience_s)
    except (OSError, OverflowError) as refused:
        door.close()
        said = getattr(refused, "strerror", None) or refused
        raise UsageError(f"cannot listen on {host}:{port}: {said}. Name another with --host and --port") from None
    door.listen(_BACKLOG)
    return door


def _bind(door: socket.socket, address: tuple[str, int], until_s: float) -> None:
    while True:
        try:
            door.bind(address)
        except OSError as refused:
            if refused.errno != errno.EADDRINUSE or time.monotonic() >= until_s:
                raise
            time.sleep(_CHECK_S)
        else:
            return


@dataclass
class Child:
    """One process that is kept running: the command, and what it is called in the log.

    `has_door`: it answers. One that does not gets no hand on the door, which is free once nobody holds it.
    """

    name: str
    command: Sequence[str]
    has_door: bool = True
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    due_s: float = 0.0
    ready: int = -1  # it closes the other end of this pipe when it is ready, or dead

    def start(self, environment: Mapping[str, str], door: socket.socket | None) -> None:
        """Start it, with the door in its hands when there is one."""
        self._forget_pipe()
        self.ready, theirs = os.pipe()
        handed = (theirs, *((door.fileno(),) if door is not None and self.has_door else ()))
        told = {**environment, _READY: str(theirs)}
        self.process = subprocess.Popen(self.command, env=told, pass_fds=handed)  # noqa: S603 - our own command
        os.close(theirs)
        self.started_s = time.monotonic()
        _log.info("started", child=self.name, pid=self.process.pid)

    def wait_until_ready(self) -> None:
        """Until it says that it works, or is dead, or its time is over."""
        select.select([self.ready], [], [], _READY_S)

    def _forget_pipe(self) -> None:
        if self.ready >= 0:
            os.close(self.ready)

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None

    def buried(self) -> None:
        """It died: when it may be started again. One that dies at its start waits longer each time."""
        assert self.process is not None  # noqa: S101 - it has been started
        lived_s = time.monotonic() - self.started_s
        self.failures = 0 if lived_s > _LIVED_S else self.failures + 1
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (self.failures - 1)) if self.failures else 0.0
        self.due_s = time.monotonic() + pause_s
        _log.warning("died", child=self.name, code=self.process.returncode, again_s=pause_s)
        self.process = None


@dataclass
class Parent:
    """Keeps children running until it is told to stop (SIGTERM, SIGINT), and replaces them one by one (SIGHUP)."""

    children: Sequence[Child]
    door: socket.socket | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _stop: threading.Event = field(default_factory=threading.Event)
    _renew: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until it is told to stop; then until every child has finished, or its time is over."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_renew)
        while not self._stop.is_set():
            self._look_after()
            if self._renew.is_set():
                self._renew.clear()
                self._replace()
            self._stop.wait(_CHECK_S)
        _let_go([child.process for child in self.children if child.process is not None])

    def _on_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as `signal` calls it
        self._stop.set()

    def _on_renew(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as `signal` calls it
        self._renew.set()

    def _look_after(self) -> None:
        for child in self.children:
            if child.process is not None and not child.is_running:
                child.buried()
            if child.process is None and child.due_s <= time.monotonic():
                child.start(self.environment, self.door)

    def _replace(self) -> None:
        """New children first, then the old ones may finish: somebody answers at every moment."""
        old = [child.process for child in self.children if child.process is not None]
        for child in self.children:
            child.start(self.environment, self.door)
        for child in self.children:
            child.wait_until_ready()
        _let_go(old)


def _let_go(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask them to finish, and end those that do not."""
    for process in processes:
        process.terminate()
    until_s = time.monotonic() + _LEAVE_S
    for process in processes:
        try:
            process.wait(max(0.0, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def say_ready() -> None:
    """Tell the parent that this process works now. Nothing happens without a parent."""
    told = os.environ.pop(_READY, None)
    if told is not None:
        os.close(int(told))

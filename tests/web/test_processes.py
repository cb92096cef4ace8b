"""The parent holds the door: no connection is refused while a child dies, or a new release takes over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from scoville.errors import UsageError
from scoville.web.processes import Child, open_door

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A parent whose one child answers every connection with its own process id.
PARENT = """
import os, socket, sys
sys.path[:0] = {path!r}
from scoville.web.processes import Child, Parent, open_door
door = open_door("127.0.0.1", 0)
print(door.getsockname()[1], flush=True)
Parent([Child("api", [sys.executable, {child!r}, str(door.fileno()), str(os.getpid())])], door).run()
"""
CHILD = """
import os, signal, socket, sys
sys.path[:0] = {path!r}
from scoville.live.parent import die_with_parent
from scoville.web.processes import say_ready
asked = []
signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
die_with_parent(int(sys.argv[2]))
door = socket.socket(fileno=int(sys.argv[1]))
door.settimeout(0.05)
say_ready()
while not asked:
    try:
        connection, _ = door.accept()
    except TimeoutError:
        continue
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    child = tmp_path / "child.py"
    child.write_text(CHILD.format(path=sys.path))
    command = [sys.executable, "-c", PARENT.format(path=sys.path, child=str(child))]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert parent.stdout is not None
    yield parent, int(parent.stdout.readline())
    parent.kill()
    parent.communicate()


def ask(port: int) -> int:
    """The process id of who answers. Raises when the connection is refused, or nobody answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        return int(connection.makefile().read())


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_is_killed_is_started_again_and_no_connection_is_refused(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    _, port = server
    first = ask(port)
    os.kill(first, signal.SIGKILL)
    assert ask(port) != first


def test_a_new_child_answers_before_the_old_one_goes(server: tuple[subprocess.Popen[str], int]) -> None:
    parent, port = server
    first = ask(port)
    parent.send_signal(signal.SIGHUP)
    answers = {first}
    until = time.monotonic() + 20
    while answers == {first} or is_running(first):
        answers.add(ask(port))
        assert time.monotonic() < until
    assert len(answers) == 2


def test_asked_to_stop_it_takes_its_children_with_it(server: tuple[subprocess.Popen[str], int]) -> None:
    parent, port = server
    child = ask(port)
    parent.terminate()
    assert parent.wait(20) == 0
    assert not is_running(child)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the children of a killed parent are found by hand")
def test_killed_it_leaves_no_child_behind(server: tuple[subprocess.Popen[str], int]) -> None:
    parent, port = server
    child = ask(port)
    parent.kill()
    parent.wait(20)
    until = time.monotonic() + 10
    while is_running(child):
        time.sleep(0.02)
        assert time.monotonic() < until


def test_an_address_that_gets_free_in_time_is_taken() -> None:
    taken = open_door("127.0.0.1", 0)
    port = taken.getsockname()[1]
    threading.Timer(0.2, taken.close).start()
    with open_door("127.0.0.1", port, patience_s=10) as door:
        assert door.getsockname()[1] == port


@pytest.mark.skipif(sys.platform != "linux", reason="a process sees its own files as on Linux")
@pytest.mark.parametrize("has_door", [True, False])
def test_only_who_answers_has_a_hand_on_the_door(capfd: pytest.CaptureFixture[str], *, has_door: bool) -> None:
    show = [sys.executable, "-c", "import os; print(*os.listdir('/proc/self/fd'))"]
    with open_door("127.0.0.1", 0) as door:
        child = Child("one", show, has_door=has_door)
        child.start(os.environ, door)
        assert child.process is not None
        assert child.process.wait(30) == 0
        os.close(child.ready)
        assert (str(door.fileno()) in capfd.readouterr().out.split()) is has_door


def test_an_address_that_is_taken_is_said() -> None:
    with open_door("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            open_door("127.0.0.1", port)

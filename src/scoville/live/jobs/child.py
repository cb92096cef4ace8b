"""The process of one job: it does the work, says how far it is, and ends; its memory goes with it.

In: one line of JSON on stdin (the store, the function, what was asked for). Out: lines of JSON on stdout: `told` again
and again, then `done`, `failed` or `broke`. Started by `process`, as `python -m scoville.live.jobs.child`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

import orjson

from scoville.errors import ScovilleError
from scoville.live.jobs.kinds import function_called
from scoville.live.parent import die_with_parent
from scoville.live.store.metadata import utc_now
from scoville.live.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

NICE = 15  # a score a second after a click goes before this
_CONNECTIONS = 2


def main() -> None:
    """Do one job."""
    order = orjson.loads(sys.stdin.buffer.readline())
    die_with_parent(order["parent"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C asks the worker, who ends this process in order
    os.nice(NICE)
    with _own_stdout() as out:
        say = _speaker(out)
        say({"ended": _outcome(order, say)})
        os._exit(0)  # all is said: threads of libraries need not agree on how to end


def _outcome(order: Mapping[str, Any], say: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """What came of it: a result, words for people, or where it broke."""

    def told(share: float | None, said: str) -> None:
        say({"told": [None if share is None else min(1.0, max(0.0, float(share))), said]})

    try:
        with contextlib.closing(open_store(order["store"], connections=_CONNECTIONS)) as store:
            return {"done": function_called(order["run"])(store, order["asked"], told, utc_now())}
    except ScovilleError as words:
        return {"failed": str(words)}
    except Exception as error:  # noqa: BLE001 - the last door: people hear an id, the log hears the rest
        return {"broke": type(error).__name__, "trace": "".join(traceback.format_tb(error.__traceback__))}


def _own_stdout() -> BinaryIO:
    """The way to the worker, for us alone: what libraries print goes to stderr."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(ours, "wb")


def _speaker(out: BinaryIO) -> Callable[[Mapping[str, Any]], None]:
    def say(message: Mapping[str, Any]) -> None:
        out.write(orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
        out.flush()

    return say


if __name__ == "__main__":
    main()

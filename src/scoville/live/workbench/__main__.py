"""Makes one file of history as a process of its own, so that nobody who reads a page waits for it.

In: JSON on the standard input, as `keeping` writes it. Out: the file in its folder.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import orjson

from scoville.live.store.metadata import from_us
from scoville.live.store.opening import open_store
from scoville.live.workbench.keeping import make_in

_LAST_SERVED = 10  # niceness: whoever answers people goes first


def main() -> None:
    """Make it."""
    asked = orjson.loads(sys.stdin.buffer.read())
    os.nice(_LAST_SERVED)
    with closing(open_store(asked["url"], connections=1)) as store:
        make_in(store, Path(asked["folder"]), from_us(asked["now_us"]))


if __name__ == "__main__":
    main()

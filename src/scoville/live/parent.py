"""A process that ends when its parent does: nobody works on unseen.

In: the parent's process id. Out: nothing. Called first by every process that a server starts.
"""

from __future__ import annotations

import os
import signal
import sys


def die_with_parent(parent: int) -> None:
    """End this process when its parent, of this process id, ends, however that ends."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only where it works

        parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before we could ask
        raise SystemExit(0)

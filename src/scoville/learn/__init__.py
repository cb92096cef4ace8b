"""Learning: which points does the past ask for? A model file drawn from history, short enough to read aloud.

`bands`, `fitting`, `selecting` and `points` are pure: arrays of columns and outcomes in, frozen cards out. `scorecard`
is the same as scikit-learn estimators.

Raises: UsageError on import, when the numerical libraries are not installed; it says how to install them.
"""

from __future__ import annotations

from importlib.util import find_spec

from scoville.errors import UsageError

_EXTRA = ("numpy", "sklearn")

if _missing := [name for name in _EXTRA if find_spec(name) is None]:
    raise UsageError(f'learning needs {", ".join(_missing)}: pip install "scoville[learn]"')

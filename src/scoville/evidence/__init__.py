"""Evidence: does the model rank, are its probabilities true, where should the lines be? Measured on the past.

`history` reads what happened, `snapshots` scores it as it was, and `backtest` asks everything of it. `sample`,
`ranking`, `brackets` and `calibration` are pure: arrays of scores and outcomes in, frozen figures out. Every figure
comes with an interval or with the reason why it cannot be told. docs/evidence.md says how to read them.

Raises: UsageError on import, when the statistics libraries are not installed; it says how to install them.
"""

from __future__ import annotations

from importlib.util import find_spec

from scoville.errors import UsageError

_EXTRA = ("numpy", "scipy", "sklearn", "statsmodels")

if _missing := [name for name in _EXTRA if find_spec(name) is None]:
    raise UsageError(f'evidence needs {", ".join(_missing)}: pip install "scoville[evidence]"')

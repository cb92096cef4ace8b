"""Evidence: does the model rank, are its probabilities true, where should the lines be? Measured on the past.

`sample`, `ranking`, `brackets` and `calibration` are pure: arrays of scores and outcomes in, frozen figures out. Every
figure comes with an interval or with the reason why it cannot be told. docs/evidence.md says how to read them.
"""

from __future__ import annotations

from importlib.util import find_spec

from scoville.errors import UsageError

_EXTRA = ("numpy", "scipy", "sklearn", "statsmodels")


def needs_extra() -> None:
    """Whether the statistics libraries are there.

    Raises: UsageError that says how to install them.
    """
    if missing := [name for name in _EXTRA if find_spec(name) is None]:
        raise UsageError(f'evidence needs {", ".join(missing)}: pip install "scoville[evidence]"')

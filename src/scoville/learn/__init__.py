"""Learning: which points does the past ask for? A model file drawn from history, short enough to read aloud.

Read `learning.learn`, then follow it down: `rows` (history at several instants) -> `tried` (what a card could say) ->
`judging` (cards by `choosing` from earlier leads, judged on later ones) -> `written` (a model file). `retuning`
measures a model's numbers anew, `boosted` is the predictive model beside the points, `scorecard` offers the card as
scikit-learn estimators.

Raises: UsageError on import, when the numerical libraries are not installed; it says how to install them.
"""

from __future__ import annotations

from importlib.util import find_spec

from scoville.errors import UsageError

_EXTRA = ("numpy", "sklearn")

if _missing := [name for name in _EXTRA if find_spec(name) is None]:
    raise UsageError(f'learning needs {", ".join(_missing)}: pip install "scoville[learn]"')

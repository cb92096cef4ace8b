"""Scoville: lead scoring that people trust.

The public names; everything else may move. Each is imported when it is first used, so that `import scoville` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoville.data.workspace import Workspace, load_workspace
    from scoville.engines.duckdb import DuckDB
    from scoville.errors import DataError, EngineError, ModelError, PlanError, Problem, ScovilleError, UsageError
    from scoville.explain import Explanation, explain_lead
    from scoville.model.load import Model
    from scoville.plan.compile import Columns, Plan, compile_plan
    from scoville.scoring import ScoreRun, score

__all__ = [
    "Columns",
    "DataError",
    "DuckDB",
    "EngineError",
    "Explanation",
    "Model",
    "ModelError",
    "Plan",
    "PlanError",
    "Problem",
    "ScoreRun",
    "ScovilleError",
    "UsageError",
    "Workspace",
    "__version__",
    "compile_plan",
    "explain_lead",
    "load_workspace",
    "score",
]

__version__ = "0.1.0"

_HOMES = {
    "Columns": "scoville.plan.compile",
    "DuckDB": "scoville.engines.duckdb",
    "Explanation": "scoville.explain",
    "Model": "scoville.model.load",
    "Plan": "scoville.plan.compile",
    "ScoreRun": "scoville.scoring",
    "Workspace": "scoville.data.workspace",
    "compile_plan": "scoville.plan.compile",
    "explain_lead": "scoville.explain",
    "load_workspace": "scoville.data.workspace",
    "score": "scoville.scoring",
    **dict.fromkeys(
        ("DataError", "EngineError", "ModelError", "PlanError", "Problem", "ScovilleError", "UsageError"),
        "scoville.errors",
    ),
}


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    if name not in _HOMES:
        message = f"module 'scoville' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__

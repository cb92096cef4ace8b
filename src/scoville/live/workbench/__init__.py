"""The workbench: the store's history in one DuckDB file, where a change of a model is tried before anybody sees it.

`making` copies the store into the file, `keeping` says which file is the newest and has a new one made, `bench` answers
questions over it, `past` gives it to evidence and learning. `totals`, `sides`, `preview` and `proof` try a model: what
would change today, and whether it would have ranked better in the past.
"""

from scoville.live.workbench.keeping import Standing, Workbench, workbench_of
from scoville.live.workbench.past import history

__all__ = ["Standing", "Workbench", "history", "workbench_of"]

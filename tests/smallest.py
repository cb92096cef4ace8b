"""The smallest scene that still shows a fault, found by leaving things out.

Hypothesis shrinks choice by choice, thousands of times; at 0.4 s to compile a plan that takes an hour. Leaving out half
of the leads, then single events, rules and keys takes a minute, and leaves something that a person can read.
"""

from __future__ import annotations

from dataclasses import replace
from pprint import pformat
from typing import TYPE_CHECKING, Any

from hypothesis import note

from scoville.errors import ScovilleError
from strategies import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_TRIES = 200  # about a minute
Path = tuple[Any, ...]


def hold(agree: Callable[[Scene], None], scene: Scene) -> None:
    """Call `agree`; when it fails, say so for the smallest scene that fails."""

    def fails(candidate: Scene) -> bool:
        try:
            agree(candidate)
        except AssertionError:
            return True
        except ScovilleError:
            return False  # what was left out is needed to make a model
        return False

    try:
        agree(scene)
    except AssertionError:
        found = smallest(scene, fails)
        note(pformat(found, width=120))
        agree(found)
        raise


def smallest(scene: Scene, still_shows: Callable[[Scene], bool]) -> Scene:
    """`scene` with everything left out that the fault does not need. `still_shows` tells whether a fault is there."""
    tries = 0

    def shows(candidate: Scene) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MOST_TRIES and still_shows(candidate)

    scene = fewest(scene, "leads", shows)
    scene = replace(
        scene, events=[e for e in scene.events if e["lead_id"] in {lead["lead_id"] for lead in scene.leads}]
    )
    scene = fewest(scene, "events", shows)
    leaner: Scene | None = scene
    while leaner is not None:
        scene = leaner
        leaner = next((one for one in leaner_models(scene) if shows(one)), None)
    return fewest(scene, "events", shows)


def fewest(scene: Scene, table: str, shows: Callable[[Scene], bool]) -> Scene:
    """Leave out rows of a table: halves first, then quarters, down to single rows."""
    rows: list[Any] = list(getattr(scene, table))
    size = len(rows)
    while size >= 1:
        start = 0
        while start < len(rows):
            fewer = rows[:start] + rows[start + size :]
            if shows(Scene(**{**vars(scene), table: fewer})):
                rows = fewer
            else:
                start += size
        size //= 2
    return Scene(**{**vars(scene), table: rows})


def leaner_models(scene: Scene) -> Iterator[Scene]:
    """The scene with one key or one entry of the model left out, outermost first."""
    for path in sorted(paths_in(scene.model), key=len):
        yield replace(scene, model=without(scene.model, path))


def paths_in(value: Any, so_far: Path = ()) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*so_far, key)
        yield from paths_in(inner, (*so_far, key))


def without(value: Any, path: Path) -> Any:
    """A copy of nested dicts and lists without what stands at `path`."""
    key, *rest = path
    if isinstance(value, dict):
        return {k: without(v, tuple(rest)) if k == key else v for k, v in value.items() if k != key or rest}
    return [without(v, tuple(rest)) if i == key else v for i, v in enumerate(value) if i != key or rest]

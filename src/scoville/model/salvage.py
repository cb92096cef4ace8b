"""The sound part of a model whose shape is wrong somewhere, so that its other faults are reported in the same run.

In: plain values and the paths of the faults. Out: the values without them, and how its paths read in the whole file.
Called by `load.py`. A rule (stage, segment ...) with a fault is left out whole; a fault elsewhere takes the key of
the section or of the model that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scoville.model.document import Path

_ENTRIES = ("rules", "qualify", "disqualify", "stages", "segments", "priorities")  # lists whose entries stand alone
_NEEDED: Mapping[Path, object] = {("scoville",): 1, ("name",): "a model"}


@dataclass
class Salvage:
    """What is left of `data`. `kept` says, for each list, which entries of the original it holds."""

    data: dict[str, object]
    without: frozenset[Path]
    kept: dict[Path, list[int]] = field(default_factory=dict)

    def original(self, where: Path) -> Path:
        """A path of what is left, as it reads in the whole file."""
        return tuple(
            self.kept[where[:i]][step] if isinstance(step, int) and where[:i] in self.kept else step
            for i, step in enumerate(where)
        )


def sound_part(data: Mapping[str, object], faults: Collection[Path]) -> Salvage:
    """`data` without what is at fault."""
    without = frozenset(_left_out(where) for where in faults)
    kept: dict[Path, list[int]] = {}
    sound = {
        str(k): _sound(v, (str(k),), (str(k),), without, kept) for k, v in data.items() if (str(k),) not in without
    }
    needed = {str(where[0]): value for where, value in _NEEDED.items() if where in without}
    return Salvage(sound | needed, without, kept)


def _left_out(where: Path) -> Path:
    for i in range(len(where) - 1, 0, -1):
        if isinstance(where[i], int) and where[i - 1] in _ENTRIES:
            return where[: i + 1]
    return where[:2] if where[0] in ("fit", "engagement") else where[:1]


def _sound(value: object, old: Path, new: Path, without: Collection[Path], kept: dict[Path, list[int]]) -> object:
    if isinstance(value, dict):
        inner = {k: v for k, v in value.items() if (*old, str(k)) not in without}
        return {k: _sound(v, (*old, str(k)), (*new, str(k)), without, kept) for k, v in inner.items()}
    if isinstance(value, list):
        kept[new] = [i for i in range(len(value)) if (*old, i) not in without]
        return [_sound(value[i], (*old, i), (*new, n), without, kept) for n, i in enumerate(kept[new])]
    return value

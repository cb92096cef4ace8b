"""A profile in a file: what leads looked like, to be compared with later. Counts alone, no value of a single lead.

In: a `Profile`. Out: JSON, versioned, and back. Called by `scoville drift`.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scoville.engines.beside import written_beside
from scoville.errors import DataError
from scoville.evidence.drift.profile import ColumnProfile, Judged, Profile
from scoville.evidence.drift.psi import Bins

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1


def save_baseline(profile: Profile, path: Path) -> None:
    """Write a profile; the file appears whole or not at all. Raises: UsageError or DataError when it cannot be."""
    with written_beside(path) as beside:
        beside.write_text(json.dumps(to_json(profile), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_baseline(path: Path) -> Profile:
    """Read a profile. Raises: DataError for a file that is not there, or no baseline of a version that is known."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"cannot read the baseline {path}: {error}. Make one with --save-baseline FILE.json") from None
    version = content.get("scoville_baseline") if isinstance(content, dict) else None
    if version != VERSION:
        found = f"version {version}" if version is not None else "no baseline"
        raise DataError(f"{path} is {found}; allowed: version {VERSION}. Make it anew with --save-baseline")
    try:
        return from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({type(error).__name__}: {error}). Make it anew with --save-baseline"
        ) from None


def to_json(profile: Profile) -> dict[str, Any]:
    """A profile as plain values."""
    judged = profile.judged
    return {
        "scoville_baseline": VERSION,
        "model": profile.model,
        "model_version": profile.model_version,
        "as_of": f"{profile.as_of.isoformat()}Z",
        "window_days": profile.window_days,
        "leads": profile.leads,
        "stages": {name: {"from": start, "leads": leads} for name, (start, leads) in profile.stages.items()},
        "judged": None if judged is None else {**asdict(judged), "as_of": f"{judged.as_of.isoformat()}Z"},
        "columns": [
            {
                "kind": one.kind, "name": one.name, "section": one.section, "starts": list(one.bins.starts),
                "texts": None if one.bins.texts is None else list(one.bins.texts), "counts": list(one.counts),
                "filled": one.filled,
            }
            for one in profile.columns
        ],
    }  # fmt: skip


def from_json(content: dict[str, Any]) -> Profile:
    """A profile of plain values. Raises: KeyError, TypeError, ValueError for others than `to_json` gives."""
    judged = content["judged"]
    return Profile(
        model=str(content["model"]),
        model_version=str(content["model_version"]),
        as_of=_instant(content["as_of"]),
        window_days=None if content["window_days"] is None else float(content["window_days"]),
        leads=int(content["leads"]),
        columns=tuple(_column(one) for one in content["columns"]),
        stages={name: (float(one["from"]), int(one["leads"])) for name, one in content["stages"].items()},
        judged=None if judged is None else Judged(**{**judged, "as_of": _instant(judged["as_of"])}),
    )


def _column(one: dict[str, Any]) -> ColumnProfile:
    starts = tuple(float(start) for start in one["starts"])
    bins = Bins(starts, None if one["texts"] is None else tuple(map(str, one["texts"])))
    counts = tuple(int(count) for count in one["counts"])
    if len(counts) != len(bins.labels) or min(counts) < 0 or list(starts) != sorted(starts):
        raise ValueError(f"{one['kind']} '{one['name']}' has {len(counts)} counts for {len(bins.labels)} bins")
    if not all(map(math.isfinite, starts)):
        raise ValueError(f"{one['kind']} '{one['name']}' has bins without end")
    return ColumnProfile(one["kind"], str(one["name"]), one["section"], bins, counts, int(one["filled"]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)

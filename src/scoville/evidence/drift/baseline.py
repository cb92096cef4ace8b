"""A profile in a file: what leads looked like, to be compared with later. Counts alone, no value of a single lead.

In: a `Profile`. Out: JSON, versioned, and back. Called by `scoville drift`.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from scoville.engines.beside import written_beside
from scoville.errors import DataError
from scoville.evidence.drift.profile import ColumnProfile, Judged, Kind, Profile
from scoville.evidence.drift.psi import Bins
from scoville.words import iso

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_MOST = 10**12  # leads; more than there are people
_DAYS = 36_500  # as many as an option takes


def save_baseline(profile: Profile, path: Path) -> None:
    """Write a profile; the file appears whole or not at all. Raises: UsageError or DataError when it cannot be."""
    with written_beside(path) as beside:
        beside.write_text(json.dumps(to_json(profile), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_baseline(path: Path) -> Profile:
    """Read a profile. Raises: DataError for a file that is not there, or no baseline of a version that is known."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read the baseline {path}: {error}. Make one with --save-baseline FILE.json") from None
    version = content.get("scoville_baseline") if isinstance(content, dict) else None
    if version != VERSION:
        found = f"version {version}" if version is not None else "no baseline"
        raise DataError(f"{path} is {found}; allowed: version {VERSION}. Make it anew with --save-baseline")
    try:
        return from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
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
        "as_of": iso(profile.as_of),
        "window_days": profile.window_days,
        "leads": profile.leads,
        "stages": {name: {"from": start, "leads": leads} for name, (start, leads) in profile.stages.items()},
        "judged": None if judged is None else {**asdict(judged), "as_of": iso(judged.as_of)},
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
    return Profile(
        model=str(content["model"]),
        model_version=str(content["model_version"]),
        as_of=_instant(content["as_of"]),
        window_days=None if content["window_days"] is None else _number(content, "window_days", least=1e-6, most=_DAYS),
        leads=_count(content, "leads"),
        columns=tuple(_column(one) for one in content["columns"]),
        stages={
            name: (_number(one, "from"), _count(one, "leads", most=content["leads"]))
            for name, one in content["stages"].items()
        },
        judged=None if content["judged"] is None else _judged(content["judged"]),
    )


def _judged(one: dict[str, Any]) -> Judged:
    leads = _count(one, "leads", least=1)
    return Judged(
        as_of=_instant(one["as_of"]),
        horizon_days=_number(one, "horizon_days", least=0, most=_DAYS),
        leads=leads,
        conversions=_count(one, "conversions", most=leads),
        auc=None if one["auc"] is None else _number(one, "auc", least=0, most=1),
        auc_se=None if one["auc_se"] is None else _number(one, "auc_se", least=0),
        cannot_tell=None if one["cannot_tell"] is None else str(one["cannot_tell"]),
    )


def _column(one: dict[str, Any]) -> ColumnProfile:
    what = f"{one['kind']} '{one['name']}'"
    starts = tuple(float(start) for start in one["starts"])
    bins = Bins(starts, None if one["texts"] is None else tuple(map(str, one["texts"])))
    counts = tuple(int(count) for count in one["counts"])
    if one["kind"] not in get_args(Kind) or not isinstance(one["section"], str | None):
        raise ValueError(f"{what} is of no kind or section that there is")
    if len(counts) != len(bins.labels):
        raise ValueError(f"{what} has {len(counts)} counts for {len(bins.labels)} bins")
    if not all(0 <= count <= _MOST for count in counts):
        raise ValueError(f"{what} has counts that are none")
    if list(starts) != sorted(starts) or not all(map(math.isfinite, starts)):
        raise ValueError(f"{what} has bins without order or end")
    return ColumnProfile(one["kind"], str(one["name"]), one["section"], bins, counts, _count(one, "filled"))


def _count(content: dict[str, Any], name: str, least: int = 0, most: int = _MOST) -> int:
    return int(_number(content, name, least=least, most=most))


def _number(content: dict[str, Any], name: str, *, least: float = -math.inf, most: float = math.inf) -> float:
    number = float(content[name])
    if not (math.isfinite(number) and least <= number <= most):
        raise ValueError(f"{name} is {content[name]}")
    return number


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)

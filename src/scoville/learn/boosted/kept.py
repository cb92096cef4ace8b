"""A boosted model as it is kept: its features, its trees and its probabilities in one JSON file that anybody can read.

In: a file, or what `boosting` found. Out: `Boosted`, which turns the features of leads into probabilities with the
reason for each. A file is text and numbers only; whatever is in it is checked before anything is made of it. Pure but
for reading and writing the file. Called by `boosting` and `predicting`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.engines.beside import written_beside
from scoville.errors import DataError, UsageError
from scoville.learn.boosted.features import Feature
from scoville.learn.boosted.trees import features_of, proven, whole
from scoville.learn.choosing.bands import Cells
from scoville.learn.tried.origins import Counted, Decayed, Happening, Recent, Summed, Trait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from scoville.learn.tried.origins import Origin

    Floats = NDArray[np.float64]

FORMAT = 1
THREADS = 1  # of LightGBM, always: how many there are must not change a model
_MOST_BYTES = 64 * 2**20
_MOST_FEATURES, _MOST_CELLS, _MOST_TEXT = 2_000, 10_000, 2_000
_MOST_NUMBER = 1e300
_AT_ONCE = 20_000  # leads whose reasons are worked out together
_FORMS: Mapping[str, type[Decayed | Counted | Recent | Summed]] = {
    "fades": Decayed, "count": Counted, "recency": Recent, "sum": Summed,
}  # fmt: skip


@dataclass(frozen=True)
class Boosted:
    """A boosted model. `trees` is LightGBM's text; `points` (log odds, probability) rise, and calibrate what it gives.

    `about` has the facts of its training as plain values: what it was learned from, and how it ranks later leads
    beside the points.
    """

    features: tuple[Feature, ...]
    trees: str
    points: tuple[tuple[float, float], ...]
    about: Mapping[str, Any] = field(hash=False)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """The features that some tree asks about; the others need no value."""
        return tuple(sorted(features_of(self.trees)))

    @property
    def version(self) -> str:
        """Short hash of all that is in it."""
        return _hash(self.content())[:12]

    def log_odds(self, matrix: NDArray[np.float32]) -> Floats:
        """What the trees give each row of features, before calibration."""
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=THREADS), np.float64)

    def probability(self, matrix: NDArray[np.float32]) -> Floats:
        """The calibrated probability to convert within the horizon, for each row of features."""
        at, probability = zip(*self.points, strict=True)
        return np.asarray(np.interp(self.log_odds(matrix), np.array(at), np.array(probability)), np.float64)

    def contributions(self, matrix: NDArray[np.float32]) -> Floats:
        """What each feature adds to the log odds of each row (Lundberg et al. 2020), a column each."""
        parts = [
            np.asarray(self._booster.predict(matrix[at : at + _AT_ONCE], pred_contrib=True, num_threads=THREADS))
            for at in range(0, len(matrix), _AT_ONCE)
        ]
        return np.concatenate(parts)[:, :-1] if parts else np.empty((0, len(self.features)))

    @cached_property
    def _booster(self) -> Any:  # noqa: ANN401 - LightGBM ships no types
        return lightgbm().Booster(model_str=whole(self.trees, len(self.features)))

    def content(self) -> dict[str, Any]:
        """What is in the file, but for the hash of it."""
        return {
            "scoville_boosted": FORMAT,
            "about": dict(self.about),
            "features": [_plain(feature) for feature in self.features],
            "trees": self.trees,
            "probability": [list(point) for point in self.points],
        }

    def to_dict(self) -> dict[str, Any]:
        """The whole file as plain values."""
        content = self.content()
        return {**content, "hash": _hash(content)}

    def save(self, path: str | Path) -> None:
        """Write the file. It appears whole or not at all. Raises: UsageError, DataError where it cannot be written."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        with written_beside(Path(path).resolve()) as beside:
            beside.write_text(text + "\n", encoding="utf-8")


def lightgbm() -> Any:  # noqa: ANN401 - it ships no types
    """The library. Raises: UsageError that says how to install it."""
    try:
        import lightgbm as library  # noqa: PLC0415 - only a boosted model needs it
    except ImportError:
        raise UsageError('a boosted model needs lightgbm: pip install "scoville[learn]"') from None
    return library


def load_boosted(path: str | Path) -> Boosted:
    """The boosted model of a file.

    Raises: UsageError when there is no such file; DataError, with the place, for anything in it that is not as
        `Boosted.save` writes it.
    """
    path = Path(path)
    try:
        raw = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    if raw is None:
        raise DataError(f"{path} is larger than any boosted model ({_MOST_BYTES >> 20} MB)")
    try:
        return boosted_from(json.loads(raw, parse_constant=_no_constant, object_pairs_hook=_no_doubles))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        raise DataError(
            f"{path} is no JSON; a boosted model is made by: scoville learn --boosted {path.name}"
        ) from None


def boosted_from(content: object) -> Boosted:
    """A boosted model from the content of its file. Raises: DataError with the place of what is wrong."""
    given = _keys(content, "the file", {"scoville_boosted", "about", "features", "trees", "probability", "hash"})
    if given["scoville_boosted"] != FORMAT or isinstance(given["scoville_boosted"], bool):
        raise DataError(f"scoville_boosted: this version of scoville reads format {FORMAT}")
    about = given["about"]
    if not isinstance(about, dict):
        raise DataError("about: names with values are wanted there")
    features = tuple(
        _feature(one, f"features[{place}]")
        for place, one in enumerate(_list(given["features"], "features", 1, _MOST_FEATURES))
    )
    trees = proven(_text(given["trees"], "trees", _MOST_BYTES), len(features))
    points = _points(_list(given["probability"], "probability", 1, _MOST_CELLS))
    found = Boosted(features, trees, points, about)
    if given["hash"] != _hash(found.content()):
        raise DataError("hash: the content is not what was written; learn the model again")
    return found


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# Features as plain values


def _plain(feature: Feature) -> dict[str, Any]:
    origin, cells = feature.origin, feature.cells
    cut = {} if cells is None else {"edges": cells.edges.tolist()} if cells.edges is not None else {
        "values": list(cells.values)}  # fmt: skip
    if isinstance(origin, Trait):
        return {"trait": origin.trait, **cut}
    form = next(name for name, kind in _FORMS.items() if isinstance(origin, kind))
    said = {name: value for name, value in asdict(origin).items() if name != "of"}
    where = None if origin.of.where is None else list(origin.of.where)
    return {"form": form, "event": origin.of.event, "where": where, "below": origin.of.below, **said, **cut}


def _feature(given: object, at: str) -> Feature:
    if not isinstance(given, dict):
        raise DataError(f"{at}: names with values are wanted there")
    has_cut = [name for name in ("edges", "values") if name in given]
    if len(has_cut) > 1:
        raise DataError(f"{at}: edges or values, not both")
    rest = {name: value for name, value in given.items() if name not in has_cut}
    cells = _cells(given, has_cut[0], at) if has_cut else None
    if "trait" not in rest:
        return Feature(_behaviour(rest, at), cells)
    if cells is None:
        raise DataError(f"{at}: a trait has edges or values")
    return Feature(Trait(_text(_keys(rest, at, {"trait"})["trait"], f"{at}.trait")), cells)


def _cells(given: Mapping[str, Any], name: str, at: str) -> Cells:
    listed = _list(given[name], f"{at}.{name}", 0, _MOST_CELLS)
    if name == "values":
        values = tuple(_text(one, f"{at}.values") for one in listed)
        if len(set(values)) < len(values):
            raise DataError(f"{at}.values: a value stands there twice")
        return Cells(values=values)
    edges = [_number(one, f"{at}.edges") for one in listed]
    if any(high <= low for low, high in pairwise(edges)):
        raise DataError(f"{at}.edges: they have to rise")
    return Cells(edges=np.array(edges, np.float64))


_OWN: Mapping[str, set[str]] = {
    "fades": {"half_life_days"}, "count": {"within_days"}, "recency": set(), "sum": {"what", "within_days"},
}  # fmt: skip


def _behaviour(given: Mapping[str, Any], at: str) -> Origin:
    form = given.get("form")
    if not isinstance(form, str) or form not in _FORMS:
        raise DataError(f"{at}.form: one of {', '.join(_FORMS)} is wanted there, or a trait")
    given = _keys(given, at, {"form", "event", "where", "below", *_OWN[form]})
    if not isinstance(given["below"], bool):
        raise DataError(f"{at}.below: true or false is wanted there")
    where = given["where"]
    if where is not None:
        name, value = (_text(one, f"{at}.where") for one in _list(where, f"{at}.where", 2, 2))
        where = (name, value)
    of = Happening(_text(given["event"], f"{at}.event"), where, given["below"])
    days = {name: _days(given[name], f"{at}.{name}") for name in ("half_life_days", "within_days") if name in given}
    what = {"what": _text(given["what"], f"{at}.what")} if "what" in given else {}
    made: Callable[..., Origin] = _FORMS[form]
    return made(of=of, **what, **days)


def _points(listed: Sequence[object]) -> tuple[tuple[float, float], ...]:
    points = []
    for place, one in enumerate(listed):
        at, probability = (_number(part, f"probability[{place}]") for part in _list(one, f"probability[{place}]", 2, 2))
        points.append((at, probability))
    rising = all(low[0] < high[0] and low[1] <= high[1] for low, high in pairwise(points))
    if not rising or not all(0 < probability < 1 for _, probability in points):
        raise DataError("probability: pairs of rising log odds, and probabilities between 0 and 1, are wanted there")
    return tuple(points)


# Plain values, each with its place


def _keys(given: object, at: str, wanted: set[str]) -> Mapping[str, Any]:
    if not isinstance(given, dict) or set(given) != wanted:
        raise DataError(f"{at}: exactly these are wanted there: {', '.join(sorted(wanted))}")
    return given


def _list(given: object, at: str, least: int, most: int) -> Sequence[object]:
    if not isinstance(given, list) or not least <= len(given) <= most:
        raise DataError(f"{at}: a list of {least} to {most:,} is wanted there")
    return given


def _text(given: object, at: str, most: int = _MOST_TEXT) -> str:
    if (
        not isinstance(given, str)
        or len(given) > most
        or any(one == "\0" or "\ud800" <= one <= "\udfff" for one in given)
    ):
        raise DataError(f"{at}: a text of at most {most:,} letters is wanted there")
    return given


def _number(given: object, at: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= _MOST_NUMBER:
        raise DataError(f"{at}: a number is wanted there")
    return float(given)


def _days(given: object, at: str) -> float | None:
    if given is None:
        return None
    days = _number(given, at)
    if not 1e-3 <= days <= 1e5:  # noqa: PLR2004 - between a minute and some lives
        raise DataError(f"{at}: days from 0.001 to 100,000 are wanted there")
    return days


def _no_constant(name: str) -> float:
    raise DataError(f"{name} is no number")


def _no_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise DataError("a name stands twice in one place")
    return made

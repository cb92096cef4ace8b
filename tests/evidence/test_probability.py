"""A measured probability in the model file: few points that say the same, and a file changed well or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scoville.errors import UsageError
from scoville.evidence.figures.calibration import calibrate
from scoville.evidence.probability import off_by, thinned, write_probability
from scoville.model.load import Model

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.evidence.figures.calibration import Points
    from scoville.evidence.figures.sample import Floats

TEXT = "# ours\nscoville: 1\nname: Test\nfit: {rules: [{name: A, when: {x: 1}, points: 40}]}  # who\n"
POINTS = ((0.0, 0.01), (40.0, 0.2))


# --- fewer points ----------------------------------------------------------------------------------------------------


def logistic(middle: float, width: float, size: int = 33) -> Points:
    at = np.linspace(0, 100, size)
    return tuple(zip(at.tolist(), (1 / (1 + np.exp(-(at - middle) / width))).tolist(), strict=True))


def read(points: Points, score: Floats) -> Floats:
    at, share = np.array(points).T
    found: Floats = np.interp(score, at, share)
    return found


@pytest.mark.parametrize(("middle", "width"), [(110, 15), (90, 20), (150, 14), (100, 12), (-20, 30)])
def test_a_smooth_map_keeps_within_a_fifth_of_a_percent_with_twelve_points(middle: float, width: float) -> None:
    full = logistic(middle, width)
    few = thinned(full)
    assert len(few) <= 12
    assert off_by(few, full) <= 0.002
    assert (few[0][0], few[-1][0]) == (0, 100)


@pytest.mark.parametrize(("width", "nearest"), [(12, 0.0025), (6, 0.006)])
def test_a_whole_s_from_never_to_always_is_drawn_as_near_as_twelve_points_can(width: float, nearest: float) -> None:
    """n lines anywhere come within (1.9 / n)^2 / 16 of a smooth S, the integral of the root of its bend being 1.9.

    For 11 lines that is 0.0019; ours end at measured scores, of which a narrow S has few.
    """
    full = logistic(50, width)
    assert len(thinned(full)) == 12
    assert off_by(thinned(full), full) < nearest


def test_small_probabilities_stay_apart() -> None:
    """From 0.007 % to 1.1 %: three points would be within 0.2 % of all of it, and wrong by half about most."""
    full = logistic(190, 20)
    few = thinned(full)
    at, share = np.array(full).T
    assert np.all(np.abs(read(few, at) / share - 1) < 0.1)


def test_what_lies_on_a_line_is_left_out() -> None:
    line = tuple((float(at), at / 1000) for at in range(0, 101, 2))
    assert thinned(line) == ((0, 0), (100, 0.1))
    bent = (*line, (110.0, 0.5), (120.0, 0.9), (130.0, 0.9))
    assert thinned(bent) == ((0, 0), (100, 0.1), (120, 0.9), (130, 0.9))


@pytest.mark.parametrize("seed", range(8))
def test_steps_of_chance_never_fall_and_stay_few(seed: int) -> None:
    dice = np.random.default_rng(seed)
    score = np.sort(dice.choice(np.arange(0, 100, 0.25), 50, replace=False))
    share = np.sort(np.round(dice.random(50) * dice.integers(2, 50), 0) / 50)
    full = tuple(zip(score.tolist(), np.clip(share, 0.001, 0.999).tolist(), strict=True))
    few = thinned(full)
    scores, shares = zip(*few, strict=True)
    assert len(few) <= 12
    assert all(np.diff(scores) > 0)
    assert all(np.diff(shares) >= 0)
    every_fifth = (*full[::5], full[-1])  # what anybody would take who does not look
    assert off_by(few, full) < off_by(every_fifth, full)


def test_one_point_and_points_of_one_score_stay_one() -> None:
    assert thinned(((3.0, 0.25),)) == ((3, 0.25),)
    assert thinned(((3.0, 0.25), (3.001, 0.4))) == ((3, 0.4),)


def test_numbers_are_short() -> None:
    assert thinned(((1 / 3, 1 / 7), (200 / 3, 0.0101010101 + 1 / 7))) == ((0.33, 0.1429), (66.67, 0.153))


def test_a_real_calibration_keeps_what_it_says() -> None:
    dice = np.random.default_rng(5)
    score = dice.gamma(2, 15, 4000).clip(0, 100).round(1)
    found = calibrate(score, dice.random(4000) < 1 / (1 + np.exp(3 - score / 20)))
    few = thinned(found.points)
    assert off_by(few, found.points) < 0.005
    assert found.predict(score).mean() == pytest.approx(read(few, score).mean(), abs=0.001)


# --- into the file ---------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.yaml"
    path.write_bytes(TEXT.encode())
    return path


def test_the_block_is_written_and_all_else_stays(file: Path) -> None:
    measured = Model.load(file)
    wrote = write_probability(
        file, POINTS, measured=measured, horizon=timedelta(days=90), outcome="won", remark="on 90 leads"
    )
    block = f"""
probability:  # measured on 90 leads
  points:
  - [0, 0.01]
  - [40, 0.2]
  horizon: 90d
  outcome: won
  score_version: {measured.score_version!r}
""".replace("'", "" if not measured.score_version.isdigit() else "'")
    assert file.read_text(encoding="utf-8") == TEXT + block
    assert (wrote.points, wrote.measured, wrote.off_by) == (2, 2, 0)
    assert wrote.version == Model.load(file).version != measured.version
    assert str(wrote) == f"wrote the probability into {file}: 2 points; it is now version {wrote.version}"


def test_what_fewer_points_lose_is_said(file: Path) -> None:
    wrote = write_probability(file, logistic(50, 12), measured=Model.load(file))
    assert f"{wrote.points} points, within {wrote.off_by:.2g} of the 33 measured" in str(wrote)


def test_writing_again_replaces_the_block(file: Path) -> None:
    write_probability(file, POINTS, measured=Model.load(file), remark="in May")
    write_probability(file, ((0.0, 0.02), (40.0, 0.3)), measured=Model.load(file), remark="in June")
    text = file.read_text(encoding="utf-8")
    assert text.count("probability:") == 1
    assert "in May" not in text
    assert Model.load(file).probability == Model.loads(text).probability


def test_permissions_and_links_stay(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "current.yaml"
    link.symlink_to(file)
    write_probability(link, POINTS, measured=Model.load(link))
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert Model.load(file).probability is not None


def assert_untouched(file: Path, text: str = TEXT) -> None:
    assert file.read_bytes() == text.encode()
    assert [one.name for one in file.parent.iterdir()] == ["model.yaml"]  # nothing half-written lies about


def test_a_model_that_was_changed_since_is_left_alone(file: Path) -> None:
    measured = Model.load(file)
    changed = TEXT.replace("40", "41")
    file.write_bytes(changed.encode())
    with pytest.raises(UsageError, match=r"no longer the model that was tested"):
        write_probability(file, POINTS, measured=measured)
    assert_untouched(file, changed)


def test_another_comment_is_no_other_model(file: Path) -> None:
    measured = Model.load(file)
    file.write_bytes((TEXT + "# later\n").encode())
    write_probability(file, POINTS, measured=measured)
    assert "# later" in file.read_text(encoding="utf-8")


def test_a_file_that_is_changed_while_it_is_written_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured, theirs = Model.load(file), TEXT + "# theirs\n"
    monkeypatch.setattr("shutil.copymode", lambda *_: file.write_bytes(theirs.encode()))
    with pytest.raises(UsageError, match="changed by somebody else just now"):
        write_probability(file, POINTS, measured=measured)
    assert_untouched(file, theirs)


def test_a_read_only_file_is_left_alone(file: Path) -> None:
    measured = Model.load(file)
    file.chmod(0o444)
    with pytest.raises(UsageError, match="read-only"):
        write_probability(file, POINTS, measured=measured)
    assert_untouched(file)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        write_probability(tmp_path / "none.yaml", POINTS, measured=Model.loads(TEXT))

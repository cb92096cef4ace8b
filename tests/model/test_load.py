"""A model file as a whole: every mistake at once with its place, and a version that follows the content alone."""

# ruff: noqa: E501 - a model and what is said of it stand on one line each
from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from scoville.errors import ModelError, UsageError
from scoville.model.load import Model
from strategies import models

if TYPE_CHECKING:
    from pathlib import Path

START = "scoville: 1\nname: Test\n"

MODEL = """\
scoville: 1
name: B2B
scale: {min: 0, max: 100}
disqualify:
  - {name: Competitor, when: {email.domain: [rival.com]}}
fit:
  max: 50
  rules:
    - {name: Decision maker, when: {job_title.seniority: [c_level, vp], employees: {gte: 10, lt: 5000}}, points: 15}
    - name: Company size
      by: employees
      bands: [{below: 10, points: -5}, {from: 50, points: 30}]
    - {name: Industry, by: industry, values: {software: 10, finance: 8}}
engagement:
  max: 60
  decay: {half_life: 30d}
  groups: {Email: {max: 10}}
  rules:
    - {name: Pricing page, event: page_viewed, when: {path: {starts_with: /pricing}}, points: 30, repeat: 5, max: 40}
    - {name: Email opened, event: [email_opened, email_clicked], points: 1, at_most: 5, group: Email}
    - {name: Quiet, event: "*", within: 45d, count: [{below: 1, points: -10}]}
grades: {A: 35, B: 20, C: null}
levels: {1: 35, 2: 15, 3: null}
stages: [{name: Lead, from: 0}, {name: MQL, from: 41}, {name: SQL, from: 71, needs: {fit: {gte: 20}}}]
accounts: {by: company_domain, rollup: {top: 3, how: max}}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ModelError) as caught:
        Model.loads(text, path="m.yaml")
    return [str(problem) for problem in caught.value.problems]


def the_problem(text: str) -> str:
    [said] = problems(text)
    return said


TEN_MISTAKES = """\
scoville: 1
name: Ten mistakes
scal: {min: 0, max: 100}
disqualify:
  - {name: Competitor, when: {email.domain: {contain: rival}}}
fit:
  max: fifty
  rules:
    - {name: Decision maker, when: {job_title.seniority: [c_level]}, point: 15}
    - name: Company size
      by: employees
      bands:
        - {from: 10, points: 5}
        - {from: 5, below: 20, points: 10}
engagement:
  decay: {half-life: 30d}
  rules:
    - {name: Pricing, event: page_viewed, points: "10"}
    - {name: Pricing, event: page_viewed, points: 5, group: Web}
    - {name: Demo, event: demo, points: 20, within: 30 days}
stages:
  - {name: SQL, from: 71}
  - {name: MQL, from: 41, needs: {fitt: {gte: 10}}}
"""


def test_ten_mistakes_of_every_kind_are_reported_in_one_run() -> None:
    found = [re.sub(r"^m\.yaml:(\d+:\d+) ", r"\1 ", said) for said in problems(TEN_MISTAKES)]
    expected = [
        "3:1 unknown key 'scal'. Did you mean 'scale'?",
        "5:46 unknown operator 'contain'. Did you mean 'contains'?",
        "7:3 'max': a number is needed here, not 'fifty'",
        "9:70 unknown key 'point'. Did you mean 'points'?",
        "14:11 bands 1 and 2 overlap at 10",
        "16:3 a decay is `none`, {half_life: 30d}",
        "18:43 'points': a number is needed here, not '10'; take the quotes away",
        "19:54 unknown group 'Web'. This section has no `groups`.",
        "20:45 'within': '30 days' is not a length of time; write 30d",
        "23:17 stages are out of order: 'MQL' starts at 41, before 'SQL' at 71",
        "23:35 'fitt' is not a column of the score row. Did you mean 'fit'?",
    ]
    assert [said[: len(start)] for said, start in zip(found, expected, strict=True)] == expected


def test_a_file_without_its_broken_parts_is_not_accused_of_what_is_missing_from_it() -> None:
    text = START + "fit: {rules: [{name: A, when: {x: 1}, points: fifty}]}\nstages: [{name: MQL, from: 41}]\n"
    assert "'points': a number is needed here" in the_problem(text)  # not: no lead can reach MQL


def test_places_after_a_broken_rule_are_those_of_the_file() -> None:
    text = START + (
        "fit:\n  rules:\n"
        "    - {name: A, when: {x: 1}, points: fifty}\n"
        "    - {name: B, when: {x: 1}, points: 5}\n"
        "    - {name: B, when: {x: 2}, points: 5}\n"
    )
    assert problems(text)[1] == "m.yaml:7:8 two rules are called 'B'; a name must tell them apart"


def test_broken_groups_are_not_reported_again_by_the_rules_in_them() -> None:
    text = START + "engagement:\n  groups: {Mail: 10}\n  rules: [{name: A, event: x, points: 1, group: Mail}]\n"
    assert the_problem(text).startswith("m.yaml:4:12 'Mail': a mapping (key: value) is needed here, not 10")


def test_a_misspelt_key_is_one_mistake_not_two() -> None:
    assert the_problem("scoville: 1\nnmae: Test\n").startswith("m.yaml:2:1 unknown key 'nmae'. Did you mean 'name'?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: Test\n", "m.yaml:1:1 the key 'scoville' is missing here; start the file with `scoville: 1`"),
        ("scoville: 2\nname: Test\n", "m.yaml:1:1 'scoville': must be 1, the only version of the format, not 2"),
        ("scoville: true\nname: Test\n", "m.yaml:1:1 'scoville': a number is needed here, not true or false"),
        ("scoville: 1\nname:\n", "m.yaml:2:1 'name': text is needed here, but nothing stands here"),
        ("scoville: 1\nname: 5\n", "m.yaml:2:1 'name': text is needed here, not 5; put it in quotes"),
        ("scoville: 1\nname: ''\n", "m.yaml:2:1 'name': empty text is not allowed here"),
        (f"scoville: 1\nname: {'x' * 121}\n", "m.yaml:2:1 'name': at most 120 characters are allowed, not 121"),
        (START + "fit:\n", "m.yaml:3:1 'fit': a mapping (key: value) is needed here, but nothing stands here"),
        (START + "5: x\n", "m.yaml:3:1 unknown key '5'. Allowed here: scoville, name"),
        (START + "fit: {max: .nan}\n", "m.yaml:3:7 'max': a finite number is needed here"),
        (START + "fit: {max: 1e20}\n", "m.yaml:3:7 'max': must be at most 1e+15"),
        (START + "fit: {max: yes}\n", "m.yaml:3:7 'max': a number is needed here, not 'yes'"),
        (START + "fit: {max: true}\n", "m.yaml:3:7 'max': a number is needed here, not true or false"),
        (START + "stages: [MQL]\n", "m.yaml:3:10 'stages': a mapping (key: value) is needed here, not 'MQL'; such as: - {name: MQL"),
        (START + "stages: {MQL: 41}\n", "m.yaml:3:1 'stages': a list is needed here, not a mapping of MQL; such as: - {name: MQL"),
        (START + "stages: [{name: A, from: 1,000}]\n", "m.yaml:3:28 unknown key '0'. A comma inside {} or [] starts a new entry"),
        (START + "stages: [{name: A, from: '1,000'}]\n", "m.yaml:3:20 'from': a number is needed here, not '1,000'; write 1000"),
        (START + "stages: [{name: A}]\n", "m.yaml:3:10 the key 'from' is missing here"),
        (START + "grades: {}\n", "m.yaml:3:1 'grades': at least one entry is needed here"),
        (START + "grades: {A: high}\n", "m.yaml:3:10 'A': a number is needed here, not 'high'"),
        (START + "probability: {}\n", "m.yaml:3:1 the key 'points' is missing here"),
        (START + "probability: {points: []}\n", "m.yaml:3:15 'points': at least one entry is needed here"),
        (START + "probability: {points: 5}\n", "m.yaml:3:15 'points': a list is needed here, not 5; such as: - [70, 0.31]"),
        (START + "probability: {points: [[70]]}\n", "m.yaml:3:24 'points': a point is a score and its probability, such as [70, 0.31]"),
        (START + "probability: {points: [[70, 31]]}\n", "m.yaml:3:29 'points': a share is needed here, from 0% to 100% (or 0 to 1), not 31"),
        (START + "probability: {points: [[70, -0.1]]}\n", "m.yaml:3:29 'points': a share is needed here"),
        (START + "probability: {points: [[many, 1]]}\n", "m.yaml:3:25 'points': a number is needed here, not 'many'"),
        (START + f"probability: {{points: {[[i, 0.5] for i in range(51)]}}}\n", "m.yaml:3:15 'points': at most 50 entries are allowed here, not 51"),
        (START + "probability: {points: [[0, 1]], horizon: 90}\n", "m.yaml:3:33 'horizon':"),
        (START + "accounts: {rollup: {how: average}}\n", "m.yaml:3:21 'how': must be 'max', 'mean' or 'sum', not 'average'"),
        (START + "accounts: {rollup: {top: 2.5}}\n", "m.yaml:3:21 'top': a whole number is needed here, not 2.5"),
        (START + "accounts: {rollup: {top: 0}}\n", "m.yaml:3:21 'top': must be at least 1, not 0"),
        (START + "engagement: {decay: 30d}\n", "m.yaml:3:14 a decay is `none`, {half_life: 30d}, {linear: 60d}, "),
        (START + "engagement: {decay: {half-life: 30d}}\n", "m.yaml:3:14 a decay is `none`"),
        (START + "engagement: {decay: {half_life: 3 months}}\n", "m.yaml:3:22 'half_life': '3 months' is not a length of time; months"),
        (START + "engagement: {decay: {every: 30d, keep: 150%}}\n", "m.yaml:3:34 'keep': a share is needed here, from 0% to 100%"),
        (START + "engagement: {decay: {every: 30d, lose: 10%, keep: 5%}}\n", "m.yaml:3:34 unknown key 'lose'. Allowed here: every, keep"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_and_a_way_out(text: str, said: str) -> None:
    assert the_problem(text).startswith(said)


def test_a_misspelt_decay_is_named() -> None:
    assert the_problem(START + "engagement: {decay: {half-life: 30d}}\n").endswith(
        "not a mapping of half-life. Did you mean 'half_life'?"
    )


@pytest.mark.parametrize(
    ("section", "rule", "said"),
    [
        ("fit", "{name: A, event: x, points: 5}", "needs `when` and `points`, or `by` and `bands`, or `by` and `values` (rules about events"),
        ("fit", "{name: A, event: x, when: {a: 1}, points: 5}", "unknown key 'event'. Rules about events stand in `engagement`."),
        ("fit", "{name: A, by: x}", "needs `when` and `points`"),
        ("fit", "{name: A, by: x, values: {a: 1, A: 2}}", "'A' and 'a' are the same value"),
        ("fit", "{name: A, by: x, values: {'': 2}}", "use `missing:`"),
        ("fit", "{name: A, by: x, bands: {from: 3, points: 1}}", "'bands': a list is needed here, not a mapping of from, points; such as: - {from"),
        ("fit", "{name: A, by: x, bands: []}", "'bands': at least one entry is needed here"),
        ("fit", "{name: A, by: x, bands: [{form: 3, points: 1}]}", "unknown key 'form'. Did you mean 'from'?"),
        ("fit", "just text", "a rule of `fit` needs"),
        ("engagement", "{name: A, when: {a: 1}, points: 5}", "the key 'event' is missing here; rules about traits stand in `fit`"),
        ("engagement", "{name: A, by: a, bands: [{points: 1}]}", "a rule of `engagement` needs `event`"),
        ("engagement", "{name: A, event: x}", "the key 'points' is missing here (or `count`, `sum` or `recency`)"),
        ("engagement", "{name: A, event: x, points: 5, count: [{points: 1}]}", "The points of a `count` rule stand in its bands."),
        ("engagement", "{name: A, event: x, recency: [{points: 1}], decay: none}", "a `recency` rule forgets old events by `within`"),
        ("engagement", "{name: A, event: x, points: 5, by: y}", "Rules about traits stand in `fit`."),
        ("engagement", "{name: A, event: [], points: 5}", "'event': at least one entry is needed here"),
        ("engagement", "{name: A, event: x, sum: {of: minutes}}", "the key 'bands' is missing here"),
    ],
)  # fmt: skip
def test_a_rule_of_the_wrong_kind_says_what_it_needs(section: str, rule: str, said: str) -> None:
    assert said in the_problem(f"{START}{section}:\n  rules:\n    - {rule}\n")


def test_a_mistake_in_a_segment_is_found_with_the_keys_of_its_rule() -> None:
    text = START + "segments:\n  - name: S\n    when: {x: 1}\n    fit:\n      rules: [{name: A, by: x, bandz: []}]\n"
    assert "m.yaml:7:" in the_problem(text)


def test_a_model_of_python_values_names_the_path() -> None:
    with pytest.raises(ModelError) as caught:
        Model.from_dict({"scoville": 1, "name": "x", "fit": {"max": "fifty"}})
    assert str(caught.value) == "model fit.max: 'max': a number is needed here, not 'fifty'"


# ----------------------------------------------------------------------------------------------------------- version


def test_a_version_is_short_and_the_same_every_time() -> None:
    version = Model.loads(MODEL).version
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert Model.loads(MODEL).version == version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: B2B\n", "name: B2B   # the team's own\n\n\n"),
        ("fit:\n  max: 50\n", "fit:\n    # who they are\n\n  max: 50.0\n".replace("    #", "  #")),
        ("{below: 10, points: -5}", "{points: -5, below: 10.0}"),
        ("{software: 10, finance: 8}", "{finance: 8, software: 10}"),
        ("job_title.seniority: [c_level, vp], employees: {gte: 10, lt: 5000}", "employees: {gte: 10, lt: 5000}, job_title.seniority: [c_level, vp]"),
        ("employees: {gte: 10, lt: 5000}", "employees: {lt: 5000, gte: 10}"),
        ("path: {starts_with: /pricing}", "path: {starts_with: '/pricing'}"),
        ("event: page_viewed", "event: [page_viewed]"),
        ("{half_life: 30d}", '{"half_life": 720h}'),
        ("scale: {min: 0, max: 100}\n", ""),
        ("stages: [", "stages:  [ "),
        ("levels: {1: 35,", "levels: {'1': 35.0,"),
        ("email.domain: [rival.com]", "email.domain: {in: [rival.com]}"),
        ("\n", "\r\n"),
    ],
)  # fmt: skip
def test_the_version_ignores_how_a_model_is_written(before: str, after: str) -> None:
    assert before in MODEL
    assert Model.loads(MODEL.replace(before, after)).version == Model.loads(MODEL).version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("points: 15}", "points: 16}"),
        ("max: 50", "max: 51"),
        ("half_life: 30d", "half_life: 31d"),
        ("from: 41", "from: 42"),
        ("name: B2B", "name: B2C"),
        ("[c_level, vp]", "[c_level]"),
        ("how: max", "how: sum"),
        ("at_most: 5", "at_most: 4"),
        ("{from: 50, points: 30}", "{from: 50, below: 9999, points: 30}"),
    ],
)
def test_the_version_follows_the_content(before: str, after: str) -> None:
    assert before in MODEL
    assert Model.loads(MODEL.replace(before, after)).version != Model.loads(MODEL).version


def test_a_probability_is_content() -> None:
    measured = Model.loads(MODEL + "probability: {points: [[0, 0.1], [50, 20%]]}\n")
    assert measured.version != Model.loads(MODEL).version
    assert measured.version == Model.loads(MODEL + "probability: {points: [[0.0, 10%], [50, 0.2]]}\n").version
    assert measured.version != Model.loads(MODEL + "probability: {points: [[0, 0.1], [50, 0.21]]}\n").version


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("points: 15}", "points: 16}", False),
        ("max: 50", "max: 51", False),
        ("[rival.com]", "[rival.org]", False),
        ("scale: {min: 0, max: 100}", "scale: {min: 0, max: 90}", False),
        ("from: 41", "from: 42", True),
        ("name: B2B", "name: B2C", True),
        ("how: max", "how: sum", True),
        ("\nscale:", "\nprobability: {points: [[0, 0.1]]}\nscale:", True),
    ],
)
def test_the_version_of_the_score_follows_what_makes_the_score(before: str, after: str, same: bool) -> None:  # noqa: FBT001
    assert before in MODEL
    changed, model = Model.loads(MODEL.replace(before, after)), Model.loads(MODEL)
    assert changed.version != model.version
    assert (changed.score_version == model.score_version) is same


def test_models_with_the_same_content_are_equal() -> None:
    one, other = Model.loads(MODEL), Model.loads("# elsewhere\n" + MODEL, path="other.yaml")
    assert one == other
    assert len({one, other}) == 1
    assert one != Model.loads(MODEL.replace("B2B", "B2C"))
    assert one != "a model"


def test_a_model_cannot_be_changed() -> None:
    model = Model.loads(MODEL)
    with pytest.raises(ValueError, match="frozen"):
        model.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        model.grades["A"] = 1  # type: ignore[index]


@settings(max_examples=40)
@given(models())
def test_any_model_survives_being_written_and_read(data: dict[str, object]) -> None:
    model = Model.from_dict(data)
    again = Model.loads(model.to_yaml())
    assert again == model
    assert again.version == model.version
    assert Model.from_dict(model.to_dict()).version == model.version


def test_a_model_is_written_as_a_person_would() -> None:
    text = Model.loads(MODEL).to_yaml()
    assert "    - {from: 50, points: 30}\n" in text
    assert "  - name: Email opened\n    event: [email_opened, email_clicked]\n    group: Email\n    points: 1\n" in text
    assert "      employees: {gte: 10, lt: 5000}\n" in text
    assert "scale" not in text  # it is the default


def test_texts_that_look_like_numbers_survive_being_written() -> None:
    names = ["1e3", "NO", "22:30", "0o7", "5", "null", "true", "é\u2028x", "a: b", "- a", "# a", "*", "2026-01-31"]
    rules = [{"name": name, "when": {"x": name}, "points": 1} for name in names]
    model = Model.from_dict({"scoville": 1, "name": "1e3", "fit": {"rules": rules}})
    assert Model.loads(model.to_yaml()) == model


# -------------------------------------------------------------------------------------------------------------- files


def test_a_model_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text("\ufeff" + MODEL, encoding="utf-8")
    assert Model.load(path) == Model.loads(MODEL)
    assert Model.load(str(path)).document.path == str(path)


def test_a_file_that_is_not_there_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MODEL, encoding="utf-8")
    with pytest.raises(UsageError, match=r"Did you mean 'model\.yaml'\?.*scoville init"):
        Model.load(tmp_path / "modell.yaml")
    with pytest.raises(UsageError, match=r"Models there: model\.yaml\."):
        Model.load(tmp_path / "zzz")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        Model.load(tmp_path)


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    path.write_bytes(b"PAR1\x15\x04\xff\xfe\x00")
    with pytest.raises(ModelError, match="not UTF-8 text"):
        Model.load(path)


# --------------------------------------------------------------------------------------------------- what it offers


def test_priorities_default_to_the_usual_four() -> None:
    assert [priority.name for priority in Model.loads(MODEL).priority_rules] == ["hot", "nurture", "engaged", "cold"]


def test_without_grades_and_levels_there_are_no_default_priorities() -> None:
    assert Model.loads(START).priority_rules == ()


def test_own_priorities_replace_the_usual_ones() -> None:
    model = Model.loads(START + "priorities: [{name: now, when: {score: {gte: 1}}}, {name: later}]\n")
    assert [priority.name for priority in model.priority_rules] == ["now", "later"]


def test_a_notebook_shows_the_model_without_trusting_its_text() -> None:
    html = Model.loads(START.replace("Test", "<b>Test"))._repr_html_()
    assert "<b>Test" not in html
    assert "&lt;b&gt;Test" in html

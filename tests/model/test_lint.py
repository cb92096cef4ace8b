"""Advice: each piece appears on a model that needs it, gives its reason, and goes when the model is mended."""

# ruff: noqa: E501 - a model and what is said of it stand on one line each
from __future__ import annotations

from pathlib import Path

import pytest

import scoville
from scoville.model.lint import find_advice
from scoville.model.load import Model

# Follows every piece of advice; each case below breaks one thing in it.
GOOD = """\
scoville: 1
name: Good practice
fit:
  max: 50
  rules:
    - {name: Decision maker, when: {title: [vp, director]}, points: 25}
    - {name: Company size, by: employees, bands: [{from: 50, points: 25}]}
    - {name: Free address, when: {kind: free}, points: -10}
engagement:
  max: 60
  decay: {half_life: 30d}
  groups: {Email: {max: 10}}
  rules:
    - {name: Pricing page, event: pricing, points: 10, repeat: 5, max: 25}
    - {name: Demo requested, event: demo, points: 25, at_most: 1}
    - {name: Email opened, event: email_opened, points: 1, group: Email}
    - {name: Seen lately, event: session, recency: [{below: 7, points: 10}]}
grades: {A: 35, B: 20, C: null}
levels: {1: 35, 2: 15, 3: null}
stages: [{name: Lead, from: 0}, {name: MQL, from: 41}, {name: SQL, from: 71, needs: {fit: {gte: 20}}}]
"""


def advice(text: str) -> list[str]:
    found = find_advice(Model.loads(text, path="m.yaml"))
    assert all(problem.kind == "advice" for problem in found)
    assert all(problem.reason for problem in found)
    return [f"{problem.line}:{problem.column} {problem.message}" for problem in found]


def changed(*replacements: tuple[str, str]) -> str:
    text = GOOD
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after)
    return text


def test_a_good_model_gets_no_advice() -> None:
    assert advice(GOOD) == []


# Each: what is broken in the good model, and the advice that gives, alone. Mending it is the good model itself.
CASES = {
    "no negative points": (
        [(", points: -10}", ", points: 5}")],
        "1:1 no rule takes points away: give negative points to what speaks against a sale",
    ),
    "no negative points, but a disqualification": (
        [(", points: -10}", ", points: 5}"), ("fit:\n", "disqualify: [{name: Rival, when: {company: Rival}}]\nfit:\n")],
        "1:1 no rule takes points away; only `disqualify` and `qualify` hold anybody back: give negative points",
    ),
    "nothing fades": (
        [("  decay: {half_life: 30d}\n", ""), ("    - {name: Seen lately, event: session, recency: [{below: 7, points: 10}]}\n", "")],
        "9:1 nothing in `engagement` fades: add for example decay: {half_life: 30d}",
    ),
    "a rule without points": (
        [("points: 25}\n    - {name: Company", "points: 25}\n    - {name: Nought, when: {a: 1}, points: 0}\n    - {name: Company")],
        "7:7 'Nought' can never change a score: it gives 0 points whatever a lead is or does",
    ),
    "a rule that its group eats": (
        [("points: 1, group: Email}\n", "points: 1, group: Email}\n    - {name: Mail bounced, event: bounce, points: 5, at_most: 1, group: Dead}\n"),
         ("groups: {Email", "groups: {Dead: {max: 0}, Email")],
        "17:7 'Mail bounced' can never change a score: the limits of the group 'Dead' take all of it",
    ),
    "rules that the section eats": (
        [("decay: {half", "min: 0\n  decay: {half"),
         ("    - {name: Pricing page, event: pricing, points: 10, repeat: 5, max: 25}\n    - {name: Demo requested, event: demo, points: 25, at_most: 1}\n    - {name: Email opened, event: email_opened, points: 1, group: Email}\n    - {name: Seen lately, event: session, recency: [{below: 7, points: 10}]}\n",
          "    - {name: Unsubscribed, event: unsubscribed, points: -5, at_most: 1}\n"),
         ("  groups: {Email: {max: 10}}\n", ""), ("levels: {1: 35, 2: 15, 3: null}", "levels: {1: 0}"),
         ("stages: [{name: Lead, from: 0}, {name: MQL, from: 41}, {name: SQL, from: 71, needs: {fit: {gte: 20}}}]", "stages: [{name: MQL, from: 41}]")],
        "14:7 'Unsubscribed' can never change a score: the limits of the section take all of it",
    ),
    "a segment behind one that asks the same": (
        [("stages: [", "segments: [{name: S, when: {x: 1}, fit: {}}, {name: T, when: {x: {equals: 1}}, fit: {}}]\nstages: [")],
        "20:56 no lead can be in 'T': 'S' before it asks for the same",
    ),
    "a group nobody is in": (
        [("groups: {Email", "groups: {Web: {max: 5}, Email")],
        "12:12 no rule is in the group 'Web': take it out, or name it as `group` of a rule",
    ),
    "a repeat that is never given": (
        [("points: 25, at_most: 1}", "points: 25, repeat: 5, at_most: 1}")],
        "15:55 'Demo requested': `repeat` is never given, since only the newest event counts (at_most: 1)",
    ),
    "a max below the points": (
        [("points: 10, repeat: 5, max: 25}", "points: 30, repeat: 5, max: 25}")],
        "14:67 'Pricing page': the first event gives 30 points, but `max` leaves 25 of them",
    ),
    "a min above the points": (
        [("points: 1, group: Email}\n", "points: 1, group: Email}\n    - {name: Gone, event: gone, points: -20, min: -5}\n")],
        "17:46 'Gone': the first event gives -20 points, but `min` leaves -5 of them",
    ),
    "a band below nothing": (
        [("[{below: 7, points: 10}]", "[{below: 0, points: 10}, {from: 0, points: 5}]")],
        "17:53 'Seen lately': nothing falls below 0; a number of days starts at 0",
    ),
    "a band beyond the window": (
        [("recency: [{below: 7, points: 10}]", "within: 30d, recency: [{below: 7, points: 10}, {from: 30, points: 1}]")],
        "17:90 'Seen lately': no event is 30 days old, since `within` leaves 30 days",
    ),
    "no stages": (
        [("stages: [{name: Lead, from: 0}, {name: MQL, from: 41}, {name: SQL, from: 71, needs: {fit: {gte: 20}}}]\n", "")],
        "1:1 no `stages`: agree with sales on the score from which a lead is theirs",
    ),
    "leads without a stage": (
        [("{name: Lead, from: 0}", "{name: Lead, from: 11}")],
        "20:23 leads below 11 are in no stage: let the first one start at 0",
    ),
    "a line that is too low": (
        [("{name: MQL, from: 41}", "{name: MQL, from: 20}")],
        "20:45 'MQL' starts at 20% of the scale: check the line against the last deals you won",
    ),
    "a line that is too low for a wide scale": (
        [("{name: MQL, from: 41}", "{name: MQL, from: 70}"), ("from: 71", "from: 100"),
         ("fit:\n  max: 50", "scale: {min: 0, max: 200}\nfit:\n  max: 90"), ("points: 25}", "points: 45}")],
        "21:45 'MQL' starts at 35% of the scale",
    ),
    "one rule that is enough": (
        [("points: 25, at_most: 1}", "points: 60, at_most: 1}"), ("from: 71, needs: {fit: {gte: 20}}", "from: 60"), ("from: 41", "from: 40")],
        "15:7 'Demo requested' alone reaches the sales stage 'SQL' at 60: lower the points, or set `max`",
    ),
    "several rules that are enough": (
        [("points: 25, at_most: 1}", "points: 60, at_most: 1}"), ("repeat: 5, max: 25}", "repeat: 5}"), ("from: 71, needs: {fit: {gte: 20}}", "from: 60")],
        "14:7 'Pricing page' and 'Demo requested' each alone reach the sales stage 'SQL' at 60",
    ),
    "no end of engagement": (
        [("  max: 60\n", ""), ("repeat: 5, max: 25}", "repeat: 5}")],
        "9:1 `engagement` has no upper limit: set its `max`, or a `max` for each rule that repeats",
    ),
    "a section that fills the scale": (
        [("  max: 50\n", ""), (", points: 25}\n    - {name: Company", ", points: 50}\n    - {name: Company"), ("[{from: 50, points: 25}]", "[{from: 50, points: 50}]")],
        "3:1 `fit` alone can fill the scale (100 of 100): set its `max`",
    ),
    "repeats in full": (
        [("points: 10, repeat: 5, max: 25}", "points: 10}")],
        "14:7 every further event counts as much as the first: 'Pricing page'; give `repeat`, `at_most` or `max`",
    ),
    "a long memory": (
        [("half_life: 30d", "half_life: 365d")],
        "11:3 half of the points goes only after 365 days: 30 to 90 days are usual",
    ),
    "a straight line to a distant end": (
        [("half_life: 30d", "linear: 730d")],
        "11:3 half of the points goes only after 365 days",
    ),
    "a share that hardly falls": (
        [("{half_life: 30d}", "{every: 30d, keep: 95%}")],
        "11:3 half of the points goes only after 420 days",  # ln 0.5 / ln 0.95 = 13.5, so 14 periods
    ),
    "a share that never falls": (
        [("{half_life: 30d}", "{every: 30d, lose: 0%}")],
        "11:3 half of the points never goes",
    ),
    "a long memory of one rule": (
        [("points: 25, at_most: 1}", "points: 25, at_most: 1, decay: {every: 100d, lose: 10%}}")],
        "15:67 'Demo requested': half of the points goes only after 500 days",
    ),
    "grades without levels": (
        [("levels: {1: 35, 2: 15, 3: null}\n", "")],
        "18:1 `grades` without `levels`: no lead gets a priority; add `levels`, or `priorities` of your own",
    ),
    "levels without grades": (
        [("grades: {A: 35, B: 20, C: null}\n", "")],
        "18:1 `levels` without `grades`: no lead gets a priority",
    ),
    "grades that the default priorities do not know": (
        [("grades: {A: 35, B: 20, C: null}", "grades: {High: 35, Low: null}")],
        "18:1 the default priorities ask for grades A, B and levels 1, 2, which are not given here: write `priorities`",
    ),
    "a probability of other rules": (
        [("stages: [", "probability: {points: [[0, 0.1], [60, 0.2]], score_version: 0a1b2c3d4e5f}\nstages: [")],
        "20:46 the rules have changed since `probability` was measured; scoville validate --write-probability",
    ),
    "a probability that is the same for all": (
        [("stages: [", "probability: {points: [[0, 0.1], [60, 0.1]]}\nstages: [")],
        "20:15 `probability` is the same for every score",
    ),
    "a probability without points for the best": (
        [("stages: [", "probability: {points: [[15, 0.1], [60, 0.2]]}\nstages: [")],
        "20:15 `probability` says nothing of scores below 15 and above 60: add points there",
    ),
    "a comparison that is only text": (
        [("when: {kind: free}", "when: {employees: '> 50'}")],
        "8:35 'employees' is compared with the text '> 50'; for a number write {employees: {gt: 50}}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_advice_appears_and_goes_with_what_it_is_about(name: str) -> None:
    replacements, said = CASES[name]
    found = advice(changed(*replacements))
    assert len(found) == 1, found
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    "probability",
    [
        "points: [[0, 0.1], [95, 0.2]]",  # the last tenth of the scale is always thin
        f"points: [[20, 0.1], [60, 0.2]], score_version: {Model.loads(GOOD).score_version}",  # it ends where the past did
    ],
)
def test_a_probability_that_is_measured_or_reaches_the_ends_is_fine(probability: str) -> None:
    assert advice(GOOD + f"probability: {{{probability}}}\n") == []


START = "scoville: 1\nname: Test\nstages: [{name: Ready, from: 50}]\n"
FIT = "fit:\n  rules:\n    - {name: A, when: {x: 1}, points: 30}\n    - {name: B, when: {y: 1}, points: 20}\n    - {name: C, when: {y: 2}, points: -5}\n"


def test_fit_alone_asks_for_behaviour() -> None:
    assert advice(START + FIT) == ["1:1 only fit is scored: add rules to `engagement`"]
    assert advice(START + FIT + "engagement: {rules: []}\n") == []  # said on purpose


def test_behaviour_alone_asks_for_fit() -> None:
    rules = "engagement:\n  decay: {half_life: 30d}\n  rules:\n" + "".join(
        f"    - {{name: {name}, event: {name}, points: {points}, at_most: 2}}\n"
        for name, points in (("A", 20), ("B", 10), ("C", -5))
    )
    assert advice(START + rules) == ["1:1 only behaviour is scored: add rules to `fit`"]


def test_an_empty_model_is_told_about_stages_only() -> None:
    assert [said[:16] for said in advice("scoville: 1\nname: Empty\n")] == ["1:1 no `stages`:"]


def rules(count: int) -> str:
    fit = "".join(f"    - {{name: R{i}, when: {{x: {i}}}, points: {-1 if i else 1}}}\n" for i in range(count - 2))
    return (
        "scoville: 1\nname: Many\nstages: [{name: Ready, from: 0}]\nfit:\n  rules:\n"
        + fit
        + "engagement:\n  decay: {half_life: 30d}\n"
        "  rules:\n    - {name: E1, event: e, points: 1, at_most: 1}\n    - {name: E2, event: f, points: 2, at_most: 1}\n"
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (20, []),
        (21, ["1:1 21 rules decide one score: see which ones hardly ever matter"]),
        (40, ["1:1 40 rules decide one score: see which ones hardly ever matter"]),
        (41, ["1:1 41 rules decide one score: merge or drop rules until about 20 are left"]),
    ],
)
def test_rules_are_counted_for_one_lead(count: int, said: list[str]) -> None:
    assert advice(rules(count)) == said


def test_segments_do_not_add_up() -> None:
    segment = "segments:\n  - name: S\n    when: {x: 1}\n    fit:\n      rules:\n" + "".join(
        f"        - {{name: S{i}, when: {{x: {i}}}, points: {-1 if i else 1}}}\n" for i in range(15)
    )
    assert advice(rules(15) + segment) == []


def test_small_models_may_draw_the_sales_line_at_40() -> None:
    text = changed(
        ("{name: MQL, from: 41}, {name: SQL, from: 71, needs: {fit: {gte: 20}}}", "{name: Sales-ready, from: 40}")
    )
    assert advice(text) == []


def test_a_stage_that_asks_for_both_sections_is_not_reached_by_one_rule() -> None:
    text = changed(("points: 25, at_most: 1}", "points: 60, at_most: 1}"), ("from: 71", "from: 60"))
    assert advice(text) == []


def test_a_slow_decay_of_negative_points_is_fine() -> None:
    gone = "    - {name: Unsubscribed, event: unsubscribed, points: -30, at_most: 1, decay: none}\ngrades"
    assert advice(changed(("grades", gone))) == []


@pytest.mark.parametrize("path", sorted(Path(scoville.__file__).parent.glob("demo/*.yaml")), ids=lambda path: path.name)
def test_models_we_ship_follow_our_own_advice(path: Path) -> None:
    assert [str(problem) for problem in find_advice(Model.load(path))] == []

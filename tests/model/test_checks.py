"""What keeps a model from making sense as a whole: each finding, its place, and that it goes when the model is mended."""

# ruff: noqa: E501 - a model and what is said of it stand on one line each
from __future__ import annotations

import pytest

from scoville.errors import ModelError
from scoville.model.load import Model

START = "scoville: 1\nname: Test\n"
RULES = """\
fit:
  rules: [{name: Size, when: {x: 1}, points: 40}]
engagement:
  max: 60
  rules: [{name: Visit, event: visit, points: 10}]
"""


def problems(text: str) -> list[str]:
    try:
        Model.loads(START + text, path="m.yaml")
    except ModelError as error:
        return [str(problem) for problem in error.problems]
    return []


# Each: a model with one mistake, what is said of it, and what is replaced by what to mend it.
CASES = {
    "scale upside down": (
        "scale: {min: 100, max: 0}\n",
        "m.yaml:3:1 scale.min 100 must be below scale.max 0",
        ("min: 100, max: 0", "min: 0, max: 100"),
    ),
    "two rules of one name": (
        "fit:\n  rules:\n    - {name: A, when: {x: 1}, points: 1}\n    - {name: A, when: {x: 2}, points: 1}\n",
        "m.yaml:6:8 two rules are called 'A'; a name must tell them apart",
        ("name: A, when: {x: 2}", "name: B, when: {x: 2}"),
    ),
    "two stages of one name": (
        RULES + "stages: [{name: A, from: 0}, {name: A, from: 5}]\n",
        "m.yaml:8:31 two stages are called 'A'",
        ("name: A, from: 5", "name: B, from: 5"),
    ),
    "two segments of one name": (
        "segments: [{name: A, when: {x: 1}, fit: {}}, {name: A, when: {x: 2}, fit: {}}]\n",
        "m.yaml:3:47 two segments are called 'A'",
        ("name: A, when: {x: 2}", "name: B, when: {x: 2}"),
    ),
    "two priorities of one name": (
        "priorities: [{name: A, when: {score: 1}}, {name: A}]\n",
        "m.yaml:3:44 two priorities are called 'A'",
        ("{name: A}", "{name: B}"),
    ),
    "a qualification and a disqualification of one name": (
        "qualify: [{name: A, when: {x: 1}}]\ndisqualify: [{name: A, when: {x: 2}}]\n",
        "m.yaml:4:15 two qualifications are called 'A'",
        ("name: A, when: {x: 2}", "name: B, when: {x: 2}"),
    ),
    "a stage with the name of the disqualified": (
        "stages: [{name: Disqualified, from: 0}]\n",
        "m.yaml:3:11 the stage 'Disqualified' is given to disqualified leads; choose another name",
        ("Disqualified", "Out"),
    ),
    "a rule with the name of a cap": (
        "fit: {rules: [{name: 'cap: x', when: {x: 1}, points: 1}]}\n",
        "m.yaml:3:16 a rule's name may not start with 'cap: '",
        ("cap: x", "x"),
    ),
    "a group with the name of a section": (
        "engagement: {groups: {engagement: {max: 1}}}\n",
        "m.yaml:3:14 a group may not be called 'engagement'",
        ("groups: {engagement", "groups: {Web"),
    ),
    "an unknown group": (
        "engagement:\n  groups: {Email: {max: 5}}\n  rules: [{name: A, event: x, points: 1, group: email}]\n",
        "m.yaml:5:42 unknown group 'email'. Did you mean 'Email'? Groups here: Email.",
        ("group: email", "group: Email"),
    ),
    "a group of another section": (
        "engagement: {groups: {Email: {max: 5}}}\nfit:\n  rules: [{name: A, when: {x: 1}, points: 1, group: Email}]\n",
        "m.yaml:5:46 unknown group 'Email'. This section has no `groups`.",
        (", group: Email", ""),
    ),
    "a section whose limits cross": (
        "fit: {min: 5, max: 1}\n",
        "m.yaml:3:7 the section's min 5 is above its max 1",
        ("min: 5", "min: 0"),
    ),
    "a group whose limits cross": (
        "engagement: {groups: {Email: {min: 20, max: 10}}}\n",
        "m.yaml:3:31 the group's min 20 is above its max 10",
        ("min: 20", "min: 2"),
    ),
    "a rule that would give points for nothing": (
        "engagement: {rules: [{name: A, event: x, points: 9, min: 5}]}\n",
        "m.yaml:3:53 a rule's min may not be above 0, but is 5: a lead without a matching event gets 0 points",
        (", min: 5", ""),
    ),
    "a rule that would take points for nothing": (
        "engagement: {rules: [{name: A, event: x, points: -9, max: -20}]}\n",
        "m.yaml:3:54 a rule's max may not be below 0, but is -20",
        ("max: -20", "min: -20"),
    ),
    "bands that overlap": (
        "fit: {rules: [{name: A, by: x, bands: [{below: 11, points: 1}, {from: 10, points: 2}]}]}\n",
        "m.yaml:3:64 bands 1 and 2 overlap at 10; a value must fall in one",
        ("below: 11", "below: 10"),
    ),
    "bands without end that overlap": (
        "engagement: {rules: [{name: A, event: x, count: [{from: 3, points: 1}, {from: 10, points: 2}]}]}\n",
        "m.yaml:3:72 bands 1 and 2 overlap at 10",
        ("from: 3, points", "from: 3, below: 10, points"),
    ),
    "a band that holds nothing": (
        "engagement: {rules: [{name: A, event: x, sum: {of: m, bands: [{from: 10, below: 10, points: 1}]}}]}\n",
        "m.yaml:3:63 the band from 10 below 10 holds nothing: `from` is included, `below` is not",
        ("below: 10", "below: 11"),
    ),
    "grades that rise": (
        RULES + "grades: {A: 5, B: 15}\n",
        "m.yaml:8:16 grades must fall from one to the next; 'B' has 15 after 5",
        ("A: 5, B: 15", "A: 15, B: 5"),
    ),
    "two levels at one line": (
        RULES + "levels: {1: 5, 2: 5}\n",
        "m.yaml:8:16 levels must fall from one to the next; '2' has 5 after 5",
        ("2: 5", "2: 4"),
    ),
    "a grade after the end": (
        RULES + "grades: {A: null, B: null}\n",
        "m.yaml:8:19 'B' can never be given: null before it takes everything below",
        ("A: null", "A: 5"),
    ),
    "a grade nothing can reach": (
        RULES + "grades: {A: 41, B: 5}\n",
        "m.yaml:8:10 'A' needs 41 of fit, but the rules give at most 40",
        ("A: 41", "A: 40"),
    ),
    "a level nothing can reach": (
        RULES + "levels: {1: 61}\n",
        "m.yaml:8:10 '1' needs 61 of engagement, but the rules give at most 60",
        ("1: 61", "1: 60"),
    ),
    "stages out of order": (
        RULES + "stages: [{name: SQL, from: 71}, {name: MQL, from: 41}]\n",
        "m.yaml:8:45 stages are out of order: 'MQL' starts at 41, before 'SQL' at 71; write them from the lowest",
        ("{name: SQL, from: 71}, {name: MQL, from: 41}", "{name: MQL, from: 41}, {name: SQL, from: 71}"),
    ),
    "a stage nothing can reach": (
        RULES.replace("60", "30") + "stages: [{name: SQL, from: 71}]\n",
        "m.yaml:8:22 no lead can reach 'SQL' at 71: the rules give at most 70",
        ("from: 71", "from: 70"),
    ),
    "a stage beyond the scale": (
        RULES + "stages: [{name: SQL, from: 101}]\n",
        "m.yaml:8:22 no lead can reach 'SQL' at 101: the scale ends at 100",
        ("from: 101", "from: 100"),
    ),
    "a stage that needs more than there is": (
        RULES + "stages: [{name: SQL, from: 71, needs: {fit: {gte: 50}}}]\n",
        "m.yaml:8:46 no lead can reach 'SQL': fit is at most 40, 50 is needed",
        ("gte: 50", "gte: 40"),
    ),
    "a stage that needs an unknown column": (
        RULES + "stages: [{name: SQL, from: 71, needs: {any: [{fitt: {gte: 5}}]}}]\n",
        "m.yaml:8:47 'fitt' is not a column of the score row. Did you mean 'fit'? Allowed here: score, fit, engagement",
        ("fitt", "fit"),
    ),
    "a priority by stage": (
        RULES + "stages: [{name: A, from: 1}]\npriorities: [{name: x, when: {stage: A}}]\n",
        "m.yaml:9:31 'stage' is not a column of the score row.",
        ("stage: A}}", "score: {gte: 1}}}"),
    ),
    "a priority behind one that takes everybody": (
        "priorities: [{name: all}, {name: rest}]\n",
        "m.yaml:3:27 'rest' can never be given: 'all' before it has no `when` and takes everybody",
        ("{name: all}", "{name: all, when: {score: 1}}"),
    ),
    "a grade that is not given": (
        RULES + "grades: {A: 5, B: null}\npriorities: [{name: hot, when: {grade: [A, D]}}]\n",
        "m.yaml:9:33 the model has no grade 'D'. It has: A, B.",
        ("[A, D]", "[a, B]"),
    ),
    "a level where there are none": (
        RULES + "priorities: [{name: hot, when: {level: 1}}]\n",
        "m.yaml:8:33 the model has no level '1'. It has no levels at all.",
        ("level: 1", "engagement: {gte: 1}"),
    ),
    "a priority that is not given": (
        RULES + "grades: {A: 5}\nlevels: {1: 5}\nstages: [{name: SQL, from: 71, needs: {priority: hott}}]\n",
        "m.yaml:10:40 the model has no priority 'hott'. Did you mean 'hot'? It has: hot, nurture, engaged, cold.",
        ("hott", "hot"),
    ),
    "a priority where there are none": (
        RULES + "stages: [{name: SQL, from: 71, needs: {priority: hot}}]\n",
        "m.yaml:8:40 the model has no priority 'hot'. It has no priorities at all.",
        (", needs: {priority: hot}", ""),
    ),
    "a segment that replaces nothing": (
        "segments: [{name: A, when: {x: 1}}]\n",
        "m.yaml:3:12 the segment 'A' replaces nothing; give it `fit` or `engagement`",
        ("{x: 1}}", "{x: 1}, fit: {}}"),
    ),
    "a probability whose scores do not rise": (
        "probability: {points: [[0, 0.1], [5, 0.2], [5, 0.3]]}\n",
        "m.yaml:3:44 scores must rise from one point to the next; 5 comes after 5",
        ("[5, 0.3]", "[6, 0.3]"),
    ),
    "a probability that falls": (
        "probability: {points: [[0, 10%], [5, 0.2], [7.5, 0.15]]}\n",
        "m.yaml:3:44 the probability falls from 0.2 at 5 to 0.15 at 7.5; a higher score may not be less likely to convert",
        ("0.15", "0.2"),
    ),
    "accounts by an unknown column": (
        "accounts: {breadth: {points: 5, when: {score_: {gte: 1}}}}\n",
        "m.yaml:3:40 'score_' is not a column of the score row. Did you mean 'score'?",
        ("score_", "score"),
    ),
    "accounts by an unknown stage": (
        RULES + "stages: [{name: MQL, from: 41}]\naccounts: {breadth: {points: 5, when: {stage: MQLs}}}\n",
        "m.yaml:9:40 the model has no stage 'MQLs'. Did you mean 'MQL'?",
        ("MQLs", "MQL"),
    ),
    "a mistake inside a segment": (
        "segments:\n  - name: A\n    when: {x: 1}\n    fit:\n      rules: [{name: B, when: {x: 1}, points: 1, group: G}]\n",
        "m.yaml:7:50 unknown group 'G'.",
        (", group: G", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_found_and_goes_when_it_is_mended(name: str) -> None:
    text, said, (before, after) = CASES[name]
    [found] = problems(text)
    assert found.startswith(said)
    assert before in text
    assert problems(text.replace(before, after)) == []


def test_bands_that_touch_do_not_overlap() -> None:
    bands = "[{below: 10, points: 1}, {from: 50, points: 3}, {from: 10, below: 50, points: 2}]"
    assert problems(f"fit: {{rules: [{{name: A, by: x, bands: {bands}}}]}}\n") == []


def test_a_segment_can_make_a_line_reachable() -> None:
    segment = "segments: [{name: A, when: {x: 1}, fit: {rules: [{name: Big, when: {x: 1}, points: 55}]}}]\n"
    assert problems(RULES + "grades: {A: 50}\n") != []
    assert problems(RULES + "grades: {A: 50}\n" + segment) == []


def test_stages_may_start_at_the_same_score() -> None:
    assert problems(RULES + "stages: [{name: A, from: 41}, {name: B, from: 41, needs: {fit: {gte: 10}}}]\n") == []

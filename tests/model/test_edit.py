"""A probability put into the text of a model: only its block changes, in every way in which a model may be written."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scoville.errors import ModelError, UsageError
from scoville.model.edit import with_probability
from scoville.model.load import Model
from scoville.model.schema import Probability
from strategies import models

PROBABILITY = Probability.model_validate(
    {"points": [[0, 0.0041], [35, 0.0203], [88, 0.31]], "horizon": "90d", "outcome": "won: yes"}
)
HEAD = "# Leads of the north\nscoville: 1   # the format\nname: Test\n\n"
FIT = "# who they are\nfit: {max: 3}   # little\n"
BLOCK = """\
probability:  # measured on 3,000 leads
  points:
  - [0, 0.0041]
  - [35, 0.0203]
  - [88, 0.31]
  horizon: 90d
  outcome: 'won: yes'
"""


def edited(text: str) -> str:
    """The edited text, after looking that it says what it should and that a second time changes nothing."""
    found = with_probability(text, PROBABILITY, "on 3,000 leads")
    assert Model.loads(found).probability == PROBABILITY
    assert with_probability(found, PROBABILITY, "on 3,000 leads") == found
    return found


def test_a_new_block_comes_last_after_an_empty_line() -> None:
    assert edited(HEAD + FIT) == HEAD + FIT + "\n" + BLOCK


@pytest.mark.parametrize(
    ("end", "gap"), [("", "\n\n"), ("\n", "\n"), ("\n\n", ""), ("\n\n\n", ""), ("\n# end", "\n\n")]
)
def test_the_end_of_the_file_stays_as_it_is(end: str, gap: str) -> None:
    text = HEAD + FIT.rstrip() + end
    assert edited(text) == text + gap + BLOCK


def test_an_old_block_is_replaced_where_it_stands() -> None:
    old = "probability:\n    points:\n    - [0, 0.1]\n    - [5, 0.2]\n\n"
    assert edited(HEAD + old + FIT) == HEAD + BLOCK + "\n" + FIT


@pytest.mark.parametrize("old", ["probability:\n", "probability: null\n", "'probability': {points: [[1, 0.5]]}\n"])
def test_an_old_block_may_be_written_on_one_line(old: str) -> None:
    assert edited(HEAD + old + FIT) == HEAD + BLOCK + FIT


def test_comments_inside_the_old_block_stay_but_for_our_own_remark() -> None:
    old = (
        "probability:  # measured on 12 leads\n  # agreed in May\n  points:\n    - [0, 0.1]  # hardly any\n"
        "    - [5, 0.2]\n  outcome: 'a # b'\n\n"
    )
    with_comments = BLOCK.replace("  points", "  # agreed in May\n  # hardly any\n  points", 1)
    assert edited(HEAD + old + FIT) == HEAD + with_comments + "\n" + FIT


def test_line_breaks_of_windows_stay() -> None:
    text = (HEAD + FIT).replace("\n", "\r\n")
    assert edited(text) == text + "\r\n" + BLOCK.replace("\n", "\r\n")


def test_a_byte_order_mark_stays() -> None:
    assert edited("\ufeff" + HEAD + FIT) == "\ufeff" + HEAD + FIT + "\n" + BLOCK


def test_the_end_of_the_document_stays_last() -> None:
    assert edited("---\n" + HEAD + "...\n# after\n") == "---\n" + HEAD + BLOCK + "...\n# after\n"


def test_an_indented_model_gets_an_indented_block() -> None:
    found = edited("---\n  scoville: 1\n  name: Test\n")
    assert found.splitlines()[4:6] == ["  probability:  # measured on 3,000 leads", "    points:"]


def test_a_model_in_braces_gets_an_entry_without_comment() -> None:
    entry = (
        '"probability": {"points": [[0, 0.0041], [35, 0.0203], [88, 0.31]], "horizon": "90d", "outcome": "won: yes"}'
    )
    assert edited("{scoville: 1, name: Test}  # all\n") == f"{{scoville: 1, name: Test, {entry}}}  # all\n"
    old = '{"scoville": 1,\n "probability": {"points": [[0, 0.5]]},\n "name": "Test"}'
    assert edited(old) == f'{{"scoville": 1,\n {entry},\n "name": "Test"}}'


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "probability: {points: [[0, 0.1]], outcome: &it won}\ndescription: *it\n",  # its anchor is needed
        HEAD + "description: |\n  no line break at the end",  # what is appended would give it one
        HEAD + "? probability\n: {points: [[0, 0.1]]}\n",
    ],
)
def test_what_cannot_be_done_safely_is_refused_with_the_text_to_put_in_by_hand(text: str) -> None:
    with pytest.raises(UsageError, match=r"by hand:\n\nprobability:\n  points:\n  - \[0, 0\.0041\]"):
        with_probability(text, PROBABILITY)


def test_what_is_no_model_is_said_as_ever() -> None:
    with pytest.raises(ModelError, match="unknown key 'fti'"):
        with_probability(HEAD + "fti: {}\n", PROBABILITY)


@settings(max_examples=20, phases=[Phase.generate])
@given(models(), st.booleans())
def test_any_model_keeps_all_of_its_other_lines(model: dict[str, object], has_one: bool) -> None:  # noqa: FBT001
    without = {key: part for key, part in model.items() if key != "probability"}
    given_model = Model.from_dict(without | ({"probability": {"points": [[1, 0.5]]}} if has_one else {}))
    lines = given_model.to_yaml().splitlines()
    text = "".join(f"{line}\n# comment {i}\n" for i, line in enumerate(lines))
    try:
        found = with_probability(text, PROBABILITY).splitlines()
    except ModelError:  # a comment inside a text over several lines
        return
    old = ["probability:", "points:", "- [1, 0.5]"] if has_one else []
    new = [line.strip() for line in BLOCK.replace("  # measured on 3,000 leads", "").splitlines()]
    assert [line.strip() for line in text.splitlines() if line.strip() not in old] == [
        line.strip() for line in found if line.strip() not in new
    ][: None if has_one else -1]

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoville.errors import ModelError, UsageError
from scoville.model.document import read_document
from scoville.model.rewriting import rewritten, same

TEXT = """# our card
scoville: 1
name: Card
# who they are
fit:
  rules:
    # the first thing we look at
    - name: Size          # by range
      by: employees
      bands:
        - {below: 50, points: -10}      # too small
        - {from: 500, points: 15}

    # partners bring good leads
    - {name: Source, by: source, values: {partner: 20, fair: 8}}

    - name: Boss
      when: {job_title.seniority: [c_level, vp]}
      points: 5   # not much
grades: {A: 20, B: null}
"""
DEMO = Path("src/scoville/demo/b2b_saas.yaml").read_text(encoding="utf-8")


def plain(text: str) -> Any:
    return copy.deepcopy(read_document(text, "m").data)


def test_a_number_changes_where_it_stands() -> None:
    wanted = plain(TEXT)
    wanted["fit"]["rules"][2]["points"] = 12.0
    assert rewritten(TEXT, wanted) == TEXT.replace("points: 5   # not much", "points: 12   # not much")


def test_a_new_key_follows_the_one_before_it_and_leaves_comments() -> None:
    wanted = plain(TEXT)
    wanted["fit"]["rules"][2]["group"] = "Title: all"
    assert rewritten(TEXT, wanted) == TEXT.replace(
        "points: 5   # not much", "points: 5   # not much\n      group: 'Title: all'"
    )


def test_a_key_that_is_gone_takes_its_line_alone() -> None:
    wanted = plain(TEXT)
    del wanted["fit"]["rules"][0]["by"]
    del wanted["fit"]["rules"][1]["values"]["partner"]
    new = rewritten(TEXT, wanted)
    assert new == TEXT.replace("      by: employees\n", "").replace("{partner: 20, fair: 8}", "{fair: 8}")


def test_a_new_band_stands_in_order_beside_the_others() -> None:
    wanted = plain(TEXT)
    wanted["fit"]["rules"][0]["bands"].insert(1, {"from": 50, "below": 500, "points": 5})
    line = "        - {from: 50, below: 500, points: 5}\n"
    assert rewritten(TEXT, wanted) == TEXT.replace("        - {from: 500", f"{line}        - {{from: 500")


def test_a_rule_that_moves_takes_its_comments_with_it() -> None:
    wanted = plain(TEXT)
    rules = wanted["fit"]["rules"]
    rules.append(rules.pop(0))
    new = rewritten(TEXT, wanted)
    assert (
        new.index("# partners bring good leads") < new.index("name: Boss") < new.index("# the first thing we look at")
    )
    assert new.count("# too small") == 1
    rules.insert(0, rules.pop())
    assert rewritten(new, wanted) == TEXT  # and back


def test_a_rule_that_goes_takes_its_comments_along() -> None:
    wanted = plain(TEXT)
    del wanted["fit"]["rules"][1]
    assert "partners" not in rewritten(TEXT, wanted)


def test_a_copy_beside_its_original_leaves_the_original_as_it_was() -> None:
    wanted = plain(TEXT)
    rules = wanted["fit"]["rules"]
    rules.insert(2, {**rules[1], "name": "Source (copy)"})
    new = rewritten(TEXT, wanted)
    assert "- {name: Source, by: source, values: {partner: 20, fair: 8}}" in new
    assert "Source (copy)" in new


def test_lines_may_end_as_on_windows() -> None:
    text = TEXT.replace("\n", "\r\n")
    wanted = plain(text)
    wanted["fit"]["max"] = 50
    wanted["fit"]["rules"].append({"name": "New", "when": {"a": 1}, "points": 1})
    new = rewritten(text, wanted)
    assert new.count("\n") == new.count("\r\n") > text.count("\r\n")


def test_a_value_that_stands_in_two_places_is_not_touched() -> None:
    text = TEXT.replace("{partner: 20, fair: 8}", "{partner: &same 20, fair: *same}")
    wanted = plain(text)
    wanted["fit"]["rules"][1]["values"]["fair"] = 9
    with pytest.raises(UsageError, match="change it in the text"):
        rewritten(text, wanted)


def test_a_file_that_cannot_be_read_says_where() -> None:
    with pytest.raises(ModelError) as wrong:
        rewritten("a: [1\n", {"a": 1})
    assert wrong.value.problems[0].line == 1


@pytest.mark.parametrize("value", ["", "no", "1", " x", "a: b", "# x", "*", "two\nlines", "it's", None, True, [], {}])
def test_any_value_is_written_so_that_it_is_read_again(value: object) -> None:
    wanted = plain(TEXT)
    wanted["fit"]["rules"][0]["name"] = value
    wanted["fit"]["rules"][1]["values"]["new"] = value
    wanted["fit"]["rules"][0]["bands"].append(value)
    assert same(plain(rewritten(TEXT, wanted)), wanted)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_changes_the_text_says_it(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([DEMO, DEMO.replace("\n", "\r\n"), TEXT]))
    for _ in range(2):
        wanted = plain(text)
        _change(wanted, data)
        text = rewritten(text, wanted)
        assert same(plain(text), wanted)


def _change(content: Any, data: st.DataObject) -> None:
    inner = data.draw(st.sampled_from(list(_collections(content))))
    value = data.draw(st.sampled_from([7, 2.5, "a: b", "no", None, {"k": {"l": [1]}}, [1, "x"], [{"name": "n"}]]))
    if isinstance(inner, dict):
        key = data.draw(st.sampled_from([*inner, "other"]))
        if key in inner and len(inner) > 1 and data.draw(st.booleans()):
            del inner[key]
        else:
            inner[key] = value
    elif inner and data.draw(st.booleans()):
        inner.insert(0, inner.pop(data.draw(st.integers(0, len(inner) - 1))))
    else:
        inner.insert(data.draw(st.integers(0, len(inner))), value)


def _collections(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _collections(inner)

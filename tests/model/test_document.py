"""YAML text to plain values: what scalars mean, where they stand, and what is refused at once."""

from __future__ import annotations

import math
import time

import pytest

from scoville.errors import ModelError
from scoville.model.document import MAX_BYTES, MAX_VALUES, dump, plain_document, read_document


def value(text: str) -> object:
    data = read_document(f"a: {text}\n", "m.yaml").data
    assert isinstance(data, dict)
    return data["a"]


def refused(text: str) -> list[str]:
    with pytest.raises(ModelError) as caught:
        read_document(text, "m.yaml")
    return [str(problem) for problem in caught.value.problems]


# Expected: the core schema of YAML 1.2, section 10.3.2; decimal numbers only (docs/decisions/0003-yaml-core-scalars.md)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("Y", "Y"),
        ("22:30", "22:30"),
        ("0o7", "0o7"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-01-31", "2026-01-31"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        (".5", 0.5),
        ("5.", 5.0),
        ("010", 10),
        ("+3", 3),
        ("-12", -12),
        ("-.inf", -math.inf),
        ("~", None),
        ("null", None),
        ("", None),
        ("''", ""),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_a_number() -> None:
    found = value(".NaN")
    assert isinstance(found, float)
    assert math.isnan(found)


def test_a_number_too_long_for_64_bits_is_a_float() -> None:
    assert value("12345678901234567890") == pytest.approx(1.2345678901234567e19)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert read_document("\ufeffa: 1\r\nb: 2\r\n", "m.yaml").data == {"a": 1, "b": 2}


def test_every_value_has_its_place() -> None:
    document = read_document("name: x\nfit:\n  rules:\n    - {name: A, points: 5}\n", "m.yaml")
    assert document.place(("name",)) == (1, 1)
    assert document.place(("fit", "rules")) == (3, 3)
    assert document.place(("fit", "rules", 0)) == (4, 7)
    assert document.place(("fit", "rules", 0, "points")) == (4, 17)


def test_what_is_not_there_has_the_place_around_it() -> None:
    document = read_document("name: x\nfit:\n  rules:\n    - {name: A}\n", "m.yaml")
    assert document.place(("fit", "rules", 0, "points")) == (4, 7)
    assert document.place(("stages",)) == (1, 1)


def test_a_key_that_is_a_number_has_its_place() -> None:
    assert read_document("levels:\n  1: x\n", "m.yaml").place(("levels", 1)) == (2, 3)


def test_a_document_of_python_values_names_the_path() -> None:
    problem = plain_document({}, "my model").problem(("fit", "rules", 2, "points"), "is wrong")
    assert str(problem) == "my model fit.rules[2].points: is wrong"


def test_every_duplicate_key_is_reported_with_both_places() -> None:
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "m.yaml:2:11 the key 'c' stands here a second time (first on line 2); keep one",
        "m.yaml:3:1 the key 'a' stands here a second time (first on line 1); keep one",
    ]


def test_aliases_share_a_value() -> None:
    assert read_document("a: &x {p: 1}\nb: *x\n", "m.yaml").data == {"a": {"p": 1}, "b": {"p": 1}}


def test_merge_keys_are_refused_with_what_to_do() -> None:
    [said] = refused("a: &x {p: 1}\nb:\n  <<: *x\n")
    assert said.startswith("m.yaml:3:3 `<<` is not part of YAML 1.2; write the keys out")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object:os.system x",
        "!!binary aGk=",
        "!!set {x}",
        "!mine [1]",
        "!!timestamp 2001-01-01",
        "!!python/name:os.system",
    ],
)
def test_nothing_is_made_from_a_tag(text: str) -> None:
    [said] = refused(f"a: {text}\n")
    assert said.startswith("m.yaml:1:4 the tag '!")
    assert said.endswith("is not allowed; a model holds plain values only")


def test_a_value_that_holds_itself_is_refused() -> None:
    assert refused("a: &a [1, *a]\n") == [
        "m.yaml:1:4 an alias (*) in here stands for the very value that it is part of"
    ]


def billion_laughs() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{key}: &{key} [{', '.join(['*' + before] * 9)}]" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        billion_laughs(),
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 30_000,
        "\n".join(" " * depth + "- " for depth in range(900)),
        "a: " + "x" * (MAX_BYTES + 1),
    ],
    ids=["billion laughs", "deep lists", "deep mappings", "deep blocks", "long"],
)
def test_a_bomb_fails_at_once(text: str) -> None:
    start = time.thread_time()
    [said] = refused(text)
    assert time.thread_time() - start < 1
    assert "a model has at most" in said


def test_a_file_of_too_many_values_is_not_read_to_its_end() -> None:
    text = "a: [" + "x, " * 300_000 + "x]"
    start = time.thread_time()
    [said] = refused(text)
    assert f"a model has at most {MAX_VALUES:,} values" in said
    assert time.thread_time() - start < 3  # the whole takes about five times as long


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("name: Pricing: page", "1:14", "put a text with ': ' in it in quotes"),
        ("rules:\n\t- a\n", "2:1", "indent with blanks, not tabs"),
        ("event: *, points", "1:8", 'for every event write "*" in quotes'),
        ("name: 'Pricing\n", "1:7", "the quote that opens here is never closed"),
        ("name: @home", "1:7", "put a text that starts with a sign in quotes"),
        ("a: [1, 2\nb: 3\n", "1:4", "a [ that opens here is not closed, or a comma is missing"),
        ("a: {x: 1 y: 2}\n", "1:4", "a { that opens here is not closed, or a comma is missing"),
        ("a:\n  - b: 1\n   c: 2\n", "3:4", "check the indentation of this line"),
        ("a: 1\n---\nb: 2\n", "2:1", "keep one model in one file"),
    ],
)
def test_broken_yaml_says_where_and_what_was_probably_meant(text: str, place: str, hint: str) -> None:
    [said] = refused(text)
    assert said.startswith(f"m.yaml:{place} not valid YAML: ")
    assert hint in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty. Write a first model with: scoville init"),
        ("# only a comment\n", "the file is empty. Write a first model with: scoville init"),
        ("[1, 2]", "a model is a mapping that starts with `scoville: 1`"),
        ("just text", "a model is a mapping that starts with `scoville: 1`"),
        ("? [1, 2]\n: 3\n", "a key must be plain text"),
    ],
)
def test_what_is_no_model_at_all_is_refused(text: str, said: str) -> None:
    assert refused(text)[0].endswith(said)


def test_a_null_byte_is_not_yaml_text() -> None:
    assert "this is not YAML text" in refused("a: \x00")[0]


@pytest.mark.parametrize(
    "text",
    ["NO", "1e3", "22:30", "0o7", "null", "~", "", " x", "a: b", "# x", "é\u2028", "\x85", "true", "5", "*", "<<"],
)
def test_what_is_written_reads_back_the_same(text: str) -> None:
    data = {"text": text, "list": [text, {text or "k": text}]}
    assert read_document(dump(data), "m.yaml").data == data


def test_written_values_share_nothing_by_aliases() -> None:
    shared = {"p": [1, 2]}
    assert dump({"a": shared, "b": shared}) == "a:\n  p: [1, 2]\nb:\n  p: [1, 2]\n"

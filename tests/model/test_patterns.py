"""Regular expressions: what is refused, and that the rewritten pattern means the same."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from scoville.model.patterns import MAX_LENGTH, PatternError, portable_pattern


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^VP ", "^vp "),
        ("Director|Head of", "director|head of"),
        (r"\d{2,5} (GB|MB)", "[0-9]{2,5} (gb|mb)"),
        (r"[A-Z]+\.com$", r"[a-z]+\.com$"),
        ("a.c", r"a[^\n]c"),
        (r"[^\s,]+?", r"[^ \t\n\r\,]+?"),
        ("(?:x|y)*", "(?:x|y)*"),
        ("[]a]", r"[\]a]"),
        ("[a-]", r"[a\-]"),
        ("[[a&&b]", r"[\[a\&\&b]"),
        ("x}", r"x\}"),
        ("É[À-Ö]", "é[à-ö]"),
        (r"\€", "€"),
    ],
)
def test_a_pattern_becomes_lower_case_and_portable(pattern: str, expected: str) -> None:
    assert portable_pattern(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        (r"\bVP\b", "for a word's edge write"),
        (r"VP\Z", "write $"),
        (r"(a)\1", "write the characters themselves"),
        (r"\p{Lu}", "as a range"),
        (r"\x41", "write the characters themselves"),
        ("(?i)vp", "case is ignored anyway"),
        ("(?=vp)", "use a plain group"),
        ("(?<!vp)", "use a plain group"),
        ("(?P<x>vp)", "use a plain group"),
        ("(?#vp)", "use a plain group"),
        ("a++", "leave the last + out"),
        ("a{2}+", "leave the last + out"),
        ("a{,3}", r"write \{"),
        ("{x}", r"write \{"),
        ("*a", "nothing before it to repeat"),
        ("^*a", "nothing before it to repeat"),
        ("(+a)", "nothing before it to repeat"),
        ("a{256}", "repeats too often"),
        ("(a{20}){20}", "repeats too often"),
        ("[[:alpha:]]", "write the range"),
        ("[A-z]", "the range A-z is not clear"),
        ("[9-A]", "the range 9-A is not clear"),
        ("[a-c-e]", "the range a-c is not clear"),
        (r"[\w-.]", "is not clear"),
        (r"[\D]", "is not clear"),
        (r"[\b]", "is not allowed"),
        ("(", "is not valid"),
        ("[", "is not valid"),
        ("a**", "is not valid"),
        ("[z-a]", "is not valid"),
        ("a{5,2}", "is not valid"),
        ("a\\", "is not valid"),
        ("x" * (MAX_LENGTH + 1), "at most 500"),
    ],
)
def test_what_engines_read_differently_is_refused_with_what_to_write(pattern: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        portable_pattern(pattern)
    assert hint in str(caught.value)


LETTERS = "abyzABYZ019 _-.,@/&~|[]^é"
PIECES = st.sampled_from(
    [
        "a",
        "B",
        "9",
        " ",
        "é",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"\W",
        r"\S",
        r"\.",
        r"\-",
        r"\[",
        "@",
        "-",
        ",",
        "&",
        "~",
        "_",
    ]
)
MEMBERS = st.sampled_from(
    ["a", "Z", "0", "a-c", "Y-Z", "0-5", r"\d", r"\s", r"\w", ".", "&&", "[", r"\]", r"\-", "^", "~~", "||", "é", ","]
)
BRACKETS = st.builds(
    lambda no, members: f"[{no}{''.join(members)}]",
    st.sampled_from(["", "^"]),
    st.lists(MEMBERS, min_size=1, max_size=4),
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,3}", "{1,2}?"])


def patterns() -> st.SearchStrategy[str]:
    atoms = st.builds(lambda atom, repeat: atom + repeat, PIECES | BRACKETS, REPEATS)
    sequences = st.lists(atoms, min_size=1, max_size=4).map("".join)
    groups = st.builds(
        lambda opening, parts, repeat: f"{opening}{'|'.join(parts)}){repeat}",
        st.sampled_from(["(", "(?:"]),
        st.lists(sequences, min_size=1, max_size=3),
        st.sampled_from(["", "?", "{1,2}"]),
    )
    return st.builds(
        lambda start, parts, end: start + "".join(parts) + end,
        st.sampled_from(["", "^"]),
        st.lists(sequences | groups, min_size=1, max_size=3),
        st.sampled_from(["", "$"]),
    )


TEXTS = st.text(alphabet=LETTERS, max_size=12).map(lambda text: text.strip().lower())


@pytest.mark.filterwarnings("ignore:Possible (nested set|set)")  # Python's warning on the pattern as it was written
@given(patterns(), TEXTS)
def test_the_rewritten_pattern_finds_what_python_finds(pattern: str, text: str) -> None:
    try:
        portable = portable_pattern(pattern)
    except PatternError:
        reject()
    meant = re.compile(pattern, re.IGNORECASE | re.ASCII if pattern.isascii() else re.IGNORECASE)
    assert bool(re.search(portable, text)) == bool(meant.search(text))


@given(patterns(), TEXTS)
def test_the_embedded_engine_finds_the_same(pattern: str, text: str) -> None:
    try:
        portable = portable_pattern(pattern)
    except PatternError:
        reject()
    [(found,)] = CONNECTION.execute("SELECT regexp_matches(?, ?)", [text, portable]).fetchall()
    assert found == bool(re.search(portable, text))


CONNECTION = duckdb.connect()


def test_a_pattern_that_explodes_elsewhere_is_quick_here() -> None:
    [(found,)] = CONNECTION.execute(
        "SELECT regexp_matches(?, ?)", ["a" * 5000 + "!", portable_pattern("(a|a)*$")]
    ).fetchall()
    assert found

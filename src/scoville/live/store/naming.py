"""The words that people are searched by: one rule for who stores them and for who looks for them.

In: a name, or what somebody types. Out: words. Called by `fold` and by `queries`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SEARCHED: Final = frozenset({"name", "first_name", "last_name", "company"})
"""Traits whose words are kept."""
_WORD = re.compile(r"[^\W_]+")
_LONGEST, _MOST = (
    40,
    12,
)  # letters of a word, words of a name: nobody types more, and a store holds no more of a hostile one


def words_of(text: str) -> tuple[str, ...]:
    """Its words without case and accents, each once.

    Example: "Zoë O'Neill-Smith" -> ("zoe", "o", "neill", "smith")
    """
    plain = unicodedata.normalize("NFKD", text[:1_000]).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(dict.fromkeys(word[:_LONGEST] for word in _WORD.findall(letters)))[:_MOST]

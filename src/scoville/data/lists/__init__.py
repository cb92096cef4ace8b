"""The lists behind derived traits, read from the data files beside this one, and what a user adds to them.

Every list becomes a lookup: a small table with a unique key that an engine binds by name and a plan joins by
equality. Where the files come from stands in README.md.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from scoville.data.suggest import did_you_mean
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    Extra = Mapping[str, Sequence[str]]
    Row = tuple[str | bool | int | None, ...]

# Highest first: where a title says two, the first of these wins. An intern of any kind outranks `manager`, because
# "Product Manager Intern" is an intern; a "Student Success Manager" is kept apart by a phrase of its own.
SENIORITIES = ("c_level", "vp", "director", "student", "manager", "staff")
FUNCTIONS = (
    "administration", "data", "design", "engineering", "executive", "finance", "hr", "it", "legal", "marketing",
    "operations", "procurement", "product", "research", "sales", "support",
)  # fmt: skip

LISTS: Mapping[str, str] = MappingProxyType(
    {
        "free_email_domains": "Domains whose addresses say nothing about an employer: email.kind is `free`.",
        "disposable_email_domains": "Domains of throw-away addresses: email.kind is `disposable`.",
        "business_email_domains": "Domains that the shipped lists call free or disposable, but are a company.",
        "role_addresses": "Parts before the @ that belong to a function, such as `tenders`: email.kind is `role`.",
    }
    | {f"job_title_{name}": f"Words in a title that make job_title.seniority `{name}`." for name in SENIORITIES}
    | {f"job_title_{name}": f"Words in a title that make job_title.function `{name}`." for name in FUNCTIONS}
)
"""Names that a user may give rows to under `[lists]` of the workspace, and what a row does."""

PREFIX_LENGTHS = (7, 4)
"""Digits of the two keys of `phone_prefixes`: four settle nearly every country, seven the small ones."""

_MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327\u0328"  # accents written as characters of their own
_COMMENT = re.compile(r"(^|\s)#.*")  # not the one in `C# developer`
_UNDECOMPOSED = {"ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l", "ı": "i"}


def _folds() -> dict[str, str]:
    """Accented Latin letters of either case -> the plain small letter, for engines whose `lower` knows ASCII only."""
    letters = (chr(code) for code in range(0xC0, 0x180))
    plain = {letter: unicodedata.normalize("NFD", letter)[0].lower() for letter in letters}
    return {letter: base for letter, base in plain.items() if base.isascii() and base.isalpha()} | _UNDECOMPOSED


FOLD_FROM = "".join(_folds()) + _MARKS
"""Characters to translate; the marks at the end have no counterpart in FOLD_TO and fall away."""
FOLD_TO = "".join(_folds().values())


@dataclass(frozen=True)
class Lookup:
    """A small table that a plan joins: its columns with their Ibis types; the first column is the key.

    `job_titles` is the exception: its key is `needle`, and it is joined by `anchor`, its rarest word.
    """

    name: str
    columns: Mapping[str, str]
    doc: str
    read: Callable[[Extra], Iterable[Row]]

    def table(self) -> ibis.Table:
        """The unbound Ibis table that a plan refers to by name."""
        return ibis.table(dict(self.columns), name=self.name)

    def rows(self, extra: Extra = MappingProxyType({})) -> pa.Table:
        """Shipped rows and the user's own, which win where both speak of the same key.

        Raises:  UsageError for a name of a list that does not exist, and for a list that is not one of texts.
        Example: LOOKUPS["email_domains"].rows({"free_email_domains": ["campus.example"]})
        """
        check_lists(extra)
        schema = ibis.schema(dict(self.columns)).to_pyarrow()
        columns = zip(*self.read(extra), strict=True)
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)


def read_lists(paths: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """What a user adds to the lists: text files in UTF-8, one entry a line; blank lines and `#` comments are skipped.

    Raises:  UsageError for a name of a list that does not exist, and for a file that cannot be read.
    Example: read_lists({"free_email_domains": Path("lists/free.txt")})
    """
    extra = {name: _entries(name, path) for name, path in paths.items()}
    check_lists(extra)
    return extra


def _entries(name: str, path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"[lists] {name}: cannot read {path} ({error}). Give a text file in UTF-8 with one entry a line."
        raise UsageError(message) from error
    return tuple(entry for line in lines if (entry := _COMMENT.sub("", line).strip()))


def check_lists(extra: Extra) -> None:
    """Refuse names that no lookup reads, so that a typing error in a workspace does not pass in silence."""
    for name, entries in extra.items():
        if name not in LISTS:
            message = f"[lists] unknown list '{name}'.{did_you_mean(name, LISTS)} Lists: {', '.join(LISTS)}."
            raise UsageError(message)
        if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, str) for entry in entries):
            message = f"[lists] {name} must be a list of texts, found {entries!r}. Read files with read_lists."
            raise UsageError(message)


def fold_title(text: str) -> str:
    """A title as it is compared: small plain letters and digits, one blank between words.

    Example: "Directeur/trice général(e)" -> "directeur trice general e"
    Source:  the same steps as `traits.folded_title`, here for the phrases of the list.
    """
    folded = text.replace("ß", "ss").translate(str.maketrans(FOLD_FROM[: len(FOLD_TO)], FOLD_TO, _MARKS)).lower()
    return re.sub("[^a-z0-9]+", " ", folded).strip()


def _email_domains(extra: Extra) -> Iterable[Row]:
    kinds = dict(_csv("email_domains.csv"))
    for kind in ("free", "disposable", "business"):
        kinds |= dict.fromkeys(filter(None, map(_domain, extra.get(f"{kind}_email_domains", ()))), kind)
    return kinds.items()


def _domain(entry: str) -> str:
    """`@Example.com ` -> `example.com`: people write either."""
    return entry.strip().lower().removeprefix("@")


def _role_addresses(extra: Extra) -> Iterable[Row]:
    entries = (*_lines("role_addresses.txt"), *extra.get("role_addresses", ()))
    return ((address,) for address in dict.fromkeys(filter(None, map(_role, entries))))


def _role(entry: str) -> str:
    """`No-Reply@` -> `noreply`."""
    return re.sub("[._-]", "", entry.strip().lower().split("@")[0])


def _public_suffixes(_extra: Extra) -> Iterable[Row]:
    return ((suffix,) for suffix in _lines("public_suffixes.txt"))


def _phone_prefixes(_extra: Extra) -> Iterable[Row]:
    """Prefixes of any length -> keys of exactly four and seven digits, so that two equality joins find them."""
    keys: dict[str, str] = {}
    for prefix, country in sorted(_csv("phone_prefixes.csv"), key=lambda row: len(row[0])):
        length = min(size for size in PREFIX_LENGTHS if size >= len(prefix))
        tails = length - len(prefix)
        keys |= {f"{prefix}{tail:0{tails}d}" if tails else prefix: country for tail in range(10**tails)}
    return keys.items()


def _job_titles(extra: Extra) -> Iterator[Row]:
    spoken: dict[str, dict[str, str]] = {}
    for phrase, seniority, function, _language in _csv("job_titles.csv"):
        for spelling in _spellings(phrase):
            spoken.setdefault(spelling, {"seniority": seniority, "function": function})
    for trait, values in (("seniority", SENIORITIES), ("function", FUNCTIONS)):
        for value in values:
            for spelling in (s for phrase in extra.get(f"job_title_{value}", ()) for s in _spellings(phrase)):
                spoken.setdefault(spelling, {"seniority": "", "function": ""})[trait] = value
    words = Counter(word for spelling in spoken for word in spelling.removesuffix("...").split())
    for spelling, says in spoken.items():
        yield _job_title(spelling, words, says["seniority"], says["function"])


def _spellings(phrase: str) -> Iterator[str]:
    """`Geschäftsführer(in)` -> geschaftsfuhrer, geschaftsfuhrerin and the same with ae and ue; `...` is kept."""
    body, dots, _ = phrase.partition("...")
    stem, bracket, ending = body.partition("(")
    for form in {stem, stem + ending.replace(")", "")} if bracket else {stem}:
        for letters in (form, _umlauts_written_out(form)):
            if folded := fold_title(letters):
                yield folded + dots


def _umlauts_written_out(text: str) -> str:
    return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")


def _job_title(spelling: str, words: Counter[str], seniority: str, function: str) -> Row:
    """The rarest word is the anchor, so that `director` in a title is not compared with fifty phrases."""
    phrase = spelling.removesuffix("...").strip()
    anchor = min(phrase.split(), key=lambda word: words[word])
    return f" {phrase} ", anchor, len(phrase), spelling.endswith("..."), seniority or None, function or None


@cache
def _csv(name: str) -> tuple[list[str], ...]:
    """Rows of a data file without its header."""
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return tuple(csv.reader(text.splitlines()[1:]))


@cache
def _lines(name: str) -> tuple[str, ...]:
    """Lines of a data file without comments."""
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("//"))


_ALL = (
    Lookup(
        "email_domains",
        {"domain": "string", "kind": "string"},
        "Domains of free and disposable addresses; `business` where the user overrules the shipped lists.",
        _email_domains,
    ),
    Lookup(
        "role_addresses", {"address": "string"}, "Parts before the @, without . - _, of no person.", _role_addresses
    ),
    Lookup(
        "job_titles",
        {
            "needle": "string",
            "anchor": "string",
            "letters": "int64",
            "takes_the_rest": "boolean",
            "seniority": "string",
            "function": "string",
        },
        "Phrases found in folded titles, between blanks; null seniority or function: the phrase says nothing of it.",
        _job_titles,
    ),
    Lookup("phone_prefixes", {"prefix": "string", "country": "string"}, "First digits of numbers.", _phone_prefixes),
    Lookup("public_suffixes", {"suffix": "string"}, "Endings below which anyone may register.", _public_suffixes),
)

LOOKUPS: Mapping[str, Lookup] = MappingProxyType({lookup.name: lookup for lookup in _ALL})
"""Every lookup by name."""

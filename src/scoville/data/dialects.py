"""The first bytes of a file -> what kind of file it is, its encoding, its delimiter and its column names.

Pure: takes bytes, returns values. `sources.py` does the reading.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import Literal

from charset_normalizer import from_bytes

from scoville.data.suggest import listed
from scoville.errors import DataError

Kind = Literal["csv", "json", "parquet"]

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
UNUSUAL_DELIMITERS = (":", "^", "~", "\x01", "\x1f", "#", "  ")

SAMPLE_BYTES = 96 * 1024  # below the field size limit of the csv module (128 KiB), so that no sample can hit it
SAMPLE_ROWS = 50
NOT_IN_TEXT = bytes([*range(9), *range(14, 27)])  # control characters but tab, line ends and escape

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
# Files that people hand over by mistake, by their first bytes, and what to do about it.
FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "Save the sheet as CSV UTF-8, or unpack the archive."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV UTF-8."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV or Parquet."),
    (b"%PDF", "a PDF document", "Export the data as CSV."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip."),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip."),
    (b"ARROW1", "an Arrow or Feather file", "Save it as Parquet."),
    (b"Obj\x01", "an Avro file", "Save it as Parquet."),
    (b"ORC", "an ORC file", "Save it as Parquet."),
)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = ("cp1252", "latin_1", "iso8859_15", "mac_roman", "cp1250", "iso8859_2", "cp437", "cp850", "cp858")
OTHER_ENCODINGS = ("cp1251", "koi8_r", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr", "euc_jp")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written. `columns` are the names of its header, outer blanks trimmed, never empty."""

    delimiter: str
    columns: tuple[str, ...]


def kind_of(name: str, head: bytes) -> Kind:
    """What the file is, by its content first (a name may lie), else by its name.

    Raises:  DataError for an empty file, and for one that is neither text nor Parquet.
    """
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise DataError(f"{name}: the file is empty. Export it again; a header line with column names is needed.")
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what, remedy in FOREIGN:
        if head.startswith(magic):
            raise DataError(f"{name}: is {what}, not CSV, JSON Lines or Parquet. {remedy}")
    if is_binary(head):
        raise DataError(f"{name}: is a binary file, not text. Allowed: CSV, JSON Lines (both also .gz) and Parquet.")
    stem = name.lower().removesuffix(".gz")
    looks_like_json = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[{"))
    return "json" if stem.endswith(JSON_SUFFIXES) or looks_like_json else "csv"


def is_binary(head: bytes) -> bool:
    """Whether bytes are no text: control characters that no text has, in other places than UTF-16 puts NULs."""
    if any(head.startswith(bom) for bom, _ in BOMS) or _utf16_without_bom(head):
        return False
    return b"\x00" in head or len(head.translate(None, delete=NOT_IN_TEXT)) < len(head) * 0.98


def encoding_of(head: bytes) -> str:
    """The Python codec that reads these bytes: by its mark, else UTF-8 if it can be, else the likeliest other.

    Source:  charset-normalizer on the lines with bytes beyond ASCII. Among western encodings of equal plausibility
             cp1252 wins, which is what Windows and Excel write.
    """
    for bom, codec in BOMS:
        if head.startswith(bom):
            return codec
    utf16 = _utf16_without_bom(head)
    if utf16:
        return utf16
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a cut character at the end is no error
    except UnicodeDecodeError:
        return _likeliest_encoding(head)
    return "utf-8"


def dialect_of(
    name: str, text: str, *, whole: bool, delimiter: str | None = None, may_be_empty: bool = False
) -> Dialect:
    """Delimiter and column names from the first rows of a CSV file; `whole` when `text` is all of the file.

    Raises:  DataError for a header without rows unless it `may_be_empty`, a delimiter that is not one of ours, and
             names that come twice.
    """
    lines = text if whole else text[: text.rfind("\n") + 1] or text
    chosen = delimiter or _best_delimiter(lines)
    rows = _rows(lines, chosen)
    _check_delimiter(name, rows, chosen, is_given=delimiter is not None)
    if whole and len(rows) < (1 if may_be_empty else 2):  # a header and one row
        columns = f"columns: {listed(rows[0])}" if rows else "no columns"
        raise DataError(f"{name}: has a header line but no rows ({columns}). Export it again with its rows.")
    return Dialect(chosen, column_names(name, rows[0]))


def column_names(name: str, header: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Header cells as column names: trimmed, `column_3` for an empty one.

    Raises:  DataError when two are the same; case does not tell them apart, as SQL ignores it.
    """
    names = tuple(cell.strip() or f"column_{place}" for place, cell in enumerate(header, start=1))
    seen: dict[str, int] = {}
    for place, column in enumerate(names, start=1):
        first = seen.setdefault(column.casefold(), place)
        if first != place:
            both = f"'{names[first - 1]}' and '{column}' (columns {first} and {place})"
            raise DataError(f"{name}: duplicate column name: {both}; case is ignored. Rename or remove one of them.")
    return names


def _utf16_without_bom(head: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a NUL in every other place."""
    pairs = len(head) // 2
    if pairs and head[1::2].count(0) > pairs * 0.7 and head[::2].count(0) == 0:
        return "utf-16-le"
    if pairs and head[::2].count(0) > pairs * 0.7 and head[1::2].count(0) == 0:
        return "utf-16-be"
    return None


def _likeliest_encoding(head: bytes) -> str:
    telling = b"\n".join(line for line in head.splitlines() if not line.isascii())[: 32 * 1024]
    matches = from_bytes(telling, cp_isolation=[*WESTERN, *OTHER_ENCODINGS], enable_fallback=False)
    best = matches.best()
    if best is None or best.encoding in WESTERN or not telling.strip():
        return "cp1252" if _decodes(telling, "cp1252") else "latin-1"
    return best.encoding


def _decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _best_delimiter(text: str) -> str:
    """The delimiter that cuts the most rows into as many cells as the header has; more columns break a tie."""
    return max(DELIMITERS, key=lambda delimiter: _fit(_rows(text, delimiter)))


def _fit(rows: list[list[str]]) -> tuple[bool, float, int]:
    if not rows or len(rows[0]) == 1:
        return (False, 0.0, 0)
    even = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
    return (True, round(even, 1), len(rows[0]))


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that are not blank."""
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if row:
            rows.append(row)
        if len(rows) > SAMPLE_ROWS:
            break
    return rows


def _check_delimiter(name: str, rows: list[list[str]], delimiter: str, *, is_given: bool) -> None:
    if not rows or len(rows[0]) > 1:
        return
    header = rows[0][0]
    candidates = (*UNUSUAL_DELIMITERS, *DELIMITERS) if is_given else UNUSUAL_DELIMITERS
    other = next((one for one in candidates if one != delimiter and one in header.strip()), None)
    if other is None:
        return
    raise DataError(
        f"{name}: wrong delimiter: the whole header is one column: {header[:100]!r}. It looks cut by {other!r}. "
        f"Allowed without saying so: {', '.join(DELIMITER_NAMES.values())}; "
        f"for another say delimiter = {other!r} under [leads] or [events] in scoville.toml."
    )

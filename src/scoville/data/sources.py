"""Anything a user may name -> a raw relation in the connection.

A path or glob of CSV, JSON Lines (both also .gz) or Parquet; `file.duckdb::table`; a table of the engine's own
database; or a table in memory (pandas, Polars, Arrow, Ibis, a list of dicts). CSV and JSON arrive as text in every
column, so that `00123` and `1e5` survive until `clean.py` has seen the whole column; the others keep their types.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import duckdb

from scoville.data.dialects import SAMPLE_BYTES, Dialect, column_names, dialect_of, encoding_of, kind_of
from scoville.data.keep import count_rows, literal, quoted
from scoville.data.memory import as_arrow, is_table_in_memory
from scoville.data.quality import Notice
from scoville.data.suggest import did_you_mean, listed
from scoville.data.table_names import names_of, table_called
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import ibis.expr.types as ir

    from scoville.data.in_duckdb import InDuckDB

COPY_CHARS = 1 << 22
# Nothing may have happened yet, and nobody have given points; leads without rows are a failed export.
MAY_BE_EMPTY = frozenset({"events", "adjustments"})


@dataclass(frozen=True)
class Raw:
    """A relation as it came: `name` is what the user calls it; `is_text` when every column is text still to be read."""

    relation: str
    name: str
    table: ir.Table
    is_text: bool
    notices: tuple[Notice, ...] = ()


def open_source(con: InDuckDB, source: object, *, relation: str, delimiter: str | None = None) -> Raw:
    """Make what the user named a relation `raw_<relation>` of the connection.

    Shape:   one row per row of the source, columns under the names of the source.
    Nulls:   an empty CSV cell and a JSON null are null; no other placeholder is touched here.
    Raises:  DataError that says what was found and what to do, for whatever cannot be read.
    Example: `open_source(con, "leads.csv", relation="leads").table`.
    """
    if isinstance(source, (str, Path)):
        try:
            return _open_named(con, str(source), relation, delimiter)
        except duckdb.IOException as broken:
            if "GZIP" not in str(broken):
                raise
            raise DataError(f"{source}: the gzip file is cut off or damaged. Copy or export it again.") from broken
    if is_table_in_memory(source):
        return _open_memory(con, source, relation)
    raise DataError(
        f"{relation}: cannot read a {type(source).__module__}.{type(source).__qualname__}. Allowed: a path or glob of "
        "CSV, JSON Lines or Parquet, file.duckdb::table, a pandas, Polars, Arrow or Ibis table, or a list of dicts."
    )


def _open_named(con: InDuckDB, source: str, relation: str, delimiter: str | None) -> Raw:
    file, separator, table = source.rpartition("::")
    if separator:
        return _open_attached(con, file.removeprefix("duckdb://"), table, relation)
    if not Path(source).expanduser().exists() and not has_magic(source):
        found = _table_address(con, source)
        if found:
            return Raw(relation, source, _view_of(con, found, relation), is_text=False)
    return _open_path(con, source, relation, delimiter)


# --- files -----------------------------------------------------------------------------------------------------------


def _open_path(con: InDuckDB, path: str, relation: str, delimiter: str | None) -> Raw:
    files = _files(con, path)
    _refuse_database(files[0])
    kinds = {file: kind_of(str(file), _head(file, 4096)) for file in files}
    if len(set(kinds.values())) > 1:
        first_of_kind = ", ".join(
            f"{kind}: {next(f for f in files if kinds[f] == kind)}" for kind in set(kinds.values())
        )
        raise DataError(f"{path}: matches files of different kinds ({first_of_kind}). Name one kind, such as *.csv.")
    return _OPENERS[kinds[files[0]]](con, path, files, relation, delimiter)


def _files(con: InDuckDB, path: str) -> list[Path]:
    expanded = str(Path(path).expanduser())
    if Path(expanded).is_dir():
        inside = sorted(child.name for child in Path(expanded).iterdir() if child.is_file())
        raise DataError(
            f"{path}: is a folder, not a file. Name a file in it or a pattern, such as {path.rstrip('/')}/*.csv. "
            f"Files in it: {listed(inside)}."
        )
    if Path(expanded).exists():
        return [Path(expanded)]
    matches = sorted(Path(match) for match in glob(expanded, recursive=True) if Path(match).is_file())  # noqa: PTH207
    if matches:
        return matches
    raise _missing(con, path, Path(expanded))


def _missing(con: InDuckDB, path: str, expanded: Path) -> DataError:
    folder = expanded.parent
    tables = names_of(_tables(con))
    of_engine = f" Tables of the engine: {listed(tables)}." if tables else ""
    if has_magic(path):
        return DataError(f"{path}: no file matches this pattern. Check the folder and the ending.{of_engine}")
    if not folder.is_dir():
        return DataError(f"{path}: no such file; the folder {folder} does not exist either.{of_engine}")
    names = sorted(child.name for child in folder.iterdir())
    near = did_you_mean(expanded.name, names)
    return DataError(f"{path}: no such file.{near} In {folder.resolve()}: {listed(names)}.{of_engine}")


def _head(file: Path, size: int) -> bytes:
    """The first bytes, unpacked when the file is compressed with gzip."""
    try:
        with _unpacked(file) as content:
            return content.read(size)
    except PermissionError as refused:
        raise DataError(f"{file}: you may not read this file. Ask for the right, or copy it.") from refused
    except (OSError, EOFError) as broken:
        raise DataError(f"{file}: cannot be read ({broken}). Copy or export it again.") from broken


# --- CSV -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _CsvFile:
    file: Path
    readable: Path  # the same text in UTF-8
    dialect: Dialect


def _open_csv(con: InDuckDB, name: str, files: Sequence[Path], relation: str, delimiter: str | None) -> Raw:
    notices: list[Notice] = []
    with tempfile.TemporaryDirectory(prefix="scoville-") as scratch:
        try:
            opened = [_csv_file(file, scratch, relation, delimiter, notices) for file in files]
            table = _read_csv(con, relation, opened)
        except duckdb.InvalidInputException as refused:
            if "unicode" not in str(refused):
                raise _csv_error(name, str(refused), files) from refused
            # The sample was ASCII, a later part is not UTF-8: only the whole file tells.
            notices.clear()
            opened = [_csv_file(file, scratch, relation, delimiter, notices, is_read_whole=True) for file in files]
            table = _read_csv_again(con, relation, name, opened, files)
    return Raw(relation, name, table, is_text=True, notices=tuple(notices))


def _read_csv_again(con: InDuckDB, relation: str, name: str, opened: list[_CsvFile], files: Sequence[Path]) -> ir.Table:
    try:
        return _read_csv(con, relation, opened)
    except duckdb.InvalidInputException as refused:
        raise _csv_error(name, str(refused), files) from refused


def _csv_file(
    file: Path,
    scratch: str,
    relation: str,
    delimiter: str | None,
    notices: list[Notice],
    *,
    is_read_whole: bool = False,
) -> _CsvFile:
    head = _head(file, SAMPLE_BYTES)
    encoding = encoding_of(_telling_part(file) if is_read_whole else head)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head).removeprefix("\ufeff")
    is_whole, may_be_empty = len(head) < SAMPLE_BYTES, relation in MAY_BE_EMPTY
    dialect = dialect_of(str(file), text, whole=is_whole, delimiter=delimiter, may_be_empty=may_be_empty)
    if encoding in {"utf-8", "utf-8-sig"}:
        return _CsvFile(file, file, dialect)
    notices.append(Notice(relation, None, f"{file.name} is not UTF-8; read as {encoding}."))
    return _CsvFile(file, _transcoded(file, encoding, scratch), dialect)


def _telling_part(file: Path) -> bytes:
    """Up to a sample of the lines that hold bytes beyond ASCII, from the whole file."""
    telling = bytearray()
    with _unpacked(file) as content:
        for line in content:
            if not line.isascii():
                telling += line
            if len(telling) >= SAMPLE_BYTES:
                break
    return bytes(telling)


def _transcoded(file: Path, encoding: str, scratch: str) -> Path:
    copy = Path(scratch, f"{len(list(Path(scratch).iterdir()))}.csv")
    with copy.open("w", encoding="utf-8", newline="") as target, _unpacked(file) as content:
        shutil.copyfileobj(codecs.getreader(encoding)(content, "replace"), target, COPY_CHARS)
    return copy


def _unpacked(file: Path) -> IO[bytes]:
    """The bytes of a file, unpacked when it is compressed with gzip."""
    with file.open("rb") as content:
        is_packed = content.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(file, "rb")) if is_packed else file.open("rb")


def _read_csv(con: InDuckDB, relation: str, files: list[_CsvFile]) -> ir.Table:
    """Files of one dialect are read together; files whose columns differ are united by the names of the columns."""
    groups: dict[Dialect, list[Path]] = {}
    for file in files:
        groups.setdefault(file.dialect, []).append(file.readable)
    query = " UNION ALL BY NAME ".join(_csv_query(dialect, paths) for dialect, paths in groups.items())
    return con.keep_table_from_sql(f"raw_{relation}", query)


def _csv_query(dialect: Dialect, paths: list[Path]) -> str:
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in dialect.columns)
    options = f"delim = {literal(dialect.delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}}"
    return f"SELECT * FROM read_csv([{_literals(paths)}], auto_detect = false, header = true, {options})"  # noqa: S608


def _csv_error(name: str, text: str, files: Sequence[Path]) -> DataError:
    """DuckDB's long message as one sentence: file, line, what is wrong with it, what to do."""
    line = _search(r"CSV Error on Line: (\d+)", text)
    file = _search(r"file = (.*)", text) if len(files) > 1 else name
    place = f"{file}:{line}" if line else file
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if found:
        return DataError(
            f"{place}: the row has {found[2]} cells, the header {found[1]} columns: {_original(text)}. Quote cells "
            "that hold the delimiter or a line break, or export the file again."
        )
    if "unterminated quote" in text:
        return DataError(f'{place}: a quote " is opened and never closed: {_original(text)}. Write "" for a quote.')
    if "Maximum line size" in text:
        return DataError(f"{place}: a row is longer than 2 MB: a quote is probably never closed. Export it again.")
    first_lines = " ".join(text.splitlines()[:3])
    return DataError(f"{place}: cannot be read as CSV: {first_lines}")


def _original(text: str) -> str:
    return repr((_search(r"Original Line: ?([^\n]*)", text) or "")[:100])


def _search(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""


# --- JSON and Parquet ------------------------------------------------------------------------------------------------


def _open_json(con: InDuckDB, name: str, files: Sequence[Path], relation: str, _delimiter: str | None) -> Raw:
    # maximum_depth = 1 leaves every value as JSON, so that DuckDB guesses no types; sample_size = -1 looks at every
    # row for keys, because a key that first comes late would be dropped without a word.
    scan = f"read_json([{_literals(files)}], maximum_depth = 1, sample_size = -1, union_by_name = true)"
    try:
        described = con.con.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()  # noqa: S608 - quoted
        _check_objects(name, described)
        column_names(name, [column[0] for column in described])
        texts = ", ".join(f"{quoted(column[0])} ->> '$' AS {quoted(column[0])}" for column in described)
        table = con.keep_table_from_sql(f"raw_{relation}", f"SELECT {texts} FROM {scan}")  # noqa: S608
    except (duckdb.InvalidInputException, duckdb.ConversionException) as refused:
        raise _json_error(name, files, refused) from refused
    if not count_rows(con, table):
        raise DataError(f"{name}: holds no rows. Export it again; one JSON object per line is needed.")
    return Raw(relation, name, table, is_text=True)


def _json_error(name: str, files: Sequence[Path], refused: duckdb.Error) -> DataError:
    """DuckDB counts bytes and lines its own way: the first line that is no JSON is looked for."""
    for file in files:
        with _unpacked(file) as content:
            for place, line in enumerate(content, start=1):
                if line.lstrip()[:1] == b"{" and not _is_json(line):
                    shown = line[:100].decode("utf-8", "replace").strip()
                    return DataError(f"{file}:{place}: is not JSON: {shown!r}. One object per line is needed.")
    first = str(refused).splitlines()[0].removeprefix("Invalid Input Error: ")
    return DataError(f"{name}: cannot be read as JSON: {first} One object per line is needed, in UTF-8.")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _check_objects(name: str, described: list[tuple[Any, ...]]) -> None:
    if any(column[1] != "JSON" for column in described):
        raise DataError(f'{name}: holds no JSON objects. One per line is needed, such as {{"lead_id": "7"}}.')


def _open_parquet(con: InDuckDB, name: str, files: Sequence[Path], relation: str, _delimiter: str | None) -> Raw:
    query = f"SELECT * FROM read_parquet([{_literals(files)}], union_by_name = true)"  # noqa: S608 - quoted
    try:
        table = con.keep_view_from_sql(f"raw_{relation}", query)
    except duckdb.Error as refused:
        first = str(refused).splitlines()[0]
        raise DataError(f"{name}: cannot be read as Parquet: {first} Export it again.") from refused
    return Raw(relation, name, table, is_text=False)


_OPENERS = {"csv": _open_csv, "json": _open_json, "parquet": _open_parquet}


def _literals(paths: Iterable[Path]) -> str:
    """Paths for DuckDB, which would take a bracket or an asterisk in a name for a pattern."""
    return ", ".join(literal(re.sub(r"([\[*?])", r"[\1]", str(path))) for path in paths)


# --- DuckDB tables ---------------------------------------------------------------------------------------------------


def _open_attached(con: InDuckDB, file: str, table: str, relation: str) -> Raw:
    path = Path(file).expanduser()
    if not path.exists():
        raise _missing(con, file, path)
    catalog = _attach(con, path)
    found = _table_address(con, table, catalog)
    name = f"{file}::{table}"
    if found is None:
        names = names_of(_tables(con, catalog))
        raise DataError(f"{name}: no such table.{did_you_mean(table, names)} Tables in the file: {listed(names)}.")
    return Raw(relation, name, _view_of(con, found, relation), is_text=False)


def _attach(con: InDuckDB, path: Path) -> str:
    """Attach a database file for reading, once; its catalog name."""
    resolved = str(path.resolve())
    attached = con.con.execute("SELECT database_name, path FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    for catalog, known in attached:
        if str(Path(known).resolve()) == resolved:
            return str(catalog)
    catalog = f"scoville_{len(attached)}"
    try:
        con.con.execute(f"ATTACH {literal(resolved)} AS {catalog} (READ_ONLY)")
    except duckdb.Error as refused:
        raise _not_opened(path, refused) from refused
    return catalog


def _refuse_database(file: Path) -> None:
    if _head(file, 12)[8:] != b"DUCK":
        return
    try:
        with duckdb.connect(str(file), read_only=True) as inside:
            names = [
                row[0]
                for row in inside.execute("SELECT table_name FROM information_schema.tables ORDER BY 1").fetchall()
            ]
    except duckdb.Error as refused:
        raise _not_opened(file, refused) from refused
    raise DataError(f"{file}: is a DuckDB database; name a table in it: {file}::table. Tables in it: {listed(names)}.")


def _not_opened(file: Path, refused: duckdb.Error) -> DataError:
    return DataError(f"{file}: cannot be opened as a DuckDB database: {str(refused).splitlines()[0]}")


def _tables(con: InDuckDB, catalog: str | None = None) -> list[tuple[str, str, bool]]:
    """Tables and views of a catalog, or of the engine's own database without those that are temporary."""
    rows = con.con.execute(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = coalesce(?, current_database()) "
        "ORDER BY table_schema <> 'main', table_schema, table_name",
        [catalog],
    ).fetchall()
    return [(str(schema), str(table), schema == "main") for schema, table in rows]


def _table_address(con: InDuckDB, name: str, catalog: str | None = None) -> str | None:
    """`table` or `schema.table` as a full SQL name, null when there is none of this name."""
    found = table_called(name, _tables(con, catalog))
    if found is None:
        return None
    ((own,),) = con.con.execute("SELECT coalesce(?, current_database())", [catalog]).fetchall()
    return ".".join(map(quoted, (str(own), *found)))


def _view_of(con: InDuckDB, address: str, relation: str) -> ir.Table:
    return con.keep_view_from_sql(f"raw_{relation}", f"SELECT * FROM {address}")  # noqa: S608


# --- tables in memory ------------------------------------------------------------------------------------------------


def _open_memory(con: InDuckDB, source: object, relation: str) -> Raw:
    name = f"the table given as {relation}"
    arrow = as_arrow(source, name)
    con.con.register(f"given_{relation}", arrow)
    table = con.keep_view_from_sql(f"raw_{relation}", f"SELECT * FROM {quoted(f'given_{relation}')}")  # noqa: S608
    return Raw(relation, name, table, is_text=False)

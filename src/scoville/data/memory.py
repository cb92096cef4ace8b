"""Tables in memory -> Arrow: pandas, Polars, Ibis, anything with the Arrow PyCapsule interface, plain Python rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import narwhals.stable.v2 as nw
import pyarrow as pa

from scoville.data.dialects import column_names
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class NoColumnsError(DataError):
    """A table without columns, such as `[]`: where none is needed it means none."""


def is_table_in_memory(source: Any) -> bool:  # noqa: ANN401 - anything at all
    """Whether `as_arrow` takes it."""
    return (
        isinstance(source, (pa.Table, pa.RecordBatchReader, pa.RecordBatch, list, tuple, dict))
        or hasattr(source, "__arrow_c_stream__")
        or hasattr(source, "to_pyarrow")
        or nw.dependencies.is_into_dataframe(source)
        or nw.dependencies.is_polars_lazyframe(source)
    )


def as_arrow(source: Any, name: str) -> pa.Table:  # noqa: ANN401 - any library's table
    """The same rows and types as an Arrow table, without a copy where the library allows it.

    Nulls:   a NaN of pandas becomes null only where pandas means missing; `clean.py` treats the others.
    Raises:  DataError for values that have no common type and no text either, and for two columns of one name;
             NoColumnsError where there are none.
    """
    try:
        arrow = _as_arrow(source, name)
    except (pa.ArrowException, TypeError, ValueError) as refused:
        raise DataError(f"{name}: cannot be read as a table: {refused}. Give every column one type.") from refused
    if not arrow.column_names:
        raise NoColumnsError(f"{name}: has no columns, so no rows either. Give rows with named columns.")
    column_names(name, arrow.column_names)
    return arrow


def _as_arrow(source: Any, name: str) -> pa.Table:  # noqa: ANN401 - any library's table
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, pa.RecordBatchReader):
        return source.read_all()
    if isinstance(source, dict):
        return pa.table({str(column): _array(values) for column, values in source.items()})
    if isinstance(source, (list, tuple)):
        return _from_rows(source)
    if nw.dependencies.is_polars_lazyframe(source):
        return cast("pa.Table", source.collect().to_arrow())
    if nw.dependencies.is_pandas_dataframe(source):
        column_names(name, [str(column) for column in source.columns])  # two of one name are no column, but a frame
        return pa.table({str(column): _array(source[column]) for column in source.columns})
    if hasattr(source, "to_pyarrow"):  # Ibis
        return cast("pa.Table", source.to_pyarrow())
    return pa.table(source)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as dicts; a key that some rows lack is null there."""
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    return pa.table({column: _array([row.get(column) for row in rows]) for column in columns})


def _array(values: Any) -> pa.Array | pa.ChunkedArray:  # noqa: ANN401 - a list or a column of any library
    """One column; when its values have no common type (an object column of pandas), their texts."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if _is_missing(value) else str(value) for value in values], pa.string())


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN and NaT differ from themselves

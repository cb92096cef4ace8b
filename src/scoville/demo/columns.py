"""Arrow columns from NumPy codes: strings are looked up in small pools, ids are laid out digit by digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


def words(pool: Sequence[str], index: npt.NDArray[np.integer]) -> pa.Array:
    """The word of `pool` at each index; a negative index gives null."""
    return pa.array(pool, pa.string()).take(pa.array(index, mask=index < 0))


def numbered(prefix: str, numbers: Ints, *, digits: int) -> pa.Array:
    """Ids such as `L00000042`: `prefix`, then the number with leading zeros. All have one length."""
    head = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    text = np.empty((len(numbers), len(head) + digits), dtype=np.uint8)
    text[:, : len(head)] = head
    rest = numbers.copy()
    for place in range(text.shape[1] - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * text.shape[1]
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def instants(microseconds: Ints) -> pa.Array:
    """Microseconds since 1970 as naive UTC timestamps."""
    return pa.array(microseconds).cast(pa.timestamp("us"))


def numbers(values: Floats, kind: pa.DataType) -> pa.Array:
    """Floats as `kind`; NaN becomes null."""
    missing = np.isnan(values)
    return pa.array(np.where(missing, 0.0, values), mask=missing).cast(kind)


def blank(column: pa.Array, where: npt.NDArray[np.bool_]) -> pa.Array:
    """The column with nulls put in `where`."""
    return pc.if_else(pa.array(where), pa.scalar(None, column.type), column)

"""Traits that belong to the time a lead came in, such as `join_month`: what they say will not come again.

In: the traits and dates of creation of all leads. Out: a reason to leave a trait out, or none. Called by
`trait_columns`, whose table it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.data.keep import quoted
from scoville.plan.people import trait_column

if TYPE_CHECKING:
    from scoville.engines.duckdb import DuckDB

FEW_VALUES, ENOUGH_LEADS = 3, 5  # values of a trait, and leads with a value, from which its time can be told
FEW_DATES = 10
NARROW = 0.45  # of all leads in the order of creation: how far nine tenths of the leads of a value lie apart
FOLLOWS = 0.95  # correlation of ranks
_DATED = "learn_traits JOIN (SELECT lead_no, created_at FROM panel_leads) USING (lead_no)"


def why_bygone(engine: DuckDB, trait: str, *, is_number: bool) -> str | None:
    """Why what a trait says cannot come again, or None: its numbers rise with the date, or its values come and go."""
    if _one(engine, "count(DISTINCT created_at)::DOUBLE", _DATED) < FEW_DATES:
        return None
    value = quoted(trait_column(trait))
    if is_number:
        ranked = (
            f"(SELECT rank() OVER (ORDER BY {value}) AS place, rank() OVER (ORDER BY created_at) AS came "  # noqa: S608
            f"FROM {_DATED} WHERE {value} IS NOT NULL)"
        )
        follows = _one(engine, "abs(corr(place, came))", ranked) > FOLLOWS
        return "its numbers follow the date of creation" if follows else None
    placed = (
        f"SELECT lower(trim({value})) AS value, percent_rank() OVER (ORDER BY created_at) AS came "  # noqa: S608
        f"FROM {_DATED} WHERE {value} IS NOT NULL"
    )
    widths = (
        f"(SELECT count(*) AS n, quantile_cont(came, 0.95) - quantile_cont(came, 0.05) AS width FROM ({placed}) "  # noqa: S608
        f"GROUP BY value HAVING n >= {ENOUGH_LEADS})"
    )
    values, width = _one(engine, "count(*)::DOUBLE", widths), _one(engine, "sum(n * width) / sum(n)", widths)
    if values < FEW_VALUES or width >= NARROW:
        return None
    return "each of its values belongs to a time of creation, which will not come again"


def _one(engine: DuckDB, what: str, source: str) -> float:
    """A number; 0 where there is none, or it is no number."""
    found = engine.arrow(f"SELECT {what} AS found FROM {source}")["found"][0].as_py()  # noqa: S608 - our own tables
    return float(found) if found is not None and found == found else 0.0  # noqa: PLR0124 - NaN

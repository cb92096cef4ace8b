"""Words that some dialect keeps for itself: as a name they have to be quoted.

Source: the lists of reserved words of BigQuery, ClickHouse, Databricks (ANSI), DuckDB, PostgreSQL, Snowflake, Trino.
"""

from __future__ import annotations

_SOMEWHERE = frozenset(
    """
    all alter analyse analyze and anti any array as asc asof assert_rows_modified asymmetric at authorization
    between binary both by case cast check collate collation column concurrently connect connection constraint
    contains create cross cube current current_catalog current_date current_role current_schema current_time
    current_timestamp current_user database deallocate default deferrable define delete desc describe distinct do drop
    else end enum escape except exclude execute exists extract false fetch final first following for foreign format
    freeze from full glob global grant group grouping groups gscluster hash having if ignore ilike in increment
    initially inner insert intersect interval into is isnull issue join json_array json_exists json_object json_query
    json_table json_value kill lambda lateral leading left like limit listagg local localtime localtimestamp lookup
    merge minus natural new no normalize not notnull null nulls of offset on only or order organization outer over
    overlaps partition pivot placing positional preceding prepare prewhere primary proto qualify range recursive
    references regexp replace respect returning revoke right rlike rollup row rows sample schema select semi
    session_user set settings show similar skip some start struct summarize symmetric table tablesample then ties to
    trailing treat trigger trim true try_cast uescape unbounded union unique unknown unnest unpivot update user using
    values variadic verbose view when whenever where window with within
    """.split()  # noqa: SIM905 - one word a line would be two hundred lines
)

# Quotes have a price in Snowflake: a quoted name is in small letters for ever.
_IN_SNOWFLAKE = frozenset(
    """
    all alter and any as between by case cast check column connect constraint create cross current current_date
    current_time current_timestamp current_user delete distinct drop else exists false following for from full grant
    group having ilike in increment inner insert intersect into is issue join lateral left like localtime
    localtimestamp minus natural not null of on or order qualify regexp revoke right rlike row rows sample select set
    some start table tablesample then to trigger true try_cast union unique update using values when whenever where
    with
    """.split()  # noqa: SIM905 - as above
)


def reserved_in(dialect: str) -> frozenset[str]:
    """The words, in small letters, that need quotes; for most dialects those that do so anywhere."""
    return _IN_SNOWFLAKE if dialect == "snowflake" else _SOMEWHERE

"""Databricks: the words of Spark, which run in the tests, as Databricks writes them."""

from __future__ import annotations

from sqlglot.dialects import Databricks

from scoville.spelling.spark import Compiler as Spark


class Compiler(Spark):
    """Spark's compiler with the names and escapes of Databricks."""

    __slots__ = ()

    dialect = Databricks


compiler = Compiler()

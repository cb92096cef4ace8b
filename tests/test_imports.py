"""What may not be imported when: the contracts that a layer list cannot say."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import grimp
import pytest

SLOW_TO_IMPORT = ("duckdb", "ibis", "pyarrow", "pandas", "polars", "numpy", "pydantic", "sqlglot")


@cache
def imported_after(statement: str) -> set[str]:
    """Names of the top-level packages in memory after a fresh interpreter ran the statement."""
    script = (
        f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HELP = """
from scoville.cli import main
sys.argv = ["scoville", "--help"]
try:
    main()
except SystemExit as done:
    assert done.code in (0, None)
"""


@pytest.mark.parametrize("package", SLOW_TO_IMPORT)
def test_help_answers_without_slow_packages(package: str) -> None:
    assert package not in imported_after(HELP)


@pytest.mark.parametrize("package", ["duckdb", "ibis", "pyarrow", "pandas", "polars", "numpy"])
def test_importing_scoville_loads_nothing_slow(package: str) -> None:
    assert package not in imported_after("import scoville")


@pytest.mark.parametrize("package", ["pandas", "polars", "typer"])
def test_scoring_does_not_import_what_it_may_not_need(package: str) -> None:
    assert package not in imported_after("from scoville import score")


def test_scoring_works_where_extras_are_not_installed() -> None:
    script = """
import sys
sys.modules |= dict.fromkeys(("numpy", "pandas", "polars", "typer"))  # None: importing it is an ImportError
import pyarrow as pa, scoville
rule = {"name": "In Britain", "when": {"country": "GB"}, "points": 5}
model = scoville.Model.from_dict({"scoville": 1, "name": "Base alone", "fit": {"rules": [rule]}})
leads = pa.table({"lead_id": ["ada", "bob"], "country": ["GB", "US"]})
print(scoville.score(model, leads).scores.column("score").to_pylist())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[5.0, 0.0]\n", "")


def test_the_demo_says_what_to_install_where_it_is_not() -> None:
    script = """
import sys
sys.modules["numpy"] = None
from scoville.cli import main
sys.argv = ["scoville", "demo", "made"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the demo needs numpy, which is not installed; run: pip install 'scoville[demo]'\n"


@pytest.mark.parametrize("later", ["cli", "demo", "evidence", "learn", "live", "connect", "web"])
def test_scoring_knows_nothing_of_what_comes_after_it(later: str) -> None:
    above = grimp.build_graph("scoville").find_upstream_modules("scoville.scoring")
    assert [module for module in above if module.startswith(f"scoville.{later}")] == []


def test_nobody_imports_the_package_root_but_what_says_its_version() -> None:
    graph = grimp.build_graph("scoville")
    assert graph.find_modules_that_directly_import("scoville") <= {"scoville.cli.app", "scoville.web.app"}

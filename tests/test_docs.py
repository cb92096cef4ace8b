"""The documentation is complete, up to date, its links lead somewhere, and its marked examples run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reference
from examples import blocks, run_page
from scoville.model.conditions import OPERATORS
from scoville.model.schema import EngagementRule, FitRule

if TYPE_CHECKING:
    from scoville import tables

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]
PAGE = re.compile(r"docs/[\w./-]+\.md")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:)(?P<target>[^)#\s]+)[^)]*\)")


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


# Examples


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=name_of)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page)


# Links


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [m["target"] for m in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_pages_that_the_source_names_exist() -> None:
    sources = [*(REPOSITORY / "src").rglob("*.py"), *(REPOSITORY / "tools").glob("*.py")]
    named = {page for source in sources for page in PAGE.findall(source.read_text(encoding="utf-8"))}
    assert [page for page in sorted(named) if not (REPOSITORY / page).exists()] == []


# Completeness


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.differences() == [], "run `make reference`"


def written(page: str) -> str:
    return (REPOSITORY / "docs" / "reference" / page).read_text(encoding="utf-8")


def test_every_command_is_documented_with_an_example() -> None:
    text = written("commands.md")
    for name, command in reference.commands():
        section = text.partition(f"## scoville {name}\n")[2].partition("\n## ")[0]
        assert f"scoville {name}" in section, f"no example of `scoville {name}`"
        assert command.help
        for parameter in command.params:
            assert parameter.hidden or parameter.help, f"scoville {name}: {parameter.name} has no help"


@pytest.mark.parametrize("relation", list(reference.relations()), ids=lambda relation: relation.name)
def test_every_column_is_documented(relation: tables.Relation) -> None:
    section = written("relations.md").partition(f"## {relation.name}\n")[2].partition("\n## ")[0]
    for column in relation.columns:
        assert f"| `{column.name}` | {column.type} | " in section
        assert column.doc


def test_every_rule_kind_is_documented() -> None:
    text = written("model-format.md")
    for kind in (*FitRule.__args__, *EngagementRule.__args__):
        assert f"## {kind.__name__}\n\n{kind.__doc__}" in text


def test_every_operator_of_a_condition_is_documented() -> None:
    text = written("model-format.md")
    for operator in OPERATORS:
        assert f"`{operator}`" in text


def test_every_key_of_a_model_says_what_it_means() -> None:
    found = dict(reference.parts())
    keys = ((f"{name}.{key}", what) for name, part in found.items() for key, what in part.get("properties", {}).items())
    assert [key for key, what in keys if not reference.meaning(what, found)] == []


def test_every_decision_has_its_parts_and_its_number() -> None:
    records = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(len(records)))
    for record in records[1:]:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {record.name[:4]}: ")
        for part in ("**Status:** ", "## Context\n", "## Decision\n", "## Consequences\n"):
            assert part in text, f"{record.name} lacks {part.strip()}"

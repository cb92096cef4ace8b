"""The runner of documentation examples: what it lets through, and what it reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import run_page

FENCE = "```"


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def page(*marked: str) -> Path:
    path = Path("page.md")
    path.write_text("\n".join(marked), encoding="utf-8")
    return path


def console(text: str) -> str:
    return f"<!-- run -->\n{FENCE}console\n{text}\n{FENCE}\n"


def python(text: str) -> str:
    return f"<!-- run -->\n{FENCE}python\n{text}\n{FENCE}\n"


def test_blocks_share_files_and_names() -> None:
    run_page(
        page(
            f"<!-- file: a.txt -->\n{FENCE}text\nhello\n{FENCE}\n",
            console("$ cat a.txt \\\n    a.txt\nhello\n...\n$ echo done\ndone"),
            python("from pathlib import Path\ntext = Path('a.txt').read_text()"),
            python("assert text == 'hello\\n'"),
        )
    )


def test_other_output_is_reported_with_its_place() -> None:
    with pytest.raises(AssertionError, match=r"page\.md:3: echo 5(.|\n)*expected:\n6"):
        run_page(page(console("$ echo 5\n6")))


def test_a_command_that_fails_is_reported_even_if_any_output_would_do() -> None:
    with pytest.raises(AssertionError, match="exit 3"):
        run_page(page(console("$ exit 3\n...")))


def test_python_that_raises_points_at_the_line_of_the_page() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        run_page(page(python("x = 1\nx / 0")))
    assert raised.traceback[-1].lineno + 1 == 4


def test_unmarked_blocks_are_left_alone() -> None:
    run_page(page(f"{FENCE}console\n$ exit 3\n{FENCE}\n"))

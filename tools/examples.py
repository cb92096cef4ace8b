"""Run the marked examples of a page of documentation, in the directory one is in.

    python tools/examples.py docs/follow-one-lead.md

A block is run when a comment stands above it: `<!-- run -->` over `console` (lines with `$ ` are typed, the rest is
what must come, with `...` for anything) or `python`; `<!-- file: NAME -->` writes the block to a file. The blocks of a
page share one directory and one Python namespace, from top to bottom. Needs nothing but the standard library, so that a
bare installation can be tried with it.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

MARKED = re.compile(r"(?ms)^<!-- (?P<mark>run|file: \S+) -->\n+```(?P<language>\w+)\n(?P<text>.*?)^```$")
TYPED = re.compile(r"(?m)^\$ (?P<command>.*(?:(?<=\\)\n.*)*)\n(?P<answer>(?:(?!\$ ).*\n)*)")
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A marked block of a page, and the line where its text starts."""

    mark: str
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The marked blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = MARKED.finditer(text)
    return [Block(m["mark"], m["language"], m["text"], text.count("\n", 0, m.start("text")) + 1) for m in found]


def run_page(page: Path) -> None:
    """Run the blocks of a page. Raises AssertionError, or what the Python of the page raises."""
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(page):
        if block.mark.startswith("file: "):
            Path(block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            run_console(block.text, f"{page.name}:{block.line}")
        else:
            # The empty lines make a traceback point at the line of the page.
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            exec(code, namespace)  # noqa: S102 - our own documentation


def run_console(text: str, where: str) -> None:
    """Type the lines that start with `$ ` and compare what comes."""
    for typed in TYPED.finditer(text):
        done = subprocess.run(  # noqa: S602 - our own documentation
            typed["command"], shell=True, capture_output=True, text=True, env=environment(), check=False
        )
        said = f"{where}: {typed['command']}\n{done.stdout}{done.stderr}"
        if done.returncode or not doctest.OutputChecker().check_output(typed["answer"], done.stdout, LIKE):
            raise AssertionError(f"{said}(exit {done.returncode})\nexpected:\n{typed['answer']}")


def environment() -> dict[str, str]:
    """A terminal of fixed width without colour, that finds the `scoville` of this very Python first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1"}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        run_page(Path(argument))

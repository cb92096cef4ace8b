"""What was recognised -> the text of scoville.toml, each line with its reason.

`workspace.py` reads it back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.data.recognise import numbered_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.data.recognise import Outcome, RecognisedFile, Recognition

REASON_COLUMN = 44  # where the reasons begin


def workspace_text(found: Recognition, folder: Path, sources: Mapping[str, str] | None = None) -> str:
    """The text of a workspace file that is to stand in `folder`.

    `sources` names another file for a kind than the one looked at, such as a copy with numbered rows.
    """
    lines = [
        "# What your files are and what their columns mean. Written by `scoville init`; change what is wrong.",
        "# Each line: our name = the name in your file, and why.",
        "",
        *_settings(found),
    ]
    for file in found.files():
        lines += ["", *_relation(file, found, folder, sources or {})]
    if found.outcome is not None and found.outcome.relation == "leads" and found.outcomes is None:
        source = (sources or {}).get("leads", found.leads.source)
        lines += ["", *_outcomes_in_leads(found.leads, found.outcome, _relative(source, folder))]
    return "\n".join(lines) + "\n"


def _settings(found: Recognition) -> list[str]:
    is_open = any(column.is_order_open for file in found.files() for column in file.look.columns)
    words = sorted({caution.reason.split("'")[1] for caution in found.leads.cautions if caution.kind == "unknown"})
    lines = [_line('# time_zone = "Europe/Berlin"', "of times without an offset, which are taken for UTC")]
    if is_open:
        lines.append(_line('# date_order = "dmy"', 'needed: dates read as day/month and as month/day; "dmy" or "mdy"'))
    if words:
        lines.append(_line(f"# placeholders = {_text_list(words)}", "if these mean missing; they are values now"))
    return lines


def _relation(file: RecognisedFile, found: Recognition, folder: Path, sources: Mapping[str, str]) -> list[str]:
    head = [f"[{file.kind}]", f"source = {_text(_relative(sources.get(file.kind, file.source), folder))}", ""]
    lines = [*head, f"[{file.kind}.columns]"]
    if file.is_numbered:
        lines.append(
            _line(f"lead_id = {_text(numbered_rows(file)[1])}", "no column tells leads apart: rows are numbered")
        )
    for role in file.roles:
        said = f"{role.name} = {_text(role.column)}"
        lines.append(_line(said, role.reason) if role.is_sure else _line(f"# {said}", f"unsure: {role.reason}"))
    if file.kind == "outcomes" and found.outcome is not None:
        lines.append(f"# {_one_line(found.outcome.reason)}")
    return lines


def _outcomes_in_leads(leads: RecognisedFile, outcome: Outcome, source: str) -> list[str]:
    key = leads.role("lead_id")
    name = numbered_rows(leads)[1] if leads.is_numbered or key is None else key.column
    return [
        "[outcomes]",
        f"source = {_text(source)}",
        "",
        "[outcomes.columns]",
        f"lead_id = {_text(name)}",
        _line(f"outcome = {_text(outcome.column or '')}", outcome.reason),
    ]


def _relative(source: str, folder: Path) -> str:
    """A path inside the folder as seen from it, any other one in full; a pattern or a table as it is named."""
    file, separator, table = source.partition("::")
    path = Path(file).expanduser()
    absolute = path if path.is_absolute() else Path.cwd() / path
    try:
        inside = absolute.relative_to(folder.resolve()).as_posix()
    except ValueError:
        return absolute.as_posix() + separator + table
    # a bare name without a dot would be taken for a table
    return (inside if "." in inside or "/" in inside else f"./{inside}") + separator + table


def _line(said: str, reason: str) -> str:
    return f"{said:<{REASON_COLUMN}}  # {_one_line(reason)}"


def _one_line(text: str) -> str:
    """A name of a column may hold a line break, which would end the comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _text(text: str) -> str:
    """A text as TOML: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text_list(texts: list[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"

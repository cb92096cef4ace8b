"""Write docs/reference/ from the code: commands, model format, relations, derived traits, Python names, errors.

    python tools/reference.py            write the pages
    python tools/reference.py --check    compare, show the differences, exit 1 if there are any

A page is a function without arguments that returns Markdown; `PAGES` lists them all. Nothing here names a thing of the
product that it could find by asking.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from dataclasses import is_dataclass
from functools import cached_property
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from typer import Context
from typer.main import get_command

import scoville
from scoville import errors, tables
from scoville.cli.app import app
from scoville.data.traits import DERIVED, LISTS
from scoville.model.json_schema import model_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Schema = dict[str, Any]

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
# A line that is indented, marked for typer, a doctest, a tree, or such as "Nulls:   none".
LAID_OUT = re.compile(r"^(\s|\x08|>>>|├|[A-Z]\w+: )", re.MULTILINE)
MADE = "<!-- Made from the code by tools/reference.py. Do not edit; run `make reference`. -->"


# Markdown


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A Markdown table; bars and line breaks in cells are escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows), ""]


def cell(text: str) -> str:
    """Text that keeps its place in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """The text as code, or nothing for nothing."""
    return f"`{text}`" if text not in (None, "") else ""


def listed(items: Iterable[object] | None) -> str:
    """Names as code, with commas between them."""
    return ", ".join(map(code, items or ()))


def prose(text: str | None) -> list[str]:
    """Help or a docstring as Markdown; a paragraph that lives from its line breaks is kept as it stands."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc((text or "").partition("\f")[0]).split("\n\n"):
        inner = inspect.cleandoc(paragraph.removeprefix("\b\n")) if paragraph.startswith("\b") else paragraph
        lines += ["```text", inner, "```", ""] if LAID_OUT.search(paragraph) else [inner, ""]
    return lines


# Pages


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` knows them."""
    lines = ["# Commands", "", *prose(get_command(app).help)]
    for name, command in commands():
        lines += [f"## scoville {name}", "", *prose(command.help), *command_table(command)]
    return page(lines)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that `scoville --help` lists, by name, and after it those under it: `experiment plan`."""
    root: Any = get_command(app)
    for name, command in root.commands.items():
        if not command.hidden:
            yield name, command
            yield from ((f"{name} {below}", inner) for below, inner in getattr(command, "commands", {}).items())


def command_table(command: Any) -> list[str]:
    """The arguments and options of a command."""
    context = Context(command, info_name=command.name)
    records = [parameter.get_help_record(context) for parameter in command.params]
    return table(("option", "meaning"), ((code(names), meaning) for names, meaning in filter(None, records)))


def relations_page() -> str:
    """The relations of tables.py."""
    lines = ["# Relations", "", *prose(inspect.getdoc(tables))]
    for relation in relations():
        lines += [f"## {relation.name}", "", relation.doc, "", f"Key: {listed(relation.key)}.", ""]
        lines += table(
            ("column", "type", "what it is"), ((code(c.name), c.type, described(c)) for c in relation.columns)
        )
    return page(lines)


def described(column: tables.Column) -> str:
    """What stands in a column, and when it is there, if not always."""
    return column.doc + (f" Only there when {column.when}." if column.when else "")


def relations() -> Iterator[tables.Relation]:
    """The relations, in the order in which they stand in the file."""
    return (value for value in vars(tables).values() if isinstance(value, tables.Relation))


def errors_page() -> str:
    """Every error with what it means, in the order of the tree."""
    lines = ["# Errors", "", *prose(inspect.getdoc(errors))]
    for name, value in vars(errors).items():
        if inspect.isclass(value) and value.__module__ == errors.__name__:
            lines += [f"## {name}", "", *prose(inspect.getdoc(value))]
    return page(lines)


def python_page() -> str:
    """The public names."""
    lines = ["# Python", "", *prose(inspect.getdoc(scoville))]
    for name in sorted(scoville.__all__, key=str.lower):
        value = getattr(scoville, name)
        if inspect.isclass(value):
            lines += class_section(name, value)
        elif callable(value):
            lines += [f"## {name}", "", *signature(name, value), *prose(inspect.getdoc(value))]
        else:
            lines += [f"## {name}", "", f"`{type(value).__name__}`", ""]
    return page(lines)


def class_section(name: str, value: type) -> list[str]:
    """A class: what it is, then the public methods and properties that it defines itself."""
    made = signature(name, value) if is_dataclass(value) else []
    lines = [f"## {name}", "", *made, *prose(inspect.getdoc(value))]
    for member_name, member in vars(value).items():
        is_made = inspect.isfunction(member) and not member.__module__.startswith("scoville")
        if member_name.startswith("_") or is_made or not inspect.getdoc(member):
            continue
        title = f"{name}.{member_name}"
        if isinstance(member, property | cached_property):
            lines += [f"### {title}", "", *prose(inspect.getdoc(member))]
        elif inspect.isfunction(member) or isinstance(member, classmethod | staticmethod):
            bound = getattr(value, member_name)
            lines += [f"### {title}", "", *signature(title, bound), *prose(inspect.getdoc(bound))]
    return lines


def signature(name: str, function: Callable[..., object]) -> list[str]:
    """How it is called, as a block of Python: annotations as they are written, without `self`."""
    found = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=Written(parameter.annotation))
        for parameter in found.parameters.values()
        if parameter.name != "self"
    ]
    shown = found.replace(parameters=parameters, return_annotation=Written(found.return_annotation))
    arrow = "" if found.return_annotation in (None, "None") else f" -> {shown.return_annotation}"
    call = str(shown.replace(return_annotation=inspect.Signature.empty))
    return [
        "```python",
        *wrap(f"{name}{call}{arrow}", 110, subsequent_indent="    ", break_long_words=False),
        "```",
        "",
    ]


class Written(str):
    """An annotation that shows itself as it stands in the source, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def traits_page() -> str:
    """The derived traits."""
    rows = (
        (code(trait.name), listed(trait.sources), listed(trait.values) or "any text", trait.doc)
        for trait in DERIVED.values()
    )
    lists = ((code(name), doc) for name, doc in LISTS.items())
    return page(
        [
            "# Derived traits",
            "",
            "Every rule may use these without configuration, as far as leads have what they are made from.",
            "",
            *table(("trait", "made from", "values", "what it is"), rows),
            "## Lists",
            "",
            "Lists that come with Scoville; the workspace file `scoville.toml` extends them.",
            "",
            *table(("list", "what it is"), lists),
        ]
    )


def model_page() -> str:
    """The model format: every part of the JSON Schema with its keys, in the order in which a model names them."""
    found = dict(parts())
    lines = ["# The model file, format 1", "", "How to write one: [Write a model](../model-file.md).", ""]
    for name, part in found.items():
        lines += [f"## {name}", "", *prose(part.get("description")), *keys_table(part, found)]
    return page(lines)


def parts() -> Iterator[tuple[str, Schema]]:
    """The parts of a model file by name: the whole one, then each part where it is first named."""
    schema = model_schema()
    names = ["Model"]
    for name in names:
        part = schema["$defs"].get(name, {**schema, "$defs": {}})
        yield name, part
        names += dict.fromkeys(other for other in named_in(part) if other not in names)


def named_in(node: object) -> Iterator[str]:
    """Names of the parts that a piece of the schema refers to."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield part_name(node)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from named_in(inner)


def part_name(reference: Schema) -> str:
    """The name behind `{"$ref": "#/$defs/Name"}`."""
    return str(reference["$ref"]).rpartition("/")[2]


def keys_table(part: Schema, found: dict[str, Schema]) -> list[str]:
    """The keys that a part of a model may have."""
    required = part.get("required", ())
    keys = part.get("properties", {})
    rows = (
        (code(key), shape(what), default(what), ("Needed. " if key in required else "") + meaning(what, found))
        for key, what in keys.items()
    )
    return table(("key", "value", "default", "meaning"), rows) if keys else []


def meaning(what: Schema, found: dict[str, Schema]) -> str:
    """What a key means: in its own words, else in those of the part that stands there."""
    own = what.get("description")
    return str(own or " ".join(found[name].get("description", "") for name in named_in(what)))


def default(what: Schema) -> str:
    """The default as one would write it in YAML; nothing for none and for what is empty."""
    value = what.get("default")
    if isinstance(value, dict):
        return code("{" + ", ".join(f"{key}: {inner}" for key, inner in value.items()) + "}")
    return "" if value == [] else code(value)


def shape(what: Schema) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in what:
        return f"[{part_name(what)}](#{part_name(what).lower()})"
    if either := what.get("anyOf", what.get("oneOf")):
        return " or ".join(dict.fromkeys(shape(one) for one in either if one.get("type") != "null"))
    if "enum" in what or "const" in what:
        return ", ".join(map(code, what.get("enum", [what.get("const")])))
    if "prefixItems" in what:
        return f"[{', '.join(map(shape, what['prefixItems']))}]"
    if what.get("type") == "array":
        return f"list of {shape(what['items'])}" if "items" in what else "list"
    if what.get("type") == "object":
        inner = what.get("additionalProperties")
        return f"mapping to {shape(inner)}" if isinstance(inner, dict) else "mapping"
    kind = what.get("type", "any value")
    return (
        f"such as {listed(what['examples'])}"
        if "examples" in what
        else " or ".join([kind] if isinstance(kind, str) else kind)
    )


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "model-format.md": model_page,
    "python.md": python_page,
    "relations.md": relations_page,
    "traits.md": traits_page,
}


def page(lines: Iterable[str]) -> str:
    """Lines as a file: marked as made, and without runs of empty lines."""
    kept: list[str] = [MADE, ""]
    for line in lines:
        if line or kept[-1]:
            kept.append(line.rstrip())
    return "\n".join(kept).rstrip() + "\n"


# Main


def differences() -> list[str]:
    """What `make reference` would change, as lines of a unified diff."""
    found: list[str] = []
    for name, make in PAGES.items():
        path = REFERENCE / name
        written = path.read_text(encoding="utf-8") if path.exists() else ""
        found += difflib.unified_diff(
            written.splitlines(), make().splitlines(), f"docs/reference/{name}", "made from the code", lineterm=""
        )
    return found


def write() -> None:
    """Write every page."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")


def main() -> int:
    """Run as a script; the result is the exit code."""
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    found = differences()
    print("\n".join(found) if found else "docs/reference/ is what the code says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

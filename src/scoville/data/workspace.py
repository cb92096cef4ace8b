"""scoville.toml -> Workspace: what the columns of your files mean, and how to read their values.

The file is checked whole: every unknown key and every wrong value is reported at once, with the nearest known name.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast
from zoneinfo import ZoneInfo, available_timezones

from scoville.data.suggest import did_you_mean, listed
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE_NAME = "scoville.toml"
ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".duckdb")  # of files of data

# What exports write where nothing is known. Not `unknown` or `other`: those are answers that may carry meaning
# (in the UCI bank data `unknown` converts at its own rate). Compared ignoring case and outer blanks.
PLACEHOLDERS = frozenset(
    {
        "",
        "select",
        "select...",
        "please select",
        "n/a",
        "na",
        "n.a.",
        "#n/a",
        "-",
        "--",
        "null",
        "none",
        "nil",
        "nan",
        "undefined",
        "(not set)",
        "(blank)",
        "?",
    }
)

Merge = Literal["email", "id", "none"]
DateOrder = Literal["dmy", "mdy"]
DecimalMark = Literal[".", ","]


@dataclass(frozen=True)
class Settings:
    """How values are read.

    `time_zone` is that of times without an offset. A null `date_order` or `decimal_mark` is decided per column by the
    values themselves, and said when they leave it open.
    """

    time_zone: str = "UTC"
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    placeholders: frozenset[str] = PLACEHOLDERS
    merge: Merge = "email"


@dataclass(frozen=True)
class RelationSettings:
    """Where one relation comes from and what its columns are called there: `columns` maps our name to the file's."""

    source: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Workspace:
    """All of scoville.toml. `Workspace()` is what holds without one."""

    settings: Settings = field(default_factory=Settings)
    leads: RelationSettings = field(default_factory=RelationSettings)
    events: RelationSettings = field(default_factory=RelationSettings)
    outcomes: RelationSettings = field(default_factory=RelationSettings)
    accounts: RelationSettings = field(default_factory=RelationSettings)
    adjustments: RelationSettings = field(default_factory=RelationSettings)
    lists: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    path: Path | None = None

    def with_maps(self, maps: Iterable[str]) -> Workspace:
        """A workspace in which `relation.column=Name in the file` replaces what the file says about that column.

        Raises:  UsageError for a text that is not of this form.
        Example: `Workspace().with_maps(["leads.lead_id=Prospect ID"]).leads.columns["lead_id"]` -> `Prospect ID`.
        """
        changed = self
        for text in maps:
            relation, column, source = _split_map(text)
            before: RelationSettings = getattr(changed, relation)
            after = replace(before, columns=MappingProxyType({**before.columns, column: source}))
            changed = replace(changed, **cast("dict[str, Any]", {relation: after}))
        return changed


RELATIONS = ("leads", "events", "outcomes", "accounts", "adjustments")
SETTING_KEYS = ("time_zone", "date_order", "decimal_mark", "placeholders", "keep_values", "merge")
TOP_KEYS = (*SETTING_KEYS, *RELATIONS, "lists")
RELATION_KEYS = ("source", "delimiter", "columns")
CHOICES = {"date_order": ("dmy", "mdy"), "decimal_mark": (".", ","), "merge": ("email", "id", "none")}


def load_workspace(path: str | Path | None) -> Workspace:
    """Read a workspace file; with null the `scoville.toml` of the current folder, or the defaults without one.

    Nulls:   paths inside the file are relative to the file's folder.
    Raises:  UsageError when the file is not there, is not TOML, or says something unknown: every problem at once.
    """
    if path is None:
        return load_workspace(FILE_NAME) if Path(FILE_NAME).is_file() else Workspace()
    file = Path(path)
    return parse_workspace(_read_toml(file), file)


def parse_workspace(content: Mapping[str, Any], path: Path) -> Workspace:
    """The parsed TOML of a workspace as a Workspace. `path` names it in messages and anchors relative paths."""
    problems = list(_problems(content))
    if problems:
        raise UsageError("\n".join(f"{path}: {problem}" for problem in problems))
    folder = path.resolve().parent
    return Workspace(
        settings=_settings(content),
        **{name: _relation(content.get(name, {}), folder) for name in RELATIONS},
        lists=MappingProxyType({name: folder / file for name, file in content.get("lists", {}).items()}),
        path=path,
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as missing:
        raise UsageError(f"{file}: no such file. `scoville init` writes one by looking at your files.") from missing
    except UnicodeDecodeError as wrong:
        raise UsageError(f"{file}: is not UTF-8 text ({wrong.reason}). Save it as UTF-8.") from wrong
    except OSError as wrong:
        raise UsageError(f"{file}: cannot be read: {wrong.strerror}.") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise UsageError(f'{file}: is not TOML: {wrong}. A text value needs quotes: time_zone = "UTC".') from wrong


def _settings(content: Mapping[str, Any]) -> Settings:
    added = {str(text).strip().lower() for text in content.get("placeholders", ())}
    kept = {str(text).strip().lower() for text in content.get("keep_values", ())}
    return Settings(
        time_zone=content.get("time_zone", "UTC"),
        date_order=cast("DateOrder | None", content.get("date_order")),
        decimal_mark=cast("DecimalMark | None", content.get("decimal_mark")),
        placeholders=(PLACEHOLDERS | added) - kept | {""},
        merge=cast("Merge", content.get("merge", "email")),
    )


def _relation(content: Mapping[str, Any], folder: Path) -> RelationSettings:
    source = content.get("source")
    return RelationSettings(
        source=_anchored(source, folder) if source else None,
        delimiter=content.get("delimiter"),
        columns=MappingProxyType(dict(content.get("columns", {}))),
    )


def _anchored(source: str, folder: Path) -> str:
    """A relative path or glob, seen from the folder of the workspace file; the name of a table stays as it is."""
    looks_like_path = "/" in source or "\\" in source or "." in source or "*" in source
    is_of_schema = re.fullmatch(r"\w+\.\w+", source) is not None and not source.lower().endswith(ENDINGS)
    is_table = is_of_schema and not (folder / source).exists()
    return str(folder / source) if looks_like_path and "://" not in source and not is_table else source


def _problems(content: Mapping[str, Any]) -> Iterable[str]:
    yield from _unknown_keys(content, TOP_KEYS, "")
    yield from _wrong_values(content)
    for name in RELATIONS:
        yield from _relation_problems(name, content.get(name, {}))
    lists = content.get("lists", {})
    if not _is_text_table(lists):
        yield '[lists] must say name = "file" with one value a line.'


def _unknown_keys(content: Mapping[str, Any], known: tuple[str, ...], place: str) -> Iterable[str]:
    for key in content:
        if key not in known:
            yield f"unknown key '{place}{key}'.{did_you_mean(key, known)} Allowed: {', '.join(known)}."


def _wrong_values(content: Mapping[str, Any]) -> Iterable[str]:
    for key, allowed in CHOICES.items():
        if key in content and content[key] not in allowed:
            yield f"{key} = {content[key]!r} is not known. Allowed: {', '.join(allowed)}."
    for key in ("placeholders", "keep_values"):
        if not isinstance(content.get(key, []), list):
            yield f'{key} must be a list of texts, such as ["unknown", "tbd"].'
    zone = content.get("time_zone", "UTC")
    if not _is_zone(zone):
        near = did_you_mean(str(zone), available_timezones())
        yield f"time_zone = {zone!r} is not an IANA time zone.{near} Use a name such as Europe/Berlin or UTC."


def _relation_problems(name: str, content: object) -> Iterable[str]:
    if not isinstance(content, dict):
        yield f"[{name}] must be a table with {', '.join(RELATION_KEYS)}."
        return
    yield from _unknown_keys(content, RELATION_KEYS, f"{name}.")
    if not _is_text_table(content.get("columns", {})):
        yield f'[{name}.columns] must say our_name = "name in the file".'
    for key in ("source", "delimiter"):
        if not isinstance(content.get(key, ""), str):
            yield f"{name}.{key} must be text."


def _is_text_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return isinstance(name, str)


def _split_map(text: str) -> tuple[str, str, str]:
    target, equals, source = text.partition("=")
    relation, dot, column = target.strip().partition(".")
    source = source.strip()
    if len(source) > 1 and source[0] == source[-1] and source[0] in "\"'":
        source = source[1:-1]
    if not (equals and dot and column and source):
        raise UsageError(
            f'--map {text}: not of the form relation.column="Name in the file", '
            'such as --map leads.lead_id="Prospect ID".'
        )
    if relation not in RELATIONS:
        near = did_you_mean(relation, RELATIONS)
        raise UsageError(f"--map {text}: unknown relation '{relation}'.{near} Allowed: {listed(RELATIONS)}.")
    return relation, column, source

"""One part of a draft that is open in a form: opened, changed, written back into the text.

In: a `Sheet`, and what a browser sent. Out: a `Part`, or the text with the part in it. Pure. Called by the editor.
"""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scoville.errors import UsageError
from scoville.model.rewriting import rewritten
from scoville.model.schema import Content
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.studio import rules
from scoville.web.pages.studio.conditions import Filled
from scoville.web.pages.studio.draft import judge, path_at
from scoville.web.pages.studio.overview import KINDS, entries, kind_at, mapping, part_at
from scoville.web.pages.studio.rules import Plain, Where, dotted, list_of, where_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.web.pages.forms import Sent
    from scoville.web.pages.studio.draft import Sheet

_ELSEWHERE = "the rules were put in another order, perhaps in another window: here they are as they stand now"
_BLANK_LINE = {"trait": "", "op": "in", "value": "", "to": "", "unit": "d"}
_FIRST: Mapping[str, Filled] = {
    "when": {"points": "10"}, "points": {"points": "10"}, "stage": {"from": ""},
    "bands": {"bands": [{"from": "", "below": "", "points": ""}]}, "values": {"values": [{"value": "", "points": ""}]},
    "count": {"within": {"n": "30", "unit": "d"}, "count": [{"from": "1", "below": "", "points": "5"}]},
    "recency": {"recency": [{"from": "", "below": "7", "points": "10"}]},
    "sum": {"sum": {"of": "", "bands": [{"from": "1", "below": "", "points": "5"}]}},
}  # fmt: skip
_MISSING = re.compile(r"the key '(\w+)' is missing here")
_WANTED = {"name": "Give it a name.", "points": "Say how many points.", "when": "Say when it holds: add a condition."}
_NO_TRAITS = ("any", "all", "not")
_SECTION_KEYS = ("min", "max", "groups", "decay")


@dataclass(frozen=True)
class Part:
    """A part in a form. `where` is its path, of a new one that of its list. `beside` says what stands beside it."""

    where: Where
    is_new: bool
    kind: str
    filled: Filled
    beside: str
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def at(self) -> str:
        """Its path as it stands in addresses."""
        return dotted(self.where)

    @property
    def section(self) -> str:
        """`fit` or `engagement`, for a rule; else the kind of part."""
        steps = [step for step in self.where if step in ("fit", "engagement")]
        return str(steps[-1]) if steps else self.kind

    @property
    def is_rule(self) -> bool:
        """Whether it gives points."""
        return "rules" in self.where

    @property
    def kinds(self) -> Sequence[tuple[str, str, str]]:
        """The kinds of rule that it could be; none for another part."""
        return KINDS[self.section] if self.is_rule else ()

    def at_fault(self, field: str) -> bool:
        """Whether a field is what is wrong."""
        return any(where == field for where, _ in self.problems)


def opened(sheet: Sheet, text: str) -> Part:
    """A part as it stands in the draft. Raises: ApiError 404 for one that is not there."""
    where = where_of(text)
    data = part_at(where, sheet.plain) if where is not None else None
    may_begin = where is not None and where[-1] in ("fit", "engagement", "grades", "levels")
    if where is None or not (isinstance(data, dict) or may_begin):
        raise not_found("part of the model")
    kind = kind_at(where, sheet.plain)
    return Part(where, False, kind, _filled(kind, mapping(data)), beside_of(where, sheet.plain))  # noqa: FBT003 - its only one


def _filled(kind: str, data: Plain) -> Filled:
    return rules.fill(kind, data) if kind == "lines" or kind in rules.SHAPES else {}


def begun(sheet: Sheet, text: str, kind: str) -> Part:
    """A new part for a list. Raises: ApiError 404 for what is no list, or has no such kind."""
    where = list_of(text)
    if where is None:
        raise not_found("list in the model")
    kind = kind or {"stages": "stage", "priorities": "priority", "segments": "segment"}.get(
        str(where[-1]), "qualification"
    )
    if where[-1] == "rules" and kind not in {name for name, _, _ in KINDS[str(where[-2])]}:
        raise not_found("kind of rule")
    filled = {**rules.fill(kind, {}), **copy.deepcopy(_FIRST.get(kind, {}))}
    if kind in ("when", "qualification", "segment"):
        filled["when"]["parts"].append(dict(_BLANK_LINE))
    return Part(where, True, kind, filled, beside_of(where, sheet.plain))  # noqa: FBT003 - its only one


def sent(sheet: Sheet, form: Sent) -> Part:
    """A part as a browser sent it. Raises: ApiError 404; 409 when others stand beside it than when it was opened."""
    is_new = form.get("is_new") == "yes"
    part = begun(sheet, form.get("where"), form.get("kind")) if is_new else opened(sheet, form.get("where"))
    if form.get("beside") != part.beside:
        raise ApiError(409, "changed", _ELSEWHERE)
    kind = form.get("kind") if form.get("kind") in {name for name, _, _ in part.kinds} else part.kind
    return replace(part, kind=kind, filled=rules.sent_as(kind, rules.nested(form.fields)))


def beside_of(where: Where, plain: Plain) -> str:
    """A hash of the names of all others in the list of a part: who adds, moves or removes one changes it."""
    is_entry = isinstance(where[-1], int)
    held = part_at(where[:-1] if is_entry else where, plain)
    names = [str(one.get("name", "")) for one in entries(held)]
    if is_entry and int(where[-1]) < len(names):
        names[int(where[-1])] = ""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:16]


def reshaped(part: Part, do: str) -> Part:
    """The form with a line more or less: `add:bands`, `group:when`, `value:software`, `kind:values`."""
    act, _, at = do.partition(":")
    if act == "kind" and at in {name for name, _, _ in part.kinds}:
        blank = {**rules.fill(at, {}), **copy.deepcopy(_FIRST.get(at, {}))}
        empty = rules.fill(part.kind, {})
        held = {key: value for key, value in part.filled.items() if value != empty.get(key)}
        return replace(part, kind=at, filled={key: held.get(key, value) for key, value in blank.items()})
    filled = copy.deepcopy(part.filled)
    if act == "value" and isinstance(rows := filled.get("values"), list):
        rows[:] = [*(row for row in rows if any(row.values())), {"value": at, "points": ""}]
        return replace(part, filled=filled)
    steps: list[Any] = [int(step) if rules.is_place(step) else step for step in at.split(".")]
    inner: Any = filled
    for step in steps[:-1]:
        is_there = (isinstance(inner, dict) and step in inner) or (
            isinstance(inner, list) and isinstance(step, int) and step < len(inner)
        )
        inner = inner[step] if is_there else {}
    if act == "drop" and isinstance(inner, list) and isinstance(steps[-1], int) and steps[-1] < len(inner):
        del inner[steps[-1]]
    elif act in ("add", "group") and isinstance(inner, dict) and isinstance(inner.get(steps[-1]), list):
        group = {"kind": "any", "parts": [dict(_BLANK_LINE)]}
        line = dict(_BLANK_LINE) if steps[-1] == "parts" else dict.fromkeys(rules.ROWS[str(steps[-1])], "")
        inner[steps[-1]].append(group if act == "group" else line)
    return replace(part, filled=filled)


# --- back into the text ----------------------------------------------------------------------------------------------


def written(sheet: Sheet, part: Part) -> tuple[str, Part, Where]:
    """The text with the part in it, the part with what is wrong in it, and where it stands now."""
    old = {} if part.is_new else mapping(part_at(part.where, sheet.plain))
    new = rules.read(part.kind, part.filled, _without_other_kinds(part, old))
    wanted = copy.deepcopy(sheet.plain)
    where = _put(wanted, part, new)
    try:
        text = rewritten(sheet.text, wanted)
    except UsageError as refused:
        return sheet.text, replace(part, problems=(("", str(refused)),)), where
    return text, replace(part, problems=_wrong_in(text, where)), where


def _without_other_kinds(part: Part, old: Plain) -> Plain:
    """What stays of a rule that becomes one of another kind."""
    if not part.kinds:
        return old
    others = {key for name, _, _ in part.kinds for key in rules.SHAPES[name]} - set(rules.SHAPES[part.kind])
    return {key: value for key, value in old.items() if key not in others}


def _put(wanted: Plain, part: Part, new: Plain) -> Where:
    if part.where == ("about",):
        wanted.clear()
        wanted.update(new)
        return ()
    if not part.is_new:
        held = part_at(part.where[:-1], wanted)
        if isinstance(held, dict) and part.where[-1] not in held:
            _begin(held, str(part.where[-1]), new)
        else:
            held[part.where[-1]] = new  # type: ignore[index]
        return part.where
    if part.kind == "segment":  # it begins with the rules that all others have
        new["fit"] = copy.deepcopy(mapping(wanted.get("fit"))) or {"rules": []}
    held = part_at(part.where[:-1], wanted)
    if held is None:  # a section that is not there yet
        _begin(wanted, str(part.where[0]), {})
        held = wanted[str(part.where[0])]
    listed = (
        mapping(held).setdefault(part.where[-1], []) if len(part.where) > 1 else _begin(wanted, str(part.where[0]), [])
    )
    at = _place(part.kind, new, listed)
    listed.insert(at, new)
    return (*part.where, at)


def _begin(content: Plain, key: str, value: Any) -> Any:  # noqa: ANN401 - a mapping or a list
    """A key of the model, where the format has it; what it holds, where it is there already."""
    if content.get(key) is not None:
        return content[key]
    order = [field.alias or name for name, field in Content.model_fields.items()]
    before = set(order[: order.index(key)]) if key in order else set(content)
    held = list(content.items())
    at = max((i + 1 for i, (name, _) in enumerate(held) if name in before), default=0)
    content.clear()
    content.update([*held[:at], (key, value), *held[at:]])
    return value


def _place(kind: str, new: Plain, listed: list[Any]) -> int:
    """Where a new part goes: stages by their line, priorities before the one for everybody else, others last."""
    if kind == "stage" and isinstance(new.get("from"), int | float):
        higher = (at for at, one in enumerate(entries(listed)) if _begins_above(one, new["from"]))
        return next(higher, len(listed))
    if kind == "priority" and listed and "when" not in mapping(listed[-1]):
        return len(listed) - 1
    return len(listed)


def _begins_above(stage: Plain, low: float) -> bool:
    begin = stage.get("from")
    return isinstance(begin, int | float) and begin > low


def _wrong_in(text: str, where: Where) -> tuple[tuple[str, str], ...]:
    """What is wrong in one part of a text, by the field where it lies."""
    judged = judge(text)
    if judged.document is None:
        return (("", judged.errors[0].message),)
    found = [(path_at(judged.document, one.line, one.column), one.message) for one in judged.errors]
    return tuple(_in_words(path[len(where) :], said) for path, said in found if _lies_in(path, where))


def _in_words(path: Where, said: str) -> tuple[str, str]:
    """A problem by its field, in words for who never saw the file."""
    field = dotted(path)
    if (key := _MISSING.match(said)) is not None:
        return key[1], _WANTED.get(key[1], f"Something is missing: {key[1]}.")
    if field == "name" and "empty text" in said:
        return field, _WANTED["name"]
    if "nothing stands here" in said:
        return (
            field,
            f"A value is missing{f' for {path[1]}' if path[0] in ('when', 'needs') and len(path) > 1 else ''}.",
        )
    return field, said


def _lies_in(path: Where, where: Where) -> bool:
    if where == ():
        return path[:1] in ((), ("name",), ("description",), ("scale",))
    if where[-1] in ("fit", "engagement"):
        return path[: len(where)] == where and path[len(where) : len(where) + 1] in [
            (),
            *((key,) for key in _SECTION_KEYS),
        ]
    return path[: len(where)] == where


def reordered(sheet: Sheet, text: str, do: str) -> tuple[str, str]:
    """The text with a part moved up or down, copied, or taken out; and what was done, in words.

    Raises: ApiError 404 for what is not there, 422 for what cannot be done.
    """
    where = where_of(text)
    wanted = copy.deepcopy(sheet.plain)
    held = part_at(where[:-1], wanted) if where is not None else None
    if where is None or not isinstance(where[-1], int) or not isinstance(held, list) or where[-1] >= len(held):
        raise not_found("part of the model")
    at, name = where[-1], str(mapping(held[where[-1]]).get("name", "this"))
    if do == "remove":
        del held[at]
        _forget_empty(wanted, where[:-1])
        said = f"Removed {name}."
    elif do == "copy":
        held.insert(at + 1, {**copy.deepcopy(mapping(held[at])), "name": _free_name(name, entries(held))})
        said = f"Copied {name}."
    elif do in ("up", "down") and 0 <= (to := at + (1 if do == "down" else -1)) < len(held):
        held.insert(to, held.pop(at))
        said = f"Moved {name} {do}."
    else:
        raise ApiError(422, "invalid", "this cannot be moved any further")
    return rewritten(sheet.text, wanted), said


def _forget_empty(wanted: Plain, where: Where) -> None:
    """A list at the root of which nothing is left is left out."""
    if len(where) == 1 and not wanted[where[0]]:
        del wanted[where[0]]


def _free_name(name: str, others: Sequence[Plain]) -> str:
    taken = {str(one.get("name", "")) for one in others}
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(one for one in numbered if one not in taken)

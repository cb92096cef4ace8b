"""Columns of leads -> candidates of `fit`: each trait as the model will see it, and those that are none, with reasons.

In: a history, its rows, what leaks. Out: columns aligned with the rows. Called by `candidates`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.data.columns import snake_case
from scoville.data.keep import quoted
from scoville.data.lists import read_lists
from scoville.data.recognise.roles import KEY_NAME
from scoville.data.suggest import did_you_mean, listed
from scoville.data.traits import DERIVED
from scoville.errors import UsageError
from scoville.learn.choosing.bands import numbers, values
from scoville.learn.tried.bygone import why_bygone
from scoville.learn.tried.naming import name_of
from scoville.learn.tried.origins import Trait
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column
from scoville.scoring import as_instant, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis
    import pyarrow as pa
    from numpy.typing import NDArray

    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.history import History
    from scoville.learn.choosing.bands import Cells, Column
    from scoville.learn.rows import Rows
    from scoville.plan.compile import Plan

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Objects = NDArray[np.object_]

TOLD = ("email.kind", "job_title.seniority", "job_title.function", "phone.country")
OWN_VALUE = 0.5  # different values for each value, from which a text tells leads apart and not kinds of leads
FEW_VALUES = 30
_NAME_AT_MOST = 120  # what a model takes for the name of a trait
_NOBODY_ELSE = re.compile(
    r"(?:^|_)(?:e_?mails?(?:_address)?|phone(?:_number)?|mobile|fax|first_name|last_name|full_name|name|names|surname|"
    r"company_domain|domain|website|url|street|address|notes?|comments?|description|message)$|^company$|^account_name$"
)
_LATER = {
    "owner": "who works on a lead is settled later",
    "cost": "what was paid for a lead says nothing about who it is",
    "updated_at": "a date",
}


def trait_plan(history: History) -> Plan:
    """The plan of a model that reads every trait which a model can name; its step `traits` is what any model sees."""
    columns = columns_of(history.engine, with_events=history.loaded.has_events)
    names = [*_nameable(columns.leads), *_derived(columns.leads)]
    rules = [{"name": str(place), "by": name, "values": {"x": 1}} for place, name in enumerate(names)]
    return compile_plan(Model.from_dict({"scoville": 1, "name": "Every trait", "fit": {"rules": rules}}), columns)


def check_names(names: Sequence[str], plan: Plan) -> None:
    """Raises: UsageError for a name that is no trait of these leads."""
    known = _names(plan)
    for name in names:
        if name not in known:
            raise UsageError(f"leads have no trait '{name}'.{did_you_mean(name, known)} Traits: {listed(known)}")


def trait_columns(
    history: History,
    rows: Rows,
    plan: Plan,
    wanted: Sequence[str] | None,
    left_out: dict[str, str],
) -> Iterator[tuple[Trait, Column]]:
    """The traits that a rule could be about, in the order of the columns; adds the others to `left_out`.

    `wanted` None: all that are worth a look; else these, unless nothing can be said by them.
    """
    table = _Traits(history, rows, plan)
    for name in table.names if wanted is None else wanted:
        if name in left_out:
            continue
        reason = table.why_not(name) or (None if wanted is not None else table.better_not(name) or table.bygone(name))
        if reason is not None:
            left_out[name] = reason
            continue
        column = table.column(name, name_of(Trait(name)))
        if column.cells.ordered or column.cells.values:
            yield Trait(name), column
        else:
            left_out[name] = "no value of it is shared by enough leads"


def codes_of_leads(engine: DuckDB, trait: str, cells: Cells) -> Ints:
    """The cell of each lead, by its number, also of leads without a row; after `trait_columns` alone."""
    read = f"SELECT lead_no, {quoted(trait_column(trait))} AS value FROM learn_traits ORDER BY lead_no"  # noqa: S608
    table = engine.arrow(read)
    number, found = table["lead_no"].to_numpy(), table["value"].combine_chunks()
    codes = np.full(int(number.max(initial=0)) + 1, cells.missing)
    if cells.ordered:
        codes[number] = cells.codes(_plain(found))
        return codes
    named = {str(value).lower(): place for place, value in enumerate(cells.values)}
    texts = found.cast("string").to_pylist()
    other = len(cells.values)
    codes[number] = [cells.missing if one is None else named.get(one.strip().lower(), other) for one in texts]
    return codes


def _nameable(columns: Mapping[str, object]) -> list[str]:
    return [name for name in columns if name != "lead_id" and 0 < len(name) <= _NAME_AT_MOST and name == name.strip()]


def _derived(columns: Mapping[str, object]) -> list[str]:
    return [name for name in TOLD if name not in columns and any(one in columns for one in DERIVED[name].sources)]


def _names(plan: Plan) -> list[str]:
    return [entry.rule.by for entry in plan.ledger.fit]  # type: ignore[union-attr]


class _Traits:
    """The traits of the leads of the rows, as the plan sees them, one at a time."""

    def __init__(self, history: History, rows: Rows, plan: Plan) -> None:
        self.history, self.engine = history, history.engine
        self.names = _names(plan)
        self.engine.bind(plan, as_instant(None), read_lists(history.workspace.lists))
        self.engine.run(
            "CREATE OR REPLACE TEMP TABLE learn_traits AS SELECT lead_no, t.* FROM "  # noqa: S608 - our own steps
            f"({plan.sql('traits', self.engine.dialect)}) t "
            "JOIN panel_leads USING (lead_id) ORDER BY lead_no"
        )
        self.types: Mapping[str, ibis.DataType] = self.engine.columns("learn_traits")
        self.leads = self.engine.arrow("SELECT lead_no FROM learn_traits ORDER BY lead_no")["lead_no"].to_numpy()
        self.at = np.searchsorted(self.leads, rows.lead)
        self.filled, self.distinct = self._counts()

    def _counts(self) -> tuple[dict[str, int], dict[str, int]]:
        wanted = []
        for place, name in enumerate(self.names):
            text = f"lower(trim({quoted(trait_column(name))}::VARCHAR))"
            wanted += [f"count({text}) AS f{place}", f"count(DISTINCT {text}) AS d{place}"]
        row = self.engine.arrow(f"SELECT {', '.join(wanted)} FROM learn_traits").to_pylist()[0] if wanted else {}  # noqa: S608
        places = list(enumerate(self.names))
        filled, distinct = ({name: row[f"{of}{place}"] for place, name in places} for of in "fd")
        return filled, distinct

    def kind(self, name: str) -> str:
        found = self.types[trait_column(name)]
        if found.is_boolean():
            return "yes/no"
        if found.is_numeric():
            return "number"
        return "text" if found.is_string() else "date" if found.is_temporal() else "other"

    def why_not(self, name: str) -> str | None:
        """Why no rule can say anything by it."""
        filled, distinct = self.filled[name], self.distinct[name]
        if name == self.history.outcome_column:
            return "it is the outcome"
        if self.kind(name) in ("date", "other"):
            return "a date" if self.kind(name) == "date" else "no rule can read it"
        if not filled:
            return "it is empty"
        if distinct + (filled < self.leads.size) < 2:  # noqa: PLR2004 - one value, or none
            return "it is the same for every lead"
        if self.kind(name) == "text" and distinct > FEW_VALUES and distinct > OWN_VALUE * filled:
            return f"it tells leads apart: {distinct:,} different values of {filled:,}"
        return None

    def better_not(self, name: str) -> str | None:
        """Why it is left alone unless somebody asks for it."""
        said = snake_case(name)
        if name in _LATER:
            return _LATER[name]
        is_whole = self.types[trait_column(name)].is_integer()
        if self.distinct[name] <= FEW_VALUES:
            return None
        if re.search(KEY_NAME, said) and (is_whole or self.kind(name) == "text"):
            return f"an id: {self.distinct[name]:,} different values of {self.filled[name]:,}"
        if self.kind(name) != "text":
            return None
        if _NOBODY_ELSE.search(said):
            return "names and addresses say who, not what kind"
        return "seniority and function of the title say it" if name == "job_title" else None

    def bygone(self, name: str) -> str | None:
        """Why it is left alone although it tells leads apart: what it says will not come again."""
        kind = self.kind(name)
        return why_bygone(self.engine, name, is_number=kind == "number") if kind in {"text", "number"} else None

    def column(self, name: str, called: str) -> Column:
        read = f"SELECT {quoted(trait_column(name))} AS value FROM learn_traits ORDER BY lead_no"  # noqa: S608
        found = self.engine.arrow(read)["value"].combine_chunks()
        if self.kind(name) == "number":
            return numbers(called, _plain(found)[self.at])
        return values(called, _spelled(found)[self.at])


def _plain(found: pa.Array) -> Floats:
    """Numbers, NaN where missing."""
    whole = found.cast("double", safe=False).fill_null(float("nan"))
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.float64)


def _spelled(found: pa.Array) -> Objects:
    """Texts in their usual spelling, those that differ in case and outer blanks only being one; None where missing."""
    coded = found.cast("string").dictionary_encode()
    texts: list[Any] = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    often = Counter(dict(enumerate(np.bincount(codes, minlength=len(texts) + 1).tolist())))
    usual: dict[str, str] = {}
    for place in sorted(range(len(texts)), key=lambda place: (-often[place], texts[place])):
        usual.setdefault(texts[place].strip().lower(), texts[place].strip())
    spelled: Objects = np.array([*(usual[text.strip().lower()] for text in texts), None], object)
    said: Objects = spelled[codes]
    return said

"""A plan as models of a dbt project: SQL with references, and what stands in each column with tests of it.

In: a Plan, and how the user's tables are called in the project. Out: the texts of files by their paths in the project.
Called by `scoville sql --dbt`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import sqlglot as sg
import sqlglot.expressions as sge

from scoville.data.traits import LOOKUPS
from scoville.model.checks import DISQUALIFIED
from scoville.plan.script import Source, instant_sql, needs
from scoville.spelling import compiler_of
from scoville.tables import ACCOUNT_SCORES, CONTRIBUTIONS, SCORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.plan.compile import Plan
    from scoville.tables import Relation

AS_OF_VARIABLE = "scoville_as_of"
_OUTPUTS: Mapping[str, Relation] = {
    "scores": SCORES, "contributions": CONTRIBUTIONS, "account_scores": ACCOUNT_SCORES,
}  # fmt: skip
_NEVER_NULL = {"lead_id", "score", "fit", "engagement", "rank", "percentile", "account", "section", "rule", "points",
               "matched", "model", "model_version", "as_of"}  # fmt: skip
_NEARLY = 1e-6  # sums of floats, in the order in which a warehouse takes them


@dataclass(frozen=True)
class Project:
    """How a plan stands in a dbt project. `leads` and `events` name a model, or `schema.table` of a source."""

    plan: Plan
    dialect: str
    leads: Source
    events: Source

    @property
    def name(self) -> str:
        """What the files are called by: the model's name in small letters, such as `b2b_saas`."""
        plain = re.sub("[^a-z0-9]+", "_", self.plan.model.name.lower()).strip("_")
        return plain if plain[:1].isalpha() else f"model_{plain}".rstrip("_")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that the model has; each is a dbt model."""
        return tuple(output for output in _OUTPUTS if output in self.plan.relations)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The tables of the user that the plan reads."""
        both = {"leads": self.leads, "events": self.events}
        return {name: source for name, source in both.items() if name in self.plan.inputs}


def dbt_files(project: Project) -> dict[str, str]:
    """Path in the project -> text: a model for each output, one YAML file about them, and two tests.

    Lists are seeds, whose rows the caller writes to `seeds/scoville_<list>.csv`.
    """
    name = project.name
    models = {f"models/{name}_{output}.sql": _model_sql(project, output) for output in project.outputs}
    tests = {
        f"tests/{name}_contributions_add_up.sql": _adds_up(name),
        f"tests/{name}_score_within_scale.sql": _within_scale(project),
    }
    return {**models, f"models/{name}.yml": "\n".join(_properties(project)) + "\n", **tests}


def seed_of(lookup: str) -> str:
    """What a list is called as a seed."""
    return f"scoville_{lookup}"


# --- models -----------------------------------------------------------------------------------------------------------


def _model_sql(project: Project, output: str) -> str:
    """The script with references instead of names, and as_of from a variable."""
    slots = {
        f"scoville_table_{name}_": _reference(source.table, project.dialect) for name, source in project.sources.items()
    }
    slots |= {f"scoville_list_{name}_": _ref(seed_of(name)) for name in project.plan.lookups}
    sources = {name: Source(f"scoville_table_{name}_", one.columns) for name, one in project.sources.items()}
    lists = {name: f"scoville_list_{name}_" for name in project.plan.lookups}
    slots["scoville_instant_"] = _as_of(project, output)
    query = project.plan.select(output, project.dialect, sources, as_of="scoville_instant_", lists=lists)
    text = literally(query)
    for slot, said in slots.items():
        text = text.replace(slot, said)
    return f"{_config(project.dialect)}\n\n{_head(project)}\n{text}\n"


def _config(dialect: str) -> str:
    before = needs(dialect)
    hook = f", pre_hook={json.dumps(before)}" if before is not None else ""
    return f"{{{{ config(materialized='table'{hook}) }}}}"


def _head(project: Project) -> str:
    model = project.plan.model
    return f"{{# Scoville: {_in_comment(model.name)}, version {model.version}. Written by `scoville sql --dbt`. #}}"


def _in_comment(text: str) -> str:
    return " ".join(text.replace("#}", "").split())


def _as_of(project: Project, output: str) -> str:
    """Scores take the variable, else the clock; whatever else speaks of the same instant as the scores."""
    if output != "scores":
        return f"(SELECT MAX(as_of) FROM {_ref(f'{project.name}_scores')})"  # noqa: S608 - a name of our own
    given = instant_sql("scoville_given_", project.dialect).replace(
        "scoville_given_", f"{{{{ var('{AS_OF_VARIABLE}') }}}}"
    )
    now = instant_sql(None, project.dialect)
    return f"{{% if var('{AS_OF_VARIABLE}', none) %}}{given}{{% else %}}{now}{{% endif %}}"


def _reference(table: str, dialect: str) -> str:
    """`contacts` is a model of the project, `crm.contacts` a table of a source."""
    _, schema, name = _parts(table, dialect)
    return f"{{{{ source({_quoted(schema)}, {_quoted(name)}) }}}}" if schema else _ref(name)


def _parts(table: str, dialect: str) -> tuple[str, str, str]:
    parsed = sg.to_table(table, dialect=compiler_of(dialect).dialect)
    return parsed.catalog, parsed.db, parsed.name


def _ref(name: str) -> str:
    return f"{{{{ ref({_quoted(name)}) }}}}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literally(text: str) -> str:
    """A text that Jinja leaves as it is: a rule may be called `{{ points }}`."""
    return re.sub(r"\{[{%#]", lambda sign: f"{{{{ '{sign.group()}' }}}}", text)


# --- what stands in them ----------------------------------------------------------------------------------------------


def _properties(project: Project) -> Iterator[str]:
    yield "version: 2"
    yield from _declared_sources(project)
    yield "models:"
    for output in project.outputs:
        relation = _OUTPUTS[output]
        yield f"  - name: {project.name}_{output}"
        yield f"    description: {_yaml(f'{relation.doc} Model: {project.plan.model.name}.')}"
        yield "    columns:"
        for column in relation.columns:
            if not column.when or project.plan.model.probability is not None:
                yield from _column(project, output, column.name, column.doc)
    if project.plan.lookups:
        yield "seeds:"
        for name in project.plan.lookups:
            yield from _seed(project, name)


def _declared_sources(project: Project) -> Iterator[str]:
    tables: dict[tuple[str, str], list[str]] = {}
    for source in project.sources.values():
        database, schema, name = _parts(source.table, project.dialect)
        if schema:
            tables.setdefault((database, schema), []).append(name)
    if tables:
        yield "sources:"
    for (database, schema), names in tables.items():
        yield f"  - name: {_yaml(schema)}"
        yield from [f"    database: {_yaml(database)}"] if database else []
        yield f"    schema: {_yaml(schema)}"
        yield "    tables:"
        yield from (f"      - name: {_yaml(name)}" for name in dict.fromkeys(names))


def _column(project: Project, output: str, name: str, doc: str) -> Iterator[str]:
    yield f"      - name: {name}"
    yield f"        description: {_yaml(doc)}"
    tests = list(_tests(project, output, name))
    if tests:
        yield "        data_tests:"
        yield from (f"          {line}" for line in tests)


def _tests(project: Project, output: str, name: str) -> Iterator[str]:
    if (name,) == _OUTPUTS[output].key:
        yield "- unique"
    if name in _NEVER_NULL:
        yield "- not_null"
    if values := _allowed(project).get(name) if output == "scores" else None:
        yield "- accepted_values:"
        yield "    arguments:"
        yield f"      values: [{', '.join(_yaml(_in_text(value, project.dialect)) for value in values)}]"
    if output == "contributions" and name == "lead_id":
        yield "- relationships:"
        yield "    arguments:"
        yield f"      to: ref('{project.name}_scores')"
        yield "      field: lead_id"


def _allowed(project: Project) -> dict[str, list[str]]:
    """What may stand in the columns of words, null aside."""
    model = project.plan.model
    stages = [*(stage.name for stage in model.stages), DISQUALIFIED]
    return {
        "grade": list(model.grades or {}),
        "level": list(model.levels or {}),
        "priority": [rule.name for rule in model.priority_rules],
        "stage": stages,
        "segment": [segment.name for segment in model.segments],
    }


def _in_text(value: str, dialect: str) -> str:
    """A value as it stands between quotes in SQL: dbt puts it there as it is."""
    return str(sge.convert(value).sql(compiler_of(dialect).dialect))[1:-1]


def _seed(project: Project, name: str) -> Iterator[str]:
    """Types are named, for `0044` is no number."""
    lookup = LOOKUPS[name]
    compiler = compiler_of(project.dialect)
    yield f"  - name: {seed_of(name)}"
    yield f"    description: {_yaml(lookup.doc)}"
    yield "    config:"
    yield "      column_types:"
    for column, kind in lookup.columns.items():
        said = compiler.type_mapper.from_ibis(ibis.dtype(kind)).sql(compiler.dialect)
        yield f"        {column}: {_yaml(said)}"


def _yaml(text: str) -> str:
    """A text as YAML, which reads JSON; dbt renders descriptions with Jinja too."""
    return json.dumps(literally(text), ensure_ascii=False)


# --- tests ------------------------------------------------------------------------------------------------------------


def _adds_up(name: str) -> str:
    return f"""{{# The contributions of a lead add up to its score. #}}
SELECT
  s.lead_id,
  s.score,
  COALESCE(c.points, 0) AS points
FROM {_ref(f"{name}_scores")} AS s
LEFT JOIN (
  SELECT
    lead_id,
    SUM(points) AS points
  FROM {_ref(f"{name}_contributions")}
  GROUP BY
    lead_id
) AS c
  ON s.lead_id = c.lead_id
WHERE
  ABS(s.score - COALESCE(c.points, 0)) > {_NEARLY:.6f}
"""  # noqa: S608 - names of our own models


def _within_scale(project: Project) -> str:
    scale = project.plan.model.scale
    return f"""{{# A score stays within the scale of the model. #}}
SELECT
  lead_id,
  score
FROM {_ref(f"{project.name}_scores")}
WHERE
  score < {scale.min} OR score > {scale.max}
"""  # noqa: S608 - names of our own models

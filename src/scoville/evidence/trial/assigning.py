"""What `experiment.py` needs of the files: which leads there are, which variant they got, and who converted.

In: a history or a leads file. Out: ids, counts and rates. Called by the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scoville.data.keep import literal
from scoville.data.load import load
from scoville.data.suggest import did_you_mean, listed
from scoville.errors import DataError
from scoville.evidence.snapshots import span_of
from scoville.evidence.trial.always_valid import Arm
from scoville.evidence.trial.experiment import Variant, variant_of
from scoville.words import counted

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.data.workspace import Workspace
    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.history import History

_WEEK = timedelta(days=7)
VARIANT, ASSIGNED_AT = "variant", "assigned_at"


@dataclass(frozen=True)
class Baseline:
    """How leads convert without a trial: `conversions` of `leads`, and how many came in a week.

    `leads_a_week` is None where nothing says when leads were created.
    """

    leads: int
    conversions: int
    leads_a_week: float | None

    @property
    def rate(self) -> float:
        """Share of the leads that converted."""
        return self.conversions / self.leads


@dataclass(frozen=True)
class Counted:
    """Leads and conversions by variant, and how many leads were left out, by reason."""

    arms: dict[str, Arm]
    left_out: dict[str, int]


def by_id_alone(workspace: Workspace) -> Workspace:
    """The same workspace, in which only equal ids are one lead: a variant belongs to an id, not to a person."""
    return replace(workspace, settings=replace(workspace.settings, merge="id"))


def baseline(history: History, horizon: timedelta) -> Baseline:
    """How many of the leads whose horizon is over converted within it, from the day they were created.

    Where outcomes have no dates: how many of all leads did.

    Raises: DataError when no lead has its horizon within the data, or none converted, or all did.
    """
    engine = history.engine
    if not history.outcomes.has_dates:
        row = engine.arrow(
            "SELECT count(*) AS leads, count(*) FILTER (lead_id IN (SELECT lead_id FROM outcomes)) AS won FROM leads"
        ).to_pylist()[0]
        _check_rate(row["leads"], row["won"], "at all")
        return Baseline(row["leads"], row["won"], None)
    until = f"TIMESTAMP {literal(span_of(engine).end.isoformat(' '))}"
    created = "l.created_at" if "created_at" in engine.columns("leads") else "NULL::TIMESTAMP"
    row = engine.arrow(
        f"WITH born AS (SELECT l.lead_id, coalesce({created}, e.first_at) AS born_at FROM leads l "  # noqa: S608 - our own
        "LEFT JOIN (SELECT lead_id, min(occurred_at) AS first_at FROM events GROUP BY 1) e USING (lead_id)), "
        f'won AS (SELECT o.lead_id, min(o."at") AS won_at FROM outcomes o WHERE {_wanted(history)} GROUP BY 1) '
        f"SELECT count(*) AS leads, count(*) FILTER (won_at <= born_at + {_interval(horizon)}) AS won, "
        "quantile_disc(born_at, 0.001) AS first, max(born_at) AS last "
        "FROM born LEFT JOIN won USING (lead_id) "
        f"WHERE born_at + {_interval(horizon)} <= {until} AND (won_at IS NULL OR won_at > born_at)"
    ).to_pylist()[0]
    days = f"{horizon / timedelta(days=1):g}"
    if not row["leads"]:
        raise DataError(
            f"no lead was created {days} days before the end of the data, so no conversion "
            "rate is known. Give --rate, or a shorter --horizon"
        )
    _check_rate(row["leads"], row["won"], f"within {days} days after they were created")
    weeks = (row["last"] - row["first"]) / _WEEK
    return Baseline(row["leads"], row["won"], row["leads"] / weeks if weeks >= 1 else None)


def _check_rate(leads: int, conversions: int, when: str) -> None:
    """A trial changes a rate: there must be one. Raises: DataError where none converted, or all did."""
    if conversions in {0, leads}:
        raise DataError(
            f"{conversions:,} of {counted(leads, 'lead')} converted {when}: that is no usual rate that a trial could "
            "change. Give --rate, or another --horizon or --won"
        )


def assign(
    engine: DuckDB,
    leads: object,
    experiment: str,
    variants: tuple[Variant, ...],
    path: Path,
    *,
    workspace: Workspace,
) -> dict[str, int]:
    """Give every lead its variant, write lead_id and variant to a file, and count them.

    Raises: DataError for leads that cannot be read, UsageError for the ending of the file.
    """
    import pyarrow as pa  # noqa: PLC0415 - only here

    load(engine.place, leads, None, workspace=by_id_alone(workspace), as_of=None)
    ids = engine.arrow("SELECT lead_id FROM leads ORDER BY lead_id")["lead_id"].to_pylist()
    given = [variant_of(experiment, lead_id, variants) for lead_id in ids]
    with engine.registered(pa.table({"lead_id": pa.array(ids, pa.string()), VARIANT: given})) as source:
        engine.write(f"SELECT * FROM {source} ORDER BY lead_id", path)  # noqa: S608 - a name of our own
    return {variant.name: given.count(variant.name) for variant in variants}


def count(history: History, as_of: datetime, horizon: timedelta | None = None) -> Counted:
    """Leads and conversions by variant, where the leads of the history are the assignments.

    With `assigned_at` among their columns, only outcomes after it count; with a horizon too, only those within it, and
    only leads whose horizon was over at `as_of`. Outcomes after `as_of` do not count.

    Raises: DataError without a column `variant`, or for a horizon without dates.
    """
    columns = history.engine.columns("leads")
    if VARIANT not in columns:
        known = [name for name in columns if name != "lead_id"]
        raise DataError(
            f"the assignments have no column '{VARIANT}'.{did_you_mean(VARIANT, known)} Columns: {listed(known)}. "
            f'Name it: --map leads.{VARIANT}="..."'
        )
    has_start = ASSIGNED_AT in columns and columns[ASSIGNED_AT].is_timestamp()
    if horizon is not None and not (has_start and history.outcomes.has_dates):
        raise DataError(
            f"a horizon counts from when a lead was assigned to when it converted: that needs a column '{ASSIGNED_AT}' "
            "of times beside the variant, and outcomes with dates. Leave --horizon out to count whoever converted"
        )
    return _counted(history, as_of, horizon, has_start=has_start)


def _counted(history: History, as_of: datetime, horizon: timedelta | None, *, has_start: bool) -> Counted:
    now = f"TIMESTAMP {literal(as_of.isoformat(' '))}"
    start = f"min({ASSIGNED_AT})" if has_start else "NULL::TIMESTAMP"
    until = f"least(a.start + {_interval(horizon)}, {now})" if horizon is not None else now
    is_young = f"a.start + {_interval(horizon)} > {now}" if horizon is not None else f"a.start > {now}"
    rows = history.engine.arrow(
        "WITH given AS (SELECT lead_id, count(DISTINCT trim(variant::VARCHAR)) AS variants, "  # noqa: S608 - our own names
        f"min(trim(variant::VARCHAR)) AS variant, {start} AS start FROM clean_leads GROUP BY 1), "
        'first AS (SELECT a.lead_id, true AS won, min(o."at") AS "at" FROM given a JOIN outcomes o USING (lead_id) '
        f"WHERE {_wanted(history)} GROUP BY 1), "
        "told AS (SELECT a.variant, CASE WHEN a.variants = 0 THEN 'without a variant' "
        "WHEN a.variants > 1 THEN 'with several variants' "
        "WHEN coalesce(f.\"at\" <= a.start, false) THEN 'converted before they were assigned' "
        f"WHEN coalesce({is_young}, false) THEN 'whose time is not over' END AS out, "
        f'coalesce(f.won AND (f."at" IS NULL OR f."at" <= {until}), false) AS won '
        "FROM given a LEFT JOIN first f USING (lead_id)) "
        "SELECT variant, out, count(*) AS leads, count(*) FILTER (won) AS won FROM told GROUP BY 1, 2 ORDER BY 1, 2"
    ).to_pylist()
    left_out: dict[str, int] = {}
    for row in rows:
        if row["out"] is not None:
            left_out[row["out"]] = left_out.get(row["out"], 0) + row["leads"]
    return Counted({row["variant"]: Arm(row["leads"], row["won"]) for row in rows if row["out"] is None}, left_out)


def _wanted(history: History) -> str:
    if not history.outcomes.has_dates:
        return "true"  # a column of leads that says who won names no outcome
    return f"lower(o.outcome) IN ({', '.join(literal(name.strip().lower()) for name in history.won)})"


def _interval(time: timedelta) -> str:
    return f"to_microseconds({time // timedelta(microseconds=1)})"

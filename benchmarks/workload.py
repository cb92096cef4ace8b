"""Leads, events and outcomes for the benchmark, made by SQL in DuckDB: seeded, and the same on every machine.

In: how many. Out: two Parquet files under benchmarks/data/, made once and kept. Called by `run.py`, `engines.py` and
the tests.

Everything is drawn from hashes of the row number, so there is no state and nothing to repeat. Events stand in order
of time, as in a log; some leads do far more than others; some kinds of events, and most page views, meet no rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
EVENTS_PER_LEAD = 20
AS_OF = datetime(2027, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere behind the front door

# How many of a hundred events are of each kind; `search` and `video_watched` are named by no rule.
EVENT_MIX = {
    "page_viewed": 34, "email_opened": 18, "session_started": 14, "feature_used": 8, "email_clicked": 6, "search": 4,
    "video_watched": 3, "whitepaper_downloaded": 3, "webinar_watched": 3, "chat_started": 2, "form_submitted": 2,
    "demo_requested": 2, "unsubscribed": 1,
}  # fmt: skip
PATHS = ["/pricing", "/pricing/compare", "/blog/lead-scoring", "/careers", "/docs/start", "/", "/features", "/about"]

_LEADS = """
SELECT
  'L' || lpad(i::VARCHAR, 9, '0') AS lead_id,
  ['Director', 'VP Sales', 'Engineer', 'Student', 'Sales manager', NULL][(hash(i) % 6 + 1)::INT] AS job_title,
  CASE WHEN hash(i * 5) % 10 > 0 THEN (exp(hash(i * 5 + 1) % 900 / 100.0))::BIGINT END AS employees,
  ['software', 'finance', 'retail', NULL][(hash(i * 11) % 4 + 1)::INT] AS industry,
  ['US', 'DE', 'FR', 'GB'][(hash(i * 17) % 4 + 1)::INT] AS country
FROM range({leads}) t(i)
"""

_EVENTS = """
SELECT
  'L' || lpad(floor({leads} * pow(hash(i) % 1000000000039 / 1000000000039.0, 1.5))::BIGINT::VARCHAR, 9, '0') AS lead_id,
  {mix}[(hash(i * 7 + 1) % 100 + 1)::INT] AS event,
  TIMESTAMP '2026-01-01'
    + to_microseconds(((i + hash(i * 13 + 5) % 1000 / 1000.0) / {events} * 365 * 86400e6)::BIGINT) AS occurred_at,
  {paths}[(hash(i * 3 + 2) % {path_count} + 1)::INT] AS path,
  (hash(i * 19) % 60)::INT AS minutes
FROM range({events}) t(i)
"""


# The busiest tenth of the leads wins four times as often as the others, so that there is something to find.
_OUTCOMES = """
SELECT
  'L' || lpad(i::VARCHAR, 9, '0') AS lead_id,
  'won' AS outcome,
  TIMESTAMP '2026-01-01' + to_seconds((hash(i * 23 + 1) % 31536000)::BIGINT) AS "at",
  (hash(i * 29) % 10000)::DOUBLE AS value
FROM range({leads}) t(i)
WHERE hash(i * 31) % 1000 < CASE WHEN i < {leads} / 10 THEN 160 ELSE 40 END
"""
SNAPSHOTS = (*(f"2026-{month:02}-15" for month in range(1, 12)), "2026-12-01")
HORIZON = "30d"


@dataclass(frozen=True)
class Data:
    """Where the files of one size are, and how many rows they hold."""

    leads_path: Path
    events_path: Path
    outcomes_path: Path
    lead_count: int
    event_count: int


def count(text: str) -> int:
    """A number as it is typed: 20m, 500k or 1000."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower())
    return int(float(text[:-1]) * factor) if factor else int(text)


def make_data(lead_count: int, event_count: int, folder: Path = DATA, ending: str = "parquet") -> Data:
    """The files for some leads and events; made when they are not there yet. `ending` is parquet or csv."""
    folder.mkdir(parents=True, exist_ok=True)
    leads_path = folder / f"leads-{lead_count}.{ending}"
    events_path = folder / f"events-{event_count}-{lead_count}.{ending}"
    outcomes_path = folder / f"outcomes-{lead_count}.{ending}"
    _write(leads_path, _LEADS.format(leads=lead_count))
    _write(outcomes_path, _OUTCOMES.format(leads=lead_count))
    kinds = [kind for kind, share in EVENT_MIX.items() for _ in range(share)]
    _write(
        events_path,
        _EVENTS.format(leads=lead_count, events=event_count, mix=kinds, paths=PATHS, path_count=len(PATHS)),
    )
    return Data(leads_path, events_path, outcomes_path, lead_count, event_count)


def _write(path: Path, query: str) -> None:
    if path.exists():
        return
    beside = path.with_name(path.name + ".part")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({query}) TO '{beside}' (FORMAT {path.suffix[1:]})")
    beside.replace(path)

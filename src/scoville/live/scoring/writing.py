"""New scores -> rows: the score, what the ledger says of it, the stage it is held in, each crossing of a line.

In: `Scored` leads of one publication and why each was scored. Out: rows of `scores`, `ledger` and `stage_changes`, in
the transaction that is open. Called by `score`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import insert, text

from scoville.live.fold.among import among, bound
from scoville.live.scoring.accounts import note_accounts
from scoville.live.scoring.standing import direction, standing_after
from scoville.live.store.metadata import from_us, to_us
from scoville.live.store.scores import ledger, stage_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.scoring.compiled import Scored
    from scoville.live.scoring.in_force import Published

LEAST_DECAY = 0.5  # points: fading is told when so much has gathered, or when it moved a letter or a stage
_SAME = 1e-9
_BANDS = ("grade", "level", "priority", "stage", "segment", "disqualified_by")
_COLUMNS = (
    "publication_no", "lead_no", "score", "fit", "engagement", "grade", "level", "priority", "stage", "standing",
    "standing_since", "segment", "disqualified_by", "probability", "reasons", "contributions", "model_version", "as_of",
    "refresh_at", "told_score",
)  # fmt: skip
_UPSERT = text(
    f"INSERT INTO scores ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "  # noqa: S608
    f"ON CONFLICT (publication_no, lead_no) DO UPDATE SET {', '.join(f'{n} = excluded.{n}' for n in _COLUMNS[2:])}"
)


class Why(NamedTuple):
    """Why a lead was scored, and since when it waited: the instant of the message in microseconds, null for decay."""

    cause: str
    ref: str | None = None
    since_us: int | None = None


@dataclass(frozen=True)
class Before:
    """The row of a lead that is about to be replaced."""

    score: float
    told_score: float
    bands: tuple[str | None, ...]
    standing: str | None
    standing_since: int | None
    model_version: str


def rows_before(connection: Connection, publication_no: int, leads: Iterable[int]) -> dict[int, Before]:
    """The score rows of some leads as they stand, by lead."""
    rows = connection.execute(
        text(
            f"SELECT lead_no, score, told_score, standing, standing_since, model_version, {', '.join(_BANDS)} "  # noqa: S608
            f"FROM scores WHERE publication_no = :publication AND lead_no {among(connection, 'leads')}"
        ),
        {"publication": publication_no, "leads": bound(connection, [*leads])},
    )
    return {
        lead: Before(score, score if told is None else told, tuple(bands), standing, since, version)
        for lead, score, told, standing, since, version, *bands in rows
    }


def write_scores(
    connection: Connection,
    published: Published,
    scored: Sequence[Scored],
    whys: Mapping[int, Why],
    refresh: Mapping[int, int | None],
    margin: float,
    as_of: datetime,
) -> list[int]:
    """Scores of the publication in force, with their ledger and crossings; numbers of the stage changes."""
    before = rows_before(connection, published.publication_no, [one.lead_no for one in scored])
    rows, entries, crossings = [], [], []
    for one in scored:
        was, why = before.get(one.lead_no), whys[one.lead_no]
        row = _score_row(published, one, was, margin, refresh, as_of)
        row["told_score"] = was.told_score if was else None
        if _is_told(row, was, why):
            entries.append(_entry(row, was, why, as_of))
            row["told_score"] = row["score"]
        if row["standing"] != (was.standing if was else None):
            crossings.append(crossing(published, row, was.standing if was else None, why, as_of))
        rows.append(row)
    if rows:
        connection.execute(_UPSERT, rows)
        note_accounts(connection, published.publication_no, scored)
    if entries:
        connection.execute(insert(ledger), entries)
    return write_crossings(connection, crossings)


def write_crossings(connection: Connection, crossings: Sequence[Mapping[str, Any]]) -> list[int]:
    """Rows of `stage_changes` stored; their numbers."""
    if not crossings:
        return []
    made = insert(stage_changes).returning(stage_changes.c.change_no)
    return [*connection.execute(made, [*crossings]).scalars()]


def write_pending(
    connection: Connection,
    published: Published,
    current: Published | None,
    scored: Sequence[Scored],
    refresh: Mapping[int, int | None],
    margin: float,
    as_of: datetime,
) -> None:
    """Scores of a publication to come: nobody sees them, so nothing is told yet.

    Who stands somewhere already stands there still: a new model makes a crossing only where it moves somebody.
    """
    numbers = [one.lead_no for one in scored]
    held = rows_before(connection, published.publication_no, numbers)
    held = {**(rows_before(connection, current.publication_no, numbers) if current else {}), **held}
    rows = [_score_row(published, one, held.get(one.lead_no), margin, refresh, as_of) for one in scored]
    if rows:
        connection.execute(_UPSERT, [{**row, "told_score": row["score"]} for row in rows])
        note_accounts(connection, published.publication_no, scored)


def _score_row(
    published: Published,
    one: Scored,
    was: Before | None,
    margin: float,
    refresh: Mapping[int, int | None],
    as_of: datetime,
) -> dict[str, Any]:
    given, at_us, stood = one.row, to_us(as_of), was.standing if was else None
    standing = standing_after(published.compiled.model, stood, given["stage"], given["score"], margin)
    stays = was is not None and was.standing == standing
    return {
        "publication_no": published.publication_no,
        "lead_no": one.lead_no,
        **{name: given[name] for name in ("score", "fit", "engagement", "reasons", "model_version", *_BANDS)},
        "probability": given.get("probability"),
        "standing": standing,
        "standing_since": was.standing_since if was and stays else at_us,
        "contributions": orjson.dumps(one.contributions).decode(),
        "as_of": at_us,
        "refresh_at": refresh.get(one.lead_no),
    }


def _is_told(row: Mapping[str, Any], was: Before | None, why: Why) -> bool:
    """Whether the ledger has to say it: every change, but fading only when it adds up to something."""
    if was is None:
        return True
    if tuple(row[name] for name in _BANDS) != was.bands or row["standing"] != was.standing:
        return True
    moved = abs(row["score"] - was.told_score)
    return bool(moved >= LEAST_DECAY if why.cause == "decay" else moved > _SAME)


def _entry(row: Mapping[str, Any], was: Before | None, why: Why, as_of: datetime) -> dict[str, Any]:
    return {
        "lead_no": row["lead_no"], "at": as_of, "cause": why.cause, "cause_ref": why.ref,
        "score_before": was.told_score if was else None,
        **{name: row[name] for name in ("score", "fit", "engagement", "stage", "model_version")},
        "stage_before": was.bands[_BANDS.index("stage")] if was else None,
    }  # fmt: skip


def crossing(
    published: Published, row: Mapping[str, Any], before: str | None, why: Why, as_of: datetime
) -> dict[str, Any]:
    """A row of `stage_changes`: the lead of a score row stands elsewhere than before."""
    return {
        "lead_no": row["lead_no"], "at": as_of, "stage_before": before, "stage": row["standing"],
        "direction": direction(published.compiled.model, before, row["standing"]), "score": row["score"],
        "cause": why.cause, "model_version": row["model_version"],
        "received_at": None if why.since_us is None else from_us(why.since_us),
    }  # fmt: skip

"""People add up to accounts: by the plan of the model, from the scores that stand in the store.

In: leads that were scored, each with its account. Out: `account_people` and marks in `dirty_accounts`, in the
transaction of the scores; then, some accounts at a time, rows of `account_scores`. The worker calls `roll_up_some`.
One definition of an account's score: the step `account_scores` of the very plan that `scoville score` runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import orjson
import pyarrow as pa
from sqlalchemy import text

from scoville.engines.duckdb import DuckDB
from scoville.errors import ScovilleError
from scoville.live.fold.among import among, bound
from scoville.live.scoring.wanted import columns_for, wanted_by
from scoville.live.store.metadata import from_us
from scoville.model.checks import DISQUALIFIED
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import ibis.expr.types as ir
    from sqlalchemy import Connection

    from scoville.live.scoring.compiled import Scored
    from scoville.live.store.opening import Store

AT_ONCE = 500  # accounts
_PEOPLE = 20_000  # at once: they are held in memory
_ROLLING = 0xACC0  # the advisory lock on PostgreSQL: of two that sum up one account, the later would write older scores
_GIVEN = ("traits", "scores")
_SCORE = (
    "score", "fit", "engagement", "grade", "level", "priority", "stage", "segment", "disqualified_by", "probability",
    "reasons",
)  # fmt: skip
_NUMBERS = ("score", "fit", "engagement", "probability")
_UPSERT = text(
    "INSERT INTO account_scores (account, publication_no, score, rollup, breadth, people, engaged, stages, newest_at, "
    "account_no) VALUES (:account, :publication, :score, :rollup, :breadth, :people, :engaged, :stages, :newest, "
    ":account_no) ON CONFLICT (account, publication_no) DO UPDATE SET score = excluded.score, "
    "rollup = excluded.rollup, breadth = excluded.breadth, people = excluded.people, engaged = excluded.engaged, "
    "stages = excluded.stages, newest_at = excluded.newest_at, account_no = excluded.account_no"
)


# --- with every score ------------------------------------------------------------------------------------------------


def note_accounts(connection: Connection, publication_no: int, scored: Sequence[Scored]) -> None:
    """Write down who belongs where by now, and which accounts have to be summed up again."""
    marks = {"publication": publication_no, "leads": bound(connection, [one.lead_no for one in scored])}
    rows = connection.execute(
        text(
            "SELECT lead_no, account FROM account_people WHERE publication_no = :publication "  # noqa: S608 - our own marks
            f"AND lead_no {among(connection, 'leads')}"
        ),
        marks,
    )
    before = {lead: account for lead, account in rows}  # noqa: C416 - rows are no pairs to mypy
    now = {one.lead_no: one.account for one in scored if one.account is not None}
    _move(connection, publication_no, before, {one.lead_no: now.get(one.lead_no) for one in scored})
    if dirty := sorted({*before.values(), *now.values()}):
        connection.execute(
            text("INSERT INTO dirty_accounts (account) VALUES (:account)"), [{"account": one} for one in dirty]
        )


def _move(
    connection: Connection, publication_no: int, before: Mapping[int, str], now: Mapping[int, str | None]
) -> None:
    moved = {lead: account for lead, account in now.items() if before.get(lead) != account}
    gone = [{"lead": lead, "publication": publication_no} for lead in moved if lead in before]
    come = [
        {"lead": lead, "publication": publication_no, "account": account}
        for lead, account in moved.items()
        if account is not None
    ]
    if gone:
        connection.execute(
            text("DELETE FROM account_people WHERE lead_no = :lead AND publication_no = :publication"), gone
        )
    if come:
        connection.execute(
            text(
                "INSERT INTO account_people (lead_no, publication_no, account) VALUES (:lead, :publication, :account)"
            ),
            come,
        )


# --- some accounts at a time -----------------------------------------------------------------------------------------


class RollUp:
    """A model's way from people to accounts, ready to run: a DuckDB of its own. One thread at a time."""

    def __init__(self, model: Model) -> None:
        if model.accounts is None:
            message = f"the model '{model.name}' has no `accounts`"
            raise ValueError(message)
        self._by = trait_column(model.accounts.by)
        plan = compile_plan(model, columns_for(wanted_by(model)))
        self._query = plan.sql("account_scores", given=_GIVEN)
        self._columns = cast("ir.Table", plan.relations["scores"]).columns
        self._engine = DuckDB(threads=1)

    def of(self, people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows of `tables.ACCOUNT_SCORES` from score rows with `lead_id`, `account` and `as_of`."""
        tables = {"traits": self._traits(people), "scores": _scores(people, self._columns)}
        for name, table in tables.items():
            with self._engine.registered(table) as source:
                self._engine.run(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM {source}')
        rows: list[dict[str, Any]] = self._engine.arrow(self._query).to_pylist()
        return rows

    def close(self) -> None:
        """Let go of its memory."""
        self._engine.close()

    def _traits(self, people: Sequence[Mapping[str, Any]]) -> pa.Table:
        return pa.table(
            {
                "lead_id": pa.array([one["lead_id"] for one in people], pa.string()),
                self._by: pa.array([one["account"] for one in people], pa.string()),
            }
        )


@dataclass
class RollUps:
    """The ways of the publications that people have scores by: of the one in force and of those to come."""

    _ready: dict[int, RollUp | None] = field(default_factory=dict)  # by version; null: it sums up nothing

    def of(self, connection: Connection) -> dict[int, RollUp]:
        """By publication, those that have accounts."""
        rows = connection.execute(text(_WITH_SCORES)).all()
        for row in rows:
            if row.version_no not in self._ready:
                self._ready[row.version_no] = _made(row.text)
        for version in self._ready.keys() - {row.version_no for row in rows}:
            if (old := self._ready.pop(version)) is not None:
                old.close()
        ways = ((row.publication_no, self._ready[row.version_no]) for row in rows)
        return {publication: way for publication, way in ways if way is not None}


_WITH_SCORES = """
SELECT p.publication_no, p.version_no, v.text FROM publications p JOIN model_versions v ON v.version_no = p.version_no
WHERE p.publication_no >= (SELECT coalesce(max(publication_no), 0) FROM publications WHERE switched_at IS NOT NULL)
"""


def _made(written: str) -> RollUp | None:
    try:
        model = Model.loads(written)
        return RollUp(model) if model.accounts is not None else None
    except ScovilleError:  # a model that cannot run scores nobody either: the scorer says so
        return None


def roll_up_some(store: Store, ways: RollUps, limit: int = AT_ONCE) -> int:
    """Sum up some accounts of which somebody has another score; how many, and `limit` where more wait for sure."""
    with store.reading() as connection:
        dirt, is_cut = _few_enough(connection, _dirty(connection, limit))
        if not dirt:
            return 0
        accounts = {*dirt.values()}
        if store.is_sqlite:
            made = [_worked(connection, publication, way, accounts) for publication, way in ways.of(connection).items()]
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ROLLING})
            made = [_worked(connection, publication, way, accounts) for publication, way in ways.of(connection).items()]
        for publication_no, rows in made:
            _write(connection, publication_no, accounts, rows)
        connection.execute(  # these marks alone: one that was made meanwhile stays for the next time
            text(f"DELETE FROM dirty_accounts WHERE dirt_no {among(connection, 'dirt')}"),  # noqa: S608 - our own marks
            {"dirt": bound(connection, dirt.keys())},
        )
    return limit if is_cut else len(accounts)


def drop_old_accounts(store: Store, limit: int = 20_000) -> int:
    """Remove accounts of publications from before the one in force; how many rows."""
    before = "(SELECT max(publication_no) FROM publications WHERE switched_at IS NOT NULL)"
    gone = 0
    with store.writing() as connection:
        for table, key in (("account_people", "lead_no"), ("account_scores", "account")):
            old = f"SELECT {key}, publication_no FROM {table} WHERE publication_no < {before} LIMIT :rows"  # noqa: S608
            statement = text(f"DELETE FROM {table} WHERE ({key}, publication_no) IN ({old})")  # noqa: S608 - our names
            gone += connection.execute(statement, {"rows": limit}).rowcount
        connection.execute(text(f"DELETE FROM matrix_counts WHERE publication_no < {before}"))  # noqa: S608 - likewise
    return gone


def _dirty(connection: Connection, limit: int) -> dict[int, str]:
    """The marks that wait longest, by number, of at most so many accounts."""
    rows = connection.execute(
        text("SELECT dirt_no, account FROM dirty_accounts ORDER BY dirt_no LIMIT :rows"), {"rows": 4 * limit}
    ).all()
    chosen = {*list(dict.fromkeys(row.account for row in rows))[:limit]}
    return {row.dirt_no: row.account for row in rows if row.account in chosen}


def _few_enough(connection: Connection, dirt: Mapping[int, str]) -> tuple[dict[int, str], bool]:
    """Marks of so many accounts, at least of one, as have few people enough together; whether some were left out."""
    counts = connection.execute(
        text(
            f"SELECT account, count(*) FROM account_people WHERE account {among(connection, 'accounts')} "  # noqa: S608
            "GROUP BY account"
        ),
        {"accounts": bound(connection, {*dirt.values()})},
    )
    people, chosen, total = {row[0]: row[1] for row in counts}, set[str](), 0
    for account in dict.fromkeys(dirt.values()):
        total += people.get(account, 0)
        if chosen and total > _PEOPLE:
            break
        chosen.add(account)
    kept = {number: account for number, account in dirt.items() if account in chosen}
    return kept, len(kept) < len(dirt)


def _worked(
    connection: Connection, publication_no: int, way: RollUp, accounts: Collection[str]
) -> tuple[int, list[dict[str, Any]]]:
    people = _people(connection, publication_no, accounts)
    beside = _beside(people)
    return publication_no, [{**row, **beside[row["account"]]} for row in (way.of(people) if people else [])]


def _people(connection: Connection, publication_no: int, accounts: Collection[str]) -> list[dict[str, Any]]:
    """Who belongs to them first, then their scores: as one question, a store may walk all scores to answer it."""
    members = connection.execute(
        text(
            f"SELECT lead_no, account FROM account_people WHERE account {among(connection, 'accounts')} "  # noqa: S608
            "AND publication_no = :publication"
        ),
        {"publication": publication_no, "accounts": bound(connection, accounts)},
    )
    account_of = {row.lead_no: row.account for row in members}
    columns = ", ".join(f"s.{name}" for name in (*_SCORE, "standing", "as_of"))
    rows = connection.execute(
        text(
            f"SELECT l.lead_no, l.lead_id, l.last_seen_at, l.account_no, {columns} FROM scores s "  # noqa: S608 - ours
            "JOIN leads l ON l.lead_no = s.lead_no "
            f"WHERE s.publication_no = :publication AND s.lead_no {among(connection, 'leads')}"
        ),
        {"publication": publication_no, "leads": bound(connection, account_of.keys())},
    )
    return [{**row, "account": account_of[row["lead_no"]]} for row in rows.mappings()]


def _beside(people: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is shown of an account beside its score: people by stage, the newest activity, the account they share."""
    by_account: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in people:
        by_account[one["account"]].append(one)
    return {account: _of_all(several) for account, several in by_account.items()}


def _of_all(people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shared = {one["account_no"] for one in people if one["account_no"] is not None}
    stands = Counter(DISQUALIFIED if one["disqualified_by"] else one["standing"] or "" for one in people)
    return {
        "stages": stands,
        "newest": max(one["last_seen_at"] for one in people),
        "account_no": shared.pop() if len(shared) == 1 else None,
    }


def _write(
    connection: Connection, publication_no: int, accounts: Collection[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    wanted = ("account", "score", "rollup", "breadth", "people", "engaged", "newest", "account_no")
    gone = {*accounts} - {row["account"] for row in rows}
    connection.execute(
        text(
            "DELETE FROM account_scores WHERE publication_no = :publication "  # noqa: S608 - our own marks
            f"AND account {among(connection, 'gone')}"
        ),
        {"publication": publication_no, "gone": bound(connection, gone)},
    )
    if rows:
        connection.execute(
            _UPSERT,
            [
                {name: row[name] for name in wanted}
                | {"engaged": int(row["engaged"])}  # DuckDB's sum of integers is wider than what stores take
                | {"publication": publication_no, "stages": orjson.dumps(dict(row["stages"])).decode()}
                for row in rows
            ],
        )


def _scores(people: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> pa.Table:
    """Score rows as the plan has them; rank and percentile belong to a whole run, and no account asks for them."""
    kinds = {"as_of": pa.timestamp("us"), **dict.fromkeys(_NUMBERS, pa.float64())}
    told = [{**one, "as_of": from_us(one["as_of"])} for one in people]
    return pa.table({name: pa.array([one.get(name) for one in told], kinds.get(name, pa.string())) for name in columns})

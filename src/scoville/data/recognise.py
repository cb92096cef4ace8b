"""Unknown files -> which are leads, events, outcomes and accounts, what their columns are for, and why it is thought so.

Everything found is a proposal with a reason; `unsure` says what a person has to decide. The same files always give the
same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from scoville.data.afterwards import written_after
from scoville.data.columns import snake_case
from scoville.data.keep import fetch_rows, keep_view, quoted
from scoville.data.looks import distinct_keys, look_at, share_known
from scoville.data.roles import (
    CLUES,
    NOT_WON,
    OUTCOME_NAMES,
    OUTCOME_TIME_NAMES,
    REQUIRED,
    Role,
    candidates,
    how_distinct,
    is_binary,
    is_key,
    roles_of,
    shown_share,
    won_values,
)
from scoville.data.signals import EventSeen, derived_shares, events_seen
from scoville.data.sources import open_source
from scoville.data.suggest import listed
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from scoville.data.looks import ColumnLook, FileLook
    from scoville.data.workspace import Settings

KINDS = ("leads", "events", "outcomes", "accounts")
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")

# What files are called that hold these; the first that matches counts.
STEMS = (
    ("outcomes", re.compile(r"(?:^|_)(?:outcomes?|conversions?|deals?|won|opportunit\w*|orders?|purchases?|sales)(?:_|$)")),
    ("accounts", re.compile(r"(?:^|_)(?:accounts?|companies|company|organi[sz]ations?)(?:_|$)")),
    ("events", re.compile(r"(?:^|_)(?:events?|activit\w*|engagement|clicks?|interactions?|actions?|timeline|tracks?|log)(?:_|$)")),
    ("leads", re.compile(r"(?:^|_)(?:leads?|contacts?|prospects?|people|persons?|customers?|users?|sign_?ups?|mql)(?:_|$)")),
)  # fmt: skip
PERSON = frozenset({"email", "phone", "job_title"})  # who has these is a person, whatever the file is called
FEW_COLUMNS = 5  # an outcome list has hardly more
ROW_NUMBER = "row_number"
MOSTLY = 0.5  # share of ids that must be known for two files to belong together
CONSTANT, EMPTY = 0.995, 0.95
LONG_TEXT = 60
PLACEHOLDERS_TOLD = 0.05
UNKNOWN_WORDS = frozenset(
    {"unknown", "not provided", "not available", "not specified", "no answer", "tbd", "xxx", "test", "not applicable"}
)


@dataclass(frozen=True)
class Caution:
    """A column that the starter model leaves alone, or a person should know about: `kind`, and the reason in words.

    Kinds: constant, empty, id, free text, placeholders, afterwards, unknown.
    """

    column: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """Where it stands who won: a column of leads or of outcomes, its values that mean won, and the share of winners.

    `won` is empty when every row of the relation is a win; `share` is in [0, 1], null when unknown.
    """

    relation: str
    column: str | None
    won: tuple[str, ...]
    share: float | None
    reason: str


@dataclass(frozen=True)
class RecognisedFile:
    """A file, what it is, and what its columns are for. `is_numbered`: its rows need numbers for ids."""

    kind: str
    look: FileLook
    confidence: float
    reason: str
    roles: tuple[Role, ...] = ()
    cautions: tuple[Caution, ...] = ()
    is_numbered: bool = False

    @property
    def source(self) -> str:
        """What the user called it."""
        return self.look.name

    def role(self, name: str) -> Role | None:
        """The sure role of this name; null when no column has it."""
        return next((role for role in self.roles if role.name == name and role.is_sure), None)

    def plain_columns(self) -> tuple[ColumnLook, ...]:
        """Columns without a sure role that nothing speaks against: what a model may give points for."""
        taken = {role.column for role in self.roles if role.is_sure}
        spoilt = {caution.column for caution in self.cautions if caution.kind not in {"placeholders", "unknown"}}
        return tuple(one for one in self.look.columns if one.name not in taken | spoilt)


@dataclass(frozen=True)
class Recognition:
    """All that was found. `aside` names files that are not used, with the reason; `unsure` is for a person to decide.

    `newest_at` is the newest event seen, naive UTC. `derived` has the shares of the values of derived traits.
    """

    leads: RecognisedFile
    events: RecognisedFile | None = None
    outcomes: RecognisedFile | None = None
    accounts: RecognisedFile | None = None
    outcome: Outcome | None = None
    events_seen: tuple[EventSeen, ...] = ()
    newest_at: datetime | None = None
    derived: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    aside: tuple[tuple[str, str], ...] = ()
    unsure: tuple[str, ...] = ()

    def files(self) -> tuple[RecognisedFile, ...]:
        """The files in use, in the order leads, events, outcomes, accounts."""
        return tuple(file for file in (self.leads, self.events, self.outcomes, self.accounts) if file is not None)


def data_files(places: Iterable[str]) -> list[str]:
    """What was named (files, patterns, tables), and for a folder the data files right in it, by name.

    Raises:  DataError for a folder that cannot be read.
    """
    found: list[str] = []
    for place in places:
        folder = Path(place).expanduser()
        if not folder.is_dir():
            found.append(place)
            continue
        try:
            children = sorted(folder.iterdir())
        except OSError as refused:
            raise DataError(f"{place}: cannot be read: {refused.strerror}.") from refused
        found += [str(child) for child in children if _is_data_file(child)]
    return list(dict.fromkeys(found))


def _is_data_file(path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return path.is_file() and name.endswith(SUFFIXES) and not name.startswith((".", "_"))


def recognise(
    con: Backend,
    sources: Sequence[str],
    settings: Settings,
    *,
    now: datetime,
    given: Mapping[str, str] | None = None,
    is_lenient: bool = False,
) -> Recognition:
    """Look at files, and say what they are. `given` names the file of a kind that the user has settled.

    `now` is naive UTC: events after it are typing errors. `is_lenient`: a file that cannot be read is set aside with
    the reason (those of a folder); else it is an error.
    Raises:  DataError when none holds leads, or one that was named cannot be read.
    """
    settled = dict(given or {})
    files: list[RecognisedFile] = []
    aside: list[tuple[str, str]] = []
    for place, source in enumerate([*settled.values(), *(one for one in sources if one not in settled.values())]):
        kind = next((kind for kind, path in settled.items() if path == source), None)
        try:
            raw = open_source(con, source, relation=f"file_{place}")
            files.append(what_it_is(look_at(con, raw, settings), kind))
        except DataError as refused:
            if kind is not None or not is_lenient:
                raise
            aside.append((source, str(refused)))
    chosen, left = _chosen(files, settled)
    if "leads" not in chosen:
        raise _no_leads(files, aside)
    return _related(con, chosen, (*aside, *left), settings, now)


# --- what a file is --------------------------------------------------------------------------------------------------


def what_it_is(look: FileLook, kind: str | None = None) -> RecognisedFile:
    """A file with its kind (the one given, else the likeliest), the reason, and the roles of its columns."""
    roles = {name: roles_of(look.columns, CLUES[name]) for name in KINDS}
    if kind is not None:
        return RecognisedFile(kind, look, 1.0, "as you said", roles[kind])
    says = _stem_says(look.name)
    found = [one for name in KINDS if (one := _as_kind(name, look, roles[name], says)) is not None]
    if not found:
        return RecognisedFile("unknown", look, 0.0, _why_unknown(look, roles["events"]))
    return max(found, key=lambda one: one.confidence)


def _stem_says(name: str) -> str | None:
    stem = snake_case(Path(name.rpartition("::")[2]).name.partition(".")[0])
    return next((kind for kind, pattern in STEMS if pattern.search(stem)), None)


def _as_kind(kind: str, look: FileLook, roles: tuple[Role, ...], says: str | None) -> RecognisedFile | None:
    """The file as one of this kind; null when it cannot be one."""
    has = {role.name: role for role in roles if role.is_sure}
    if not set(REQUIRED[kind]) <= has.keys():
        return _as_leads_without_id(look, roles, says) if kind == "leads" else None
    is_person = any(role.name in PERSON and role.is_sure for role in roles_of(look.columns, CLUES["leads"]))
    confidence = min(has[name].confidence for name in REQUIRED[kind]) - 0.3 + (0.3 if says == kind else 0.0)
    if kind == "events":
        confidence += 0.0 if is_key(look.column(has["lead_id"].column)) else 0.25
    elif kind == "outcomes":
        is_result = "at" in has and snake_case(has["at"].column) in OUTCOME_TIME_NAMES
        tells = is_result or "outcome" in has
        is_narrow = len(look.columns) <= FEW_COLUMNS and not is_person
        if not tells or not (says == kind or is_narrow):
            return None
        confidence += 0.2 if is_narrow else 0.0
    elif kind == "accounts" and (is_person or says != kind):
        return None
    named = f"; the file is called {says}" if says == kind else ""
    shown = ", ".join(f"{has[name].column} for {name}" for name in REQUIRED[kind])
    return RecognisedFile(kind, look, round(confidence, 3), f"it has {shown}{named}", roles)


def _as_leads_without_id(look: FileLook, roles: tuple[Role, ...], says: str | None) -> RecognisedFile | None:
    """People without an id: their e-mail addresses tell them apart; rows of facts without either get numbers."""
    email = next((role for role in roles if role.name == "email" and role.is_sure), None)
    if email is not None and is_key(look.column(email.column)):
        reason = f"no id, but {how_distinct(look.column(email.column))}: the address stands for it"
        own = Role("lead_id", email.column, email.confidence, reason)
        return RecognisedFile("leads", look, 0.6 + (0.3 if says == "leads" else 0), f"it has {email.column}", (own, *roles))
    if says in {None, "leads"} and not _points_elsewhere(look) and len(look.columns) > 1:
        confidence = 0.3 + (0.3 if says == "leads" else 0) + (0.1 if outcome_in(look) else 0)
        reason = "rows of facts, but no column tells them apart"
        return RecognisedFile("leads", look, confidence, reason, roles, is_numbered=True)
    return None


def _points_elsewhere(look: FileLook) -> bool:
    """Whether it has an id that comes several times, as a log has."""
    found = (role for role in candidates(look.columns, CLUES["events"][:1]) if role.is_sure)
    return any(look.column(role.column).distinct_share < MOSTLY for role in found)


def _why_unknown(look: FileLook, roles: tuple[Role, ...]) -> str:
    has = {role.name for role in roles if role.is_sure}
    missing = [name for name in REQUIRED["events"] if name not in has]
    if "lead_id" in has and missing:
        return f"its ids repeat, so it is no list of leads, and for events it has no {' and no '.join(missing)}"
    return f"no column tells its {look.rows:,} rows apart, and none says what happened when"


# --- which file of each kind -----------------------------------------------------------------------------------------


def _chosen(
    files: Sequence[RecognisedFile], settled: Mapping[str, str]
) -> tuple[dict[str, RecognisedFile], list[tuple[str, str]]]:
    """The best file of each kind, and the others with the reason why they are left out."""
    ranked = sorted(files, key=lambda file: (-file.confidence, -file.look.rows, file.source))
    chosen: dict[str, RecognisedFile] = {}
    left = []
    for file in ranked:
        if file.kind == "unknown":
            left.append((file.source, file.reason))
        elif file.kind in chosen:
            taken = chosen[file.kind].source
            left.append((file.source, f"looks like {file.kind} too; {taken} is taken. Choose with --{file.kind}."))
        else:
            chosen[file.kind] = file
    if "leads" not in chosen:
        _promote(ranked, chosen)
    used = {file.source for file in chosen.values()}
    return chosen, sorted((source, reason) for source, reason in left if source not in used)


def _promote(ranked: Sequence[RecognisedFile], chosen: dict[str, RecognisedFile]) -> None:
    """Without a list of leads, the best other list that could be one; a log of events never is."""
    for file in ranked:
        if file.kind in {"outcomes", "accounts"}:
            roles = roles_of(file.look.columns, CLUES["leads"])
            leads = _as_kind("leads", file.look, roles, None)
            if leads is not None:
                del chosen[file.kind]
                chosen["leads"] = leads
                return


def numbered_rows(file: RecognisedFile) -> tuple[str, str]:
    """SQL for the rows of a file with a number each, in the order of the file, and what the column of numbers is called."""
    name = ROW_NUMBER if all(column.lower() != ROW_NUMBER for column in file.look.raw.table.columns) else f"scoville_{ROW_NUMBER}"
    table = quoted(f"raw_{file.look.raw.relation}")
    return f"SELECT row_number() OVER () AS {name}, * FROM {table}", name  # noqa: S608 - our own names


def _no_leads(files: Sequence[RecognisedFile], aside: Sequence[tuple[str, str]]) -> DataError:
    seen = [f"{file.source}: {file.kind} ({file.reason})" for file in files]
    seen += [f"{source}: {reason}" for source, reason in aside]
    return DataError(
        "none of the files is a list of leads, one row each. Found: "
        + "; ".join(seen)
        + ". Name the leads with --leads FILE."
    )


# --- how they belong together ----------------------------------------------------------------------------------------


def _related(
    con: Backend,
    chosen: Mapping[str, RecognisedFile],
    aside: tuple[tuple[str, str], ...],
    settings: Settings,
    now: datetime,
) -> Recognition:
    leads = _exact_key(con, chosen["leads"], settings)
    unsure: list[str] = []
    others: dict[str, RecognisedFile] = {}
    for kind in ("events", "outcomes"):
        if kind in chosen:
            leads, other, doubt = _joined(con, leads, chosen[kind], settings)
            unsure += doubt
            if other is None:
                aside = (*aside, (chosen[kind].source, "none of its ids is that of a lead"))
            else:
                others[kind] = other
    outcome = _outcome(leads, others.get("outcomes"))
    leads = replace(leads, cautions=_cautions(con, leads, others.get("outcomes"), outcome))
    events = others.get("events")
    found = Recognition(
        leads=leads,
        events=events,
        outcomes=others.get("outcomes"),
        accounts=chosen.get("accounts"),
        outcome=outcome,
        events_seen=events_seen(con, events.look, events.roles) if events else (),
        newest_at=_newest(con, events, now) if events else None,
        derived=derived_shares(con, leads.look.seen, _keys_of_roles(leads)),
        aside=aside,
    )
    return replace(found, unsure=(*unsure, *_doubts(found)))


def _keys_of_roles(file: RecognisedFile) -> dict[str, str]:
    return {role.name: file.look.column(role.column).key for role in file.roles if role.is_sure}


def _exact_key(con: Backend, leads: RecognisedFile, settings: Settings) -> RecognisedFile:
    """The reason of the id, counted over all rows where only a sample was looked at."""
    role = leads.role("lead_id")
    if role is None or not leads.look.is_sample:
        return leads
    filled, distinct = distinct_keys(con, leads.look.raw, role.column, settings)
    reason = f"{distinct:,} distinct of {filled:,} in {leads.look.rows:,} rows"
    return _with_role(leads, replace(role, reason=reason))


def _with_role(file: RecognisedFile, role: Role) -> RecognisedFile:
    others = tuple(one for one in file.roles if one.name != role.name and one.column != role.column)
    return replace(file, roles=(role, *others))


def _joined(
    con: Backend, leads: RecognisedFile, other: RecognisedFile, settings: Settings
) -> tuple[RecognisedFile, RecognisedFile | None, list[str]]:
    """The pair of columns by which most ids of the other file are those of leads; the first guess wins ties."""
    best, share = _best_pair(con, leads, other, settings)
    if best is None or not share:
        return leads, None, []
    own, theirs = best
    if own.name == "lead_id" and leads.role("lead_id") != own:
        leads = _with_role(leads, replace(own, reason=f"{own.reason}; {other.kind} speak of it"))
    told = f"{shown_share(share)} of its ids are leads of {Path(leads.source).name}"
    other = _with_role(other, replace(theirs, confidence=max(theirs.confidence, 0.9), reason=f"{theirs.reason}; {told}"))
    doubt = [f"{other.source}: only {told}. Is {theirs.column} the id of a lead?"] if share < MOSTLY else []
    return leads, other, doubt


def _best_pair(
    con: Backend, leads: RecognisedFile, other: RecognisedFile, settings: Settings
) -> tuple[tuple[Role, Role] | None, float]:
    owns = _key_candidates(leads)
    theirs = sorted(candidates(other.look.columns, CLUES[other.kind][:1]), key=lambda role: -role.confidence)[:3]
    best: tuple[Role, Role] | None = None
    most = 0.0
    for own in owns:
        for their in theirs:
            share = share_known(con, other.look.raw, their.column, leads.look.raw, own.column, settings)
            if share > most + 0.05:  # noqa: PLR2004 - a near tie is settled by the names
                best, most = (own, their), share
        if most >= MOSTLY:
            break  # the likeliest id already is the one
    return best, most


def _key_candidates(leads: RecognisedFile) -> list[Role]:
    """Columns of leads that others may speak of: the id, further ones like it, the address; numbered rows have none."""
    if leads.is_numbered:
        return []
    found = sorted(candidates(leads.look.columns, CLUES["leads"][:1]), key=lambda role: -role.confidence)
    roles = (leads.role("lead_id"), *found[:3], leads.role("email"))
    return list({role.column: role for role in reversed(roles) if role is not None}.values())[::-1]


def _newest(con: Backend, events: RecognisedFile, now: datetime) -> datetime | None:
    """The newest event that is not in the future."""
    role = events.role("occurred_at")
    time = events.look.seen[events.look.column(role.column).key] if role else None
    if time is None or not time.type().is_timestamp():
        return None
    past = events.look.seen.select(time=time).filter(lambda row: row["time"] <= now)
    newest: datetime | None = fetch_rows(con, past.aggregate(newest=past["time"].max()))[0]["newest"]
    return newest


# --- who won ---------------------------------------------------------------------------------------------------------


def outcome_in(look: FileLook, taken: frozenset[str] = frozenset()) -> Outcome | None:
    """The column of leads that says who won: by its name, with two values or one that says won; null when none does."""
    named = [one for one in look.columns if snake_case(one.name) in OUTCOME_NAMES and one.name not in taken]
    for column in sorted(named, key=lambda one: (not is_binary(one), OUTCOME_NAMES.index(snake_case(one.name)))):
        won = won_values(column)[:1] if is_binary(column) else _won_words(column)
        if won:
            count = sum(count for value, count in column.top if value in won)
            share = count / column.rows
            shown = " or ".join(f"'{value}'" for value in won)
            return Outcome("leads", column.name, won, share, f"{shown} in {shown_share(share)} of the rows; the name says so")
    return None


def _won_words(column: ColumnLook) -> tuple[str, ...]:
    """Values that say won in so many words: of several values a bare 1 or yes says nothing."""
    bare = NOT_WON | {"1", "yes", "true", "y", "t"}
    return tuple(value for value in won_values(column) if value.strip().lower() not in bare)


def _outcome(leads: RecognisedFile, outcomes: RecognisedFile | None) -> Outcome | None:
    taken = frozenset(role.column for role in leads.roles if role.is_sure)
    if outcomes is None:
        return outcome_in(leads.look, taken)
    role = outcomes.role("outcome")
    column = outcomes.look.column(role.column) if role else None
    if column is None or column.distinct <= 1:
        return Outcome("outcomes", column.name if column else None, (), None, "every row of outcomes is a win")
    won = won_values(column)[:1]
    reason = f"values: {listed(value for value, _ in column.top)}" + (f"; '{won[0]}' means won" if won else "")
    return Outcome("outcomes", column.name, won, None, reason)


def _labelled(
    con: Backend, leads: RecognisedFile, outcomes: RecognisedFile | None, outcome: Outcome | None
) -> tuple[ir.Table, str | None]:
    """The leads looked at, with a boolean column `won` where it is known."""
    seen = leads.look.seen
    if outcome is None or (outcome.relation == "outcomes" and outcome.column is not None and not outcome.won and _is_open(outcomes, outcome)):
        return seen, None
    if outcome.relation == "leads":
        value = seen[leads.look.column(outcome.column or "").key].cast("string").strip().lower()
        is_won = value.isin([one.strip().lower() for one in outcome.won])
        return keep_view(con, "labelled", seen.mutate(won=is_won.fill_null(ibis.literal(False)))), "won"  # noqa: FBT003 - a value
    if outcomes is None or (role := outcomes.role("lead_id")) is None or (own := leads.role("lead_id")) is None:
        return seen, None
    theirs = outcomes.look.seen
    if outcome.column is not None and outcome.won:
        theirs = theirs.filter(theirs[outcomes.look.column(outcome.column).key].cast("string") == outcome.won[0])
    winners = theirs.select(winner=theirs[outcomes.look.column(role.column).key].cast("string")).distinct()
    joined = seen.left_join(winners, seen[leads.look.column(own.column).key].cast("string") == winners["winner"])
    labelled = joined.select(*seen.columns, won=joined["winner"].notnull())
    return keep_view(con, "labelled", labelled), "won"


def _is_open(outcomes: RecognisedFile | None, outcome: Outcome) -> bool:
    """Whether there are several outcomes, none of which says won."""
    return outcomes is not None and outcome.column is not None and outcomes.look.column(outcome.column).distinct > 1


# --- columns to be careful with --------------------------------------------------------------------------------------


def _cautions(
    con: Backend, leads: RecognisedFile, outcomes: RecognisedFile | None, outcome: Outcome | None
) -> tuple[Caution, ...]:
    taken = {role.column for role in leads.roles if role.is_sure}
    is_label = outcome.column if outcome and outcome.relation == "leads" else None
    others = [one for one in leads.look.columns if one.name not in taken and one.name != is_label]
    rows, won = _labelled(con, leads, outcomes, outcome)
    late = written_after(con, rows, [one for one in others if 0 < one.filled], won)
    found = [Caution(is_label, "outcome", "it is the outcome")] if is_label else []
    for column in others:
        if column.name in late:
            found.append(Caution(column.name, "afterwards", late[column.name]))
        elif (plain := _plain_caution(column)) is not None:
            found.append(plain)
    found += [caution for column in leads.look.columns for caution in _missing_cautions(column)]
    return tuple(found)


def _plain_caution(column: ColumnLook) -> Caution | None:
    """Why a column cannot carry a rule, whatever its meaning."""
    if not column.filled or column.filled_share <= 1 - EMPTY:
        return Caution(column.name, "empty", f"empty in {shown_share(1 - column.filled_share)} of the rows")
    if column.distinct == 1 or (column.top and column.filled_share >= CONSTANT and column.top[0][1] >= CONSTANT * column.rows):
        value = column.top[0][0] if column.top else column.shown[0]
        return Caution(column.name, "constant", f"'{value}' in nearly every row, so it tells nobody apart")
    if column.type == "text" and not column.top and column.longest > LONG_TEXT:
        return Caution(column.name, "free text", f"{column.distinct:,} texts of up to {column.longest} characters")
    if is_key(column) and any(role.column == column.name for role in candidates([column], CLUES["leads"][:1])):
        return Caution(column.name, "id", how_distinct(column))
    return None


def _missing_cautions(column: ColumnLook) -> list[Caution]:
    found = []
    if column.placeholders >= PLACEHOLDERS_TOLD * column.rows:
        share = shown_share(column.placeholders / column.rows)
        found.append(Caution(column.name, "placeholders", f"{share} are placeholders such as Select or N/A, taken for missing"))
    words = [(value, count) for value, count in column.top if value.strip().lower() in UNKNOWN_WORDS]
    if words and words[0][1] >= PLACEHOLDERS_TOLD * column.rows:
        share = shown_share(words[0][1] / column.rows)
        found.append(Caution(column.name, "unknown", f"'{words[0][0]}' in {share}: a value now; list it under placeholders if it means missing"))
    return found


def _doubts(found: Recognition) -> list[str]:
    """What a person has to decide, in words."""
    doubts = []
    if found.leads.is_numbered:
        doubts.append(
            f"{found.leads.source}: no column tells leads apart, so its rows get numbers in the order of the file. "
            "With an id of your CRM scores could be compared from run to run: map it as lead_id."
        )
    for file in found.files():
        for role in file.roles:
            column = file.look.column(role.column)
            if column.is_order_open and role.is_sure:
                doubts.append(f"{file.source}: {role.column} may be day/month or month/day: set date_order in scoville.toml.")
            if not role.is_sure:
                doubts.append(f"{file.source}: {role.column} may be {role.name} ({role.reason}).")
        missing = [name for name in REQUIRED[file.kind] if file.role(name) is None and not file.is_numbered]
        doubts += [f"{file.source}: no column found for {file.kind}.{name}; name it in scoville.toml." for name in missing]
    if found.outcome is None:
        doubts.append("no outcome found (who became a customer): the model cannot be checked against what happened yet.")
    elif found.outcome.column is not None and not found.outcome.won and found.outcome.share is None and found.outcomes is not None and _is_open(found.outcomes, found.outcome):
        doubts.append(f"{found.outcomes.source}: none of the outcomes says won: {found.outcome.reason}.")
    late = [caution.column for caution in found.leads.cautions if caution.kind == "afterwards"]
    if late:
        doubts.append(f"maybe written after the outcome was known, so no points for: {listed(late)}.")
    return doubts

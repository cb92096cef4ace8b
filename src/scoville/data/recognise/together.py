"""Several files -> what they are, how they belong together, and all that was found out about them.

Everything found is a proposal with a reason; `unsure` says what a person has to decide. The same files always give the
same answer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.data.keep import quoted
from scoville.data.recognise.cautions import cautions_of, doubts_about
from scoville.data.recognise.clues import CLUES
from scoville.data.recognise.findings import RecognisedFile, Recognition
from scoville.data.recognise.kinds import as_kind, what_it_is
from scoville.data.recognise.looks import distinct_keys, look_at, share_known
from scoville.data.recognise.roles import Role, candidates, roles_of, shown_share
from scoville.data.recognise.signals import derived_shares, events_seen
from scoville.data.recognise.winners import find_outcome
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.workspace import Settings

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
ROW_NUMBER = "row_number"
MOSTLY = 0.5  # share of ids that must be known for two files to belong together
NEAR_TIE = 0.05  # of such shares: the names of the columns settle it


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
    con: InDuckDB,
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
            raw = con.open_source(source, relation=f"file_{place}")
            files.append(what_it_is(look_at(con, raw, settings), kind))
        except DataError as refused:
            if kind is not None or not is_lenient:
                raise
            aside.append((source, str(refused)))
    chosen, left = _chosen(files)
    if "leads" not in chosen:
        raise _no_leads(files, aside)
    return _related(con, chosen, (*aside, *left), settings, now)


# --- which file of each kind -----------------------------------------------------------------------------------------


def _chosen(files: Sequence[RecognisedFile]) -> tuple[dict[str, RecognisedFile], list[tuple[str, str]]]:
    """The best file of each kind, and the others with the reason why they are left out."""
    ranked = sorted(files, key=lambda file: (-file.confidence, -file.look.rows, file.source))
    chosen: dict[str, RecognisedFile] = {}
    left = []
    for file in ranked:
        if file.kind == "unknown":
            left.append((file.source, file.reason))
        elif file.kind in chosen:
            taken = chosen[file.kind].short_name
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
            leads = as_kind("leads", file.look, roles, None)
            if leads is not None:
                del chosen[file.kind]
                chosen["leads"] = leads
                return


def numbered_rows(file: RecognisedFile) -> tuple[str, str]:
    """SQL for the rows of a file with a number each, in the order of the file, and the name of that column."""
    taken = {column.lower() for column in file.look.raw.table.columns}
    name = f"scoville_{ROW_NUMBER}" if ROW_NUMBER in taken else ROW_NUMBER
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
    con: InDuckDB,
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
    outcome = find_outcome(leads, others.get("outcomes"))
    leads = replace(leads, cautions=cautions_of(con, leads, others.get("outcomes"), outcome))
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
    return replace(found, unsure=(*unsure, *doubts_about(found)))


def _keys_of_roles(file: RecognisedFile) -> dict[str, str]:
    return {role.name: file.look.column(role.column).key for role in file.roles if role.is_sure}


def _exact_key(con: InDuckDB, leads: RecognisedFile, settings: Settings) -> RecognisedFile:
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
    con: InDuckDB, leads: RecognisedFile, other: RecognisedFile, settings: Settings
) -> tuple[RecognisedFile, RecognisedFile | None, list[str]]:
    """The pair of columns by which most ids of the other file are those of leads; the first guess wins ties."""
    best, share = _best_pair(con, leads, other, settings)
    if best is None or not share:
        return leads, None, []
    own, theirs = best
    if own.name == "lead_id" and leads.role("lead_id") != own:
        leads = _with_role(leads, replace(own, reason=f"{own.reason}; {other.kind} speak of it"))
    told = f"{shown_share(share)} of its ids are leads of {leads.short_name}"
    other = _with_role(
        other, replace(theirs, confidence=max(theirs.confidence, 0.9), reason=f"{theirs.reason}; {told}")
    )
    doubt = [f"{other.short_name}: only {told}. Is {theirs.column} the id of a lead?"] if share < MOSTLY else []
    return leads, other, doubt


def _best_pair(
    con: InDuckDB, leads: RecognisedFile, other: RecognisedFile, settings: Settings
) -> tuple[tuple[Role, Role] | None, float]:
    owns = _key_candidates(leads)
    theirs = sorted(candidates(other.look.columns, CLUES[other.kind][:1]), key=lambda role: -role.confidence)[:3]
    best: tuple[Role, Role] | None = None
    most = 0.0
    for own in owns:
        for their in theirs:
            share = share_known(con, other.look.raw, their.column, leads.look.raw, own.column, settings)
            if share > most + NEAR_TIE:
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


def _newest(con: InDuckDB, events: RecognisedFile, now: datetime) -> datetime | None:
    """The newest event that is not in the future."""
    role = events.role("occurred_at")
    time = events.look.seen[events.look.column(role.column).key] if role else None
    if time is None or not time.type().is_timestamp():
        return None
    past = events.look.seen.select(time=time).filter(lambda row: row["time"] <= now)
    newest: datetime | None = con.fetch_rows(past.aggregate(newest=past["time"].max()))[0]["newest"]
    return newest

"""A message finds its person: which ids are one, and what a message may not say.

In: a `Said` and the `People` of the batch. Out: a `Placed`, or the note that goes into quarantine. Called by `folding`,
message by message in the order of arrival. With a secret key the order changes nothing; a public key may not speak for
a person who is known already, so there it matters who came first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scoville.live.fold.messages import ANONYMOUS, USER, Id
from scoville.live.fold.people import MOST_IDS, Tie

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.live.fold.messages import Said
    from scoville.live.fold.people import People
    from scoville.live.store.settings import LiveSettings

    Accounts = Mapping[str, Mapping[str, object]]  # those that are stored, with their traits

_ABOUT_PEOPLE = frozenset({"identify", "alias", "group"})


@dataclass(frozen=True)
class Note:
    """Why a message, or a part of it, was put aside."""

    said: Said
    reason: str
    detail: str


@dataclass(frozen=True)
class Placed:
    """A message and the id that it counts for."""

    said: Said
    id: Id


def place(said: Said, people: People, accounts: Accounts, settings: LiveSettings) -> tuple[Placed | None, list[Note]]:
    """Whom a message counts for, null when it counts for nobody; and what was put aside of it."""
    if said.user is None and said.anonymous is None and said.previous is None:
        return None, [Note(said, "no_person", "userId and anonymousId are missing, or words for nothing.")]
    notes: list[Note] = []
    if not said.row.is_trusted:
        allowed, refused = _allowed(said, people)
        if allowed is None:
            return None, refused
        said, notes = _without_protected(allowed, settings)
        said, further = _without_known_account(said, accounts)
        notes += further
    notes += _tied(said, people)
    return Placed(said, _main(said)), notes


def counterparts(said: Said) -> Iterator[Id]:
    """Ids of the same text that have to be known too: a previous id may be one of a user, said earlier or later."""
    if said.previous is not None:
        yield Id(USER, said.previous.value)
    if said.user is not None:
        yield Id(ANONYMOUS, said.user.value)


def _main(said: Said) -> Id:
    main = said.user or said.anonymous or said.previous
    assert main is not None, "checked before"  # noqa: S101
    return main


def _allowed(said: Said, people: People) -> tuple[Said | None, list[Note]]:
    """What a message with a public key may say: anything about its own anonymous id, and people nobody knows yet."""
    own = said.anonymous or said.previous
    if own is None:
        detail = "a public key speaks for an anonymousId, and there is none; use a secret key on servers."
        return None, [Note(said, "unproven_person", detail)]
    claims = [*said.ids, *([Id(USER, said.previous.value)] if said.previous else [])]
    if all(one == own or one not in people.known or people.is_one_lead(one, own) for one in claims):
        return said, []
    if said.row.type in _ABOUT_PEOPLE:
        detail = "a public key may not speak for a person who is known already under another anonymousId."
        return None, [Note(said, "known_person", detail)]
    return replace(said, user=None), []


def _without_protected(said: Said, settings: LiveSettings) -> tuple[Said, list[Note]]:
    mine = said.traits.keys() & settings.protected_traits
    of_account = {name for name in said.account_traits if f"account.{name}" in settings.protected_traits}
    if not mine and not of_account:
        return said, []
    kept = replace(
        said,
        traits={name: value for name, value in said.traits.items() if name not in mine},
        account_traits={name: value for name, value in said.account_traits.items() if name not in of_account},
        content={name: value for name, value in said.content.items() if name not in mine | of_account},
        email=None if "email" in mine else said.email,
    )
    named = ", ".join(sorted(mine | of_account))
    return kept, [Note(said, "protected_trait", f"a public key may not set {named}; the rest of the message counts.")]


def _without_known_account(said: Said, accounts: Accounts) -> tuple[Said, list[Note]]:
    """With a public key anybody may say that he is of an account, but not what is true of one that is stored."""
    held = accounts.get(said.group) if said.group is not None else None
    new = {} if held is None else {n: v for n, v in said.account_traits.items() if n not in held or held[n] != v}
    if not new:
        return said, []
    kept = {name: value for name, value in said.account_traits.items() if name not in new}
    detail = f"a public key may not change {', '.join(sorted(new))} of an account that is known; the rest counts."
    return replace(said, account_traits=kept), [Note(said, "known_account", detail)]


def _tied(said: Said, people: People) -> list[Note]:
    for one in said.ids:
        people.see(one, said.row.occurred_us)
    if all([people.tie(tie) for tie in _ties(said, people)]):  # noqa: C419 - each is made, whatever came of another
        return []
    detail = f"its ids would make a lead of more than {MOST_IDS:,} ids; it counts, but they were not merged."
    return [Note(said, "too_many_ids", detail)]


def _ties(said: Said, people: People) -> Iterator[Tie]:
    event_id, at_us, main = said.row.event_id, said.row.occurred_us, _main(said)
    for other in (said.anonymous, said.email):
        if other is not None:
            yield Tie(main, other, "email" if other is said.email else "identify", event_id, at_us)
    if said.previous is not None:
        cause = "alias" if said.row.is_trusted else "identify"
        yield Tie(main, said.previous, cause, event_id, at_us)
        people.previous |= {said.previous} if said.row.is_trusted else set()
    for one in (said.user, Id(USER, said.previous.value) if said.previous else None):
        if one is not None and one in people.known and Id(ANONYMOUS, one.value) in people.previous:
            yield Tie(one, Id(ANONYMOUS, one.value), "alias", event_id, at_us)

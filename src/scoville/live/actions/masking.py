"""Secrets of an action, hidden for who looks at it, and put back when it comes again.

In: an action with its secrets. Out: the same with masks; and, of an action that came with masks, what they hide. Called
where actions are shown and saved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scoville.errors import UsageError

if TYPE_CHECKING:
    from scoville.live.actions.defining import Action

MASK = "••••••"


def masked(action: Action) -> Action:
    """The action without any secret. Of an address scheme, host and port stay: they say where, and open nothing."""
    server = action.mail_server
    return replace(
        action,
        url=_masked_url(action.url),
        secrets=tuple(MASK for _ in action.secrets),
        headers=dict.fromkeys(action.headers, MASK),
        mail_server=replace(server, password=MASK if server.password else "") if server else None,
    )


def unmasked(action: Action, before: Action) -> Action:
    """Masks turned back into what they hide, which only goes where it went before: else a new address would learn it.

    Raises: UsageError for a mask beside a new host.
    """
    keeps_url = MASK in action.url
    if keeps_url and action.url != _masked_url(before.url):
        raise UsageError("an address that is changed has to be given as a whole, also what the dots stand for")
    server, old = action.mail_server, before.mail_server
    if server and server.password == MASK:
        if old is None or (server.host, server.port) != (old.host, old.port):
            raise UsageError("with another mail server its password has to be given again")
        server = replace(server, password=old.password)
    moved = not keeps_url and urlsplit(action.url).netloc != urlsplit(before.url).netloc
    if moved and MASK in action.headers.values():
        raise UsageError("with another host the values of the headers have to be given again")
    return replace(
        action,
        url=before.url if keeps_url else action.url,
        secrets=before.secrets if not action.secrets or MASK in action.secrets else action.secrets,
        headers={k: before.headers.get(k, "") if v == MASK else v for k, v in action.headers.items()},
        mail_server=server,
    )


def _masked_url(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{MASK}" if url else ""

"""One attempt to hand a message over: sign, connect to the checked machine, send, read the beginning of the answer.

In: an action with its secrets, and the messages for it. Out: an `Attempt`: what became of it. It never raises for what
another machine does, and takes no longer than it is allowed, however slowly that machine speaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Literal

import certifi
import httpx
import orjson
from standardwebhooks import Webhook

from scoville.live.actions.addresses import AddressError, parsed_mail_host, parsed_url, resolved
from scoville.live.actions.retrying import retry_after
from scoville.live.actions.wording import body, slack_message, subject

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from scoville.live.actions.addresses import Policy, Resolve, Target
    from scoville.live.actions.defining import Action, MailServer

ANSWER_KEPT = 4096  # bytes; what an operator needs to see why, and no more of somebody else's data
_GONE = 410
_AGENT = "Scoville-Webhooks/1"


@dataclass(frozen=True)
class Message:
    """One outbox row on its way. `attempt` counts from 1."""

    outbox_no: int
    message_id: str
    payload: Mapping[str, Any]
    attempt: int = 1


@dataclass(frozen=True)
class Attempt:
    """What became of it. `gone`: the other side wants nothing more; `refused`: the address may not be spoken to."""

    outcome: Literal["sent", "failed", "gone", "refused"]
    detail: str
    status: int | None = None
    answer: str | None = None
    retry_after: timedelta | None = None
    duration_ms: int = 0


@dataclass(frozen=True)
class Way:
    """How to reach the world: which private hosts are allowed, who resolves names, how long one attempt may take."""

    policy: Policy
    resolve: Resolve
    client: httpx.AsyncClient
    timeout_s: float = 15.0


def http_client(timeout_s: float) -> httpx.AsyncClient:
    """A client that follows nothing, asks no proxy, and keeps no connection.

    A kept one would be shared by all names on that IP, also by those whose certificate was never seen.
    """
    trust = ssl.create_default_context(cafile=certifi.where())
    trust.load_default_certs()  # and those of this machine: an intranet has its own
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(
        verify=trust, trust_env=False, follow_redirects=False, limits=limits, timeout=httpx.Timeout(timeout_s)
    )


async def attempt(action: Action, messages: Sequence[Message], way: Way, sent_at: datetime) -> Attempt:
    """Hand over one message, or, for chat and mail, several in one. `sent_at` is naive UTC: what the signature says."""
    started = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(way.timeout_s):
            done = await _WAYS[action.kind](action, messages, way, sent_at)
    except AddressError as refused:
        done = Attempt("refused", str(refused))
    except TimeoutError:
        done = Attempt("failed", f"no whole answer within {way.timeout_s:g} s")
    except httpx.HTTPError as error:
        done = Attempt("failed", f"{type(error).__name__}: {error}"[:500])
    except OSError as error:
        done = Attempt("failed", f"cannot be reached: {error}"[:500])
    return replace(done, duration_ms=round((asyncio.get_running_loop().time() - started) * 1000))


async def _webhook(action: Action, messages: Sequence[Message], way: Way, sent_at: datetime) -> Attempt:
    (message,) = messages
    content = orjson.dumps(message.payload)
    headers = {**action.headers, **signed(action.secrets, message.message_id, sent_at, content)}
    return await _posted(action.url, content, headers, way, sent_at)


async def _slack(action: Action, messages: Sequence[Message], way: Way, sent_at: datetime) -> Attempt:
    said = slack_message(action.text, _occasion(messages, action), [message.payload["data"] for message in messages])
    return await _posted(action.url, orjson.dumps(said), {}, way, sent_at)


def signed(secrets: Sequence[str], message_id: str, sent_at: datetime, content: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: a signature by every secret, so that two can be valid for a while."""
    at = sent_at.replace(tzinfo=UTC)  # the library takes whatever stands there for UTC
    signatures = [Webhook(secret).sign(message_id, at, content.decode()) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _posted(url: str, content: bytes, headers: Mapping[str, str], way: Way, now: datetime) -> Attempt:
    target = await resolved(parsed_url(url, way.policy), way.resolve)
    own = {
        "host": target.address.host_header,
        "content-type": "application/json",
        "user-agent": _AGENT,
        "accept-encoding": "identity",
    }
    request = way.client.build_request("POST", target.url, content=content, headers={**headers, **own})
    request.extensions["sni_hostname"] = target.address.host  # the certificate is that of the name, not of the IP
    answer = await way.client.send(request, stream=True)
    try:
        return _judged(answer, await _beginning(answer), now)
    finally:
        await answer.aclose()


async def _beginning(answer: httpx.Response) -> str:
    """As much of the body as is kept; the rest is never read, nor is anything unpacked."""
    read = b""
    with contextlib.suppress(httpx.HTTPError):  # the status is what counts, and it is here
        async for chunk in answer.aiter_raw():
            read += chunk
            if len(read) >= ANSWER_KEPT:
                break
    return read[:ANSWER_KEPT].decode("utf-8", "replace").replace("\x00", "")


def _judged(answer: httpx.Response, text: str, now: datetime) -> Attempt:
    status = answer.status_code
    if answer.is_success:
        return Attempt("sent", "", status, text)
    if status == _GONE:
        return Attempt("gone", "the receiver answered 410: it wants no more", status, text)
    moved = "; a redirect is not followed: set the new URL" if answer.is_redirect else ""
    wish = retry_after(answer.headers.get("retry-after"), now)
    return Attempt("failed", f"answered {status}{moved}", status, text, wish)


async def _email(action: Action, messages: Sequence[Message], way: Way, _sent_at: datetime) -> Attempt:
    server = action.mail_server
    receivers = _receivers(action, messages)
    if server is None or not receivers:
        return Attempt("failed", "nobody to send it to: the lead has no owner yet")
    target = await resolved(parsed_mail_host(server.host, server.port, way.policy), way.resolve)
    mail = _mail(action, messages, server.sender, receivers)
    return await asyncio.to_thread(_mailed, server, target, mail, way.timeout_s)


def _receivers(action: Action, messages: Sequence[Message]) -> list[str]:
    owners = [(message.payload["data"].get("owner") or {}).get("email") for message in messages]
    named = [one for word in action.to for one in (owners if word == "owner" else [word])]
    return list(dict.fromkeys(one for one in named if one))


def _mail(action: Action, messages: Sequence[Message], sender: str, receivers: Sequence[str]) -> EmailMessage:
    occasion, leads = _occasion(messages, action), [message.payload["data"] for message in messages]
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(receivers)
    mail["Subject"] = subject(action.subject, occasion, leads)
    mail["Message-ID"] = f"<{messages[0].message_id}@{sender.rpartition('@')[2]}>"  # the same at every attempt
    mail["Auto-Submitted"] = "auto-generated"  # so that nobody's absence notice answers it
    mail.set_content(body(action.text, occasion, leads))
    return mail


def _occasion(messages: Sequence[Message], action: Action) -> str:
    return "test" if messages[0].payload["type"] == "test" else action.occasion


def _mailed(server: MailServer, target: Target, mail: EmailMessage, timeout_s: float) -> Attempt:
    try:
        with _connected(server, target, timeout_s) as connection:
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            refused = connection.send_message(mail)
    except smtplib.SMTPResponseException as error:
        return Attempt(
            "failed", f"the mail server answered {error.smtp_code}", error.smtp_code, _said(error.smtp_error)
        )
    except smtplib.SMTPRecipientsRefused as error:
        return Attempt("failed", "the mail server takes none of the receivers", None, _said(repr(error.recipients)))
    except smtplib.SMTPException as error:
        return Attempt("failed", f"{type(error).__name__}: {error}"[:500])
    return Attempt("sent", f"not taken: {', '.join(refused)}" if refused else "", 250)


class _ToCheckedIp(smtplib.SMTP):
    """Connects to the IP that was checked, and speaks to the name: it is the one the certificate has to bear."""

    def __init__(self, target: Target, timeout_s: float, **more: Any) -> None:  # noqa: ANN401 - as smtplib has them
        self._ip = target.ip
        super().__init__(target.address.host, target.address.port, timeout=timeout_s, **more)

    def _get_socket(self, _host: str, port: int, timeout: float) -> socket.socket:
        return super()._get_socket(self._ip, port, timeout)  # type: ignore[misc, no-any-return] # smtplib's own seam


class _ToCheckedIpByTls(_ToCheckedIp, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def _connected(server: MailServer, target: Target, timeout_s: float) -> smtplib.SMTP:
    if server.security == "tls":
        return _ToCheckedIpByTls(target, timeout_s, context=ssl.create_default_context())
    return _ToCheckedIp(target, timeout_s)


def _said(text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return plain.replace("\x00", "")[:ANSWER_KEPT]


_WAYS = {"webhook": _webhook, "slack": _slack, "email": _email}

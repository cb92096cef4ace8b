"""Receivers of what Live sends: an HTTP server and a mail server on this machine that write down what reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scoville.live.actions.addresses import Policy

if TYPE_CHECKING:
    import socket
    from http.server import BaseHTTPRequestHandler


@dataclass
class Receiver:
    """An HTTP server. `answers` are used up one by one, the last one stays; each may be a status or a function."""

    answers: list[Any] = field(default_factory=lambda: [200])
    seen: list[tuple[dict[str, str], bytes, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def policy(self) -> Policy:
        return Policy(frozenset({f"127.0.0.1:{self.port}"}))

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        self.seen.append(({k.lower(): v for k, v in handler.headers.items()}, body, handler.path))
        what = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(what):
            what(handler)
            return
        status, headers, text = what if isinstance(what, tuple) else (what, {}, b"ok")
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


@dataclass
class MailBox:
    """An SMTP server that takes one mail after the other, or says `refusal` to each receiver."""

    port: int = 0
    refusal: str = ""
    mails: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._speak(stream)

    def _speak(self, stream: Any) -> None:
        def say(line: str) -> None:
            stream.write(f"{line}\r\n".encode())
            stream.flush()

        say("220 here")
        while line := stream.readline().decode().strip():
            verb = line.split(":")[0].split(" ")[0].upper()
            if verb == "RCPT":
                self.receivers.append(line.split("<")[1].split(">")[0])
                say(self.refusal or "250 ok")
            elif verb == "DATA":
                say("354 go on")
                lines = []
                while (text := stream.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                self.mails.append("\n".join(lines))
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

"""Over TLS the certificate has to be that of the name, although the connection goes to an IP."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from live_world import NOW
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import Action
from scoville.live.actions.sending import Message, Way, attempt, http_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def certificate(folder: Path, *names: str) -> Path:
    """A key and a certificate for these names, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    today = dt.datetime.now(dt.UTC)
    spoken = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(spoken), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class Answering(BaseHTTPRequestHandler):
    """Says 200 to everybody."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that does not like the certificate hangs up."""


@pytest.fixture(params=["hook.example", "other.example", "127.0.0.1"])
def served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, int]]:
    """A server whose certificate is for this name, and which this machine trusts; its port."""
    path = certificate(tmp_path, request.param)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = Server(("127.0.0.1", 0), Answering)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield request.param, server.server_address[1]
    server.shutdown()
    server.server_close()


def test_only_the_certificate_of_the_name_is_taken(served: tuple[str, int]) -> None:
    name, port = served

    async def inside(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def once() -> tuple[str, str]:
        async with http_client(3.0) as client:
            way = Way(Policy(frozenset({f"hook.example:{port}"})), inside, client, 3.0)
            action = Action("A", "webhook", url=f"https://hook.example:{port}/")
            done = await attempt(action, [Message(1, "m", {})], way, NOW)
            return done.outcome, done.detail

    outcome, detail = asyncio.run(once())
    assert outcome == ("sent" if name == "hook.example" else "failed")
    assert name == "hook.example" or "certificate" in detail.lower()

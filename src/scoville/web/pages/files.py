"""The scripts, style sheets and pictures of the pages: all that browsers are given beside HTML.

In: the folder `web/static`, read once. Out: `FILES`, by name; and the route that serves them. What is not in the folder
when the server starts is not served, so that no path leads anywhere else.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from scoville.evidence.report.sheet import parts, theme
from scoville.web.api.route import GuardedRoute
from scoville.web.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8", ".png": "image/png",
}  # fmt: skip
_FOR_EVER = "public, max-age=31536000, immutable"  # the address has a part of the content's hash in it


@dataclass(frozen=True)
class File:
    """A file as it is sent. `version` is in its address, `integrity` in the page that asks for it."""

    type: str
    body: bytes
    packed: bytes
    version: str
    integrity: str


def _file(type_: str, body: bytes) -> File:
    digest = hashlib.sha384(body).digest()
    packed = gzip.compress(body, 9, mtime=0)
    return File(type_, body, packed, digest.hex()[:12], f"sha384-{base64.b64encode(digest).decode()}")


def _read() -> Iterator[tuple[str, File]]:
    yield "theme.css", _file(_TYPES[".css"], theme().encode())  # the colours that charts have in reports too
    yield "proof.css", _file(_TYPES[".css"], f".proof {{\n{parts()}}}\n".encode())  # and how figures look there
    root = Path(str(files("scoville.web") / "static"))
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in _TYPES:
            yield path.relative_to(root).as_posix(), _file(_TYPES[path.suffix], path.read_bytes())


FILES = dict(_read())


@router.get("/static/{name:path}")
def static(request: Request, name: str) -> Response:
    """One file, for ever: whoever asks for another version asks at another address."""
    file = FILES.get(name)
    if file is None:
        raise not_found("file")
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.type)
    return Response(file.body, headers=headers, media_type=file.type)

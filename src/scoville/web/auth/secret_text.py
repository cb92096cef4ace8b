"""Secrets that we give out: made at random, kept as a hash.

In: nothing, or a secret that somebody shows. Out: the secret to show once, and the hash to keep. Called by keys,
sessions and the first setup.
"""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32  # 256 bits: guessing is hopeless, so a plain hash is enough, and a lookup by it leaks nothing
_ID_BYTES = 16


def new_secret(beginning: str = "") -> str:
    """A secret of 256 random bits after a beginning that says what it is."""
    return beginning + secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    """A random public id: it tells neither how many there are nor what the next one is. No option looks like it."""
    return secrets.token_hex(_ID_BYTES)


def digest(*parts: str) -> bytes:
    """SHA-256 of some texts, so that no two lists of texts give the same bytes."""
    sealed = hashlib.sha256()
    for part in parts:
        encoded = part.encode(errors="surrogatepass")
        sealed.update(len(encoded).to_bytes(8, "big") + encoded)
    return sealed.digest()

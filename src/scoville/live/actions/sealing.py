"""Secrets as they lie in the store: encrypted with a key that does not lie there.

In: addresses with secrets in them, signing secrets, passwords. Out: text that says nothing without the key. The key
is SCOVILLE_SECRET_KEY, else a file beside the SQLite store that only its owner may read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.live.store.opening import Store

VARIABLE = "SCOVILLE_SECRET_KEY"
_HOW = "make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


class Sealer:
    """Encrypts with the first key and opens with any of them, so that a key can be changed for a newer one."""

    def __init__(self, *keys: str) -> None:
        """Raises: UsageError when a key is no key."""
        try:
            self._keys = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise UsageError(f"{VARIABLE} holds no key of 32 bytes in URL-safe base64; {_HOW}") from None

    def seal(self, value: Mapping[str, Any]) -> str:
        """JSON, encrypted and signed."""
        return self._keys.encrypt(orjson.dumps(value)).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """What was sealed. Raises: UsageError when it was sealed with another key."""
        try:
            opened: dict[str, Any] = orjson.loads(self._keys.decrypt(sealed.encode()))
        except InvalidToken:
            raise UsageError(
                f"the secrets of this store were sealed with another key; put that key back into {VARIABLE}, "
                "after the new one and a comma"
            ) from None
        return opened


def sealer_of(store: Store, environ: Mapping[str, str]) -> Sealer:
    """The sealer of a store: keys of SCOVILLE_SECRET_KEY (the newest first, commas between), else its key file.

    Raises: UsageError when there is no key and no file beside the store, as with PostgreSQL.
    """
    if written := environ.get(VARIABLE, "").strip():
        return Sealer(*(key.strip() for key in written.split(",")))
    database = store.engine.url.database
    if not store.is_sqlite or database is None:
        raise UsageError(f"this store keeps no key beside it: set {VARIABLE}; {_HOW}")
    return Sealer(_kept_key(Path(f"{database}.key")))


def _kept_key(path: Path) -> str:
    """The key in the file, made when there is none. Of two who make it at once, one wins and both read the same."""
    if not path.exists():
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        beside.write_bytes(Fernet.generate_key())
        try:
            os.link(beside, path)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return path.read_text().strip()

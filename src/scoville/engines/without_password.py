"""An address that may be shown."""

from __future__ import annotations

import re


def without_password(url: str) -> str:
    """An address without its password, also where it stands behind a `?`.

    Example: `postgres://ann:secret@host/crm` -> `postgres://ann@host/crm`.
    """
    scheme, separator, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    shown = f"{scheme}{separator}{user.partition(':')[0]}{at}{place}"
    return re.sub(r"(password=)[^&]*", r"\1...", shown)

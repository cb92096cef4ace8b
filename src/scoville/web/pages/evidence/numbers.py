"""Numbers that people type into an address: empty says nothing, and 1,200 is 1200.

In: text. Out: a number or null. Called by the pages that reckon with what is typed.
"""

from __future__ import annotations

import math

from scoville.web.errors import ApiError


def number_in(text: str, name: str, *, share: bool = False) -> float | None:
    """The number above 0 that a text is; null for an empty one. A `share` may be written `5%`.

    Raises: ApiError 422, which names the field.
    """
    written = text.strip().replace(",", "").replace("\u202f", "").replace(" ", "")
    if not written:
        return None
    try:
        found = float(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
    except ValueError:
        found = math.nan
    if not (found > 0 and math.isfinite(found)) or (share and found >= 1):
        allowed = "a share such as 5%" if share else "a number above 0"
        raise ApiError(422, "invalid", f"{name} must be {allowed}: found '{text.strip()[:40]}'")
    return found

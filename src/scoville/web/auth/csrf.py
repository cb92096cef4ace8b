"""Whether a request that changes something comes from our own pages, or from a stranger's page in the same browser.

In: the headers of a request that brings a session's cookie. Out: yes or no. Browsers write Sec-Fetch-Site themselves;
older ones write Origin. Who writes neither is no browser, and shows a key instead of a cookie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


def comes_from_us(headers: Mapping[str, str]) -> bool:
    """Whether to believe the cookie of an unsafe request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OURS
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        host = urlsplit(origin).netloc
    except ValueError:  # no address at all
        return False
    return host.lower() == headers.get("host", "").lower() != ""

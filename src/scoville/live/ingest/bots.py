"""Whether a browser says of itself that it is a robot. In: a user agent. Out: yes or no. Called by `reading`."""

from __future__ import annotations

from crawlerdetect import CrawlerDetect  # type: ignore[import-untyped]

_DETECT = CrawlerDetect()  # keeps the answers for the last 1,024 user agents
_LONGEST = 500  # no browser writes more; a regular expression over 32 KiB would


def is_bot(user_agent: object) -> bool:
    """Whether it is the user agent of a crawler, a monitor or a browser without a screen."""
    return isinstance(user_agent, str) and bool(_DETECT.is_crawler(user_agent[:_LONGEST]))

"""The page Evidence: does the model predict, which rules earn their place, where should the line be, does it hold?

Each module is one page of it. `asked` reads which past is looked at, `kept` gives what was worked out, `frame` what all
these pages show around their own part.
"""

from __future__ import annotations

from scoville.web.pages.evidence import compare, drift, line, money, rules, trials, verdict

ROUTERS = (
    verdict.router, rules.router, line.router, drift.router, compare.router, trials.router, money.router,
)  # fmt: skip

"""The command line: `scoville VERB`. One thin file per verb; this one starts them.

Exit codes: 0 done, 1 the answer is no, 2 cannot run, 130 interrupted.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line. Errors meant for a user are shown without a traceback."""
    from scoville.cli.endings import ended_well

    with ended_well():
        from scoville.cli.app import app

        app()

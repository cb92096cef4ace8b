"""The command line: `scoville VERB`. One thin file per verb; this one starts them and ends them well.

Exit codes: 0 done, 1 the answer is no, 2 cannot run, 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line. Errors meant for a user are shown without a traceback."""
    from scoville.cli.app import app
    from scoville.errors import ScovilleError

    try:
        app()
    except ScovilleError as error:
        _complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _complain("interrupted; no half-written file was left behind")
        sys.exit(130)
    except BrokenPipeError:
        # the reader went away (`scoville ... | head`): nothing to say, and nobody to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _complain(message: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True).print(Text("error: ", style="bold red") + Text(message))

"""How a command ends when it cannot go on: one message for a person, an exit code for machines, no traceback."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from scoville.errors import ScovilleError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_SERVE = {"alembic", "fastapi", "httpx", "orjson", "prometheus_client", "pwdlib", "sqlalchemy", "structlog"}
_INTERRUPTED = "Query interrupted"  # DuckDB takes Ctrl-C for itself, and says so by a RuntimeError


class Verbs(TyperGroup):
    """The commands, ended well: typer would answer Ctrl-C and a closed pipe in its own way before we hear of them."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own types are private
        """Run one command."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, BrokenPipeError):
            with ended_well():
                raise


@contextlib.contextmanager
def ended_well() -> Iterator[None]:
    """Turn what may stop a command into a message on stderr and an exit code."""
    try:
        yield
    except ScovilleError as error:
        _end(2, str(error))
    except KeyboardInterrupt:
        _end(130, "interrupted; no half-written file was left behind")
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        _end(130, "interrupted; no half-written file was left behind")
    except BrokenPipeError:
        # the reader went away (`scoville ... | head`): nothing to say, and nobody to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        if name not in _OF_SERVE:
            raise
        _end(2, f"the server needs {name}, which is not installed; run: pip install 'scoville[serve]'")
    except OSError as error:
        _end(2, f"{error.filename or 'the output'}: {error.strerror or error}")


def _end(code: int, message: str) -> None:
    from rich.text import Text

    from scoville.cli.output import Screen

    Screen(stderr=True, soft_wrap=True).print(Text("error: ", style="bold red") + Text(message))
    sys.exit(code)

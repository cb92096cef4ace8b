"""The kinds of long work: what each is called, and the function that does it.

In: a name. Out: a `Kind`. Called by `asking` and by the process that runs a job. A function is named, not imported: the
server that only asks for a job need not load what doing it takes.

A function is called as `run(store, asked, told, now)`: the open store, what was asked for, `told(share, said)` to say
how far it is (a share from 0 to 1, or None where nobody can tell), and the instant (naive UTC). It gives back a dict of
plain values. Errors of `scoville.errors` are told to people in their own words. A job may be begun twice, when its
worker died: it must bear that.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from scoville.live.store.opening import Store

    Told = Callable[[float | None, str], None]
    Run = Callable[[Store, dict[str, Any], Told, datetime], dict[str, Any]]

DEMO_LEADS = 2_000  # of the job `demo`, where nobody says otherwise: here, so that asking for it loads nothing


@dataclass(frozen=True)
class Kind:
    """`run` is `module:function`; `title` is what people call it."""

    run: str
    title: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "learn": Kind("scoville.live.jobs.learning:run_learn", "Learn a model"),
        "retune": Kind("scoville.live.jobs.learning:run_retune", "Re-tune points"),
        "import": Kind("scoville.live.jobs.taking_in:run_import", "Import a file"),
        "demo": Kind("scoville.live.jobs.demo:run_demo", "Fill with demo data"),
        "starter": Kind("scoville.live.jobs.starter:run_starter", "Propose a first model"),
        "evidence": Kind("scoville.live.jobs.proving:run_evidence", "Work out the evidence"),
        "compare": Kind("scoville.live.jobs.proving:run_compare", "Compare two versions"),
        "trial": Kind("scoville.live.jobs.proving:run_trial", "Read a trial"),
    }
)


def kind_named(name: str) -> Kind:
    """A kind. Raises: UsageError when there is none of this name."""
    if name not in KINDS:
        raise UsageError(f"there is no kind of job '{name}'; kinds: {', '.join(sorted(KINDS))}")
    return KINDS[name]


def title_of(name: str) -> str:
    """What people call a kind; its name where another release knew it."""
    return KINDS[name].title if name in KINDS else name


def function_called(run: str) -> Run:
    """The function of a `module:function`."""
    module, _, function = run.partition(":")
    found: Run = getattr(import_module(module), function)
    return found

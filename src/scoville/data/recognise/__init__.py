"""Unknown files -> which are leads, events, outcomes and accounts, what their columns are for, and why.

Read it in this order: `looks` (what can be seen of a column), `roles` (what it may be for), `kinds` (what a file is),
`winners`, `afterwards` and `cautions` (who won, and what must not give points), `signals` (events and derived traits),
`together` (all of it, for several files that belong together).
"""

from __future__ import annotations

from scoville.data.recognise.findings import Caution, Outcome, RecognisedFile, Recognition
from scoville.data.recognise.looks import ColumnLook, FileLook
from scoville.data.recognise.roles import Role
from scoville.data.recognise.signals import EventSeen, PageSeen
from scoville.data.recognise.together import SUFFIXES, data_files, numbered_rows, recognise

__all__ = [
    "SUFFIXES",
    "Caution",
    "ColumnLook",
    "EventSeen",
    "FileLook",
    "Outcome",
    "PageSeen",
    "RecognisedFile",
    "Recognition",
    "Role",
    "data_files",
    "numbered_rows",
    "recognise",
]

"""What the tables of a file of history are called where it is open."""

from __future__ import annotations

FILE = "history"
LEADS, PEOPLE, EVENTS = f"{FILE}.leads", f"{FILE}.people", f"{FILE}.events"
OUTCOMES, ADJUSTMENTS = f"{FILE}.outcomes", f"{FILE}.adjustments"

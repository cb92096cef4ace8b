"""Recognised files -> the text of a first model: a few factors, each with the reason why it is there.

The points are guesses from practice, never from the outcomes of the data: what they are worth, a backtest says.
"""

from __future__ import annotations

from scoville.starter.write import starter_model

__all__ = ["starter_model"]

"""Demo data: a believable B2B SaaS company and its leads, seeded, of any size, with a truth to be found.

`generate` makes it in memory, `write` as files; `Truth` says what really makes a lead buy.
"""

from __future__ import annotations

from scoville.demo.generate import Demo, generate
from scoville.demo.truth import TRUTH, Truth, expected_auc
from scoville.demo.write import Written, starter_model, write

__all__ = ["TRUTH", "Demo", "Truth", "Written", "expected_auc", "generate", "starter_model", "write"]

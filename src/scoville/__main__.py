"""`python -m scoville` is the command `scoville`."""

from __future__ import annotations

from scoville.cli import main

if __name__ == "__main__":
    main()

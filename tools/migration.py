"""Write the next step of the store's schema: what the tables in the code have that the steps do not.

Run it after changing a table of `live/store/`, read what it wrote, and commit it with the change:
python tools/migration.py "Outcomes have a reason"
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from scoville.live.store import migrating
from scoville.live.store.opening import open_store


def main(message: str) -> None:
    """Compare an empty store, brought up to date, with the tables in the code."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/empty.db")
        if any(Path(migrating.__file__).with_name("migrations").glob("versions/0*.py")):
            migrating.upgrade(store)
        with store.writing() as connection:
            config = migrating._config(connection)  # noqa: SLF001 - a tool of the same house
            number = len(list(Path(migrating.__file__).with_name("migrations").glob("versions/0*.py"))) + 1
            script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        store.close()
    path = Path(script.path)  # type: ignore[union-attr]
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", "--fix", "--quiet", path], check=False)  # noqa: S603 - our own formatter
    subprocess.run([ruff, "format", "--quiet", path], check=True)  # noqa: S603
    print(path)


if __name__ == "__main__":
    main(sys.argv[1])

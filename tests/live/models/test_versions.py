from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from live_world import NOW, new_store
from scoville.errors import UsageError
from scoville.live.models.publishing import list_publications, publish, roll_back
from scoville.live.models.versions import list_versions, save_version
from scoville.live.store.scores import publications

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store

OLD = """
scoville: 1
name: By size
scale: {min: 0, max: 100}
fit:
  rules:
    - {name: Size, by: employees, bands: [{from: 100, points: 30}, {from: 10, below: 100, points: 10}], missing: 0}
stages: [{name: Prospect, from: 0}, {name: MQL, from: 25}]
"""
NEW = OLD.replace("points: 10}", "points: 40}")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as opened:
        yield opened


def test_versions_are_never_changed_and_the_newest_text_is_kept_once(store: Store) -> None:
    with store.writing() as connection:
        saved = [save_version(connection, text, author="a", now=NOW) for text in (OLD, OLD, NEW, OLD)]
        kept = list_versions(connection, 10)

    assert saved[0] == saved[1]
    assert [version.model_version for version in kept] == [
        saved[3].model_version, saved[2].model_version, saved[0].model_version,
    ]  # fmt: skip
    assert saved[0].model_version == saved[3].model_version  # the same content, saved anew after another


def test_rolling_back_goes_to_the_version_before_and_never_in_a_circle_of_one(store: Store) -> None:
    with store.writing() as connection:
        one, two = (save_version(connection, text, author="a", now=NOW).version_no for text in (OLD, NEW))
        with pytest.raises(UsageError, match="nothing to go back to"):
            roll_back(connection, author="a", now=NOW)
        for version in (one, two):
            publish(connection, version, author="a", now=NOW)
            connection.execute(update(publications).values(switched_at=NOW))
        with pytest.raises(UsageError, match="in force already"):
            publish(connection, two, author="a", now=NOW)
        back = roll_back(connection, author="a", now=NOW)
        with pytest.raises(UsageError, match="on its way"):
            publish(connection, one, author="a", now=NOW)

        assert back.version_no == one
        assert [row.version_no for row in list_publications(connection, 10)] == [one, two, one]

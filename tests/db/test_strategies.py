from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from midas.core.errors import AlreadyExists, NotFound
from midas.db import strategies
from midas.db.tables import STRATEGY_VERSIONS

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def stored(database):
    database.write(strategies.create, "mine", "one", NOW)
    database.write(strategies.revise, "mine", "two", 1, NOW)
    return database


class TestRefusals:
    def test_a_name_that_is_taken(self, stored):
        with pytest.raises(AlreadyExists, match="version 2"):
            stored.write(strategies.create, "mine", "other", NOW)

    def test_a_version_that_moved_on(self, stored):
        with pytest.raises(AlreadyExists) as refusal:
            stored.write(strategies.revise, "mine", "three", 1, NOW)
        assert refusal.value.code == "version_conflict"

    @pytest.mark.parametrize("name", ["mein", "%", "mine' OR 1=1 --"])
    def test_a_name_that_is_not_there(self, stored, name):
        for query in (strategies.versions, lambda session, n: strategies.show(session, n, None)):
            with pytest.raises(NotFound):
                stored.read(query, name)
        for change in (strategies.remove, lambda session, n: strategies.revise(session, n, "x", None, NOW)):
            with pytest.raises(NotFound):
                stored.write(change, name)

    def test_a_close_name_is_offered(self, stored):
        with pytest.raises(NotFound) as refusal:
            stored.read(strategies.show, "mien", None)
        assert "'mine'" in refusal.value.hint

    def test_a_version_that_is_not_there(self, stored):
        with pytest.raises(NotFound, match="version 3"):
            stored.read(strategies.show, "mine", 3)


class TestVersions:
    def test_the_latest_comes_first(self, stored):
        assert [(each.version, each.yaml) for each in stored.read(strategies.versions, "mine")] == [
            (2, "two"),
            (1, "one"),
        ]
        assert stored.read(strategies.show, "mine", None).yaml == "two"
        assert stored.read(strategies.show, "mine", 1).yaml == "one"

    def test_deleting_takes_every_version(self, stored):
        stored.write(strategies.remove, "mine")
        count = select(func.count().label("n")).select_from(STRATEGY_VERSIONS)
        assert stored.read(lambda session: session.first(count)["n"]) == 0
        assert stored.write(strategies.create, "mine", "again", NOW).version == 1

from __future__ import annotations

import asyncio
import os
from importlib.metadata import EntryPoint
from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from midas.app import workspace as wiring
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound, StorageCorrupt, Unavailable
from midas.db import jobs


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("MIDAS_JOBS__RUNNER", "hunter2"), ("MIDAS_JOBS__WORKERS", "0"), ("MIDAS_LIMITS__BODY_BYTES", "hunter2")],
    )
    def test_what_cannot_be_is_refused_without_repeating_it(self, monkeypatch, name, value):
        monkeypatch.setenv(name, value)
        with pytest.raises(ValidationError) as refusal:
            Settings()
        assert "hunter2" not in str(refusal.value)

    def test_the_home_is_the_users_data_folder_unless_said(self, monkeypatch, tmp_path):
        assert Settings().home == Path(os.environ["MIDAS_HOME"])
        monkeypatch.delenv("MIDAS_HOME")
        assert Settings().home == Path(platformdirs.user_data_dir("midas", appauthor=False))

    def test_nested_ones_come_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("MIDAS_JOBS__RUNNER", "processes")
        monkeypatch.setenv("MIDAS_JOBS__WORKERS", "2")
        monkeypatch.setenv("MIDAS_SOMETHING_ELSE", "1")
        settings = Settings()
        assert (settings.jobs.runner, settings.jobs.workers) == ("processes", 2)


class TestOpening:
    def test_a_home_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(Unavailable) as refusal:
            Workspace.open(Settings(home=tmp_path / "file" / "home"))
        assert str(tmp_path) in str(refusal.value)

    def test_a_damaged_database(self, home):
        home.mkdir()
        (home / "midas.db").write_bytes(b"not a database" * 500)
        with pytest.raises(StorageCorrupt) as refusal:
            Workspace.open(Settings(home=home))
        assert str(home / "midas.db") in refusal.value.message
        assert refusal.value.hint

    def test_the_same_home_twice(self, opener):
        assert opener().home == opener().home

    def test_a_relative_home_is_made_absolute(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with Workspace.open(Settings(home=Path("here"))) as opened:
            assert opened.home.root == tmp_path / "here"
            assert opened.lake.root == tmp_path / "here" / "lake"


class TestSources:
    def test_one_that_is_not_installed(self):
        with pytest.raises(NotFound) as refusal:
            wiring.source("sampel")
        assert "'sample'" in refusal.value.hint

    def test_one_that_is_broken(self, monkeypatch):
        broken = EntryPoint("broken", "midas.no_such_module:Source", wiring.SOURCES)
        monkeypatch.setattr(wiring, "entry_points", lambda group: [broken])
        with pytest.raises(Unavailable, match="broken"):
            wiring.source("broken")

    def test_those_that_come_with_midas(self):
        assert {"file", "sample", "yahoo"} <= set(wiring.source_entries())


def test_the_database_can_be_a_servers(tmp_path, postgres):
    url = postgres.empty()
    with Workspace.open(Settings(home=tmp_path / "home", database=url)) as workspace:
        assert asyncio.run(workspace.database.read(jobs.page, 10)) == []
    assert not (tmp_path / "home" / "midas.db").exists()


def test_an_address_that_is_none_is_refused_without_showing_it(tmp_path):
    with pytest.raises(InvalidInput) as refusal:
        Workspace.open(Settings(home=tmp_path / "home", database="mysql://me:secret@host/db"))
    assert "secret" not in str(refusal.value)
    with pytest.raises(Unavailable) as away:
        Workspace.open(Settings(home=tmp_path / "home", database="postgresql://me:secret@127.0.0.1:9/db"))
    assert "secret" not in str(away.value)

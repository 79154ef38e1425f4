from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from midas.core.errors import NotFound
from midas.db import jobs
from midas.db.jobs import JobRecord

NOW = datetime(2026, 1, 2, tzinfo=UTC)
QUEUED = JobRecord("j1", "pull", "queued", 0.0, "", None, None, None, "me", False, NOW, None)


@pytest.fixture
def one(database):
    database.write(jobs.add, QUEUED)
    return database


def state(database, job="j1"):
    return database.read(jobs.show, job).state


class TestLife:
    def test_reporting_makes_it_run(self, one):
        assert one.write(jobs.report, "j1", 0.5, "half") is False
        shown = one.read(jobs.show, "j1")
        assert (shown.state, shown.progress, shown.message) == ("running", 0.5, "half")

    def test_what_is_over_stays_as_it_is(self, one):
        done = replace(QUEUED, state="done", progress=1.0, result=[{"rows": 3}], finished_at=NOW)
        one.write(jobs.finish, done)
        one.write(jobs.finish, replace(done, state="failed", error={"detail": "late"}))
        assert one.write(jobs.report, "j1", 0.1, "late") is True
        assert one.write(jobs.ask_to_stop, "j1", NOW) == done
        assert one.read(jobs.show, "j1") == done

    def test_a_queued_job_is_cancelled_at_once(self, one):
        assert one.write(jobs.ask_to_stop, "j1", NOW).state == "cancelled"
        assert state(one) == "cancelled"

    def test_a_running_job_learns_that_it_should_stop(self, one):
        one.write(jobs.report, "j1", 0.0, "")
        assert one.write(jobs.ask_to_stop, "j1", NOW).stop_asked
        assert state(one) == "running"
        assert one.write(jobs.report, "j1", 0.2, "") is True

    def test_a_job_that_is_not_there(self, one):
        assert one.write(jobs.report, "j2", 0.5, "") is True
        with pytest.raises(NotFound):
            one.read(jobs.show, "j2")
        with pytest.raises(NotFound):
            one.write(jobs.ask_to_stop, "j2", NOW)


class TestOrphans:
    def test_only_the_unfinished_jobs_of_the_dead_fail(self, database):
        for n, (owner, at) in enumerate([("dead", "queued"), ("dead", "running"), ("dead", "done"), ("me", "running")]):
            database.write(jobs.add, replace(QUEUED, id=f"j{n}", owner=owner, state=at))
        assert database.write(jobs.orphan, ["dead"], {"detail": "lost"}, NOW) == 2
        assert [state(database, f"j{n}") for n in range(4)] == ["failed", "failed", "done", "running"]


def test_the_latest_comes_first_page_by_page(database):
    for n in range(5):
        database.write(jobs.add, replace(QUEUED, id=f"j{n}", created_at=NOW + timedelta(seconds=n // 2)))
    first = database.read(jobs.page, 3)
    rest = database.read(jobs.page, 3, (first[-1].created_at, first[-1].id))
    assert [each.id for each in first + rest] == ["j4", "j3", "j2", "j1", "j0"]

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from functools import partial

import pytest
from tests.app import work
from tests.app.loop import now

from midas.app import owner
from midas.app.task import Settled, Task
from midas.db import jobs

LONG_S = 30.0
RUNNERS = ["inline", "processes"]


async def remember(outcome):
    return Settled("made", outcome)


def task(what, settle=remember):
    return Task("test", what, settle)


def done(workspace, what, **kwargs):
    async def run():
        record = await workspace.jobs.submit(task(what, **kwargs))
        return await workspace.jobs.wait(record.id, LONG_S)

    return now(run())


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("runner", RUNNERS)
class TestEveryRunner:
    def test_a_failure_is_told_as_it_was_raised(self, opener, runner):
        record = done(opener(runner), work.fail)
        assert record.state == "failed"
        told = {key: record.error[key] for key in ("status", "detail", "hint", "code", "findings")}
        assert told == {
            "status": 422,
            "detail": "the file is wrong",
            "hint": "mend it",
            "code": "data_wrong",
            "findings": ["row 3"],
        }

    def test_a_bug_is_an_internal_error_without_details(self, opener, runner, caplog):
        record = done(opener(runner), work.crash)
        assert record.error["code"] == "internal"
        assert "secret" not in str(record.error)
        assert "secret" in caplog.text, "the log must have the details"

    def test_a_result_is_settled_and_remembered(self, opener, runner):
        workspace = opener(runner)
        record = done(workspace, work.succeed)
        assert (record.state, record.progress, record.result_id) == ("done", 1.0, "made")
        assert (record.result["pid"] == os.getpid()) is (runner == "inline")
        assert now(workspace.database.read(jobs.show, record.id)) == record
        assert record.finished_at >= record.created_at

    def test_a_job_after_a_failed_one(self, opener, runner):
        workspace = opener(runner)
        assert done(workspace, work.crash).state == "failed"
        assert done(workspace, work.succeed).state == "done"

    def test_settling_that_fails_fails_the_job(self, opener, runner):
        async def settle(outcome):
            return Settled(None, {"x": float("nan")})

        workspace = opener(runner)
        record = done(workspace, work.succeed, settle=settle)
        assert record.state == "failed"
        assert done(workspace, work.succeed).state == "done", "the thread must live on"

    def test_progress_is_seen_while_it_runs_and_a_stop_stops_it(self, opener, runner):
        workspace = opener(runner)

        async def run():
            record = await workspace.jobs.submit(task(work.talk_forever))
            while (shown := await workspace.jobs.wait(record.id, 0.0)).message != "still here":
                await asyncio.sleep(0.01)
            assert (shown.state, shown.progress) == ("running", 0.25)
            await workspace.jobs.cancel(record.id)
            return await workspace.jobs.wait(record.id, LONG_S)

        assert now(run()).state == "cancelled"
        assert done(workspace, work.succeed).state == "done"

    def test_jobs_wait_their_turn_and_may_be_cancelled_in_the_queue(self, opener, runner, tmp_path):
        workspace, gate = opener(runner), tmp_path / "gate"

        async def run():
            first = await workspace.jobs.submit(task(partial(work.wait_for, gate)))
            second = await workspace.jobs.submit(task(work.succeed))
            third = await workspace.jobs.submit(task(work.succeed))
            assert (await workspace.jobs.wait(second.id, 0.2)).state == "queued"
            assert (await workspace.jobs.cancel(second.id)).state == "cancelled"
            assert (await workspace.jobs.wait(second.id, 0.0)).state == "cancelled"
            gate.touch()
            return [await workspace.jobs.wait(each.id, LONG_S) for each in (first, second, third)]

        assert [record.state for record in now(run())] == ["done", "cancelled", "done"]


class TestProcesses:
    def test_a_process_that_dies_fails_its_job_alone(self, opener):
        workspace = opener("processes")
        record = done(workspace, work.die)
        assert (record.state, record.error["code"]) == ("failed", "worker_died")
        assert done(workspace, work.succeed).state == "done"

    def test_a_job_that_never_speaks_is_stopped_all_the_same(self, opener):
        workspace = opener("processes")

        async def run():
            record = await workspace.jobs.submit(task(work.silent_forever))
            await workspace.jobs.wait(record.id, 0.3)
            await workspace.jobs.cancel(record.id)
            return await workspace.jobs.wait(record.id, LONG_S)

        assert now(run()).state == "cancelled"

    def test_a_process_is_kept_for_the_next_job(self, opener):
        workspace = opener("processes")
        assert done(workspace, work.succeed).result == done(workspace, work.succeed).result

    def test_two_workers_work_at_once(self, opener, tmp_path):
        workspace = opener("processes", workers=2)
        gate = tmp_path / "gate"

        async def run():
            waiting = await workspace.jobs.submit(task(partial(work.wait_for, gate)))
            quick = await workspace.jobs.submit(task(work.succeed))
            assert (await workspace.jobs.wait(quick.id, LONG_S)).state == "done"
            gate.touch()
            return await workspace.jobs.wait(waiting.id, LONG_S)

        assert now(run()).result == "seen"


class TestWaiting:
    def test_it_does_not_wait_longer_than_asked(self, workspace):
        async def run():
            record = await workspace.jobs.submit(task(work.talk_forever))
            begun = time.monotonic()
            shown = await workspace.jobs.wait(record.id, 0.2)
            return shown.state, time.monotonic() - begun

        state, took = now(run())
        assert state in ("queued", "running")
        assert took < 5.0

    def test_a_job_of_another_process_is_seen_through_the_database(self, opener):
        mine, other = opener(), opener()

        async def run():
            record = await other.jobs.submit(task(work.talk_forever))
            await other.jobs.wait(record.id, 0.05)
            await mine.jobs.cancel(record.id)
            return await mine.jobs.wait(record.id, LONG_S)

        assert now(run()).state == "cancelled"


class TestLeaving:
    def test_closing_stops_what_runs(self, opener):
        workspace = opener()

        async def run():
            return await workspace.jobs.submit(task(work.talk_forever))

        record = now(run())
        now(workspace.jobs.close())
        assert now(workspace.database.read(jobs.show, record.id)).state == "cancelled"

    def test_a_job_that_does_not_listen_is_left_behind(self, opener, tmp_path, monkeypatch):
        monkeypatch.setattr("midas.app.job_runner._GOODBYE_S", 0.2)
        workspace, gate = opener(), tmp_path / "gate"

        async def run():
            record = await workspace.jobs.submit(task(partial(work.wait_silently_for, gate)))
            await workspace.jobs.wait(record.id, 0.1)
            begun = time.monotonic()
            await workspace.jobs.close()
            gate.touch()
            return record.id, time.monotonic() - begun

        job, took = now(run())
        assert took < 5.0
        assert now(workspace.database.read(jobs.show, job)).state == "cancelled"

    def test_the_jobs_of_a_process_that_was_killed_fail_at_the_next_start(self, opener, home):
        code = (
            "import asyncio, sys; from midas.app.settings import Settings; from midas.app.workspace import Workspace\n"
            "from midas.app.task import Task; from tests.app import work\n"
            "workspace = Workspace.open(Settings(home=sys.argv[1]))\n"
            "(workspace.jobs.owner.staging / 'half-a-file').touch()\n"
            "async def main():\n"
            "    job = await workspace.jobs.submit(Task('test', work.talk_forever, None))\n"
            "    while (await workspace.jobs.wait(job.id, 0)).message != 'still here': await asyncio.sleep(0.01)\n"
            "    print(job.id, flush=True); await asyncio.sleep(60)\n"
            "asyncio.run(main())"
        )
        with subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True) as other:
            job = other.stdout.readline().strip()
            watching = opener()
            assert now(watching.database.read(jobs.show, job)).state == "running", "its owner lives"
            other.kill()
        after = opener()
        record = now(after.database.read(jobs.show, job))
        assert (record.state, record.error["code"]) == ("failed", "job_lost")
        assert list((home / "run").glob("*/half-a-file")) == []
        assert owner.dead(home / "run") == []

    def test_an_owner_that_signed_out_leaves_nothing(self, opener, home):
        workspace = opener()
        done(workspace, work.succeed)
        now(workspace.jobs.close())
        assert [file.name for file in (home / "run").iterdir()] == [".owners"]

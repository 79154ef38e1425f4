"""Every command the README shows is run, in its order, on one fresh data home."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.journeys.command import Inside

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DRIVEN_ELSEWHERE = {"make start", "make test", "make bench-peers", "make bench", "make crosscheck"}
"""`make start` has its own test below; `make test` is what runs this one; the rest measure for minutes, against peers
that are not installed here, and what they wrote is compared with what the README quotes."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestCommands:
    def test_there_are_some(self) -> None:
        assert len(commands()) > 10
        assert set(commands()) >= DRIVEN_ELSEWHERE

    def test_each_one_works(self, tmp_path: Path) -> None:
        # in this process: that a process of its own does the same is what the other journeys are for
        midas = Inside(tmp_path / "home", tmp_path)
        (tmp_path / "examples").symlink_to(PROJECT / "examples")
        for command in commands():
            if command in DRIVEN_ELSEWHERE:
                continue
            words = shlex.split(command)
            assert words[0] == ".venv/bin/midas", f"no test drives {command!r}"
            done = midas(*words[1:])
            assert done.code == 0, f"{command}\n{done.out}\n{done.err}"

    def test_quoted_ratios_are_those_that_were_measured(self) -> None:
        measured = (PROJECT / "bench" / "RESULTS.md").read_text(encoding="utf-8")
        section = README.partition("## How fast")[2].partition("\n## ")[0]
        quoted = re.findall(r"(W\d): (\w+) takes ([\d.,]+×)", section)
        assert len(quoted) >= 4
        for work, peer, ratio in quoted:
            assert f"- {work}: {peer} takes {ratio}" in measured, f"{work} {peer}: {ratio} is not in bench/RESULTS.md"

    def test_the_python_example_works(self, tmp_path: Path, pulled: Path) -> None:
        shutil.copytree(pulled, tmp_path / "home")
        environment = os.environ | {"MIDAS_HOME": str(tmp_path / "home")}
        (example,) = blocks("python")
        done = subprocess.run(
            [sys.executable, "-c", example], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "equity" in done.stdout


class TestMakeStart:
    def test_serves_and_stops(self, tmp_path: Path) -> None:
        if not (PROJECT / ".venv" / ".midas").exists():
            pytest.skip("this checkout has no environment of its own (.venv made by make setup)")
        port = free_port()
        environment = os.environ | {"MIDAS_HOME": str(tmp_path / "home"), "PORT": str(port)}
        log = tmp_path / "start.log"
        with log.open("w") as out:
            server = subprocess.Popen(
                ["make", "start"], cwd=PROJECT, env=environment, stdout=out, stderr=out, start_new_session=True
            )
            try:
                assert self._answers(f"http://127.0.0.1:{port}/healthz", server), log.read_text()
                assert self._answers(f"http://127.0.0.1:{port}/", server)
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(timeout=20)
        assert ".html" in log.read_text()

    def _answers(self, url: str, server: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                time.sleep(0.3)
        return False

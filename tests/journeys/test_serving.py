"""`midas start`, `midas serve`, `midas doctor` and a client of a server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.journeys.command import Midas


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def read_until(server: subprocess.Popen[str], pattern: str) -> str:
    assert server.stdout is not None
    seen = ""
    for line in server.stdout:
        seen += line
        if re.search(pattern, line):
            return seen
    raise AssertionError(f"ended with {server.wait()}: {seen}{server.stderr.read() if server.stderr else ''}")


@contextmanager
def running(midas: Midas, *words: str, **more: str) -> Iterator[tuple[str, str]]:
    """Run a server; give its address and what it printed until then."""
    server = midas.start(*words, **more)
    try:
        seen = read_until(server, r"http://127\.0\.0\.1:\d+")
        found = re.search(r"http://127\.0\.0\.1:\d+", seen)
        assert found is not None
        yield found[0], seen
    finally:
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=20)
    assert server.returncode == 0, out + err
    assert "Traceback" not in err


class TestStart:
    def test_first_and_second_time(self, empty: Midas) -> None:
        with running(empty, "start", PORT="0") as (url, seen):
            for text in ("sma_cross", "sample", "Sharpe", "tear sheet: "):
                assert text in seen
            sheet = Path(seen.partition("tear sheet: ")[2].splitlines()[0])
            assert sheet.parent == empty.home / "reports"
            assert sheet.exists()
            assert json.loads(fetched(f"{url}/healthz"))["status"] == "ok"
            assert "tearsheet" in fetched(f"{url}/")
            assert "openapi" in fetched(f"{url}/docs").lower()
        with running(empty, "start", "--port", "0", "--json") as (url, seen):
            assert "ompiling" not in seen
            assert json.loads(fetched(f"{url}/healthz"))["status"] == "ok"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> Iterator[str]:
    """The address of a server on a data home with the sample market."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(pulled, folder / "home")
    with running(Midas(folder / "home", folder), "serve", "--port", "0") as (url, _):
        yield url


class TestServe:
    def test_a_client_of_it_sees_what_is_there(self, served: str, empty: Midas, empty_inside: Midas) -> None:
        listed = empty("data", "list", "--mode", "cloud", "--url", served, "--json").json
        assert {"sample", "sp20"} <= {each["name"] for each in listed}
        run = empty_inside(
            "backtest", "run", "--strategy", "buy_and_hold", "--symbols", "IBM", "--json", MIDAS_URL=served
        ).json
        assert run["status"] == "done"
        assert empty_inside("backtest", "report", run["id"], "-o", "r.html", "--url", served).code == 0
        assert not empty.home.exists()

    def test_ctrl_c_is_a_good_end(self, empty: Midas) -> None:
        server = empty.start("serve", "--port", "0")
        read_until(server, "http://")
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
        assert (server.returncode, err) == (0, ""), out

    def test_a_stranger_is_refused(self, served: str) -> None:
        question = urllib.request.Request(f"{served}/api/v1/datasets", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(question, timeout=10)
        assert refused.value.code == 403
        refused.value.close()

    def test_no_server_there(self, empty_inside: Midas) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            done = empty_inside("data", "list", "--url", url, "--json")
        assert (done.code, done.error["code"]) == (6, "unreachable")
        assert "midas serve" in done.error["hint"]


class TestPortTaken:
    @pytest.mark.parametrize("command", ["start", "serve"])
    def test_is_said_before_any_work(self, empty_inside: Midas, command: str) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            done = empty_inside(command, "--json", PORT=str(port))
        assert (done.code, done.error["code"]) == (6, "port_taken")
        assert f"PORT={port + 1} make start" in done.error["hint"]
        assert not empty_inside.home.exists()


class TestDoctor:
    def test_all_is_well(self, reading: Midas) -> None:
        done = reading("doctor", "--json")
        assert done.code == 0, done.out
        checks = {each["name"]: each for each in done.json["checks"]}
        assert done.json["ok"]
        wanted = {
            "python",
            "packages",
            "sample market",
            "data home",
            "disk",
            "kernels",
            "port",
            "database",
            "dataset sample",
        }
        assert wanted <= set(checks)
        assert all(set(each) == {"name", "status", "detail", "hint"} for each in checks.values())

    def test_a_home_nobody_used_is_well_and_stays_unmade(self, empty_inside: Midas) -> None:
        assert empty_inside("doctor", "--json").code == 0
        assert not empty_inside.home.exists()

    def test_a_dataset_whose_files_are_gone(self, midas: Midas, inside: Midas) -> None:
        bars = [file for file in (midas.home / "lake").rglob("*.parquet") if "sample" in str(file)]
        for file in bars:
            file.write_bytes(b"PAR1")
        done = midas("doctor", "--json")
        assert done.code in (4, 7)
        broken = {each["name"] for each in done.json["checks"] if each["status"] == "broken"}
        assert "dataset sample" in broken
        assert "broken" in inside("doctor").out

"""T21: a paper order that reaches the real account. With every key at hand, a paper trader opens no way out."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.command import MIDAS, Inside, Midas

KEYS = {
    "KIS_APP_KEY": "canary1kis", "KIS_APP_SECRET": "canary2kis", "KIWOOM_SECRET": "canary3kiwoom",
    "ALPACA_API_KEY": "canary4alpaca", "APCA_API_SECRET_KEY": "canary5alpaca", "KITE_ACCESS_TOKEN": "canary6kite",
    "AWS_SECRET_ACCESS_KEY": "canary7aws", "MIDAS_VAULT_KEY": "canary8vault",
}  # fmt: skip

TRADER = """
import json, socket, sys
tried = []
def watched(name):
    real = getattr(socket.socket, name)
    def call(self, address, *more):
        if self.family != socket.AF_UNIX:
            tried.append(f"{name} {address}")
        return real(self, address, *more)
    setattr(socket.socket, name, call)
for name in ("connect", "connect_ex", "sendto"):
    watched(name)
looked_up = socket.getaddrinfo
def getaddrinfo(host, *more, **named):
    tried.append(f"look up {host}")
    return looked_up(host, *more, **named)
socket.getaddrinfo = getaddrinfo
from midas.cli.main import run
code = run(["trader", "--until-idle"])
far = ("midas.integrations", "httpx", "websockets", "requests", "midas.client", "keyring")
print(json.dumps({"code": code, "tried": tried, "loaded": [name for name in sys.modules if name.startswith(far)]}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    shutil.copytree(pulled, folder / "home")
    midas = Inside(folder / "home", folder)
    started = midas(
        "run", "start", "--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20", "--symbols", "AAPL", "--feed",
        "replay:2000-07-03..2000-10-31", **KEYS,
    )  # fmt: skip
    assert started.code == 0, started.err
    return folder / "home"


def forms(secret: str) -> list[bytes]:
    plain = secret.encode()
    return [plain, base64.b64encode(plain), plain.hex().encode(), plain[:8]]


class TestPaperProcess:
    def test_it_opens_no_socket_and_keeps_no_key(self, home: Path, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", TRADER],
            env=Midas(home, tmp_path).environment(**KEYS), cwd=tmp_path, capture_output=True, text=True, timeout=280,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.strip().splitlines()[-1])
        assert told == {"code": 0, "tried": [], "loaded": []}
        inside = Inside(home, tmp_path)
        status = inside("run", "status", "--json").json
        assert status["fills"] > 0, "it traded, and still opened no way out"
        assert status["run"]["account"] == "paper.1"
        written = [done.stdout.encode(), done.stderr.encode()]
        written += [file.read_bytes() for file in home.rglob("*") if file.is_file() and "lake" not in file.parts]
        for secret in KEYS.values():
            for form in forms(secret):
                assert not any(form in each for each in written), form

    def test_the_watch_sees_what_it_should(self, tmp_path: Path) -> None:
        looking = TRADER.replace(
            'code = run(["trader", "--until-idle"])',
            "code = 0\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))",
        )
        done = subprocess.run(
            [sys.executable, "-c", looking],
            env=Midas(tmp_path / "home", tmp_path).environment(), cwd=tmp_path, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        told = json.loads(done.stdout.strip().splitlines()[-1])
        assert told["tried"] == ["connect ('127.0.0.1', 9)"]


class TestDatabaseSecret:
    @pytest.mark.parametrize("words", [("account", "list"), ("doctor", "--port", "0"), ("trader", "--until-idle")])
    def test_is_never_told_not_even_with_all_there_is_to_tell(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        for address in (
            "postgresql://canaryuser:canarypassword@127.0.0.1:1/nothing",
            "mysql://canaryuser:canarypassword@127.0.0.1/nothing",
        ):
            done = subprocess.run(
                [MIDAS, *words, "-v", "-v"],
                env=Midas(tmp_path / "home", tmp_path).environment(MIDAS_DATABASE=address), cwd=tmp_path,
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode in (2, 6), done
            assert "canary" not in done.stdout + done.stderr

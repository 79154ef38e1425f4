"""What a person at a terminal sees, on a real one (a pseudo-terminal)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from tests.journeys.command import MIDAS, Midas


class Terminal:
    """A command that runs on a terminal of 100 columns."""

    def __init__(self, midas: Midas, *words: str, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        environment = midas.environment(TERM="xterm-256color", **more)
        environment.pop("COLUMNS")
        self._process = subprocess.Popen(
            [MIDAS, *words], cwd=midas.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)

    def read(self, until: str | None = None, timeout_s: float = 60.0) -> str:
        """Return what was shown, until it ends or the text comes."""
        seen, deadline = b"", time.monotonic() + timeout_s
        while time.monotonic() < deadline and (until is None or until not in seen.decode(errors="replace")):
            if not select.select([self._ours], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(self._ours, 65536)
            except OSError:  # Linux: the other side has closed
                break
            if not chunk:
                break
            seen += chunk
        return seen.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C until it is heard: Python's `input` may miss one that comes just before it waits."""
        for _ in range(20):
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
                return

    def code(self) -> int:
        code = self._process.wait(20)
        os.close(self._ours)
        return code


RUN = ("backtest", "run", "--strategy", "buy_and_hold", "--universe", "sample")


def test_colours_a_bar_and_a_line_that_fits(midas: Midas) -> None:
    terminal = Terminal(midas, *RUN)
    seen = terminal.read()
    assert terminal.code() == 0
    assert "\x1b[1m" in seen
    assert "█" in seen
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in seen.replace("\r", "\n").split("\n")]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(("words", "more"), [((), {"NO_COLOR": "1"}), (("--no-color",), {})])
def test_no_colours_when_asked(midas: Midas, words: tuple[str, ...], more: dict[str, str]) -> None:
    terminal = Terminal(midas, "data", "list", *words, **more)
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.read())
    assert terminal.code() == 0


def test_deleting_asks_first(midas: Midas, inside: Midas) -> None:
    terminal = Terminal(midas, "data", "delete", "sp20")
    assert "Delete sp20?" in terminal.read(until="[y/N]")
    terminal.type("n\n")
    assert "Nothing was deleted" in terminal.read()
    assert terminal.code() == 8
    assert "sp20" in inside("data", "list", "-q").out


def test_ctrl_c_ends_with_130_and_no_trace(midas: Midas) -> None:
    terminal = Terminal(midas, "data", "delete", "sp20")
    terminal.read(until="[y/N]")
    terminal.interrupt()
    seen = terminal.read()
    assert terminal.code() == 130
    assert "Traceback" not in seen
    assert "interrupted" in seen


def test_a_reader_that_has_seen_enough_is_no_error(reading: Midas) -> None:
    piped = f"{MIDAS} instrument bars IBM | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", piped], env=reading.environment(), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "close" in done.stdout

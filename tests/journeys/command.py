"""The real command, in a process of its own, on a data home of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from midas.cli.main import run

Write = Callable[[str, str | bytes], Path]
"""What the fixture `write` gives: write a file of this name and content."""

MIDAS = Path(sys.executable).with_name("midas")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        document = self.json
        assert list(document) == ["error"]
        error: dict[str, Any] = document["error"]
        assert error["exit_code"] == self.code
        return error


@dataclass(frozen=True, slots=True)
class Midas:
    """`midas` on one data home."""

    home: Path
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MIDAS_", "PORT"))}
        return kept | {"MIDAS_HOME": str(self.home), "COLUMNS": "120", "PYTHONIOENCODING": "utf-8", **more}

    def __call__(self, *words: str | Path, timeout_s: float = 120.0, **more: str) -> Done:
        done = subprocess.run(
            [MIDAS, *map(str, words)],
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Begin a command that does not end by itself."""
        return subprocess.Popen(
            [MIDAS, *words],
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@dataclass(frozen=True, slots=True)
class Inside(Midas):
    """`midas` inside this process: the same but for the process's own edges, and quick."""

    def __call__(self, *words: str | Path, timeout_s: float = 120.0, **more: str) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        environment = patch.dict(os.environ, self.environment(**more), clear=True)
        streams = (contextlib.redirect_stdout(out), contextlib.redirect_stderr(err))
        with environment, contextlib.chdir(self.folder), streams[0], streams[1]:
            code = run([str(word) for word in words])
        texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        assert "Traceback" not in "".join(texts), texts
        return Done(code, *texts)

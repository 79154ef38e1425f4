"""The real command, in a process of its own, on a data home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

"""A PostgreSQL of our own, which nobody else uses and which may be crashed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Cluster:
    folder: Path
    port: int
    binaries: Path
    user: str | None
    options: str = ""

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def do(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), "-D", str(self.folder / "data"), *arguments]
        log = self.folder / "log"
        with log.open("ab") as out:
            subprocess.run(
                command,
                check=True,
                user=self.user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=60,
            )

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c shared_buffers=16MB {self.options}"
        self.do("pg_ctl", "-w", "-o", options, "start")

    def crash(self) -> None:
        """End it as a power switch does, and start it again."""
        self.do("pg_ctl", "-m", "immediate", "stop")
        self.start()


@contextmanager
def cluster(options: str = "") -> Iterator[Cluster]:
    """Yield a new cluster with these options; the test is skipped where PostgreSQL's programs are not installed."""
    found = programs()
    if found is None:
        if os.environ.get("MIDAS_REQUIRE_POSTGRES") == "1":
            pytest.fail("PostgreSQL is required here but initdb is not installed")
        pytest.skip("PostgreSQL's initdb is not installed")
    # the server refuses to run as root; a short path, for it keeps a socket there
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="mpg"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if user:
        shutil.chown(folder, user)
    made = Cluster(folder, port, found, user, options)
    try:
        made.do("initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        made.start()
        yield made
    finally:
        made.do("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def programs() -> Path | None:
    """Return the folder of PostgreSQL's own programs, if they are installed."""
    known: Sequence[Path] = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    places = [*known, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((each for each in places if (each / "initdb").exists() and (each / "postgres").exists()), None)

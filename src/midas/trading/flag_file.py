"""The kill switch as a file: it stops every account of a data home while it is there, and needs nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from midas.risk.kill import KillLevel

BARE = KillLevel.CANCEL_ALL
"""What a flag file means that names no level: whoever touches it wants everything to stop."""


@dataclass(frozen=True, slots=True)
class FlagFile:
    """A file whose first word is a level; anyone who can write there can pull it, also by hand."""

    path: Path

    def read(self) -> KillLevel | None:
        """Return the level it asks for; None where there is no file."""
        try:
            word = self.path.read_text(encoding="utf-8", errors="replace").split(None, 1)[:1]
        except FileNotFoundError:
            return None
        except OSError:
            # it is there, and nobody can say what it says
            return BARE
        name = word[0].upper() if word else ""
        return KillLevel[name] if name in KillLevel.__members__ else BARE

    def write(self, level: KillLevel, why: str) -> None:
        """Pull it, unless it is pulled further already; who reads meanwhile sees what was there or all of it."""
        if (self.read() or KillLevel.NONE) > level:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        new.write_text(f"{level.name} {why}\n", encoding="utf-8")
        new.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

"""What lies where under a data home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one data home."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "midas.db"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def results(self) -> Path:
        return self.root / "results"

    def sweep(self, identity: str) -> Path:
        """The folder of one sweep's trials."""
        return self.root / "sweeps" / identity[:2] / identity

    def evaluation(self, identity: str) -> Path:
        """The folder of one evaluation's measures."""
        return self.root / "evaluations" / identity[:2] / identity

    @property
    def run(self) -> Path:
        """Locks and staged files of living processes."""
        return self.root / "run"

    @property
    def kill_flag(self) -> Path:
        """A file that stops every account while it is there."""
        return self.run / "KILL"

    @property
    def seals(self) -> Path:
        """What was sealed of the audit trails, line by line."""
        return self.root / "audit" / "seals.jsonl"

    @property
    def seal_key(self) -> Path:
        """The key of the seals; its owner alone may read it."""
        return self.root / "audit" / "seal.key"

    def result(self, identity: str) -> Path:
        """The folder of one backtest's series."""
        return self.results / identity[:2] / identity

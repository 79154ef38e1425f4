"""What the last look at the broker found, kept for who takes over and for who releases a quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.journal import Checkpoint
from midas.trading.reconcile import Difference, Finding


def compared_key(account: str) -> str:
    """Return the name under which an account's last look is kept."""
    return checkpoint_key("agreed", account)


def kept(account: str, found: Iterable[Finding], now_utc: datetime) -> Checkpoint:
    """Return what a look found as it is stored."""
    rows = [asdict(each) for each in sorted(found, key=lambda one: (one.kind, one.subject))]
    return Checkpoint(compared_key(account), 0, now_utc, json.dumps(rows, default=str).encode())


def found_in(stored: Checkpoint) -> frozenset[Finding]:
    """Return what a look that was stored had found."""
    rows = json.loads(stored.state)
    return frozenset(
        Finding(**{**row, "kind": Difference(row["kind"]), "gap": Decimal(row["gap"])}) for row in rows
    )  # fmt: skip

"""What the last look at the broker found, kept for who takes over and for who releases a quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.journal import Checkpoint
from midas.trading.reconcile import Difference, Finding


def compared_key(account: str) -> str:
    """Return the name under which an account's last look is kept."""
    return checkpoint_key("agreed", account)


def kept(
    account: str, found: Iterable[Finding], now_utc: datetime, quarantined: Mapping[str, str] | None = None
) -> Checkpoint:
    """Return what a look found as it is stored.

    quarantined : instruments that were in quarantine before it began and that it could judge, with the reason.
    """
    rows = [asdict(each) for each in sorted(found, key=lambda one: (one.kind, one.subject))]
    told = {"found": rows, "quarantined": dict(quarantined or {})}
    return Checkpoint(compared_key(account), 0, now_utc, json.dumps(told, default=str).encode())


def found_in(stored: Checkpoint) -> frozenset[Finding]:
    """Return what a look that was stored had found."""
    told = json.loads(stored.state)
    # once there were only the findings
    rows = told if isinstance(told, list) else told["found"]
    return frozenset(
        Finding(**{**row, "kind": Difference(row["kind"]), "gap": Decimal(row["gap"])}) for row in rows
    )  # fmt: skip


def judged_in(stored: Checkpoint) -> Mapping[str, str]:
    """Return the instruments that were in quarantine before a look that was stored, and that it judged, with reasons.

    One that is not among them, or for another reason, was put in quarantine since.
    """
    told = json.loads(stored.state)
    return {} if isinstance(told, list) else dict(told["quarantined"])

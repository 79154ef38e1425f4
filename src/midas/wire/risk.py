"""Limits and the kill switch."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from midas.wire.quarantines import Quarantined
from midas.wire.shape import Answer, Question

Level = Literal["REDUCE_ONLY", "PAUSE", "CANCEL_ALL", "FLATTEN", "HALT"]


class KillRequest(Question):
    """Which switch to pull: of one account, or of all where `account` is null."""

    level: Level = "CANCEL_ALL"
    account: str | None = Field(default=None, max_length=80)
    why: str = Field(min_length=1, max_length=500)


class ReleaseRequest(Question):
    """Which switch to release, and why that is safe."""

    account: str | None = Field(default=None, max_length=80)
    why: str = Field(min_length=1, max_length=500)


class Pulled(Answer):
    """A switch that is pulled; `account` is null for all accounts, `where` is the database or the flag file.

    not_flattened : what is in quarantine, which a switch at FLATTEN leaves alone until it is released.
    """

    level: str
    account: str | None
    who: str
    why: str
    where: str
    pulled_at: datetime | None
    not_flattened: list[Quarantined] = Field(default=[])


class Drill(Answer):
    """How long a trader took to hear of a switch, and whether it was heard at all."""

    account: str
    heard: bool
    milliseconds: float | None


class LimitValues(Question):
    """Limits of an account; null is no limit of that kind. See `midas risk limits --help` for what each means."""

    max_quantity: Decimal | None = None
    max_notional: Decimal | None = None
    collar: float | None = 0.05
    position: float | None = None
    gross: float | None = None
    daily_loss: float | None = None
    drawdown: float | None = None
    orders_per_second: int | None = None
    orders_per_minute: int | None = None
    orders_per_day: int | None = None
    duplicate_window_s: float | None = 5.0
    repeats_per_minute: int | None = None
    quote_age_s: float | None = 60.0
    snapshot_age_s: float | None = 120.0
    cooldown_s: float | None = None
    restricted: list[str] = Field(default=[], max_length=10_000)
    allow_short: bool = False


class RunLimitValues(LimitValues):
    """Limits of one run, which hold beside its account's; null is no limit of that kind."""

    collar: float | None = None
    duplicate_window_s: float | None = None
    quote_age_s: float | None = None
    snapshot_age_s: float | None = None
    allow_short: bool = True


class LimitChanges(LimitValues):
    """Limits to change; those that are not named stay as they are, null takes one away."""


class AccountLimits(Answer):
    """The limits of an account; of one of its runs where `run` says which."""

    account: str
    run: str | None
    limits: LimitValues

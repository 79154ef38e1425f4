"""Whether anything may be sent at all: switches, rights, and how fresh what we know is."""

from __future__ import annotations

from midas.risk.kill import blocks
from midas.risk.limits import Limits
from midas.risk.question import Question
from midas.risk.verdict import Denial, Deny


def kill_switch(asked: Question) -> Deny | None:
    """No switch stops it."""
    if blocks(asked.kill, reduces=asked.reduces, flattens=asked.flattens):
        return Deny(Denial.KILLED, f"the kill switch stands at {asked.kill.name}")
    return None


def paper_process(asked: Question) -> Deny | None:
    """A process that was not started for live accounts touches none."""
    if asked.account.live and not asked.process_live:
        return Deny(Denial.PAPER_ONLY, f"{asked.account.account} is live and this process is not")
    return None


def armed(asked: Question) -> Deny | None:
    """Somebody gave the right to trade this account."""
    if not asked.armed:
        return Deny(Denial.NOT_ARMED, f"nobody gave the right to trade {asked.account.account}")
    return None


def reconciled(asked: Question) -> Deny | None:
    """The books agree with the broker's as far as is known."""
    if not asked.account.reconciled:
        return Deny(Denial.NOT_RECONCILED, "the books have to be compared with the broker's first")
    return None


def account_age(asked: Question, limits: Limits) -> Deny | None:
    """It is not too long since the account was seen to agree with its broker's."""
    age_s = asked.account.age_s
    if limits.snapshot_age_s is not None and age_s > limits.snapshot_age_s:
        return Deny(Denial.STALE_SNAPSHOT, f"it was compared {age_s:g} s ago, limit {limits.snapshot_age_s:g} s")
    return None


def quarantine(asked: Question) -> Deny | None:
    """Nothing unexplained happened to the instrument."""
    if str(asked.order.instrument) in asked.account.quarantined:
        return Deny(Denial.QUARANTINED, f"{asked.order.instrument} is in quarantine until a person releases it")
    return None


def restricted(asked: Question, limits: Limits) -> Deny | None:
    """The owner did not forbid the instrument; what closes everything may leave it."""
    if not asked.flattens and str(asked.order.instrument) in limits.restricted:
        return Deny(Denial.RESTRICTED, f"{asked.order.instrument} is on the restricted list")
    return None


def expired(asked: Question) -> Deny | None:
    """It is still good."""
    if asked.now_utc >= asked.order.valid_until_utc:
        return Deny(Denial.EXPIRED, f"it was good until {asked.order.valid_until_utc.isoformat()}")
    return None

"""Limits and the kill switch."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from midas.client.asking import asking
from midas.client.link import Link
from midas.wire.page import Page
from midas.wire.quarantines import Quarantined, QuarantineRelease
from midas.wire.risk import AccountLimits, Drill, KillRequest, LimitChanges, Pulled, ReleaseRequest

_PATH = "/api/v1/risk"


class Risk:
    """`client.risk`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def pulled(self) -> list[Pulled]:
        """Return the switches that are pulled."""
        return self._link.get(Page[Pulled], f"{_PATH}/kills").items

    def kill(self, why: str, level: str = "CANCEL_ALL", account: str | None = None) -> list[Pulled]:
        """Pull the switch of one account, or of all; return what is pulled then."""
        request = asking(KillRequest, {"level": level, "account": account, "why": why})
        return self._link.post(Page[Pulled], f"{_PATH}/kills", request).items

    def release(self, why: str, account: str | None = None) -> list[Pulled]:
        """Release the switches of one account, or those of all; return what is still pulled."""
        request = asking(ReleaseRequest, {"account": account, "why": why})
        return self._link.post(Page[Pulled], f"{_PATH}/kills/release", request).items

    def drill(self, account: str) -> Drill:
        """Pull an account's switch, see how soon its trader hears of it, and release it."""
        return self._link.post(Drill, f"{_PATH}/drills/{quote(account, safe='')}", None)

    def quarantined(self, account: str | None = None) -> list[Quarantined]:
        """Return the instruments in quarantine, of one account or of all."""
        return self._link.get(Page[Quarantined], f"{_PATH}/quarantines", {"account": account}).items

    def release_quarantine(self, instrument: str, account: str, why: str, *, anyway: bool = False) -> list[Quarantined]:
        """Let orders in an instrument go out again; return what is still in quarantine of the account.

        anyway : also where the trader's last look at the broker still found a difference there.
        """
        asked = {"account": account, "instrument": instrument, "why": why, "anyway": anyway}
        request = asking(QuarantineRelease, asked)
        return self._link.post(Page[Quarantined], f"{_PATH}/quarantines/release", request).items

    def limits(self, account: str, run: str | None = None) -> AccountLimits:
        """Return an account's limits, or those of one of its runs."""
        return self._link.get(AccountLimits, _limits(account, run))

    def set_limits(self, account: str, values: Mapping[str, object], run: str | None = None) -> AccountLimits:
        """Change the limits named in `values` and keep the others, of an account or of one of its runs."""
        return self._link.patch(AccountLimits, _limits(account, run), asking(LimitChanges, values))


def _limits(account: str, run: str | None) -> str:
    path = f"{_PATH}/limits/{quote(account, safe='')}"
    return path if run is None else f"{path}/runs/{quote(run, safe='')}"

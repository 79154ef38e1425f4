"""Runs: what trades which account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import quote

from midas.client.asking import asking, decimal_text
from midas.client.link import Link
from midas.client.reference import StrategyLike, reference, scalars
from midas.wire.page import Page
from midas.wire.parities import Parity
from midas.wire.runs import AuditLine, Run, RunArm, RunRequest, RunStatus, RunStop
from midas.wire.shape import Scalar

_PATH = "/api/v1/runs"


class Runs:
    """`client.runs`; a run is named by its id or the beginning of it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def start(
        self,
        strategy: StrategyLike,
        params: Mapping[str, Scalar] | None = None,
        *,
        feed: str,
        account: str = "paper",
        universe: str | None = None,
        symbols: Sequence[str] = (),
        timeframe: str | None = None,
        initial_capital: Decimal | float | str | None = None,
        allotment: Decimal | float | str | None = None,
        commission_bps: float | None = None,
        slippage_bps: float = 0.0,
        lots: str = "whole",
        dealing: Mapping[str, Scalar] | None = None,
        draft: bool = False,
        style: str = "open",
        latency_ms: int | None = None,
    ) -> Run:
        """Store a run; it trades as soon as a trader is there (`midas trader`).

        `feed` is `replay:START..END@SPEED`, or `follow` or `follow:START` for a dataset that grows; `style` is how
        orders are brought to market: `open`, `touch`, `twap:30m`, `twap:2h/8` or `vwap:30m`; `latency_ms` is how long
        orders of a new account take to the market; all else is as for a backtest.
        """
        fields = {
            "account": account,
            "strategy": reference(strategy),
            "params": scalars(params),
            "universe": universe,
            "symbols": [*symbols],
            "timeframe": timeframe,
            "feed": feed,
            "initial_capital": decimal_text(initial_capital),
            "allotment": decimal_text(allotment),
            "commission_bps": commission_bps,
            "slippage_bps": slippage_bps,
            "lots": lots,
            "dealing": {**(dealing or {})},
            "draft": draft,
            "style": style,
            "latency_ms": latency_ms,
        }
        return self._link.post(Run, _PATH, asking(RunRequest, fields))

    def list(self, limit: int | None = 100) -> list[Run]:
        """Return runs, latest first."""
        return self._link.all(Run, _PATH, limit=limit)

    def status(self, run: str) -> RunStatus:
        return self._link.get(RunStatus, _path(run))

    def stop(self, run: str, reason: str = "asked by its owner") -> Run:
        """End a run; what it holds stays with the account."""
        return self._link.post(Run, f"{_path(run)}/stop", asking(RunStop, {"reason": reason}))

    def pause(self, run: str, reason: str = "asked by its owner") -> Run:
        """Let a run hear the market and order nothing; what it has on order is cancelled."""
        return self._link.post(Run, f"{_path(run)}/pause", asking(RunStop, {"reason": reason}))

    def resume(self, run: str) -> Run:
        """Let a draft or paused run trade."""
        return self._link.post(Run, f"{_path(run)}/resume", None)

    def arm(self, run: str, *, confirm_live: bool = False) -> Run:
        """Let a run of a live account trade real money.

        Raises
        ------
        Refused: something is in the way; `findings` say all of it.
        """
        return self._link.post(Run, f"{_path(run)}/arm", asking(RunArm, {"confirm_live": confirm_live}))

    def parity(self, run: str, through: date | None = None) -> Parity:
        """Compare a run with the backtest it should have been, on the bars it saw, up to a session."""
        return self._link.get(Parity, f"{_path(run)}/parity", {} if through is None else {"through": f"{through}"})

    def logs(self, run: str, after: int = -1, limit: int = 100) -> Sequence[AuditLine]:
        """Return lines of the audit trail behind line `after`, oldest first; -1 returns the last ones."""
        return self._link.get(Page[AuditLine], f"{_path(run)}/logs", {"after": after, "limit": limit}).items


def _path(run: str) -> str:
    return f"{_PATH}/{quote(run, safe='')}"

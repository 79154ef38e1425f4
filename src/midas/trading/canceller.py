"""Cancels out: on a way of their own, which no queue of orders blocks, and tried until the broker answers."""

from __future__ import annotations

from collections.abc import Sequence

from midas.core.order import ENDED, OrderState
from midas.execution.broker import Broker, DefiniteNo, NotSent
from midas.execution.order_events import CancelAsked, Canceled, CancelRefused, OrderEvent
from midas.execution.order_row import OrderRow
from midas.execution.order_state import AT_WORK
from midas.risk.kill import blocks_cancel
from midas.trading.bell import Bell
from midas.trading.desk import Desk
from midas.trading.journal import CancelSent
from midas.trading.kill_switch import KillSwitch
from midas.trading.lease import Lease
from midas.trading.patience import PATIENCE_S, answered
from midas.trading.rate import TokenBucket
from midas.trading.sender import POLL_S

_RETRY_S = 1.0


class Canceller:
    """The one who sends an account's cancels; asking twice does no harm, so what was not answered is asked again."""

    def __init__(
        self, desk: Desk, broker: Broker, switch: KillSwitch, lease: Lease, patience_s: float = PATIENCE_S
    ) -> None:
        self.bell = Bell()
        self._desk = desk
        self._broker = broker
        self._switch = switch
        self._lease = lease
        self._patience_s = patience_s
        self._bucket = TokenBucket(broker.capabilities.cancels_per_s, desk.clock)
        self._after_s: dict[str, float] = {}
        desk.bells.append(self.bell)

    async def run(self) -> None:
        """Cancel for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        due_s = 0.0
        while True:
            # what others ask for is found by looking; what is asked for here is known, and rings
            if self._desk.unwanted or self._desk.clock.monotonic_s() >= due_s:
                await self.drain()
                due_s = self._desk.clock.monotonic_s() + POLL_S
            await self.bell.wait(POLL_S)

    async def drain(self) -> int:
        """Send the cancels that can be sent now; return how many were."""
        sent = 0
        asked = await self._desk.journal.cancels(self._desk.account)
        self._desk.unwanted |= {row.id for row in asked} & self._desk.rows.keys()
        for row in asked:
            if blocks_cancel(self._switch.level):
                break
            if self._desk.clock.monotonic_s() >= self._after_s.get(row.id, 0.0):
                sent += await self.cancel(row.id)
        return sent

    async def cancel(self, order: str) -> bool:
        """Cancel an order if it is anywhere; tell whether the broker was asked."""
        done = CancelSent(order)
        row = await self._desk.move("cancel_unsent", order, _if_unsent)
        if row is None or row.state in ENDED:
            await self._desk.commit("cancel_done", done)
            return False
        if row.state not in AT_WORK or not row.number:
            return False
        await self._bucket.take()
        self._lease.require()
        await self._desk.move("cancel_asked", order, _if_at_work)
        # that was stored and told may have been a while ago, for a process that was stopped
        self._lease.require()
        try:
            self._desk.reached("before_cancel")
            await answered(self._broker.cancel(row.number), self._patience_s)
        except NotSent:
            self._after_s[order] = self._desk.clock.monotonic_s() + _RETRY_S
            return False
        except DefiniteNo:
            await self._desk.move("cancel_refused", order, lambda _now: (CancelRefused(),), done)
            return True
        except Exception:  # house: broad-except: whatever went wrong, asking again does no harm
            self._after_s[order] = self._desk.clock.monotonic_s() + _RETRY_S
            return False
        self._desk.reached("after_cancel")
        await self._desk.commit("cancel_sent", done)
        return True


def _if_unsent(row: OrderRow) -> Sequence[OrderEvent]:
    return (Canceled(),) if row.state is OrderState.NEW else ()


def _if_at_work(row: OrderRow) -> Sequence[OrderEvent]:
    return (CancelAsked(),) if row.state in AT_WORK else ()

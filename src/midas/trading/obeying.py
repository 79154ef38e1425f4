"""What the kill switch asks for beyond sending nothing new: cancel everything, close everything, stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from midas.core.errors import MidasError
from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.risk.question import FLATTEN_LEG
from midas.trading.bell import Bell
from midas.trading.desk import Desk
from midas.trading.journal import AskCancel
from midas.trading.kill_switch import KillSwitch
from midas.trading.quotes import Quotes

EVERY_S = 0.1
_VALID = timedelta(days=5)


class Halted(MidasError):
    """The kill switch stands at HALT: the trader stops, and sends nothing on its way out."""

    default_code = "halted"


class Obedience:
    """Carries out what is pulled, again and again until it is done."""

    def __init__(self, desk: Desk, switch: KillSwitch, quotes: Quotes) -> None:
        self.bell = Bell()
        self._desk, self._switch, self._quotes = desk, switch, quotes
        self._asked: set[str] = set()
        self._flattened_utc: datetime | None = None
        switch.risen = self.bell.ring
        desk.bells.append(self.bell)

    async def run(self) -> None:
        """Obey for ever.

        Raises
        ------
        Halted: the switch says so.
        Fenced: the account has another owner.
        """
        while True:
            await self.once()
            await self.bell.wait(EVERY_S)

    async def once(self) -> None:
        """Do what the switch asks for now."""
        level = self._switch.level
        if level >= KillLevel.HALT:
            raise Halted(f"The kill switch of {self._desk.account} stands at HALT.", hint="Release it, then start.")
        if level < KillLevel.CANCEL_ALL:
            self._asked.clear()
            self._flattened_utc = None
            return
        await self._cancel_all()
        if level is KillLevel.FLATTEN:
            await self._close_all()

    async def _cancel_all(self) -> None:
        rows = [row for row in self._desk.rows.values() if row.intent.leg != FLATTEN_LEG and row.id not in self._asked]
        if rows:
            why = f"the kill switch stands at {self._switch.level.name}"
            audit = self._desk.audit("kill.cancel_all", self._desk.account, {"orders": len(rows)})
            await self._desk.commit("kill_cancels", *(AskCancel(row.id, why) for row in rows), audit)
            self._asked |= {row.id for row in rows}
            self._desk.ring()

    async def _close_all(self) -> None:
        # the same closing order for the same pull: a process that died in between makes no second one
        if self._flattened_utc is None:
            kills = await self._desk.journal.kills(self._desk.account)
            self._flattened_utc = max((kill.pulled_utc for kill in kills), default=self._desk.now_utc)
        for instrument, held in list(self._desk.books.quantities.items()):
            # without a price the gate refuses it, and what it refused is not tried again: it waits for one
            if self._quiet(instrument) and self._quotes.last(instrument) is not None:
                await self._close(instrument, held)

    def _quiet(self, instrument: InstrumentId) -> bool:
        return not any(row.intent.instrument == instrument for row in self._desk.rows.values())

    async def _close(self, instrument: InstrumentId, held: Decimal) -> None:
        assert self._flattened_utc is not None
        for attempt in range(100):
            intent = self._intent(instrument, held, attempt)
            before = await self._desk.journal.order(order_id(intent))
            if before is None:
                detail: dict[str, object] = {"instrument": str(instrument), "quantity": str(held)}
                audit = self._desk.audit("kill.flatten", order_id(intent), detail)
                await self._desk.store("flatten", [OrderRow(order_id(intent), intent, OrderState.NEW)], audit)
                return
            if before.state is OrderState.REJECTED:
                # asking again what was refused changes nothing: a person has to look
                return

    def _intent(self, instrument: InstrumentId, held: Decimal, attempt: int) -> OrderIntent:
        assert self._flattened_utc is not None
        return OrderIntent(
            account=self._desk.account,
            run="",
            instrument=instrument,
            side=Side.SELL if held > 0 else Side.BUY,
            quantity=abs(held),
            kind=OrderKind.MARKET,
            time_in_force=TimeInForce.NEXT,
            stamp_utc=self._flattened_utc,
            valid_until_utc=self._desk.market.now_utc() + _VALID,
            leg=FLATTEN_LEG,
            sequence=attempt,
            reference_price=self._quotes.last(instrument),
            reduce_only=True,
        )

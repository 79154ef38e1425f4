"""What the kill switch asks for beyond sending nothing new: cancel everything, close everything, stop."""

from __future__ import annotations

import asyncio

from midas.core.errors import Refused
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.risk.question import FLATTEN_LEG
from midas.trading.bell import Bell
from midas.trading.desk import Desk
from midas.trading.flattening import Flattening
from midas.trading.journal import AskCancel
from midas.trading.kill_switch import KillSwitch
from midas.trading.quotes import Quotes

EVERY_S = 0.1


class Halted(Refused):
    """The kill switch stands at HALT: the trader stops, and sends nothing on its way out."""

    default_code = "halted"


class Obedience:
    """Carries out what is pulled, again and again until it is done."""

    def __init__(self, desk: Desk, switch: KillSwitch, quotes: Quotes) -> None:
        self.bell = Bell()
        self.flattening = Flattening(desk, switch, quotes)
        self._desk, self._switch = desk, switch
        self._asked: set[str] = set()
        self._obeying = asyncio.Lock()
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
        # a replay asks at every row, beside the one that asks all the time
        async with self._obeying:
            await self._obey(self._switch.level)

    async def _obey(self, level: KillLevel) -> None:
        if level >= KillLevel.HALT:
            raise Halted(f"The kill switch of {self._desk.account} stands at HALT.", hint="Release it, then start.")
        await self._cancel(level)
        if level < KillLevel.CANCEL_ALL:
            self.flattening.forget()
        elif level is KillLevel.FLATTEN:
            await self.flattening.go_on()

    async def _cancel(self, level: KillLevel) -> None:
        unwanted = [row for row in self._desk.rows.values() if self._is_unwanted(row, level)]
        # one that is wanted again meanwhile, and then is not, is asked for once more
        self._asked &= {row.id for row in unwanted}
        rows = [row for row in unwanted if row.id not in self._asked]
        if rows:
            why = f"the kill switch stands at {level.name}"
            audit = self._desk.audit("kill.cancel_all", self._desk.account, {"orders": len(rows), "why": why})
            await self._desk.commit("kill_cancels", *(AskCancel(row.id, why) for row in rows), audit)
            self._asked |= {row.id for row in rows}
            self._desk.ring()

    def _is_unwanted(self, row: OrderRow, level: KillLevel) -> bool:
        # what closes everything is wanted as long as nobody took that back; until the switch was read, nobody knows
        if row.intent.leg == FLATTEN_LEG:
            return self._switch.released(KillLevel.FLATTEN)
        return level >= KillLevel.CANCEL_ALL

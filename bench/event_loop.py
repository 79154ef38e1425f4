"""W5 event by event: minute bars, an EMA cross, market orders, through loop, gate, ledger and matching.

usage: python -m bench.event_loop [BARS]      prints bars a second of processor time, each way, and what reading took
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench.market import minutes
from bench.ours import EmaCross
from bench.peers.timed import FIRST
from midas.backtest.spec import BacktestSpec, spec_of
from midas.execution.deciding import Decider, GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.stream import Stream
from midas.marketdata.feed import BarRow
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.trading.coded import ACCOUNT, EPOCH, mandate_of
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

FEW = 5_000


class Crossing(EventStrategy):
    """The cross in plain Python."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        close = float(bar.close[0])
        fast, slow = self.state.get("fast", close), self.state.get("slow", close)
        self.state["fast"] = fast = fast + (close - fast) * 2.0 / 13.0
        self.state["slow"] = slow = slow + (close - slow) * 2.0 / 49.0
        held = ctx.position()
        if fast > slow and held == 0.0:
            ctx.buy(ctx.cash / close)
        elif fast < slow and held > 0.0:
            ctx.close()


def main() -> None:
    """Print the figures."""
    panel = minutes(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    spec = spec_of(EmaCross(), panel, commission_bps=1, lots="fractional", volume_cap=1.0)
    few = minutes(FEW)
    for name, decider in (("graph", _graph), ("on_bar", _code)):
        for blocks in (False, True):
            _timed(few, spec_of(EmaCross(), few), decider, blocks=blocks)  # loads what is compiled
            seconds, reading, fills = _timed(panel, spec, decider, blocks=blocks)
            how, speed = "in blocks" if blocks else "by row", panel.rows / seconds
            print(f"{name} {how}: {speed:,.0f} bars/s, {fills:,} fills in {seconds:.2f} s; read in {reading:.2f} s")


def _graph(mandate: Mandate, spec: BacktestSpec) -> Decider:
    return GraphDecider(Stream(spec.definition, mandate.ground, mandate.first), by_change=mandate.by_change)


def _code(mandate: Mandate, _spec: BacktestSpec) -> Decider:
    return EventDecider(Crossing(), mandate.ground, 100.0)


def _timed(
    panel: Panel, spec: BacktestSpec, decider: Callable[[Mandate, BacktestSpec], Decider], *, blocks: bool
) -> tuple[float, float, int]:
    mandate = mandate_of(spec, panel, FIRST)
    journal = MemoryJournal()
    journal.store.accounts[ACCOUNT].epoch = EPOCH
    loop = Loop(mandate, decider(mandate, spec))
    rehearsal = Rehearsal(mandate, loop, PaperAccount(mandate.ground, mandate.terms), journal, EPOCH)
    events = Replay(panel).blocks() if blocks else Replay(panel).told()
    rehearsal.open(next(event for event in Replay(panel, 1).told() if isinstance(event, BarRow)).stamp_utc)
    begun = time.process_time()
    rehearsal.run(events)
    done = time.process_time()
    fills = sum(book.fill is not None for book in journal.books(ACCOUNT))
    return done - begun, time.process_time() - done, fills


if __name__ == "__main__":
    main()

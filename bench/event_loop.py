"""W5 event by event: minute bars, an EMA cross, market orders, through loop, gate, ledger and matching.

usage: python -m bench.event_loop [BARS]      prints bars a second of processor time, each way
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench.market import minutes
from bench.ours import EmaCross
from bench.peers.timed import FIRST
from midas.backtest.spec import BacktestSpec, spec_of
from midas.core.order import TimeInForce
from midas.execution.broker import Capabilities, ClientIds
from midas.execution.deciding import Decider, GraphDecider
from midas.execution.event_decider import EventDecider
from midas.execution.loop import Loop
from midas.execution.mandate import Mandate
from midas.execution.paper import PaperAccount
from midas.execution.paper_orders import KINDS
from midas.execution.stream import Stream
from midas.marketdata.feed import BarRow
from midas.marketdata.ground import Ground
from midas.marketdata.panel import Panel
from midas.marketdata.replay import Replay
from midas.risk.limits import Limits
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.trading.memory_journal import MemoryJournal
from midas.trading.rehearsal import Rehearsal

LIMITS = Limits(collar=None, duplicate_window_s=None, quote_age_s=None, snapshot_age_s=None)


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
    for name, decider in (("graph", _graph), ("on_bar", _code)):
        for blocks in (False, True):
            seconds, fills = _timed(panel, spec, decider, blocks=blocks)
            how, speed = "in blocks" if blocks else "by row", panel.rows / seconds
            print(f"{name} {how}: {speed:,.0f} bars/s, {fills:,} fills in {seconds:.2f} s of processor time")


def _graph(mandate: Mandate, spec: BacktestSpec) -> Decider:
    return GraphDecider(Stream(spec.definition, mandate.ground, mandate.first), by_change=mandate.by_change)


def _code(mandate: Mandate, _spec: BacktestSpec) -> Decider:
    return EventDecider(Crossing(), mandate.ground, 100.0)


def _timed(
    panel: Panel, spec: BacktestSpec, decider: Callable[[Mandate, BacktestSpec], Decider], *, blocks: bool
) -> tuple[float, int]:
    ground, terms = Ground.of(panel), spec.terms(panel.currency)
    broker = Capabilities(
        ClientIds.UNIQUE,
        KINDS,
        frozenset(TimeInForce),
        protections=True,
        cuts_purchases=True,
        cuts_sales=True,
        cancels_at_once=True,
    )
    mandate = Mandate("bench", "run", "cross", ground, terms, broker, True, (), FIRST, (LIMITS,))
    journal = MemoryJournal()
    journal.store.accounts["bench"].epoch = 1
    loop = Loop(mandate, decider(mandate, spec))
    rehearsal = Rehearsal(mandate, loop, PaperAccount(ground, terms), journal, 1)
    events = Replay(panel).blocks() if blocks else Replay(panel).told()
    rehearsal.open(next(event for event in Replay(panel, 1).told() if isinstance(event, BarRow)).stamp_utc)
    begun = time.process_time()
    rehearsal.run(events)
    return time.process_time() - begun, sum(book.fill is not None for book in journal.books("bench"))


if __name__ == "__main__":
    main()

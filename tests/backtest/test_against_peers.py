"""The same rules, computed by somebody else: a plain loop, and the peers where their environments are installed."""

from __future__ import annotations

import pytest
from bench.crosscheck import compared, peers
from bench.market import market
from bench.reference import RULES, total_return

from midas.backtest.run import run
from midas.strategies.registry import build


def test_the_first_workload_ends_where_a_plain_loop_ends() -> None:
    panel = market(1, 2_520, whole=True)
    found = run(build("sma_cross", {"fast": 10, "slow": 50}), panel, commission_bps=10, lots="fractional")
    by_hand = total_return("midas", panel.series("open", 0), panel.series("close", 0))
    assert found.summary["total_return"] == pytest.approx(by_hand, rel=RULES["midas"].tolerance)
    assert abs(by_hand - total_return("raptorbt", panel.series("open", 0), panel.series("close", 0))) > 0.01


@pytest.mark.slow
def test_fills_of_random_strategies_are_the_peers_fills() -> None:
    if not peers():
        pytest.skip("the peers' environments are not installed (make bench-peers)")
    text, unexplained = compared(12, peers())
    assert unexplained == 0, text

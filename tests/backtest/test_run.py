"""A whole run: rows, money and series agree with each other and with hand arithmetic."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import date

import numpy as np
import polars as pl
import pytest
from tests.backtest.strategies import Averaged, Rebalanced
from tests.execution.markets import KOREA, panel_of, random_market

from midas.backtest.result import Result
from midas.backtest.run import run, run_spec
from midas.backtest.spec import spec_of
from midas.core.basis import Basis
from midas.execution.dealing import Dealing
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.momentum import Momentum
from midas.strategies.library.sma_cross import SmaCross

NAN = math.nan


def bars(closes: list[float], opens: list[float] | None = None) -> dict[str, np.ndarray]:
    close = np.array(closes, float)[:, None]
    opened = close if opens is None else np.array(opens, float)[:, None]
    high, low = np.fmax(opened, close), np.fmin(opened, close)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": np.full_like(close, 1e9)}


class TestByHand:
    def test_one_purchase_and_its_value(self) -> None:
        panel = panel_of(bars([10, 11, 12], [10, 10.5, 12.5]))
        result = run(BuyAndHold(), panel, initial_capital=1000, commission_bps=100, slippage_bps=50)
        # decided at 10.00: 100 shares; filled at 10.50 x 1.005 = 10.5525, up to 10.56, then into the bar [10.50, 11]
        # 100 x 10.56 = 1056 and 1 % are more than 1000: 1000 / (10.56 x 1.01) = 93.76, so 93 shares
        # 93 x 10.56 = 982.08, commission 9.8208 is 9.82, cash 8.10
        (fill,) = result.fills().to_dicts()
        assert fill == {
            "ts": date(2024, 1, 3), "symbol": "N000.XNAS", "side": "buy", "quantity": 93.0, "price": 10.56,
            "commission": 9.82, "tax": 0.0, "order_id": "2024-01-02-1",
            "cause": "target",
        }  # fmt: skip
        assert result.cash.tolist() == [1000.0, 8.1, 8.1]
        assert result.equity.tolist() == [1000.0, 8.1 + 93 * 11, 8.1 + 93 * 12]
        assert result.costs["slippage"] == pytest.approx(93 * 0.06)
        assert result.rejects()["quantity"].to_list() == [7.0]
        assert result.gross_exposure == pytest.approx([0.0, 1023 / 1031.1, 1116 / 1124.1])

    def test_an_indian_purchase_pays_tax_and_leaves_room_for_it(self) -> None:
        panel = panel_of(bars([100, 100, 100]), currency="INR", venue="XNSE")
        result = run(BuyAndHold(), panel, initial_capital=100_000, commission_bps=0)
        (bought,) = result.fills().to_dicts()
        # 1000 shares take all the cash; with a tax of 0.115 % on top it pays 998.85: 998; 99,800 x 0.115 % is 114.77
        assert (bought["quantity"], bought["commission"], bought["tax"]) == (998.0, 0.0, 114.77)
        assert result.cash.tolist() == [100_000, 85.23, 85.23]

    def test_a_korean_sale_pays_tax(self) -> None:
        closes = [10_000, 10_500, 10_500, 9_000, 9_000]
        result = run(
            Averaged(window=2), panel_of(bars(closes), currency="KRW", venue="XKRX"), initial_capital=1_000_000
        )
        bought, sold = result.fills().to_dicts()
        # the average of two closes: 10,500 > 10,250, then 10,500 is not above 10,500: sold at the open of the next day
        assert (bought["quantity"], bought["price"], sold["price"]) == (95.0, 10_500.0, 9_000.0)
        value = 95 * 9_000
        assert sold["tax"] == math.floor(value * 0.0018)
        assert result.summary["taxes"] == sold["tax"]
        assert result.summary["trades"] == 1

    def test_close_only_data_fills_at_the_next_close(self) -> None:
        panel = panel_of({"close": [10.0, 11.0, 12.0]}, basis=Basis.CLOSE_ONLY)
        result = run(BuyAndHold(), panel, initial_capital=1000, lots="fractional")
        assert result.fills().select("price", "quantity").row(0) == (11.0, pytest.approx(1000 / 11, abs=1e-9))
        assert any("closes alone" in warning for warning in result.warnings)
        assert result.settings["fill"] == "next close"

    def test_it_says_that_orders_fill_at_the_close_where_that_is_asked_for(self) -> None:
        panel = panel_of({name: [10.0, 11.0, 12.0] for name in ("open", "high", "low", "close")})
        told = [run(BuyAndHold(), panel, dealing=Dealing(fill_at=at)).settings["fill"] for at in ("open", "close")]
        assert told == ["next open", "next close"]


class TestRows:
    def test_the_first_row_is_after_the_warm_up(self) -> None:
        panel = panel_of(bars(list(range(100, 130))))
        result = run(SmaCross(fast=2, slow=5), panel)
        assert result.sessions[0] == panel.sessions[5]
        assert result.equity[0] == 100_000

    def test_history_before_the_start_is_the_warm_up(self) -> None:
        panel = panel_of(bars(list(range(100, 130))))
        result = run(SmaCross(fast=2, slow=5), panel, start=panel.sessions[9].item(), end=panel.sessions[20].item())
        assert (result.sessions[0], result.sessions[-1]) == (panel.sessions[9], panel.sessions[20])
        assert not any("moved" in warning for warning in result.warnings)

    def test_nothing_before_the_start_can_have_been_an_entry(self) -> None:
        closes = [10.0] * 6 + [12.0, 13, 14, 15, 16, 17, 18, 17, 14, 11, 9, 8, 9, 12, 15, 18]
        panel = panel_of(bars(closes))
        whole = run(SmaCross(fast=2, slow=4), panel).fills()
        assert whole["side"].to_list() == ["buy", "sell", "buy"]
        # the first crossing is at 12.0; a start on the day after it has no position to take over
        late = run(SmaCross(fast=2, slow=4), panel, start=panel.sessions[7].item()).fills()
        assert late["side"].to_list() == ["buy"]
        assert late["ts"][0] == whole["ts"][2]

    def test_a_start_without_enough_history_moves_and_says_so(self) -> None:
        panel = panel_of(bars(list(range(100, 130))))
        result = run(SmaCross(fast=2, slow=5), panel, start=panel.sessions[1].item())
        assert result.sessions[0] == panel.sessions[5]
        assert any("The start moved from 2024-01-03 to 2024-01-09" in warning for warning in result.warnings)

    def test_once_waits_for_the_first_value(self) -> None:
        raw = bars([NAN] * 40 + [10, 11, 12])
        later = panel_of({name: np.hstack((values, values)) for name, values in raw.items()})
        assert run(BuyAndHold(), later).sessions[0] == later.sessions[40]
        early = {name: np.hstack((values, bars([5.0] * 43)[name])) for name, values in raw.items()}
        result = run(BuyAndHold(), panel_of(early))
        assert result.fills()["symbol"].to_list() == ["N001.XNAS"]

    def test_progress_runs_from_start_to_end(self) -> None:
        seen: list[float] = []
        run(BuyAndHold(), panel_of(bars([1, 2, 3])), progress=lambda done, step: seen.append(done))
        assert seen == sorted(seen)
        assert seen[-1] == 1.0


@pytest.fixture(scope="module")
def result() -> Result:
    return run(Rebalanced(), random_market(11, 4, 60, KOREA).panel, initial_capital=50_000_000)


class TestSeries:
    def test_columns(self, result: Result) -> None:
        assert result.fills().columns == [
            "ts", "symbol", "side", "quantity", "price", "commission", "tax", "order_id", "cause",
        ]  # fmt: skip
        assert result.equity_frame().columns == ["ts", "equity", "cash", "gross_exposure", "benchmark"]
        assert result.trades().columns[:11] == [
            "symbol", "side", "entry_ts", "entry_price", "exit_ts", "exit_price", "quantity", "pnl", "return",
            "commission", "tax",
        ]  # fmt: skip
        assert result.positions().columns == ["ts", "symbol", "quantity", "value"]
        assert result.rejects().columns == ["ts", "symbol", "side", "quantity", "reason", "order_id", "cause"]

    def test_positions_and_cash_make_the_equity(self, result: Result) -> None:
        held = result.positions().group_by("ts").agg(pl.col("value").sum())
        both = result.equity_frame().join(held, on="ts", how="left").with_columns(pl.col("value").fill_null(0.0))
        assert (both["cash"] + both["value"] - both["equity"]).abs().max() == 0
        assert len(held) > 10

    def test_positions_are_sorted_and_positive(self, result: Result) -> None:
        frame = result.positions()
        assert frame.equals(frame.sort("ts", "symbol"))
        assert (frame["quantity"] > 0).all()

    def test_fills_explain_the_cash(self, result: Result) -> None:
        flow = pl.when(pl.col("side") == "buy").then(-1).otherwise(1) * pl.col("quantity") * pl.col("price")
        cash = (
            result.equity[0]
            + result.fills().select((flow - pl.col("commission") - pl.col("tax")).sum()).item()
            + result.summary["income"]
        )
        assert cash == pytest.approx(result.cash[-1], abs=len(result.fills()))

    def test_order_ids_are_distinct_and_dated(self, result: Result) -> None:
        frame = result.fills()
        assert frame["order_id"].n_unique() == len(frame)
        assert frame["order_id"][0].startswith(str(result.panel.sessions[result.simulation.journal.fills.decided[0]]))

    def test_trades_add_up_to_the_gain(self, result: Result) -> None:
        frame = result.trades()
        assert frame["pnl"].sum() == pytest.approx(result.equity[-1] - result.equity[0], abs=1e-6)
        assert frame["exit_ts"].null_count() == result.summary["open_trades"]
        assert frame["exit_price"].null_count() >= result.summary["open_trades"]
        assert frame["commission"].sum() == pytest.approx(result.summary["fees"])
        assert frame["tax"].sum() == pytest.approx(result.summary["taxes"])

    def test_rejects_are_counted(self, result: Result) -> None:
        frame = result.rejects()
        assert dict(frame["reason"].value_counts().rows()) == dict(result.reject_counts)
        assert result.summary["rejected_orders"] == len(frame)

    def test_the_ledger_holds(self, result: Result) -> None:
        result.ledger().verify(result.simulation.cash, result.simulation.first)


class TestSameQuestionSameAnswer:
    def test_twice_in_one_process(self) -> None:
        panel = random_market(3, 4, 80, KOREA).panel
        one, two = (run(Momentum(lookback=5, skip=1, top=2, every="week_end"), panel) for _ in range(2))
        assert one.identity == two.identity
        assert one.fills().equals(two.fills())
        assert dict(one.summary) == dict(two.summary)

    def test_a_spec_that_was_made_before(self) -> None:
        panel = random_market(3, 4, 80, KOREA).panel
        spec = spec_of(Averaged(window=3), panel, slippage_bps=5)
        result = run_spec(spec, panel, notes=("from the selection",))
        assert result.identity == run(Averaged(window=3), panel, slippage_bps=5).identity
        assert result.warnings[0] == "from the selection"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, midas.backtest, midas.portfolio, midas.execution, midas.portfolio.measures\n"
        "heavy = {'numba', 'polars', 'fastapi', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

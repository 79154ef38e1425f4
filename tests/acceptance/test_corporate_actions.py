"""Real splits, a spin-off and a rights issue, lived through with a position, a stop and an order open.

Everything comes in as a file, as a person would bring it; what the account must come to is worked out in `Decimal`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.acceptance.plain_holding import Action, Holding, Row

from midas.core.clock import ManualClock
from midas.core.money import Money
from midas.execution.conditions import conditions
from midas.execution.guards import guards
from midas.execution.simulation import Simulation, simulate
from midas.execution.terms import AccountTerms
from midas.integrations.file.source import FileSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.portfolio.journal import EventKind
from midas.strategies.exits import StopLoss
from midas.venues.arrays import rule_arrays
from midas.venues.catalogue import venue

pytestmark = pytest.mark.acceptance

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CENT, WON = Decimal("0.01"), Decimal(1)
PRICES = ("open", "high", "low", "close")


def panel_from(tmp_path: Path, bars: pl.DataFrame, mic: str, **options: str) -> Panel:
    file = tmp_path / "bars.parquet"
    bars.write_parquet(file)
    [raw] = FileSource().fetch(PullRequest(options={"path": str(file), "venue": mic, **options}))
    lake = Lake(tmp_path / "lake", ManualClock(NOW))
    return lake.panel(import_bars(lake, raw).dataset.name)


def quoted(bars: pl.DataFrame) -> list[Row]:
    rows = []
    for day, *prices in bars.select("date", *PRICES).iter_rows():
        opened, high, low, close = (Decimal(repr(price)) for price in prices)
        rows.append(Row(day, opened, high, low, close) if opened else Row(day, None, None, None, close))
    return rows


def traded(panel: Panel, weights: dict[int, float], stop: float, capital: Money) -> Simulation:
    """The one name of a panel, decided at the closes of some rows, with a stop."""
    terms = AccountTerms(capital, commission_bps=0.0, volume_cap=1.0)
    world = conditions(panel, rule_arrays(venue(panel.venue), panel.instruments, panel.sessions), terms)
    rows = np.array(sorted(weights))
    targets = np.array([[weights[row]] for row in sorted(weights)])
    return simulate(
        world, rows, targets, first=0, stop=panel.rows, capital=capital.minor, by_change=True,
        exits=guards((StopLoss(stop),), {}),
    )  # fmt: skip


def assert_same(run: Simulation, plain: Holding) -> None:
    fills = run.journal.fills
    assert list(zip(fills.row, fills.side, fills.quantity, fills.price, strict=True)) == [
        (row, side, float(quantity), float(price)) for row, side, quantity, price in plain.fills
    ]
    upto = fills.row[-1]  # taxes on the sale are not the matter here
    assert [Decimal(int(minor)) * plain.unit for minor in run.equity[:upto]] == plain.equity[:upto]


def assert_conserved(run: Simulation, plain: Holding, panel: Panel) -> None:
    """What the account had at the last close is what it has after the action, at the price that changes nothing."""
    row, close = plain.action.row, plain.rows[plain.action.row - 1].close
    fills, events = run.journal.fills, run.journal.events
    before = Decimal(repr(float((fills.quantity * fills.side)[fills.row < row].sum())))
    held = Decimal(repr(float(events.quantity[(events.row == row) & (events.kind == EventKind.SPLIT)].sum()))) or before
    paid = Decimal(int(events.amount[events.row == row].sum())) * plain.unit
    cash = Decimal(int(run.cash[row - 1])) * plain.unit
    assert abs(cash + before * close - (cash + paid + held * plain.action.left(close))) <= plain.unit / 2
    assert abs(plain.before - plain.after) <= plain.unit / 2
    np.testing.assert_allclose(panel.series("close", 0)[row] / panel.series("close", 0)[row - 1],
                               float(plain.rows[row].close / plain.action.left(close)), rtol=1e-12)  # fmt: skip


def assert_stop_held(plain: Holding) -> None:
    """The action alone would have tripped the stop, and something did trip it later."""
    row = plain.rows[plain.action.row]
    entry = plain.fills[0][3]
    assert row.open is not None
    assert row.open < entry * (1 - plain.stop)
    assert [side for _, side, _, _ in plain.fills] == [1, 1, -1]
    assert plain.fills[1][0] == plain.action.row
    assert plain.fills[2][0] > plain.action.row


class TestEbaySpinOff:
    """PayPal went to the holders of eBay, one share for one, over the weekend of 2015-07-18."""

    EX = date(2015, 7, 20)

    @pytest.fixture
    def bars(self, shared: Path) -> pl.DataFrame:
        pack = pl.read_parquet(shared / "data" / "us" / "us_market_top_raw_2015_2017.parquet")
        return pack.filter(
            (pl.col("symbol") == "EBAY") & pl.col("date").is_between(date(2015, 5, 1), date(2016, 6, 30))
        ).sort("date")

    def test_value_is_conserved_to_the_cent(self, bars: pl.DataFrame, tmp_path: Path) -> None:
        at = bars["date"].to_list().index(self.EX)
        close, kept = (Decimal(repr(bars[name][at - 1])) for name in ("close", "adj_close_next_day"))
        assert (close, kept) == (Decimal("66.29"), Decimal("27.8998"))
        spun = pl.when(pl.col("date") == self.EX).then(float(close - kept)).otherwise(0.0)
        panel = panel_from(tmp_path, bars.drop("adj_close_next_day").with_columns(dividend=spun), "XNAS")
        plain = Holding(quoted(bars), Action(at, cash=close - kept), CENT, CENT, Decimal("0.09"))
        plain.run(Decimal(100_000), (at - 20, Decimal("0.5")), Decimal("0.8"))
        run = traded(panel, {at - 20: 0.5, at - 1: 0.8}, 0.09, Money.of(100_000, "USD"))
        assert_stop_held(plain)
        assert_same(run, plain)
        assert_conserved(run, plain, panel)


class TestKoreanSplits:
    def test_a_two_for_one_by_its_base_price(self, shared: Path, tmp_path: Path) -> None:
        """A bonus issue of one share for each, 2022-01-17: nobody states it but the base price of the day."""
        pack = pl.read_parquet(shared / "data" / "kr" / "krx_marcap_raw_janfeb_2022_2025.parquet")
        bars = pack.filter((pl.col("symbol") == "058970") & (pl.col("date") < date(2022, 3, 1))).sort("date")
        panel = panel_from(tmp_path, bars, "XKRX")
        at = bars["date"].to_list().index(date(2022, 1, 17))
        plain = Holding(quoted(bars), Action(at, ratio=Decimal(2)), WON, Decimal(50), Decimal("0.1"))
        plain.run(Decimal(10_000_001), (4, Decimal("0.45")), Decimal("0.93"))
        run = traded(panel, {4: 0.45, at - 1: 0.93}, 0.1, Money.of(10_000_001, "KRW"))
        assert_stop_held(plain)
        assert_same(run, plain)
        assert_conserved(run, plain, panel)

    def test_samsung_fifty_for_one(self, shared: Path, tmp_path: Path) -> None:
        """2018-05-04, after three days of halt; the pack has prices in today's shares and volumes as they were."""
        pack = pl.read_parquet(shared / "data" / "kr" / "krx_daily_adj_2015_2022.parquet")
        split = date(2018, 5, 4)
        times = pl.when(pl.col("date") < split).then(50).otherwise(1)
        bars = pack.filter(
            (pl.col("symbol") == "005930") & pl.col("date").is_between(date(2018, 1, 2), date(2018, 12, 28))
        ).sort("date").with_columns(pl.col(name).cast(pl.Int64) * times for name in PRICES)  # fmt: skip
        older = pl.read_parquet(shared / "data" / "kr" / "krx_daily_1985_2018_13symbols.parquet")
        known = older.filter(pl.col("symbol") == "005930").join(bars, on="date", suffix="_made")
        assert known.height == 32
        assert (known["close"] == known["close_made"]).all()
        stated = bars.with_columns(split=pl.when(pl.col("date") == split).then(50.0).otherwise(0.0))
        panel = panel_from(tmp_path, stated, "XKRX", adjusted="false")
        at = bars["date"].to_list().index(split)
        plain = Holding(quoted(bars), Action(at, ratio=Decimal(50)), WON, Decimal(50), Decimal("0.08"))
        plain.run(Decimal(500_000_000), (at - 9, Decimal("0.5")), Decimal("0.7"))
        run = traded(panel, {at - 9: 0.5, at - 1: 0.7}, 0.08, Money.of(500_000_000, "KRW"))
        assert_stop_held(plain)
        assert_same(run, plain)
        assert_conserved(run, plain, panel)


class TestKoreanRights:
    def test_lg_display_went_ex_rights_at_what_the_exchange_said(self, shared: Path, tmp_path: Path) -> None:
        pack = pl.read_parquet(shared / "data" / "kr" / "krx_marcap_raw_janfeb_2022_2025.parquet")
        bars = pack.filter(
            (pl.col("symbol") == "034220") & pl.col("date").is_between(date(2024, 1, 1), date(2024, 12, 31))
        ).sort("date")
        panel = panel_from(tmp_path, bars, "XKRX")
        at = bars["date"].to_list().index(date(2024, 1, 25))
        base = Decimal(bars["close"][at] - bars["change"][at])
        assert base < bars["close"][at - 1]
        plain = Holding(quoted(bars), Action(at, base=base), WON, Decimal(10), Decimal("0.09"))
        plain.run(Decimal(10_000_001), (10, Decimal("0.45")), Decimal("0.93"))
        run = traded(panel, {10: 0.45, at - 1: 0.93}, 0.09, Money.of(10_000_001, "KRW"))
        assert_same(run, plain)
        assert_conserved(run, plain, panel)

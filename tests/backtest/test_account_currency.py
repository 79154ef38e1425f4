"""A won account on American shares, by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.execution.markets import FIELDS, panel_of

from midas.backtest.artifact import load, save
from midas.backtest.run import run
from midas.core.errors import DataBlocked, InvalidInput
from midas.execution.exchange import AccountCurrency, Rates
from midas.strategies.library.buy_and_hold import BuyAndHold

CLOSES = [100.0, 100.0, 110.0, 121.0]
WON = [1300.0, 1310.0, 1290.0, 1400.0]
PRICES = dict.fromkeys(FIELDS[:4], CLOSES) | {"volume": [1e9] * 4}
PANEL = panel_of(PRICES)
ACCOUNT = AccountCurrency("KRW", 10.0)


def rates(values: list[float] | None = None, **changes: object) -> Rates:
    given = values or WON
    made = Rates("USD", "KRW", PANEL.sessions[: len(given)], np.array(given), "USDKRW (made)", "v1")
    return replace(made, **changes)


def held(**options: object):  # type: ignore[no-untyped-def]
    return run(
        BuyAndHold(), PANEL, initial_capital=1_400_000, commission_bps=0,
        **({"account": ACCOUNT, "rates": rates()} | options),
    )  # fmt: skip


class TestByHand:
    def test_capital_is_converted_once_and_valued_every_close(self) -> None:
        result = held()
        # 1,400,000 won at 1,301.3 are 1,075.84 dollars: 10 shares at 100.00, 75.84 in cash
        assert result.equity.tolist() == [1_075.84, 1_075.84, 1_175.84, 1_285.84]
        assert result.fills()["quantity"].to_list() == [10.0]
        assert result.ledger().cash_by_row(0, 4).tolist() == [107_584, 7_584, 7_584, 7_584]
        own = result.exchanged
        assert own is not None
        assert own.equity == tuple(map(Decimal, (1_398_592, 1_409_350, 1_516_834, 1_800_176)))
        # 1,075.84 x 10 - 1,075.84 x 20 + 1,175.84 x 110
        assert own.currency_gain == 118_584
        # 100 x 1,290 + 110 x 1,400
        assert own.trading_gain == 283_000
        assert own.conversion_cost == 1_408
        assert own.total_return == pytest.approx(1_800_176 / 1_400_000 - 1, rel=1e-15)

    def test_its_lines_are_among_the_settings_and_its_series_beside_the_equity(self, tmp_path: Path) -> None:
        result = held()
        told = {
            name: result.settings[name] for name in ("account_currency", "currency", "currency_gain", "trading_gain")
        }
        assert told == {
            "account_currency": "KRW",
            "currency": "USD",
            "currency_gain": 118_584.0,
            "trading_gain": 283_000.0,
        }
        save(result, tmp_path / "result")
        stored = load(tmp_path / "result")
        assert stored.equity_frame()["account_equity"].to_list() == [1_398_592, 1_409_350, 1_516_834, 1_800_176]
        assert stored.equity_frame()["rate"].to_list() == WON
        assert dict(stored.settings) == dict(result.settings)

    def test_an_account_in_the_markets_own_currency_is_the_plain_one(self) -> None:
        plain = held(account=None, rates=None)
        same = held(account=AccountCurrency("USD"), rates=None)
        assert same.identity == plain.identity
        assert same.exchanged is None
        assert "rate" not in same.equity_frame().columns

    def test_the_name_of_a_run_knows_the_account_and_the_rates(self) -> None:
        names = {
            held().identity,
            held(account=AccountCurrency("KRW", 20.0)).identity,
            held(rates=rates(version="v2")).identity,
            held(account=None, rates=None).identity,
        }
        assert len(names) == 4


class TestRefusals:
    @pytest.mark.parametrize("given", [None, rates(quote="EUR"), rates(base="EUR")])
    def test_no_rates_or_those_of_others(self, given: Rates | None) -> None:
        with pytest.raises(InvalidInput, match="needs the rates of USD"):
            held(rates=given)

    def test_a_missing_rate_is_never_one(self) -> None:
        late = rates([1310.0, 1290.0, 1400.0], days=PANEL.sessions[1:])
        with pytest.raises(DataBlocked, match="no rate of USD in KRW for 2024-01-02"):
            held(rates=late)

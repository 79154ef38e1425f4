"""Slippage models, carried orders, limit entries, interest, reinvested dividends and delistings against the oracle."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, FIELDS, KOREA, NAN, made, panel_of, random_market, random_weights
from tests.execution.plain_rules import exact
from tests.execution.test_exits import exits_of
from tests.execution.test_simulation import assert_same, run_midas, run_plainly

from midas.core.errors import InvalidInput
from midas.execution.dealing import Dealing
from midas.execution.guards import guards
from midas.execution.slippage import BasisPoints, HalfSpread, SquareRoot, VolumeShare, read_slippage

seeds = st.integers(0, 2**32 - 1)


class TestAgainstTheOracle:
    @settings(max_examples=50, deadline=None)
    @given(
        seed=seeds, korea=st.booleans(), by_change=st.booleans(), carry=st.booleans(),
        slippage=st.sampled_from(["", "bps=7", "half_spread=1tick", "half_spread=2.5ticks,bps=3", "sqrt=0.8",
                                  "volume_share=2", "sqrt=1,volume_share=0.5,half_spread=1tick"]),
        rate=st.sampled_from([0.0, 0.05, -0.02]), reinvest=st.booleans(),
        limit=st.sampled_from([None, None, -0.02, 0.01]), cap=st.sampled_from(["0.1", "0.003"]),
        chosen=st.sampled_from([{}, {}, {"stop_loss": "0.05", "take_profit": "0.1"}]),
    )  # fmt: skip
    def test_any_way_of_dealing(
        self, seed: int, korea: bool, by_change: bool, carry: bool, slippage: str, rate: float, reinvest: bool,
        limit: float | None, cap: str, chosen: dict[str, str],
    ) -> None:  # fmt: skip
        base = KOREA if korea else AMERICA
        market = random_market(seed, 3, 40, base)
        weights = random_weights(seed + 1, 40, 3)
        days = np.diff(market.panel.sessions.astype("datetime64[D]").astype(int), prepend=0)
        models = {type(model): model for model in read_slippage(slippage)}
        bps, spread = models.get(BasisPoints, BasisPoints(0)), models.get(HalfSpread, HalfSpread(0))
        rules = replace(
            base, volume_cap=Fraction(cap), carry=carry, reinvest=reinvest, spread_ticks=exact(spread.ticks),
            root_impact=models.get(SquareRoot, SquareRoot(0)).factor,
            share_impact=models.get(VolumeShare, VolumeShare(0)).factor,
            day_rate=exact(rate) / 365, days=lambda row: int(days[row]),
            entry_limit=None if limit is None else exact(limit),
            exits={key: exact(value) for key, value in chosen.items()},
        )  # fmt: skip
        dealing = Dealing(slippage, carry, rate, 1.0, reinvest, limit)
        ours = run_midas(
            market, rules, weights, 10_000_000, by_change, exits=guards(exits_of(chosen), {}), dealing=dealing
        )
        plain = run_plainly(market, replace(rules, slippage=exact(bps.bps) / 10_000), weights, 10_000_000, by_change)
        assert_same(ours, plain)

    @settings(max_examples=30, deadline=None)
    @given(seed=seeds, by_change=st.booleans(), recovery=st.sampled_from([0.0, 0.4, 1.0]))
    def test_names_that_are_gone(self, seed: int, by_change: bool, recovery: float) -> None:
        source = random_market(seed, 4, 60, KOREA).panel
        raw = {name: source.matrix(f"raw_{name}").copy() for name in FIELDS}
        last = {name: int(np.random.default_rng([seed, name]).integers(5, 35)) for name in (1, 3)}
        for name, row in last.items():
            for field in FIELDS:
                raw[field][row + 1 :, name] = NAN
            raw["close"][row, name] = 5_000.0
        market = made(panel_of(raw, currency="KRW", venue="XKRX"), KOREA)
        gone = {(row + 1, name): exact(recovery) for name, row in last.items()}
        weights = random_weights(seed + 1, 60, 4)
        dealing = Dealing(delisting_recovery=recovery)
        ours = run_midas(market, KOREA, weights, 10_000_000, by_change, dealing=dealing)
        assert_same(ours, run_plainly(market, KOREA, weights, 10_000_000, by_change, gone=gone))


class TestExitsAmongOrders:
    def test_whoever_leaves_no_longer_buys_what_was_carried_over(self) -> None:
        # A tenth of the volume is bought each day; the stop of 10 % goes off on row 4, while 6,000 are still wanted.
        close = [100.0, 100, 100, 100, 80, 80, 80, 80]
        fields = {"open": close, "close": close, "high": [c + 1 for c in close], "low": [c - 1 for c in close]}
        fields["volume"] = [10_000.0] * 5 + [200_000.0] * 3
        market = made(panel_of(fields), AMERICA)
        weights = np.full((8, 1), NAN)
        weights[0] = 1.0
        exits = guards(exits_of({"stop_loss": "0.1"}), {})
        run = run_midas(market, AMERICA, weights, 100_000_000, False, exits=exits, dealing=Dealing(carry=True))
        fills = run.journal.fills
        assert fills.side[fills.row < 4].tolist() == [1, 1, 1]
        assert (fills.side[fills.row > 4] == -1).all()
        assert fills.quantity[fills.side > 0].sum() == fills.quantity[fills.side < 0].sum()

    def test_a_trailing_stop_follows_what_came_after_a_limit_order_was_filled(self) -> None:
        # Bought at 95 inside a bar whose high of 105 may have been before: 10 % below 105 would be 94.5.
        bars = {"open": [100.0, 100, 96, 96], "high": [100.0, 105, 97, 97], "low": [100.0, 94, 94, 94]}
        fields = bars | {"close": [100.0, 96, 96, 96], "volume": [1e6] * 4}
        weights = np.full((4, 1), NAN)
        weights[0] = 1.0
        exits = guards(exits_of({"trailing_stop": "0.1"}), {})
        dealing = Dealing(entry_limit=-0.05)
        run = run_midas(
            made(panel_of(fields), AMERICA), AMERICA, weights, 1_000_000, False, exits=exits, dealing=dealing
        )
        assert run.journal.fills.side.tolist() == [1]


class TestReadSlippage:
    def test_models_in_one_line(self) -> None:
        assert read_slippage(" half_spread=1tick, sqrt=0.1 ,half_spread=2bps") == (
            HalfSpread(1.0), SquareRoot(0.1), BasisPoints(2.0),
        )  # fmt: skip
        assert read_slippage("") == ()

    @pytest.mark.parametrize(
        "text", ["5", "bps", "bps=-1", "bps=nan", "bps=1e9", "sqrt=101", "half_spread=1", "spread=1tick"]
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="Slippage cannot be"):
            read_slippage(text)

    def test_dealing_that_makes_no_sense(self) -> None:
        for wrong in ({"cash_rate": float("nan")}, {"delisting_recovery": 1.1}, {"entry_limit": -1.0}):
            with pytest.raises(InvalidInput):
                Dealing(**wrong)

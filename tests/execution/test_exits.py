"""Exits in the kernel against the plain oracle, and the rules one by one on bars made for them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, KOREA, Made, made, panel_of, random_market, random_weights, with_terms
from tests.execution.plain_rules import exact
from tests.execution.test_simulation import assert_same, run_midas, run_plainly

from midas.core.basis import Basis
from midas.execution.guards import Guards, guards
from midas.strategies.exits import Exit, RangeExit, exit_from_json

seeds = st.integers(0, 2**32 - 1)
fractions = st.sampled_from(["0.02", "0.05", "0.1", "0.25"])
policies = st.fixed_dictionaries(
    {},
    optional={
        "stop_loss": fractions,
        "trailing_stop": fractions,
        "take_profit": fractions,
        "time_stop": st.sampled_from(["1", "2", "5"]),
        "atr_stop": st.sampled_from(["1", "2.5"]),
        "atr_trailing_stop": st.sampled_from(["1", "2.5"]),
        "atr_take_profit": st.sampled_from(["0.5", "2"]),
    },
)


def exits_of(chosen: dict[str, str]) -> list[Exit]:
    return [exit_from_json({key: {"multiple": x, "n": 3} if "atr" in key else x}) for key, x in chosen.items()]


def watched(chosen: dict[str, str], market: Made, seed: int) -> tuple[Guards, dict[tuple[int, int], float]]:
    """The exits, with made-up ranges: as a share of the close for Midas, in money for the oracle."""
    panel, exits = market.panel, exits_of(chosen)
    draw = np.random.default_rng(seed)
    share = np.round(draw.uniform(0.01, 0.1, (panel.rows, panel.columns)), 4)
    share[draw.random(share.shape) < 0.1] = np.nan
    account = run_plainly(market, AMERICA, np.full((1, panel.columns), np.nan), 0, True, stop=1)
    ranges = {}
    for row in range(panel.rows):
        for name in range(panel.columns):
            close = account.known_close(name, row)
            if close is not None and not np.isnan(share[row, name]):
                # of four and at most six places: what multiplying floats adds would move a level that is a tick
                ranges[row, name] = round(float(share[row, name]) * float(close), 12)
    by_length = {policy.n: share for policy in exits if isinstance(policy, RangeExit)}
    return guards(exits, by_length), ranges


def check(market: Made, rules: Any, chosen: dict[str, str], seed: int, by_change: bool, capital: int) -> int:
    rules = with_terms(rules, exits={key: exact(value) for key, value in chosen.items()})
    rows, names = market.panel.rows, market.panel.columns
    weights = random_weights(seed + 1, rows, names)
    exits, ranges = watched(chosen, market, seed + 2)
    ours = run_midas(market, rules, weights, capital, by_change, exits=exits)
    plain = run_plainly(market, rules, weights, capital, by_change, ranges=ranges)
    assert_same(ours, plain)
    return int((ours.journal.fills.cause > 0).sum())


class TestAgainstTheOracle:
    @settings(max_examples=150, deadline=None)
    @given(
        seed=seeds, names=st.integers(1, 4), rows=st.integers(3, 40), korea=st.booleans(), by_change=st.booleans(),
        chosen=policies, slippage=st.sampled_from(["0", "0.0005", "0.01"]), cap=st.sampled_from(["0.1", "1", "0.003"]),
    )  # fmt: skip
    def test_any_exits_on_any_market(
        self, seed: int, names: int, rows: int, korea: bool, by_change: bool, chosen: dict[str, str], slippage: str,
        cap: str,
    ) -> None:  # fmt: skip
        rules = with_terms(KOREA if korea else AMERICA, slippage=Fraction(slippage), volume_cap=Fraction(cap))
        check(random_market(seed, names, rows, rules), rules, chosen, seed, by_change, 10_000_000)

    @settings(max_examples=40, deadline=None)
    @given(seed=seeds, by_change=st.booleans(), chosen=policies)
    def test_closes_alone(self, seed: int, by_change: bool, chosen: dict[str, str]) -> None:
        closes = random_market(seed, 3, 25, AMERICA).panel.matrix("raw_close")
        rules = with_terms(AMERICA, ladder=(), has_range=False, has_volume=False)
        market = made(panel_of({"close": closes}, basis=Basis.CLOSE_ONLY), rules)
        check(market, rules, chosen, seed, by_change, 10_000_000)

    def test_the_random_markets_do_exit(self) -> None:
        chosen = {"stop_loss": "0.05", "take_profit": "0.1", "time_stop": "5"}
        rules = KOREA
        found = sum(check(random_market(seed, 4, 40, rules), rules, chosen, seed, True, 10**7) for seed in range(10))
        assert found > 50

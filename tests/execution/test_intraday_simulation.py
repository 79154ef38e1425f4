"""Several bars a session against the plain oracle: what goes by the day goes by the session."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, FIELDS, INDIA, KOREA, panel_of, random_market, random_weights
from tests.execution.plain_rules import PlainRules
from tests.execution.test_simulation import assert_same, run_midas, run_plainly

from midas.core.timeframe import Timeframe
from midas.execution.dealing import Dealing
from midas.marketdata.delisting import GONE_SESSIONS, delistings
from midas.marketdata.panel import Panel


def in_sessions(panel: Panel, lengths: list[int]) -> Panel:
    """The same bars, so many to a session, on calendar days that follow with weekends between."""
    number = np.repeat(np.arange(len(lengths)), lengths)[: panel.rows]
    sessions = np.busday_offset("2024-01-02", number, roll="forward").astype("datetime64[D]")
    begins = np.searchsorted(number, number)
    stamps = sessions.astype("datetime64[s]") + (np.arange(panel.rows) - begins + 1) * np.timedelta64(3600, "s")
    return replace(panel, timeframe=Timeframe(1, "h"), sessions=sessions, stamps=stamps)


def rules_in(panel: Panel, rules: PlainRules) -> PlainRules:
    days = panel.sessions.astype(np.int64)
    begins = np.searchsorted(days, days)
    return replace(
        rules, base_row=lambda row: int(begins[row]) - 1, days=lambda row: int(days[row] - days[row - 1]),
        tax=lambda row: Fraction("0.0018"),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    names=st.integers(1, 4),
    lengths=st.lists(st.integers(1, 9), min_size=12, max_size=12),
    rows=st.integers(2, 40),
    base=st.sampled_from([KOREA, AMERICA, INDIA]),
    by_change=st.booleans(),
    rate=st.sampled_from([0.0, 0.05]),
)
def test_as_the_oracle(
    seed: int, names: int, lengths: list[int], rows: int, base: PlainRules, by_change: bool, rate: float
) -> None:
    market = random_market(seed, names, min(rows, sum(lengths)), base)
    panel = in_sessions(market.panel, lengths)
    rules = replace(rules_in(panel, base), day_rate=Fraction(rate) / 365)
    weights = random_weights(seed, panel.rows, names)
    made = replace(market, panel=panel)
    if base is KOREA:
        market.arrays.sell_tax[:] = 0.0018
    else:
        rules = replace(rules, tax=base.tax)
    found = run_midas(made, rules, weights, 10_000_000, by_change, dealing=Dealing(cash_rate=rate))
    assert_same(found, run_plainly(made, rules, weights, 10_000_000, by_change))


def hours(closes: list[float], lengths: list[int]) -> Panel:
    prices = {name: np.array(closes) for name in FIELDS[:4]} | {"volume": np.full(len(closes), 1e6)}
    return in_sessions(panel_of(prices, venue="XKRX", currency="KRW"), lengths)


def test_a_limit_is_of_the_session_not_of_the_bar() -> None:
    # 30 % above 10,000 is reached in two steps of 25 %, and the third bar of the day is beyond it.
    from midas.core.money import Money
    from midas.execution.conditions import conditions
    from midas.execution.simulation import simulate
    from midas.execution.terms import AccountTerms
    from midas.venues.arrays import rule_arrays
    from midas.venues.catalogue import venue

    panel = hours([10_000, 10_000, 12_500, 15_600, 15_600], [2, 3])
    terms = AccountTerms(Money.of(10_000_000, "KRW"))
    world = conditions(panel, rule_arrays(venue("XKRX"), panel.instruments, panel.sessions), terms)
    weights = np.full((panel.rows, 1), np.nan)
    weights[2] = 0.5
    found = simulate(
        world, np.arange(panel.rows), weights, first=0, stop=panel.rows, capital=10_000_000, by_change=False
    )
    assert len(found.journal.fills) == 0
    assert [reason.value for reason in found.journal.refusals.counts()] == ["locked_limit"]


def test_gone_is_counted_in_sessions() -> None:
    sessions = GONE_SESSIONS + 5
    closes = np.full((sessions * 3, 2), 100.0)
    closes[-8 * 3 :, 1] = np.nan  # silent for eight sessions: twenty-four bars, and not gone
    prices = dict.fromkeys(FIELDS[:4], closes) | {"volume": np.full(closes.shape, 1e6)}
    panel = in_sessions(panel_of(prices), [3] * sessions)
    assert len(delistings(panel)) == 0
    closes[4 * 3 + 1 :, 1] = np.nan
    gone = in_sessions(panel_of({**prices, "close": closes}), [3] * sessions)
    assert delistings(gone).tolist() == [[4 * 3 + 1, 1]]

"""Shares that are kept, money that is waited for and orders at the close, against the plain oracle and by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execution.markets import AMERICA, KOREA, NAN, arrays_of, made, panel_of, random_market, random_weights
from tests.execution.plain_rules import PlainRules, exact
from tests.execution.test_exits import exits_of
from tests.execution.test_intraday_simulation import in_sessions, rules_in
from tests.execution.test_shorts import both_ways
from tests.execution.test_simulation import assert_same, run_midas, run_plainly

from midas.core.order import Reject
from midas.execution.dealing import Dealing
from midas.execution.guards import guards

seeds = st.integers(0, 2**32 - 1)
EXITS: list[dict[str, str]] = [
    {}, {"stop_loss": "0.05", "take_profit": "0.1"}, {"trailing_stop": "0.03", "time_stop": "1"},
]  # fmt: skip


def lived(
    seed: int, lengths: list[int], rules: PlainRules, dealing: Dealing, chosen: dict[str, str], by_change: bool
) -> Any:
    market = random_market(seed, 3, min(40, sum(lengths)), rules)
    panel = in_sessions(market.panel, lengths)
    days = np.unique(panel.sessions)
    rules = replace(
        rules_in(panel, rules), session=lambda row: int(np.searchsorted(days, panel.sessions[row])),
        exits={key: exact(value) for key, value in chosen.items()}, tax=lambda row: exact("0.001"),
        at_close=dealing.fill_at == "close", carry=dealing.carry, shorts=dealing.allow_short,
        borrow_day=exact(dealing.borrow_bps) / 10_000 / 365,
    )  # fmt: skip
    market = replace(market, panel=panel, arrays=arrays_of(rules, panel))
    if dealing.settlement == "ignore":
        rules = replace(rules, unsettled_buys="freely")
    weights = random_weights(seed + 1, panel.rows, 3)
    if dealing.allow_short:
        weights = both_ways(seed + 1, panel.rows, 3, 1.0)
    ours = run_midas(market, rules, weights, 10_000_000, by_change, exits=guards(exits_of(chosen), {}), dealing=dealing)
    assert_same(ours, run_plainly(market, rules, weights, 10_000_000, by_change))
    return ours


class TestAgainstTheOracle:
    @settings(max_examples=50, deadline=None)
    @given(
        seed=seeds, lengths=st.lists(st.integers(1, 5), min_size=14, max_size=14), korea=st.booleans(),
        lock=st.sampled_from([0, 1, 2]), lag=st.sampled_from([0, 1, 2, 5]),
        buys=st.sampled_from(["freely", "held_back", "nothing"]), settlement=st.sampled_from(["ignore", "venue"]),
        fill_at=st.sampled_from(["open", "close"]), carry=st.booleans(), by_change=st.booleans(),
        cap=st.sampled_from(["0.1", "1", "0.003"]), chosen=st.sampled_from(EXITS),
        limit=st.sampled_from([None, None, -0.02, 0.01]),
    )  # fmt: skip
    def test_any_way_of_settling(
        self, seed: int, lengths: list[int], korea: bool, lock: int, lag: int, buys: str, settlement: Any,
        fill_at: Any, carry: bool, by_change: bool, cap: str, chosen: dict[str, str], limit: float | None,
    ) -> None:  # fmt: skip
        rules = replace(
            KOREA if korea else AMERICA, sell_lock=lock, settles_after=lag, unsettled_buys=buys, volume_cap=exact(cap),
            entry_limit=None if limit is None else exact(limit),
        )  # fmt: skip
        dealing = Dealing(carry=carry, entry_limit=limit, settlement=settlement, fill_at=fill_at)
        lived(seed, lengths, rules, dealing, chosen, by_change)

    @settings(max_examples=20, deadline=None)
    @given(
        seed=seeds, lengths=st.lists(st.integers(1, 4), min_size=14, max_size=14), lock=st.sampled_from([0, 1]),
        fill_at=st.sampled_from(["open", "close"]), by_change=st.booleans(), chosen=st.sampled_from(EXITS),
    )  # fmt: skip
    def test_margin_accounts(
        self, seed: int, lengths: list[int], lock: int, fill_at: Any, by_change: bool, chosen: dict[str, str]
    ) -> None:
        rules = replace(AMERICA, sell_lock=lock, settles_after=2, unsettled_buys="nothing")
        lived(seed, lengths, rules, Dealing(allow_short=True, settlement="venue", fill_at=fill_at), chosen, by_change)

    def test_the_random_lives_meet_locks_and_waits(self) -> None:
        found: dict[Reject, int] = {}
        for seed in range(8):
            rules = replace(AMERICA, sell_lock=1, settles_after=2, unsettled_buys="nothing", volume_cap=exact(1))
            run = lived(seed, [3] * 14, rules, Dealing(settlement="venue"), EXITS[1], False)
            for reason, count in run.journal.refusals.counts().items():
                found[reason] = found.get(reason, 0) + count
        assert found[Reject.NOT_SELLABLE_YET] > 20
        assert found[Reject.NO_CASH] > 20


def flat(closes: list[list[float]], opens: list[list[float]] | None = None) -> dict[str, Any]:
    close = np.array(closes, float)
    opened = close if opens is None else np.array(opens, float)
    return {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close,
            "volume": np.full_like(close, 1e9)}  # fmt: skip


class TestByHand:
    def test_money_of_a_sale_buys_after_two_sessions(self) -> None:
        # All of A is sold for B on row 2: the money is there on row 4, where the strategy asks again.
        weights = np.full((6, 2), NAN)
        weights[0], weights[1], weights[2], weights[3] = [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]
        for buys, row in (("freely", 2), ("held_back", 2), ("nothing", 4)):
            rules = replace(AMERICA, settles_after=2, unsettled_buys=buys, sell_rate=exact(0), per_share=exact(0))
            market = made(panel_of(flat([[10.0, 10.0]] * 6)), rules)
            run = run_midas(market, rules, weights, 100_000, False, dealing=Dealing(settlement="venue"))
            fills = run.journal.fills
            assert fills.row[fills.column == 1].tolist() == [row], buys
            assert (run.equity == 100_000).all()

    def test_what_unsettled_money_bought_is_kept_until_it_settled(self) -> None:
        weights = np.full((7, 2), NAN)
        weights[0], weights[1] = [1.0, 0.0], [0.0, 1.0]
        weights[2:6] = 0.0
        rules = replace(AMERICA, settles_after=3, unsettled_buys="held_back")
        market = made(panel_of(flat([[10.0, 10.0]] * 7)), rules)
        run = run_midas(market, rules, weights, 100_000, False, dealing=Dealing(settlement="venue"))
        sold = run.journal.fills.row[(run.journal.fills.column == 1) & (run.journal.fills.side < 0)]
        assert sold.tolist() == [5]  # bought on row 2 with money of row 5
        assert run.journal.refusals.counts()[Reject.NOT_SELLABLE_YET] == 2

    def test_bought_today_is_not_sold_today(self) -> None:
        weights = np.array([[1.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
        rules = replace(AMERICA, sell_lock=1)
        panel = in_sessions(panel_of(flat([[10.0]] * 6)), [1, 3, 2])
        run = run_midas(made(panel, rules), rules, weights, 100_000, False)
        assert run.journal.fills.row.tolist() == [1, 4]
        assert run.journal.refusals.row[run.journal.refusals.reason > 0].tolist() == [2, 3]

    def test_orders_at_the_close_fill_at_the_next_one(self) -> None:
        weights = np.array([[1.0], [1.0], [0.0], [NAN]])
        opens, closes = [[10.0], [20.0], [30.0], [40.0]], [[11.0], [12.0], [13.0], [14.0]]
        market = made(panel_of(flat(closes, opens)), AMERICA)
        run = run_midas(market, AMERICA, weights, 100_000, True, dealing=Dealing(fill_at="close"))
        assert run.journal.fills.row.tolist() == [1, 3]
        assert run.journal.fills.price.tolist() == [12.0, 14.0]
        assert (run.journal.fills.row - run.journal.fills.decided == 1).all()

    def test_a_stop_comes_before_the_close(self) -> None:
        # The stop of 10 % goes off inside row 2 at 90, so nothing is left for the sale that was to meet its close.
        fields = {"open": [100.0, 100, 100], "high": [100.0, 100, 100], "low": [100.0, 100, 80]}
        fields |= {"close": [100.0, 100, 85], "volume": [1e9] * 3}
        market = made(panel_of(fields), AMERICA)
        exits = guards(exits_of({"stop_loss": "0.1"}), {})
        weights = np.array([[1.0], [0.5], [NAN]])
        run = run_midas(market, AMERICA, weights, 100_000, True, exits=exits, dealing=Dealing(fill_at="close"))
        assert run.journal.fills.price.tolist() == [100.0, 90.0]
        assert len(run.journal.refusals) == 0

    def test_margin_knows_the_gap_of_the_open(self) -> None:
        # A short of 1,000 at 10 doubles at the open: equity of 30,000 there is none left to open B with.
        rules = replace(AMERICA, shorts=True, buy_rate=exact(0))
        opens = [[10.0, 10.0], [10.0, 10.0], [40.0, 10.0], [40.0, 10.0]]
        market = made(panel_of(flat([[10.0, 10.0], [10.0, 10.0], [11.0, 10.0], [11.0, 10.0]], opens)), rules)
        weights = np.array([[-1.0, 0.0], [-1.0, 0.5], [NAN, NAN], [NAN, NAN]])
        run = run_midas(market, rules, weights, 1_000_000, True, dealing=Dealing(allow_short=True, borrow_bps=0.0))
        assert run.journal.fills.column.tolist() == [0]
        assert run.journal.refusals.counts() == {Reject.MARGIN: 1}

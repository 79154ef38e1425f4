"""Strategies that are code: how they are run, and that what is told of a run agrees with itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.execution.markets import AMERICA, KOREA, panel_of, random_market
from tests.laws.test_blocks import in_minutes
from tests.many import many
from tests.scale import scaled
from tests.trading.coding import FLAT, ran

from midas.backtest.artifact import load, save
from midas.backtest.spec import spec_of
from midas.core.errors import InvalidInput, MidasError, StrategyInvalid
from midas.core.instrument import InstrumentId
from midas.execution.dealing import Dealing
from midas.execution.event_decider import EventDecider
from midas.strategies.event import Context, EventBar, EventStrategy
from midas.trading.coded import history_from, mandate_of, rehearsed
from midas.trading.holding import Books


class Counting(EventStrategy):
    """Writes down which bars it saw."""

    warmup = 3

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        self.state.setdefault("rows", []).append(bar.row)
        SEEN.append(bar.row)
        ctx.buy(1)


SEEN: list[int] = []


def test_its_warm_up_is_shown_before_and_its_orders_then_are_forgotten() -> None:
    SEEN.clear()
    panel = panel_of(FLAT)
    result = ran(Counting(), panel, start=panel.sessions[6].item())
    assert [*range(3, panel.rows)] == SEEN
    assert result.simulation.first == 6
    assert result.simulation.journal.fills.decided.tolist() == list(range(6, panel.rows - 1))
    assert result.settings["warm_up_sessions"] == 3


class Waking(EventStrategy):
    """Buys a name that has not traded for long, before it does again."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if np.isnan(bar.close[1]) and not self.state:
            self.state["asked"] = True
            ctx.buy(1, 1)


def test_the_last_price_of_a_name_that_slept_is_known_however_old_it_is() -> None:
    prices = {name: np.full((200, 2), 10.0) for name in ("open", "high", "low", "close")} | {
        "volume": np.full((200, 2), 1e6)
    }
    for values in prices.values():
        values[10:151, 1] = np.nan
    panel = panel_of(prices)
    result = ran(Waking(), panel, start=panel.sessions[150].item())
    assert result.rejects().height == 0
    assert result.simulation.journal.fills.row.tolist() == [151]


class Careful(EventStrategy):
    """Remembers how many bars it saw, and buys on every second one."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        self.state["bars"] = self.state.get("bars", 0) + 1
        if self.state["bars"] % 2:
            ctx.buy(1)


def a_late_life(seed: int) -> int:
    """History that is left out makes no difference."""
    draw = np.random.default_rng(seed + 3_000_000)
    rules = AMERICA if draw.random() < 0.5 else KOREA
    panel = random_market(seed, int(draw.integers(1, 5)), 150, rules).panel
    quiet = panel.fields["raw_close"]
    for column in range(panel.columns):
        begin = int(draw.integers(20, 120))
        quiet[:, begin : begin + int(draw.integers(0, 90)), column] = np.nan
    if draw.random() < 0.5:
        panel = in_minutes(panel, int(draw.choice([4, 30])))
    first = int(draw.integers(100, 140))
    options = {"dealing": Dealing(slippage="sqrt=0.5"), "start": panel.sessions[first].item()}
    strategy = Wild()
    told = ran(strategy, panel, **options)
    spec = spec_of(strategy, panel, **options)
    mandate = mandate_of(spec, panel, told.simulation.first)
    decider = EventDecider(strategy, mandate.ground, told.scale, begins=told.simulation.first)
    whole = rehearsed(mandate, decider, panel, told.simulation.stop)
    assert whole.closes.equity.tolist() == told.simulation.equity.tolist()
    assert whole.closes.cash.tolist() == told.simulation.cash.tolist()
    return int(history_from(panel, told.simulation.first, 0) > 0)


def test_history_that_is_left_out_makes_no_difference() -> None:
    lives = scaled(250)
    assert sum(many(a_late_life, range(lives))) > lives // 2


def test_a_run_begins_from_the_instance_and_leaves_it_as_it_was() -> None:
    strategy, panel = Careful(), panel_of(FLAT)
    first, second = ran(strategy, panel), ran(strategy, panel)
    assert strategy.state == {}
    assert first.identity == second.identity
    assert first.fills().rows() == second.fills().rows()


def test_an_instance_that_cannot_be_copied_is_refused() -> None:
    strategy = Counting()
    strategy.state["open"] = (each for each in ())
    with pytest.raises(StrategyInvalid, match="cannot be copied"):
        ran(strategy, panel_of(FLAT))


def test_carrying_on_orders_is_no_option_for_code() -> None:
    with pytest.raises(InvalidInput, match="`carry` is for strategies with a schedule"):
        ran(Counting(), panel_of(FLAT), dealing=Dealing(carry=True))


class Wild(EventStrategy):
    """Long, short, reversed, at random, with orders of every kind."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        draw = np.random.default_rng(bar.row)
        for column in np.flatnonzero(np.isfinite(bar.close)).tolist():
            size = ctx.equity * float(draw.uniform(-0.3, 0.3)) / float(bar.close[column])
            price = float(bar.close[column]) * float(draw.uniform(0.97, 1.03))
            names = [{}, {"limit": price}, {"stop": price}][int(draw.integers(3))]
            (ctx.buy if size > 0 else ctx.sell)(abs(size), column, **names)
            if draw.random() < 0.2:
                ctx.close(column)
            if draw.random() < 0.2:
                ctx.cancel(column)


def a_wild_life(seed: int) -> int:
    draw = np.random.default_rng(seed)
    panel = random_market(seed, int(draw.integers(1, 5)), 60, AMERICA).panel
    dealing = Dealing(
        allow_short=bool(draw.random() < 0.7), cash_rate=0.02, reinvest_dividends=bool(draw.random() < 0.3)
    )
    result = ran(Wild(), panel, dealing=dealing, lots="whole" if draw.random() < 0.5 else "fractional")
    account, scale = result.simulation, result.scale
    result.ledger().verify(account.cash, account.first)
    held = (
        result.positions().group_by("ts", maintain_order=True).agg(value="value") if result.positions().height else None
    )
    worth = {} if held is None else {day: sum(values) for day, values in held.rows()}
    for day, equity, cash in zip(result.sessions.tolist(), result.equity, result.cash, strict=True):
        assert equity == pytest.approx(cash + worth.get(day, 0.0), abs=0.5 / scale)
    if account.ruined < 0 and not dealing.cash_rate:
        gained = sum(result.trades()["pnl"].to_list())
        assert gained == pytest.approx(float(result.equity[-1] - result.equity[0]), abs=0.5 / scale)
    return len(result.fills())


def test_ledger_positions_and_equity_agree_whatever_code_does() -> None:
    lives = scaled(250)
    assert sum(many(a_wild_life, range(lives))) > 20 * lives


class Twice(EventStrategy):
    """Buys on the first bar, and once more on the third."""

    def on_bar(self, ctx: Context, bar: EventBar) -> None:
        if bar.row % 2 == 0 and bar.row < 4:
            ctx.buy(1.5)


def test_a_ledger_that_holds_something_else_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = Books._hold

    def lost(books: Books, instrument: InstrumentId, change: Decimal) -> None:
        bought(books, instrument, change - Decimal("0.00001"))

    panel = in_minutes(panel_of(FLAT), 5)
    assert ran(Twice(), panel, lots="fractional").summary["fills"] == 2
    monkeypatch.setattr(Books, "_hold", lost)
    with pytest.raises(MidasError, match=r"2\.99998 of N000.* and the account 3") as caught:
        ran(Twice(), panel, lots="fractional")
    assert caught.value.code == "ledger_unbalanced"


def test_what_is_stored_is_what_was_made(tmp_path: Path) -> None:
    result = ran(Wild(), random_market(5, 3, 60, AMERICA).panel)
    save(result, tmp_path / "kept")
    kept = load(tmp_path / "kept")
    assert (kept.identity, kept.summary, kept.settings) == (result.identity, result.summary, result.settings)
    assert kept.fills().equals(result.fills())
    assert kept.rejects().equals(result.rejects())
    assert kept.equity_frame().equals(result.equity_frame())
    assert kept.spec["strategy"]["code"]["digest"] == result.settings["code"]

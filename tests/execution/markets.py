"""Small made-up markets, as a panel for Midas and as plain bars for the oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from tests.execution.plain_rules import PlainBar, PlainRules, exact

from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.panel import Panel, build_fields
from midas.venues.rules import RuleArrays
from midas.venues.settlement import UNSETTLED_BUYS

NAN = math.nan
FIELDS = ("open", "high", "low", "close", "volume")

KOREA = PlainRules(
    ladder=tuple(
        (Fraction(floor), Fraction(tick))
        for floor, tick in (
            (0, 1),
            (2000, 5),
            (5000, 10),
            (20_000, 50),
            (50_000, 100),
            (200_000, 500),
            (500_000, 1000),
        )
    ),
    limit=Fraction("0.3"),
    buy_rate=Fraction("0.00015"),
    sell_rate=Fraction("0.00015"),
    tax=lambda row: Fraction("0.0018") if row < 10 else Fraction("0.0015"),
    tax_truncates=True,
    digits=0,
)
AMERICA = PlainRules(
    ladder=((Fraction(0), Fraction("0.0001")), (Fraction(1), Fraction("0.01"))),
    sell_rate=Fraction("0.0000278"),
    per_share=Fraction("0.000166"),
    per_share_cap=Fraction("8.30"),
    digits=2,
)


INDIA = PlainRules(
    ladder=((Fraction(0), Fraction("0.05")),),
    buy_rate=Fraction("0.000036226"),
    sell_rate=Fraction("0.000036226"),
    tax=lambda row: Fraction("0.001"),
    buy_tax=Fraction("0.00115"),
    digits=2,
)


@dataclass(frozen=True)
class Made:
    """One market twice."""

    panel: Panel
    arrays: RuleArrays
    bars: list[list[PlainBar | None]]
    splits: dict[tuple[int, int], Fraction]
    dividends: dict[tuple[int, int], Fraction]
    rights: dict[tuple[int, int], Fraction] = field(default_factory=dict)


def panel_of(
    prices: dict[str, Any],
    *,
    basis: Basis = Basis.RAW,
    currency: str = "USD",
    venue: str = "XNAS",
    actions: Actions | None = None,
    start: str = "2024-01-02",
    symbols: tuple[str, ...] = (),
    sessions: Any = None,
) -> Panel:
    """A panel from (time, instrument) arrays or lists; a one-dimensional field is one instrument."""
    raw = {name: np.asarray(values, float) for name, values in prices.items()}
    raw = {name: values.reshape(len(values), -1) for name, values in raw.items()}
    rows, columns = raw["close"].shape
    names = symbols or tuple(f"N{i:03}" for i in range(columns))
    ids = tuple(Instrument(InstrumentId(name, venue), currency=currency) for name in names)
    if sessions is None:
        sessions = np.busday_offset(start, np.arange(rows), roll="forward").astype("datetime64[D]")
    actions = actions or Actions.none()
    fields = build_fields(raw, actions)
    return Panel("made", "v1", venue, Timeframe(1, "d"), basis, currency, ids, sessions, fields, actions)


def arrays_of(rules: PlainRules, panel: Panel) -> RuleArrays:
    """The venue's arrays for rules that hold for every name."""
    rows, columns = panel.rows, panel.columns
    steps = max(1, len(rules.ladder))
    floors, ticks = np.full((1, steps), np.inf), np.full((1, steps), np.inf)
    for step, (floor, tick) in enumerate(rules.ladder):
        floors[0, step], ticks[0, step] = float(floor), float(tick)
    return RuleArrays(
        class_of=np.zeros(columns, np.int64),
        ladder_of=np.full((1, rows), 0 if rules.ladder else -1, np.int64),
        ladder_floor=floors,
        ladder_tick=ticks,
        limit=np.full((1, rows), NAN if rules.limit is None else float(rules.limit)),
        lot=np.full((1, rows), float(rules.lot)),
        buy_rate=np.full(rows, float(rules.buy_rate)),
        sell_rate=np.full(rows, float(rules.sell_rate)),
        sell_per_share=np.full(rows, float(rules.per_share)),
        sell_per_share_cap=np.full(rows, math.inf if rules.per_share_cap is None else float(rules.per_share_cap)),
        sell_tax=np.array([[float(rules.tax(row)) for row in range(rows)]]),
        buy_tax=np.full((1, rows), float(rules.buy_tax)),
        sell_lock=np.full(rows, rules.sell_lock),
        settles=_settles(panel, rules.settles_after),
        unsettled_buys=np.full(rows, UNSETTLED_BUYS.index(rules.unsettled_buys)),
        tax_truncates=rules.tax_truncates,
    )


def _settles(panel: Panel, lag: int) -> Any:
    days = np.unique(panel.sessions)
    later = np.append(days, days[-1] + np.arange(1, lag + 1))
    return later[np.searchsorted(days, panel.sessions) + lag]


def plain_bars(panel: Panel) -> list[list[PlainBar | None]]:
    """The panel's raw bars, name by name."""
    matrices = {name: panel.matrix(f"raw_{name}") for name in FIELDS if f"raw_{name}" in panel.fields}
    close = matrices["close"]
    lacking = np.full_like(close, NAN)
    read = {name: matrices.get(name, close if name == "open" else lacking) for name in FIELDS}
    return [
        [PlainBar(*(float(read[name][row, column]) for name in FIELDS)) for row in range(panel.rows)]
        for column in range(panel.columns)
    ]


def plain_actions(actions: Actions, kind: ActionKind) -> dict[tuple[int, int], Fraction]:
    return {
        (int(row), int(column)): exact(value)
        for row, column, what, value in zip(actions.row, actions.instrument, actions.kind, actions.value, strict=True)
        if what == kind
    }


def made(panel: Panel, rules: PlainRules) -> Made:
    return Made(
        panel, arrays_of(rules, panel), plain_bars(panel), *(plain_actions(panel.actions, kind) for kind in ActionKind)
    )


def random_market(seed: int, names: int, rows: int, rules: PlainRules) -> Made:
    """Random walks on the grid with late listings, gaps, halts, empty and locked bars, splits, dividends and rights."""
    draw = np.random.default_rng(seed)
    prices = {name: np.full((rows, names), NAN) for name in FIELDS}
    entries: list[tuple[int, int, int, float]] = []
    for column in range(names):
        level = Fraction(str(round(float(np.exp(draw.uniform(0, 4))), 2))) * (1 if rules.digits else 100)
        for row in range(int(draw.integers(0, 4)), rows):
            level = _act(draw, row, column, level, entries, rules)
            level = _bar(draw, row, column, level, prices, rules)
    entries.sort()
    columns = list(zip(*entries, strict=True)) or [(), (), (), ()]
    actions = Actions(
        np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], np.int8),
        np.array(columns[3], np.float64),
    )  # fmt: skip
    currency, venue = ("USD", "XNAS") if rules.digits else ("KRW", "XKRX")
    return made(panel_of(prices, currency=currency, venue=venue, actions=actions), rules)


def _act(
    draw: np.random.Generator, row: int, column: int, level: Fraction, entries: list[Any], rules: PlainRules
) -> Fraction:
    if draw.random() < 0.03:
        # on a day without any other action
        ratio = float(draw.choice([1.1, 1.25, 1.6]))
        entries.append((row, column, int(ActionKind.RIGHTS), ratio))
        return level / exact(ratio)
    if draw.random() < 0.04:
        ratio = float(draw.choice([2.0, 3.0, 1.5, 0.5, 0.1]))
        entries.append((row, column, int(ActionKind.SPLIT), ratio))
        level = level / exact(ratio)
    if draw.random() < 0.05:
        paid = float(rules.on_tick(level * Fraction("0.02"), False))
        if paid > 0:
            entries.append((row, column, int(ActionKind.CASH_DIVIDEND), paid))
    return level


def _bar(
    draw: np.random.Generator, row: int, column: int, level: Fraction, prices: dict[str, Any], rules: PlainRules
) -> Fraction:
    least = Fraction("0.01") if rules.digits else Fraction(1)
    kind = draw.random()
    if kind < 0.06:
        return level
    close = _near(draw, level, rules, least)
    opened = _near(draw, level, rules, least)
    high = max(opened, close, _near(draw, max(opened, close), rules, least))
    low = min(opened, close, _near(draw, min(opened, close), rules, least))
    volume = float(draw.integers(0, 400)) if draw.random() < 0.5 else float(draw.integers(1_000, 1_000_000))
    limits = rules.limits(rules.on_tick(level, False))
    if kind < 0.12 and limits is not None:
        opened = high = low = close = limits[int(draw.integers(0, 2))]
    if kind > 0.95:
        prices["close"][row, column], prices["volume"][row, column] = float(rules.on_tick(level, False) or least), 0.0
        return level
    values = (opened, high, low, close)
    for name, value in zip(FIELDS, values, strict=False):
        prices[name][row, column] = float(value)
    prices["volume"][row, column] = volume
    return close


def _near(draw: np.random.Generator, level: Fraction, rules: PlainRules, least: Fraction) -> Fraction:
    moved = level * exact(round(float(np.exp(draw.normal(0, 0.08))), 4))
    return max(least, rules.on_tick(moved, bool(draw.integers(0, 2))))


def random_weights(seed: int, rows: int, names: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Targets that change now and then, with silence, opinions withheld, thirds and the odd negative."""
    draw = np.random.default_rng(seed)
    choices = np.array([0.0, 0.0, 1 / 3, 0.2, 0.25, 0.5, 1.0, 1.1, NAN, -0.1])
    weights = draw.choice(choices, (rows, names))
    keep = draw.random((rows, names)) < 0.5
    for row in range(1, rows):
        weights[row, keep[row]] = weights[row - 1, keep[row]]
    weights[draw.random(rows) < 0.2] = NAN
    return weights


def with_terms(rules: PlainRules, **changes: Any) -> PlainRules:
    return replace(rules, **changes)

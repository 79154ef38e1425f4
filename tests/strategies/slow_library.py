"""More of the library's rules in plain loops, sharing nothing with the package; None is no value.

A market is a dict of fields, `market["close"][row][name]`. Answers are weights of the same shape from row `start` on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tests.strategies.slow_targets import Weights, crossing, slots

Value = float | None
Line = list[Value]
Market = dict[str, list[Line]]


def column(market: Market, field: str, name: int) -> Line:
    return [row[name] for row in market[field]]


def rolling(values: Sequence[Value], n: int, of: Callable[[list[float]], Value]) -> Line:
    answer: Line = []
    for row in range(len(values)):
        known = [value for value in values[max(0, row + 1 - n) : row + 1] if value is not None]
        answer.append(of(known) if len(known) == n else None)
    return answer


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def deviation(values: list[float]) -> float:
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def score(values: list[float]) -> Value:
    spread = deviation(values)
    return None if spread == 0 else (values[-1] - mean(values)) / spread


def exponential(values: Sequence[Value], n: int, weight: float | None = None) -> Line:
    answer: Line = []
    seeds: list[float] = []
    state = 0.0
    for value in values:
        if value is None:
            answer.append(None)
            continue
        if len(seeds) < n:
            seeds.append(value)
            state = mean(seeds)
        else:
            state += (weight or 2.0 / (n + 1.0)) * (value - state)
        answer.append(state if len(seeds) == n else None)
    return answer


def combined(one: Sequence[Value], two: Sequence[Value], how: Callable[[float, float], Value]) -> Line:
    return [None if a is None or b is None else how(a, b) for a, b in zip(one, two, strict=True)]


def earlier(values: Sequence[Value], n: int) -> Line:
    return [values[row - n] if row >= n else None for row in range(len(values))]


def rise(values: Sequence[Value], n: int) -> Line:
    return combined(values, earlier(values, n), lambda now, then: now / then - 1)


def less(one: Sequence[Value], two: Sequence[Value]) -> Line:
    return combined(one, two, lambda a, b: a - b)


def above(gaps: Sequence[Value]) -> list[bool | None]:
    return [None if gap is None else gap > 0 for gap in gaps]


def came(gaps: Line, sign: int) -> list[bool | None]:
    return [crossing(gaps, row, sign) for row in range(len(gaps))]


def held(
    market: Market, start: int, rule: Callable[[int], tuple[list[bool | None], list[bool | None]]]
) -> list[list[Value]]:
    closes = market["close"]
    answer: Weights = [[None] * len(closes[0]) for _ in closes]
    for name in range(len(closes[0])):
        entry, leave = rule(name)
        state: bool | None = None
        for row in range(start, len(closes)):
            into, out = entry[row], leave[row]
            if into is not None and out is not None:
                state = not out and (into or state is True)
            answer[row][name] = None if state is None else float(state)
    return answer


def ema_cross(market: Market, start: int, fast: int, slow: int) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        gaps = less(exponential(closes, fast), exponential(closes, slow))
        return came(gaps, 1), came(gaps, -1)

    return slots(held(market, start, rule))


def macd_cross(market: Market, start: int, fast: int, slow: int, signal: int) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        line = less(exponential(closes, fast), exponential(closes, slow))
        gaps = less(line, exponential(line, signal))
        return came(gaps, 1), came(gaps, -1)

    return slots(held(market, start, rule))


def bollinger_reversion(market: Market, start: int, period: int, width: float) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        middle = rolling(closes, period, mean)
        reach = [None if value is None else width * value for value in rolling(closes, period, deviation)]
        lower, upper = less(middle, reach), combined(middle, reach, lambda a, b: a + b)
        return came(less(closes, lower), 1), above(less(closes, upper))

    return slots(held(market, start, rule))


def zscore_reversion(market: Market, start: int, period: int, lower: float, upper: float) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        scores = rolling(column(market, "close", name), period, score)
        return [None if s is None else s < lower for s in scores], [None if s is None else s > upper for s in scores]

    return slots(held(market, start, rule))


def donchian_breakout(market: Market, start: int, entry: int, leave: int) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        ceiling = earlier(rolling(column(market, "high", name), entry, max), 1)
        floor = earlier(rolling(column(market, "low", name), leave, min), 1)
        return above(less(closes, ceiling)), above(less(floor, closes))

    return slots(held(market, start, rule))


def keltner_breakout(market: Market, start: int, period: int, range_period: int, width: float) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        before = earlier(closes, 1)
        top = combined(column(market, "high", name), before, max)
        bottom = combined(column(market, "low", name), before, min)
        ranges = exponential(less(top, bottom), range_period, weight=1.0 / range_period)
        middle = exponential(closes, period)
        channel = combined(middle, ranges, lambda a, b: a + width * b)
        return above(less(closes, channel)), above(less(middle, closes))

    return slots(held(market, start, rule))


def stochastic_reversion(market: Market, start: int, period: int, smooth: int, lower: float, upper: float) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes = column(market, "close", name)
        floor = rolling(column(market, "low", name), period, min)
        size = less(rolling(column(market, "high", name), period, max), floor)
        place = combined(less(closes, floor), size, lambda a, b: None if b == 0 else 100 * a / b)
        calm = rolling(place, smooth, mean)
        low = [None if value is None else value - lower for value in calm]
        high = [None if value is None else value - upper for value in calm]
        return came(low, 1), came(high, -1)

    return slots(held(market, start, rule))


def obv_trend(market: Market, start: int, period: int) -> Weights:
    def rule(name: int) -> tuple[list[bool | None], list[bool | None]]:
        closes, volumes = column(market, "close", name), column(market, "volume", name)
        moves = less(closes, earlier(closes, 1))
        signs = [None if move is None else float((move > 0) - (move < 0)) for move in moves]
        pressure = rolling(combined(signs, volumes, lambda a, b: a * b), period, math.fsum)
        return came(pressure, 1), came(pressure, -1)

    return slots(held(market, start, rule))


def pairs(market: Market, start: int, period: int, entry: float, leave: float, short: float) -> Weights:
    closes = market["close"]
    count = len(closes[0])
    usual = [rolling(column(market, "close", name), period, mean) for name in range(count)]
    spreads: list[Line] = []
    for place, row in enumerate(closes):
        logs = [
            None if price is None or middle is None else math.log(price / middle)
            for price, middle in zip(row, [usual[name][place] for name in range(count)], strict=True)
        ]
        known = [value for value in logs if value is not None]
        spreads.append([None if value is None else value - mean(known) for value in logs])
    scores = [rolling([row[name] for row in spreads], period, score) for name in range(len(closes[0]))]

    def behind(name: int) -> tuple[list[bool | None], list[bool | None]]:
        return [None if s is None else s < -entry for s in scores[name]], [
            None if s is None else s > -leave for s in scores[name]
        ]

    def ahead(name: int) -> tuple[list[bool | None], list[bool | None]]:
        return [None if s is None else s > entry for s in scores[name]], [
            None if s is None else s < leave for s in scores[name]
        ]

    long, other = slots(held(market, start, behind)), slots(held(market, start, ahead))
    return [combined(one, two, lambda a, b: a - short * b) for one, two in zip(long, other, strict=True)]


def rises(market: Market, n: int, skip: int = 0) -> list[Line]:
    count = len(market["close"][0])
    columns = [rise(earlier(column(market, "close", name), skip), n) for name in range(count)]
    return [[columns[name][row] for name in range(count)] for row in range(len(market["close"]))]


def best(values: Line, present: Line, n: int) -> set[int]:
    scored = [(-value, name) for name, value in enumerate(values) if value is not None and present[name] is not None]
    return {name for _, name in sorted(scored)[:n]}


def time_series_momentum(market: Market, lookback: int) -> Weights:
    flags = [[None if value is None else float(value > 0) for value in row] for row in rises(market, lookback)]
    visible = [
        [None if price is None else flag for flag, price in zip(row, prices, strict=True)]
        for row, prices in zip(flags, market["close"], strict=True)
    ]
    return slots(visible)


def dual_momentum(market: Market, lookback: int, top: int, hurdle: float) -> Weights:
    answer: Weights = []
    for values, present in zip(rises(market, lookback), market["close"], strict=True):
        chosen = best(values, present, top)
        answer.append(
            [
                None
                if value is None or present[name] is None
                else 1 / top
                if name in chosen and value > hurdle
                else 0.0
                for name, value in enumerate(values)
            ]
        )
    return answer


def equal(chosen: set[int], count: int) -> Line:
    return [None if not chosen else 1.0 / len(chosen) if name in chosen else 0.0 for name in range(count)]


def low_volatility(market: Market, lookback: int, bottom: int) -> Weights:
    count = len(market["close"][0])
    risks = [rolling(rise(column(market, "close", name), 1), lookback, deviation) for name in range(count)]
    answer: Weights = []
    for row, present in enumerate(market["close"]):
        calm = [-risk if (risk := risks[name][row]) is not None and risk > 0 else None for name in range(count)]
        answer.append(equal(best(calm, present, bottom), count))
    return answer


def places(values: Line, present: Line) -> Line:
    order = [(value, -name) for name, value in enumerate(values) if value is not None and present[name] is not None]
    ranked = {-name: (place + 1) / len(order) for place, (_, name) in enumerate(sorted(order))}
    return [ranked.get(name) for name in range(len(values))]


def value_momentum(market: Market, lookback: int, skip: int, value: int, top: int) -> Weights:
    rising, before = rises(market, lookback, skip), rises(market, value, skip + lookback)
    answer: Weights = []
    for row, present in enumerate(market["close"]):
        both = [(up, past) for up, past in zip(rising[row], before[row], strict=True)]
        ups = places([None if past is None else up for up, past in both], present)
        downs = places([None if up is None or past is None else -past for up, past in both], present)
        total = combined(ups, downs, lambda a, b: a + b)
        answer.append(equal(best(total, present, top), len(present)))
    return answer

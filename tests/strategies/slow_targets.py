"""The library's rules in plain loops, sharing nothing with the package: prices in, weights out, None is no value.

`closes[row][name]` is a price or None; the answer has the same shape. `start` is the first row a decision may fall on.
"""

from __future__ import annotations

import math

Prices = list[list[float | None]]
Weights = list[list[float | None]]


def buy_and_hold(closes: Prices) -> Weights:
    answer: Weights = []
    for row in closes:
        present = sum(price is not None for price in row)
        answer.append([None if present == 0 else 0.0 if price is None else 1.0 / present for price in row])
    return answer


def momentum(closes: Prices, lookback: int, skip: int, top: int, rows: list[int]) -> dict[int, list[float | None]]:
    """Return the weights of `rows` only: the others are not read."""
    answer = {}
    for row in rows:
        scores = []
        for name, price in enumerate(closes[row]):
            late, early = row - skip, row - skip - lookback
            if price is None or early < 0:
                continue
            end, begin = closes[late][name], closes[early][name]
            if end is not None and begin is not None and begin != 0:
                scores.append((-(end / begin - 1), name))
        chosen = {name for _, name in sorted(scores)[:top]}
        count = len(closes[row])
        answer[row] = [None if not chosen else 1.0 / len(chosen) if name in chosen else 0.0 for name in range(count)]
    return answer


def sma_cross(closes: Prices, fast: int, slow: int, start: int) -> Weights:
    count = len(closes[0]) if closes else 0
    holding: Weights = [[None] * count for _ in closes]
    for name in range(count):
        prices = [row[name] for row in closes]
        gaps = [difference(prices, row, fast, slow) for row in range(len(prices))]
        state: bool | None = None
        for row in range(start, len(prices)):
            above, below = crossing(gaps, row, 1), crossing(gaps, row, -1)
            if above is not None and below is not None:
                state = above or (state is True and not below)
            holding[row][name] = None if state is None else float(state)
    return slots(holding)


def rsi_reversion(closes: Prices, period: int, lower: float, upper: float, start: int) -> Weights:
    count = len(closes[0]) if closes else 0
    holding: Weights = [[None] * count for _ in closes]
    for name in range(count):
        index = relative_strength([row[name] for row in closes], period)
        state: bool | None = None
        for row in range(start, len(closes)):
            value = index[row]
            if value is not None:
                state = value < lower or (state is True and not value > upper)
            holding[row][name] = None if state is None else float(state)
    return slots(holding)


def slots(holding: Weights) -> Weights:
    answer: Weights = []
    for row in holding:
        if all(state is None for state in row):
            answer.append([None] * len(row))
        else:
            answer.append([1.0 / len(row) if state == 1.0 else 0.0 for state in row])
    return answer


def average(prices: list[float | None], row: int, length: int) -> float | None:
    if row + 1 < length:
        return None
    window = prices[row + 1 - length : row + 1]
    known = [price for price in window if price is not None]
    return math.fsum(known) / length if len(known) == length else None


def difference(prices: list[float | None], row: int, fast: int, slow: int) -> float | None:
    short, long = average(prices, row, fast), average(prices, row, slow)
    return None if short is None or long is None else short - long


def crossing(gaps: list[float | None], row: int, sign: int) -> bool | None:
    # Beyond zero now, and not beyond it one row ago; a certain no on either row is a no, whatever the other is.
    now, before = gaps[row], gaps[row - 1] if row > 0 else None
    came = None if now is None else now * sign > 0
    was_not = None if before is None else before * sign <= 0
    if came is False or was_not is False:
        return False
    return None if came is None or was_not is None else True


def relative_strength(prices: list[float | None], period: int) -> list[float | None]:
    answer: list[float | None] = []
    moves: list[float] = []
    last: float | None = None
    gain = loss = 0.0
    for price in prices:
        value: float | None = None
        if price is not None:
            if last is not None:
                moves.append(price - last)
                if len(moves) == period:
                    gain = math.fsum(max(move, 0.0) for move in moves) / period
                    loss = math.fsum(max(-move, 0.0) for move in moves) / period
                elif len(moves) > period:
                    gain = (gain * (period - 1) + max(moves[-1], 0.0)) / period
                    loss = (loss * (period - 1) + max(-moves[-1], 0.0)) / period
                if len(moves) >= period:
                    value = 50.0 if gain + loss == 0 else 100.0 * gain / (gain + loss)
            last = price
        answer.append(value)
    return answer

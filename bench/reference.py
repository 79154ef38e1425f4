"""W1 by hand: one account in a plain loop, under the sizing rule of each engine.

Whoever claims the same rules must end with the same total return: Midas and vectorbt fix the quantity at the decision's
close, raptorbt, bt and Backtesting.py take all the cash there is at the fill's open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEE = 0.001
CAPITAL = 100_000.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How an engine sizes and ends: from which price the quantity comes, and what the last holding is worth."""

    sized_at_close: bool
    last_price: str
    sold_at_the_end: bool
    tolerance: float
    words: str


RULES = {
    "midas": Rule(True, "close", False, 2e-6, "quantity from the decision's close, cut to the cash; money to the cent"),
    "vectorbt": Rule(True, "close", False, 1e-12, "quantity from the decision's close, cut to the cash"),
    "raptorbt": Rule(False, "close", False, 1e-12, "all the cash at the open"),
    "bt": Rule(False, "open", False, 1e-9, "all the cash at the open; the end valued at the last open"),
    "backtesting": Rule(False, "open", True, 1e-4, "all the cash at the open; sold, with a fee, at the last open"),
}


def total_return(engine: str, opened: np.ndarray, close: np.ndarray) -> float:
    """Return W1's total return under an engine's rule."""
    rule = RULES[engine]
    above = _mean(close, 10) > _mean(close, 50)
    cash, held, wanted = CAPITAL, 0.0, 0.0
    for row in range(51, len(close)):
        turned = above[row - 1] != above[row - 2] if row > 51 else False
        if turned and above[row - 1]:
            wanted = cash / close[row - 1] if rule.sized_at_close else np.inf
            held = min(wanted, cash / (opened[row] * (1 + FEE)))
            cash -= held * opened[row] * (1 + FEE)
        elif turned and held:
            cash, held = cash + held * opened[row] * (1 - FEE), 0.0
    price = close[-1] if rule.last_price == "close" else opened[-1]
    return (cash + held * price * (1 - FEE if rule.sold_at_the_end else 1)) / CAPITAL - 1


def _mean(values: np.ndarray, window: int) -> np.ndarray:
    total = np.cumsum(np.append(0.0, values))
    mean = np.full(len(values), np.nan)
    mean[window - 1 :] = (total[window:] - total[:-window]) / window
    return mean

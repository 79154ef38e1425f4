"""Synthetic backtests: random walks traded by plain loops, so that every frame agrees with every other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from midas.reports.sheet import MeasureText, TearSheetInput

COMMISSION = 0.001
TAX = 0.0018


@dataclass
class Account:
    cash: float
    held: dict[str, float] = field(default_factory=dict)
    fills: list[tuple] = field(default_factory=list)
    trades: list[tuple] = field(default_factory=list)
    rejects: list[tuple] = field(default_factory=list)
    entered: dict[str, tuple] = field(default_factory=dict)


def weekdays(first: str, rows: int) -> list[date]:
    days = np.arange(np.datetime64(first), np.datetime64(first) + rows * 2)
    return days[np.is_busday(days)][:rows].astype(object).tolist()


def walks(names: tuple[str, ...], days: list[date], seed: int, start: float, digits: int) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    frames = []
    for name in names:
        close = start * np.exp(np.cumsum(chance.normal(0.0004, 0.017, len(days))))
        opens = np.concatenate(([start], close[:-1])) * np.exp(chance.normal(0, 0.004, len(days)))
        reach = np.abs(chance.normal(0, 0.006, len(days)))
        high, low = np.maximum(opens, close) * (1 + reach), np.minimum(opens, close) * (1 - reach)
        bars = {"open": opens, "high": high, "low": low, "close": close}
        frames.append(
            pl.DataFrame(
                {"symbol": [name] * len(days), "ts": days, **{key: np.round(v, digits) for key, v in bars.items()}}
            )
        )
    return pl.concat(frames)


def traded(prices: pl.DataFrame, capital: float, fast: int, slow: int, *, tax: float) -> tuple[pl.DataFrame, Account]:
    names = prices["symbol"].unique(maintain_order=True).to_list()
    by_name = {name: prices.filter(pl.col("symbol") == name) for name in names}
    days = by_name[names[0]]["ts"].to_list()
    fields = {name: {f: bars[f].to_numpy() for f in ("open", "close")} for name, bars in by_name.items()}
    above = {name: _above(fields[name]["close"], fast, slow) for name in names}
    account, rows = Account(capital), []
    for row in range(slow, len(days)):
        for name in names:
            wanted = above[name][row - 1]
            if row > slow and wanted != (name in account.held):
                _trade(account, name, days[row], fields[name]["open"][row], capital / len(names), wanted, tax)
        value = sum(quantity * fields[name]["close"][row] for name, quantity in account.held.items())
        bench = np.mean([fields[name]["close"][row] / fields[name]["close"][slow] for name in names]) * capital
        rows.append((days[row], account.cash + value, account.cash, value / (account.cash + value), bench))
    equity = pl.DataFrame(rows, schema=["ts", "equity", "cash", "gross_exposure", "benchmark"], orient="row")
    _mark_open(account, fields, len(days) - 1)
    return equity, account


def _above(close: np.ndarray, fast: int, slow: int) -> np.ndarray:
    total = np.concatenate(([0.0], np.cumsum(close)))
    mean = lambda n: np.concatenate((np.full(n - 1, np.nan), (total[n:] - total[:-n]) / n))  # noqa: E731
    return mean(fast) > mean(slow)


def _trade(account: Account, name: str, day: date, price: float, slot: float, buy: bool, tax: float) -> None:
    order = f"o{len(account.fills) + len(account.rejects):06d}"
    if buy:
        quantity = float(min(slot, account.cash * 0.99) // price)
        if quantity < 1:
            account.rejects.append((day, name, "buy", 1.0, "no_cash"))
            return
        fee = round(quantity * price * COMMISSION, 2)
        account.cash -= quantity * price + fee
        account.held[name] = quantity
        account.entered[name] = (day, price, fee)
        account.fills.append((day, name, "buy", quantity, price, fee, 0.0, order))
        return
    quantity = account.held.pop(name)
    fee, duty = round(quantity * price * COMMISSION, 2), round(quantity * price * tax, 2)
    account.cash += quantity * price - fee - duty
    account.fills.append((day, name, "sell", quantity, price, fee, duty, order))
    entered, paid, entry_fee = account.entered.pop(name)
    costs = entry_fee + fee + duty
    profit = quantity * (price - paid) - costs
    gain = profit / (quantity * paid)
    account.trades.append((name, "buy", entered, paid, day, price, quantity, profit, gain, entry_fee + fee, duty))


def _mark_open(account: Account, fields: dict, last: int) -> None:
    for name, quantity in account.held.items():
        entered, paid, fee = account.entered[name]
        profit = quantity * (fields[name]["close"][last] - paid) - fee
        gain = profit / (quantity * paid)
        account.trades.append((name, "buy", entered, paid, None, None, quantity, profit, gain, fee, 0.0))


def frames(account: Account) -> dict[str, pl.DataFrame]:
    money = {"commission": pl.Float64, "tax": pl.Float64}
    return {
        "fills": pl.DataFrame(
            account.fills,
            schema={"ts": pl.Date, "symbol": pl.String, "side": pl.String, "quantity": pl.Float64, "price": pl.Float64}
            | money
            | {"order_id": pl.String},
            orient="row",
        ),
        "trades": pl.DataFrame(
            account.trades,
            schema={
                "symbol": pl.String, "side": pl.String, "entry_ts": pl.Date, "entry_price": pl.Float64,
                "exit_ts": pl.Date, "exit_price": pl.Float64, "quantity": pl.Float64, "pnl": pl.Float64,
                "return": pl.Float64,
            }
            | money,
            orient="row",
        ),
        "rejects": pl.DataFrame(
            account.rejects,
            schema={"ts": pl.Date, "symbol": pl.String, "side": pl.String, "quantity": pl.Float64, "reason": pl.String},
            orient="row",
        ),
    }  # fmt: skip


def summary(equity: pl.DataFrame, shown: dict[str, pl.DataFrame]) -> dict[str, float | int | None]:
    values = equity["equity"].to_numpy()
    change = values[1:] / values[:-1] - 1
    years = (equity["ts"].item(-1) - equity["ts"].item(0)).days / 365.2425
    downside = np.sqrt(np.mean(np.minimum(change, 0) ** 2))
    closed = shown["trades"].filter(pl.col("exit_ts").is_not_null())
    deviation = change.std(ddof=1)
    return {
        "total_return": float(values[-1] / values[0] - 1),
        "cagr": float((values[-1] / values[0]) ** (1 / years) - 1),
        "volatility": float(deviation * np.sqrt(252)),
        "sharpe": float(change.mean() / deviation * np.sqrt(252)) if deviation else None,
        "sortino": float(change.mean() / downside * np.sqrt(252)) if downside else None,
        "max_drawdown": float((values / np.maximum.accumulate(values) - 1).min()),
        "trades": closed.height,
        "win_rate": float((closed["pnl"] > 0).mean()) if closed.height else None,  # type: ignore[arg-type]
        "fees": float(shown["fills"]["commission"].sum()),
        "taxes": float(shown["fills"]["tax"].sum()),
        "average_profit": float(closed["pnl"].mean()) if closed.height else None,  # type: ignore[arg-type]
    }


MEASURES = {
    "total_return": MeasureText("Total return", "fraction", "Last equity over first, less one, after costs."),
    "cagr": MeasureText("CAGR", "fraction", "(end / start)^(1 / years) − 1, years = calendar days / 365.2425."),
    "volatility": MeasureText("Volatility", "fraction", "Sample deviation of returns × √(periods a year)."),
    "sharpe": MeasureText("Sharpe ratio", "ratio", "Mean excess return over its sample deviation × √(periods a year)."),
    "sortino": MeasureText(
        "Sortino ratio", "ratio", "Mean excess return over √(Σ min(r, 0)² / n) × √(periods a year)."
    ),
    "max_drawdown": MeasureText("Max drawdown", "fraction", "Largest fall of equity below its highest close so far."),
    "trades": MeasureText("Trades", "count", "Closed round trips."),
    "win_rate": MeasureText("Win rate", "fraction", "Share of closed round trips with a profit after costs."),
    "fees": MeasureText("Fees", "currency", "Commission paid."),
    "taxes": MeasureText("Taxes", "currency", "Transaction tax paid."),
    "average_profit": MeasureText("Average profit", "currency", "Mean profit of a closed round trip, after costs."),
}


def backtest(
    names: tuple[str, ...] = ("ALFA.XNAS", "BRVO.XNAS", "CHRL.XNYS", "DLTA.XNAS", "ECHO.XNYS"),
    rows: int = 3_270,
    *,
    seed: int = 7,
    currency: str = "USD",
    fast: int = 20,
    slow: int = 60,
) -> tuple[TearSheetInput, pl.DataFrame]:
    """A sheet of an SMA cross over random walks, and its prices."""
    korean = currency == "KRW"
    capital = 100_000_000.0 if korean else 100_000.0
    prices = walks(names, weekdays("2010-01-04", rows), seed, 50_000.0 if korean else 40.0, 0 if korean else 2)
    equity, account = traded(prices, capital, fast, slow, tax=TAX if korean else 0.0)
    shown = frames(account)
    sheet = TearSheetInput(
        strategy="sma_cross",
        identity="9f2c4e0d7b1a4c58a3f6e1d2c4b5a69788f0e1d2c3b4a5968778695a4b3c2d1e",
        currency=currency,
        equity=equity,
        **shown,
        summary=summary(equity, shown),
        periods_per_year=252,
        initial_capital=capital,
        parameters={"fast": fast, "slow": slow},
        universe="sample",
        symbols=names,
        benchmark="equal-weight buy and hold of the universe",
        facts={"Data version": "sample@3f9a1c20", "Venue tables": "XNAS@71c0de55", "Engine": "0.1.0"},
        costs_assumed={
            "Commission": "10 bps of value, both sides",
            "Tax": "18 bps of value sold" if korean else "none",
            "Slippage": "0 bps",
            "Size limit": "10% of a bar's volume",
        },
        measures=MEASURES,
        absent={"win_rate": "No trade was closed.", "average_profit": "No trade was closed."},
        method=("Daily closes", "252 periods a year", "risk-free 0%", "net of costs", "warm-up of 60 bars excluded"),
        warnings=("Universe sample holds names that exist today: the past looks better than it was (survivorship).",),
    )
    return sheet, prices

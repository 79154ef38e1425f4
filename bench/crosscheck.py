"""Two hundred random strategies on real prices: our fills against vectorbt's and Backtesting.py's, one by one.

usage: python -m bench.crosscheck [HOW_MANY]     writes bench/CROSSCHECK.md; needs `make bench-peers`

Every engine decides at the close and fills at the next open, whole shares, half of the equity, so that cash never
binds. Signals are computed twice: by our graph, and in pandas by bench/peers/rules.py. Prices are total-return prices,
because the peers know no splits.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import polars as pl

from bench.golden_series import stocks
from bench.peers.rules import held
from bench.process import HERE, installed
from midas.backtest.run import run
from midas.core.basis import Basis
from midas.core.instrument import Instrument, InstrumentId
from midas.core.timeframe import Timeframe
from midas.factors.market import Market
from midas.factors.node import Node
from midas.kernels.pointwise import ROUNDING
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel, build_fields
from midas.strategies.param import param
from midas.strategies.strategy import Strategy

REPORT = Path(__file__).with_name("CROSSCHECK.md")
SEED = 20_261_121
SYMBOLS = ("AAPL.XNAS", "GOOG.XNAS", "IBM.XNYS", "MSFT.XNAS")
KINDS = ("sma", "rsi", "change", "zscore")
PRICE_DIGITS = 1e-9
SLACK = 1e-9
"""A share count this close below a whole one is that one: the engines allow as much."""
CENTS = "money to the cent"
TIE = "a tie of two averages"
UNEXPLAINED = "unexplained"

Fill = tuple[int, int, float, float]


@dataclass(frozen=True, slots=True)
class Job:
    """One strategy on one name; what a, b, c are depends on the kind. No decision is taken before row `first`."""

    symbol: str
    kind: str
    a: int
    b: float
    c: float
    fee: float
    weight: float = 0.5
    capital: float = 1_000_000.0
    first: int = 0


class Random(Strategy):
    """Half of the equity while the rule of its kind holds."""

    kind: str = param("sma", choices=KINDS)
    a: int = param(10, 1, 500)
    b: float = param(0.0, -1e3, 1e3)
    c: float = param(0.0, -1e3, 1e3)

    def targets(self, m: Market) -> Node:
        entry, leave = self._signals(m)
        return m.hold(entry=entry, exit=leave) * 0.5

    def _signals(self, m: Market) -> tuple[Node, Node]:
        if self.kind == "sma":
            fast, slow = m.close.mean(self.a), m.close.mean(int(self.b))
            return fast.cross_above(slow), fast.cross_below(slow)
        if self.kind == "rsi":
            value = m.close.rsi(self.a)
            return value < self.b, value > self.c
        if self.kind == "change":
            value = m.close.change(self.a)
            return value > self.b, value < self.c
        value = m.close.zscore(self.a)
        return value < self.b, value > self.c


def jobs(count: int) -> list[Job]:
    """Return random strategies, the same for the same count."""
    draw = np.random.default_rng(SEED)
    found = []
    for _ in range(count):
        kind = KINDS[draw.integers(len(KINDS))]
        n = int(draw.integers(2, 60))
        numbers = {
            "sma": (n, n + int(draw.integers(1, 150)), 0),
            "rsi": (min(n, 30) + 1, int(draw.integers(15, 50)), int(draw.integers(50, 85))),
            "change": (n, round(float(draw.uniform(0, 0.1)), 4), round(float(draw.uniform(-0.1, 0)), 4)),
            "zscore": (n + 3, round(float(draw.uniform(-2, -0.5)), 3), round(float(draw.uniform(-0.3, 1)), 3)),
        }[kind]
        symbol = SYMBOLS[draw.integers(len(SYMBOLS))]
        found.append(Job(symbol, kind, *numbers, fee=float(draw.choice([0.0, 0.0005, 0.001, 0.0025]))))
    return found


def panels() -> dict[str, Panel]:
    """Return a panel of total-return prices for each name."""
    table = stocks()
    return {symbol: _panel(symbol, table.filter(pl.col("symbol") == symbol).sort("ts")) for symbol in SYMBOLS}


def ours(job: Job, panel: Panel) -> tuple[Job, list[Fill]]:
    """Return the job with the row of its first decision, and Midas's fills."""
    strategy = Random(kind=job.kind, a=job.a, b=job.b, c=job.c)
    result = run(
        strategy, panel, initial_capital=job.capital, commission_bps=job.fee * 1e4, volume_cap=1.0, slippage_bps=0.0
    )
    made = result.simulation.journal.fills
    fills = zip(made.row.tolist(), made.side.tolist(), made.quantity.tolist(), made.price.tolist(), strict=True)
    return replace(job, first=int(result.simulation.first)), list(fills)


def theirs(engine: str, asked: list[Job], markets: dict[str, Panel], folder: Path) -> list[list[Fill]]:
    """Return a peer's fills of every job."""
    fields = ("open", "high", "low", "close")
    arrays = {f"{name} {field}": panel.series(field, 0) for name, panel in markets.items() for field in fields}
    arrays |= {f"{name} days": panel.sessions for name, panel in markets.items()}
    np.savez(folder / "market.npz", **arrays)
    (folder / "jobs.json").write_text(json.dumps([asdict(job) for job in asked]))
    python = HERE / ".peers" / engine / "bin" / "python"
    program = HERE / "peers" / f"cross_{engine}.py"
    command = [str(python), str(program), str(folder / "market.npz"), str(folder / "jobs.json")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [[tuple(fill) for fill in fills] for fills in json.loads(done.stdout.splitlines()[-1])]


def explain(job: Job, mine: list[Fill], other: list[Fill], panel: Panel) -> list[tuple[str, str, int]]:
    """Return (why, which, how many) for each fill that is not the same; those that follow from a tie are one entry.

    Midas keeps money to the cent, the peers keep fractions of it; and averages that differ by nothing but the order
    they were added up in tie for Midas, while the peers see a crossing. A plain account that is wrong by nothing but
    that is the explanation: with both it must make every fill of ours, without them every fill of the peer. What cents
    alone explain is put down to them.
    """
    pairs = list(zip_longest(mine, other))
    differ = [place for place, (ours_here, theirs_here) in enumerate(pairs) if not _same(ours_here, theirs_here)]
    if not differ:
        return []
    told = _all_same(plain_account(job, panel, cents=True, ties=True), mine)
    told = told and _all_same(plain_account(job, panel, cents=False, ties=False), other)
    by_cents = plain_account(job, panel, cents=True, ties=False)
    tied = next((at for at, (one, two) in enumerate(zip_longest(mine, by_cents)) if not _same(one, two)), len(pairs))
    found = []
    for place in differ:
        which = f"fill {place}: {_shown(pairs[place][0])} against {_shown(pairs[place][1])}"
        if not told or place < tied:
            found.append((CENTS if told else UNEXPLAINED, which, 1))
        else:
            rest = sum(at > place for at in differ)
            found.append((TIE, which + (f"; the {rest} after it trade other money" if rest else ""), 1 + rest))
            break
    return found


def plain_account(job: Job, panel: Panel, *, cents: bool, ties: bool) -> list[Fill]:
    """Return the fills of a job by a plain loop, its money rounded to the cent at each fill, or not.

    `ties` lets averages tie that differ by rounding alone.
    """
    opened, close = (panel.series(field, 0).tolist() for field in ("open", "close"))
    wanted = held(asdict(job), np.asarray(panel.series("close", 0)), ROUNDING if ties else 0.0)
    money, shares, fills = job.capital, 0.0, []
    for row in range(1, len(close)):
        if wanted[row - 1] == (wanted[row - 2] if row > 1 else 0.0):
            continue
        equity = money + shares * close[row - 1]
        if cents:
            equity = _to_cent(equity)
        target = math.floor(job.weight * equity / close[row - 1] + SLACK) if wanted[row - 1] else 0.0
        size = abs(target - shares)
        if size:
            side = 1 if target > shares else -1
            value, fee = size * opened[row], size * opened[row] * job.fee
            value, fee = (_to_cent(value), _to_cent(fee)) if cents else (value, fee)
            money, shares = money - side * value - fee, target
            fills.append((row, side, size, opened[row]))
    return fills


def _same(one: Fill | None, other: Fill | None) -> bool:
    if one is None or other is None:
        return one is other
    return one[:3] == other[:3] and abs(one[3] - other[3]) <= PRICE_DIGITS * one[3]


def _all_same(some: list[Fill], others: list[Fill]) -> bool:
    return len(some) == len(others) and all(map(_same, some, others))


def _to_cent(amount: float) -> float:
    return math.floor(amount * 100 + 0.5) / 100


def _shown(fill: Fill | None) -> str:
    return "none" if fill is None else f"row {fill[0]} {'buy' if fill[1] > 0 else 'sell'} {fill[2]:.0f}"


def compared(count: int, engines: Sequence[str]) -> tuple[str, int]:
    """Return the report on `count` strategies, and how many differing fills nothing explains."""
    markets = panels()
    done = [ours(job, markets[job.symbol]) for job in jobs(count)]
    asked = [job for job, _ in done]
    lines = [_heading(done)]
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            others = theirs(engine, asked, markets, Path(folder))
            differences = []
            for number, ((job, mine), other) in enumerate(zip(done, others, strict=True)):
                told = explain(job, mine, other, markets[job.symbol])
                differences += [(number, job, *each) for each in told]
            lines.append(_told(engine, len(done), sum(map(len, others)), differences))
            unexplained += sum(many for _, _, why, _, many in differences if why == UNEXPLAINED)
    return "\n".join(lines), unexplained


def peers() -> list[str]:
    """Return the peers of the cross-check whose environments are there."""
    return [name for name in ("vectorbt", "backtesting") if name in installed()]


def main() -> int:
    """Run everything, write the report, and return 1 where a difference is not explained."""
    engines = peers()
    if not engines:
        print("Nothing to compare with: `make bench-peers` installs the peers.")
        return 2
    text, unexplained = compared(int(sys.argv[1]) if len(sys.argv) > 1 else 200, engines)
    REPORT.write_text(text, encoding="utf-8")
    print(text)
    return 1 if unexplained else 0


def _heading(done: list[tuple[Job, list[Fill]]]) -> str:
    kinds = Counter(job.kind for job, _ in done)
    shares = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS)
    made = sum(len(fills) for _, fills in done)
    return f"""# {len(done)} random strategies against the peers

Made by `python -m bench.crosscheck`, seed {SEED}: {shares}; {", ".join(SYMBOLS)}, 2000 to 2013, total-return prices.
Decisions at the close, fills at the next open, whole shares for half of the equity of 1,000,000, commission 0, 5, 10 or
25 bps. A fill is the same where its row, side and number of shares are, and its price to 1e-9.

Midas made {made:,} fills.
"""


def _told(engine: str, strategies: int, fills: int, differences: list[tuple[int, Job, str, str, int]]) -> str:
    touched = len({number for number, *_ in differences})
    counted: Counter[str] = Counter()
    for *_, why, _, many in differences:
        counted[why] += many
    lines = [
        f"## {engine}\n",
        f"{fills:,} fills; {strategies - touched} of {strategies} strategies the same to the last fill, "
        f"{counted.total()} fills differ in {touched}.\n",
    ]
    lines += [f"- {why}: {number}" for why, number in counted.most_common()]
    if differences:
        lines += ["", "| strategy | fee | what | why |", "|---|---|---|---|"]
    for number, job, why, which, _ in differences:
        name = f"{number} {job.kind}({job.a}, {job.b:g}, {job.c:g}) {job.symbol}"
        lines.append(f"| {name} | {job.fee * 1e4:g} bps | {which} | {why} |")
    return "\n".join(lines) + "\n"


def _panel(symbol: str, bars: pl.DataFrame) -> Panel:
    factor = (bars["adj_close"] / bars["close"]).to_numpy()
    prices = {name: (bars[name].to_numpy() * factor)[:, None] for name in ("open", "high", "low", "close")}
    prices["high"] = np.maximum(prices["high"], np.maximum(prices["open"], prices["close"]))
    prices["low"] = np.minimum(prices["low"], np.minimum(prices["open"], prices["close"]))
    prices["volume"] = (bars["volume"].to_numpy() / factor)[:, None]
    prices["turnover"] = prices["close"] * prices["volume"]
    instrument_id = InstrumentId.parse(symbol)
    return Panel(
        "crosscheck", "1", instrument_id.venue, Timeframe(1, "d"), Basis.TOTAL_RETURN, "USD",
        (Instrument(instrument_id, currency="USD"),), bars["ts"].to_numpy().astype("datetime64[D]"),
        build_fields(prices, Actions.none()),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

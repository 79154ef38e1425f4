"""Run every strategy of the library on the sample market and write what came out to docs/strategies.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import midas
from midas.client.client import Client
from midas.strategies.registry import find, library

TARGET = Path(__file__).parents[1] / "docs" / "strategies.md"
FEW = {"top": 2, "bottom": 2}
"""Five names cannot fill a list of twenty."""
SHOWN = (("cagr", 100), ("volatility", 100), ("sharpe", 1), ("max_drawdown", 100), ("turnover", 1), ("trades", 1))

HEAD = """\
# The strategies of the library

Made by `python scripts/strategy_results.py`: every strategy with its default parameters on the sample market (AAPL,
GOOG, IBM, MSFT and FB from 2000-03-01 to 2013-03-01, decisions at the close, fills at the next open), with the venue's
fees and 5 basis points of slippage. Lists of the best or calmest names hold two here.

**Read them as arithmetic, not as advice.** The five names were chosen because they survived and became large, so
whatever owns them looks good and nothing here says that a rule has an edge: compare with `buy_and_hold`, count how many
of these rules you looked at, and let `midas backtest run` tell how likely luck alone is. A rule begins when its warm-up
is over, so the periods differ. Sharpe is for a riskless rate of 0. Turnover is one-sided, per year.

| strategy | a year, % | volatility, % | Sharpe | largest loss, % | turnover | trades |
|---|---|---|---|---|---|---|
"""


def _row(client: Client, name: str) -> str:
    params = {key: value for key, value in FEW.items() if key in find(name).param_specs}
    result = client.backtests.run(name, params, universe="sample", slippage_bps=5.0)
    numbers = [result.summary[measure] for measure, _ in SHOWN]
    cells = [
        "–" if number is None else f"{number * scale:.0f}" if measure == "trades" else f"{number * scale:.2f}"
        for number, (measure, scale) in zip(numbers, SHOWN, strict=True)
    ]
    return f"| `{name}` | {' | '.join(cells)} |\n"


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as home, midas.open(home=home) as client:
        client.datasets.pull("sample")
        rows = [_row(client, info.name) for info in library()]
    about = [f"\n## {info.name}\n\n{info.doc}\n" for info in library()]
    TARGET.write_text(HEAD + "".join(rows) + "".join(about), encoding="utf-8")


if __name__ == "__main__":
    main()

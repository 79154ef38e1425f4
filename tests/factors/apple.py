"""Apple's real daily bars, as arrays and as a market of one name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from tests.factors.markets import panel_of

from midas.integrations.sample.parse import package_file, read_stocks


class Bars(NamedTuple):
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def of_apple() -> tuple[np.ndarray, Bars]:
    read = read_stocks(package_file("bokeh_sampledata", "_data/stocks.csv.gz"))
    apple = read.filter(read["symbol"] == "AAPL.XNAS").sort("ts")
    return apple["ts"].to_numpy(), Bars(*(apple[name].to_numpy().astype(float) for name in Bars._fields))


APPLE_DAYS, APPLE = of_apple()
APPLE_PANEL = panel_of({name: values[:, None] for name, values in APPLE._asdict().items()})

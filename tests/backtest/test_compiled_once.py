"""A run calls its kernels in the types they are compiled with ahead, memory-mapped data included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.backtest.strategies import Averaged, Rebalanced
from tests.execution.markets import AMERICA, KOREA, random_market

from midas.backtest.artifact import save
from midas.backtest.run import run
from midas.kernels import benchmark, holdings, matching, round_trips
from midas.kernels.warm import SIGNATURES, compile_all
from midas.marketdata.panel import Panel

KERNELS = (matching.proceed, round_trips.round_trips, holdings.worth, benchmark.equal_weight)


def mapped(panel: Panel, folder: Path) -> Panel:
    """The same panel from read-only memory maps, as the lake opens it."""
    fields = {}
    for name, tiles in panel.fields.items():
        np.save(folder / f"{name}.npy", tiles)
        fields[name] = np.load(folder / f"{name}.npy", mmap_mode="r")
    return Panel(
        panel.dataset, panel.version, panel.venue, panel.timeframe, panel.basis, panel.currency, panel.instruments,
        panel.sessions, fields, panel.actions,
    )  # fmt: skip


def test_nothing_is_compiled_again(tmp_path: Path) -> None:
    assert {kernel for kernel, _ in SIGNATURES} >= set(KERNELS)
    compile_all()
    for market, strategy in ((AMERICA, Rebalanced()), (KOREA, Averaged(window=2))):
        panel = random_market(5, 4, 40, market).panel
        results = [run(strategy, one, lots="whole") for one in (panel, mapped(panel, tmp_path))]
        assert results[0].fills().equals(results[1].fills())
        save(results[0], tmp_path / "result")
    for kernel in KERNELS:
        assert len(kernel.signatures) == 1, kernel  # type: ignore[attr-defined]

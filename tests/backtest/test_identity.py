"""A run's name depends on everything its result depends on, and on nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.execution.markets import FIELDS, panel_of

from midas.backtest.identity import identity
from midas.backtest.spec import BacktestSpec, spec_of
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross

PANEL = panel_of({name: [100.0] * 5 for name in FIELDS})
SPEC = spec_of(SmaCross(fast=2, slow=4), PANEL)
NAME = identity(SPEC, "data", "tables", "engine")


class TestIdentity:
    def test_is_a_sha256(self) -> None:
        assert len(NAME) == 64
        assert set(NAME) <= set("0123456789abcdef")

    def test_is_the_same_for_the_same_question(self) -> None:
        again = spec_of(SmaCross(slow=4, fast=2), PANEL, initial_capital="100000.0")
        assert identity(again, "data", "tables", "engine") == NAME

    @pytest.mark.parametrize(
        "change",
        [
            {"definition": SmaCross(fast=2, slow=5).definition()},
            {"definition": SmaCross(fast=2, slow=4, every="bar").definition()},
            {"definition": BuyAndHold().definition()},
            {"universe": "other"},
            {"symbols": ("N000.XNYS",)},
            {"start": date(2024, 1, 3)},
            {"end": date(2024, 1, 4)},
            {"initial_capital": Decimal("100000.01")},
            {"commission_bps": 0.0},
            {"slippage_bps": 1.0},
            {"lots": "fractional"},
            {"benchmark": "N000"},
            {"volume_cap": 0.2},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_depends_on_every_part_of_the_spec(self, change: dict[str, object]) -> None:
        other: BacktestSpec = replace(SPEC, **change)  # type: ignore[arg-type]
        assert identity(other, "data", "tables", "engine") != NAME

    @pytest.mark.parametrize("place", [0, 1, 2, 3])
    def test_depends_on_every_version(self, place: int) -> None:
        versions = ["data", "tables", "engine", ""]
        versions[place] += "!"
        assert identity(SPEC, *versions) != NAME

"""A run's name depends on everything its result depends on, and on nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.execution.markets import FIELDS, panel_of

import midas
from midas.backtest.identity import engine_version, identity
from midas.backtest.spec import BacktestSpec, spec_of
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency
from midas.strategies.library.buy_and_hold import BuyAndHold
from midas.strategies.library.sma_cross import SmaCross

PANEL = panel_of({name: [100.0] * 5 for name in FIELDS})
SPEC = spec_of(SmaCross(fast=2, slow=4), PANEL)
NAME = identity(SPEC, "data", "tables", "", "engine")


class TestIdentity:
    def test_is_a_sha256(self) -> None:
        assert len(NAME) == 64
        assert set(NAME) <= set("0123456789abcdef")

    def test_is_the_same_for_the_same_question(self) -> None:
        again = spec_of(SmaCross(slow=4, fast=2), PANEL, initial_capital="100000.0")
        assert identity(again, "data", "tables", "", "engine") == NAME

    def test_a_whole_number_is_the_same_question_however_it_is_written(self) -> None:
        names = {
            identity(
                spec_of(
                    BuyAndHold(), PANEL, slippage_bps=number(1), dealing=Dealing(cash_rate=number(1)),
                    account=AccountCurrency("KRW", number(5)),
                ),
                "data", "tables", "", "engine",
            )
            for number in (int, float)
        }  # fmt: skip
        assert len(names) == 1

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
        assert identity(other, "data", "tables", "", "engine") != NAME

    @pytest.mark.parametrize("place", [0, 1, 2, 3])
    def test_depends_on_every_version(self, place: int) -> None:
        versions = ["data", "tables", "", "engine"]
        versions[place] += "!"
        assert identity(SPEC, *versions) != NAME


class TestEngineVersion:
    CHANGE = (
        "import shutil, sys\nfrom pathlib import Path\nimport midas\n"
        "there = Path(sys.argv[1]) / 'midas'\n"
        "shutil.copytree(Path(midas.__file__).parent, there, ignore=shutil.ignore_patterns('__pycache__'))\n"
        "file = there / sys.argv[2]\nfile.write_text(file.read_text() + '# changed\\n')\n"
        "midas.__file__ = str(there / '__init__.py')\n"
        "from midas.backtest.identity import engine_version\nprint(engine_version())"
    )

    @pytest.mark.parametrize(
        ("file", "matters"),
        [
            ("kernels/fill.py", True),
            ("strategies/schedule.py", True),
            ("marketdata/known.py", True),
            ("portfolio/measures/ratios.py", True),
            ("cli/main.py", False),
        ],
    )
    def test_changes_with_the_code_that_computes(self, file: str, matters: bool, tmp_path: Path) -> None:
        command = [sys.executable, "-c", self.CHANGE, str(tmp_path), file]
        changed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
        assert changed.startswith(f"{midas.__version__}+")
        assert (changed != engine_version()) is matters

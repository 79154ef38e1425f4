"""A result on disk is complete, the same bytes each time, or not there."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.backtest.strategies import Averaged, Rebalanced
from tests.execution.markets import AMERICA, KOREA, random_market

from midas.backtest.artifact import SERIES, load, save
from midas.backtest.result import Result
from midas.backtest.run import run
from midas.core.errors import MidasError, NotFound, StorageCorrupt, StorageFull


@pytest.fixture(scope="module")
def result() -> Result:
    return run(Rebalanced(), random_market(21, 5, 120, AMERICA).panel, slippage_bps=3, lots="fractional")


class TestRoundTrip:
    def test_everything_comes_back(self, result: Result, tmp_path: Path) -> None:
        save(result, tmp_path / "r")
        stored = load(tmp_path / "r")
        for name in ("equity_frame", "fills", "trades", "positions", "rejects"):
            assert getattr(stored, name)().equals(getattr(result, name)()), name
        for name in ("identity", "summary", "absent", "costs", "reject_counts", "settings", "warnings"):
            assert getattr(stored, name) == getattr(result, name), name
        assert stored.spec == result.spec.to_json()

    def test_a_run_without_a_trade(self, tmp_path: Path) -> None:
        empty = run(Rebalanced(), random_market(21, 1, 5, KOREA).panel, initial_capital=1)
        save(empty, tmp_path / "r")
        stored = load(tmp_path / "r")
        assert len(stored.fills()) == len(stored.positions()) == len(stored.trades()) == 0
        assert stored.fills().schema == empty.fills().schema
        assert stored.warnings[-1].startswith("Nothing was traded")

    def test_the_document_is_strict_json(self, result: Result, tmp_path: Path) -> None:
        save(result, tmp_path / "r")

        def refuse(text: str) -> None:
            raise AssertionError(text)

        json.loads((tmp_path / "r" / "result.json").read_text(), parse_constant=refuse)


class TestSameBytes:
    def test_twice(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            panel = random_market(21, 5, 120, AMERICA).panel
            save(run(Averaged(window=3), panel, initial_capital=12_345), tmp_path / name)
        one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
        assert set(one) == {"result.json", *(f"{series}.parquet" for series in SERIES)}
        assert one == two


class TestSave:
    def test_replaces_what_was_there(self, result: Result, tmp_path: Path) -> None:
        folder = tmp_path / "r"
        save(run(Rebalanced(), random_market(1, 2, 9, AMERICA).panel), folder)
        save(result, folder)
        assert load(folder).identity == result.identity
        assert [path.name for path in tmp_path.iterdir()] == ["r"]

    def test_a_failure_leaves_the_old_one(
        self, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "r"
        save(result, folder)
        other = run(Averaged(), random_market(1, 2, 30, AMERICA).panel)

        def full(self: Path, *args: object, **kwargs: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_text", full)
        with pytest.raises(StorageFull, match="no room"):
            save(other, folder)
        monkeypatch.undo()
        assert load(folder).identity == result.identity
        assert [path.name for path in tmp_path.iterdir()] == ["r"]

    def test_a_result_whose_ledger_does_not_hold_is_not_kept(self, result: Result, tmp_path: Path) -> None:
        cash = result.simulation.cash.copy()
        cash[-1] += 1
        wrong = replace(result, simulation=replace(result.simulation, cash=cash))
        with pytest.raises(MidasError, match="ledger does not hold"):
            save(wrong, tmp_path / "r")
        assert not (tmp_path / "r").exists()


class TestLoad:
    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="no result at"):
            load(tmp_path / "r")

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 99}'])
    def test_a_damaged_document(self, result: Result, tmp_path: Path, text: str) -> None:
        save(result, tmp_path / "r")
        (tmp_path / "r" / "result.json").write_text(text)
        with pytest.raises(StorageCorrupt, match="cannot be read"):
            load(tmp_path / "r")

    def test_a_missing_series(self, result: Result, tmp_path: Path) -> None:
        save(result, tmp_path / "r")
        (tmp_path / "r" / "fills.parquet").unlink()
        with pytest.raises(StorageCorrupt, match="missing series: fills"):
            load(tmp_path / "r")

    def test_a_damaged_series(self, result: Result, tmp_path: Path) -> None:
        save(result, tmp_path / "r")
        (tmp_path / "r" / "fills.parquet").write_bytes(b"PAR1 and then nothing")
        with pytest.raises(StorageCorrupt, match="cannot be read"):
            load(tmp_path / "r").fills()

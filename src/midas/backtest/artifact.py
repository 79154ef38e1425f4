"""A result on disk: one folder, complete or not there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from midas.backtest.contributions import SCHEMA
from midas.backtest.record import record_of
from midas.backtest.result import Number, Result, Scalar
from midas.core.errors import NotFound, StorageCorrupt, StorageFull
from midas.portfolio.measures.conventions.catalogue import convention

FORMAT = 1
SERIES = ("equity", "fills", "trades", "positions", "rejects")
MIX = "contributions"
_DOCUMENT = "result.json"
_NO_SPACE = 28


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result read back; series are read when asked for. Fields are those of `Result`, `spec` in plain JSON."""

    folder: Path
    identity: str
    spec: Mapping[str, Any]
    summary: Mapping[str, Number]
    absent: Mapping[str, str]
    costs: Mapping[str, float]
    reject_counts: Mapping[str, int]
    settings: Mapping[str, Scalar]
    warnings: tuple[str, ...]

    def equity_frame(self) -> pl.DataFrame:
        """Return ts, equity, cash, gross_exposure, benchmark."""
        return self._read("equity")

    def fills(self) -> pl.DataFrame:
        return self._read("fills")

    def trades(self) -> pl.DataFrame:
        return self._read("trades")

    def positions(self) -> pl.DataFrame:
        return self._read("positions")

    def rejects(self) -> pl.DataFrame:
        return self._read("rejects")

    def contributions(self) -> pl.DataFrame:
        """Return ts, strategy, symbol, target of a mix; no rows where it is none."""
        stored = (self.folder / f"{MIX}.parquet").is_file()
        return self._read(MIX) if stored else pl.DataFrame(schema=SCHEMA)

    def measures(self, like: str | None = None) -> dict[str, Number]:
        """Return the summary, or with `like` another library's own numbers of this run.

        Raises
        ------
        InvalidInput: an unknown library.
        """
        if like is None:
            return dict(self.summary)
        return convention(like).of(record_of(self.equity_frame(), self.trades(), self.fills()))

    def _read(self, series: str) -> pl.DataFrame:
        path = self.folder / f"{series}.parquet"
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _corrupt(path, str(error)) from error


def save(result: Result, folder: Path) -> None:
    """Write a result to `folder`, replacing what was there, once its ledger is verified; a crash leaves no half of it.

    Raises
    ------
    StorageFull: no room left.
    MidasError: the ledger does not balance.
    """
    result.ledger().verify(result.simulation.cash, result.simulation.first)
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        _write(result, draft)
        _swap(draft, folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if error.errno == _NO_SPACE:
            raise StorageFull(
                f"There is no room for the result at {folder}.", hint="Free some space and run it again."
            ) from error
        raise


def load(folder: Path) -> StoredResult:
    """Read a result's document; its series are read on demand.

    Raises
    ------
    NotFound: there is none.
    StorageCorrupt: it cannot be read, or a series is missing.
    """
    path = folder / _DOCUMENT
    if not folder.is_dir():
        raise NotFound(f"There is no result at {folder}.", hint="Run the backtest again.", code="no_result")
    try:
        document = json.loads(path.read_bytes())
        missing = [name for name in SERIES if not (folder / f"{name}.parquet").is_file()]
        if document["format"] != FORMAT or missing:
            raise _corrupt(path, f"missing series: {', '.join(missing)}" if missing else "unknown format")
        return StoredResult(
            folder=folder,
            identity=document["identity"],
            spec=document["spec"],
            summary=document["summary"],
            absent=document["absent"],
            costs=document["costs"],
            reject_counts=document["reject_counts"],
            settings=document["settings"],
            warnings=tuple(document["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(path, str(error)) from error


def _write(result: Result, folder: Path) -> None:
    tables = (result.equity_frame(), result.fills(), result.trades(), result.positions(), result.rejects())
    for name, frame in zip(SERIES, tables, strict=True):
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)
    if result.spec.definition.mix:
        result.contributions().write_parquet(folder / f"{MIX}.parquet", compression="zstd", statistics=False)
    text = json.dumps(_document(result), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / _DOCUMENT).write_text(text, encoding="utf-8")


def _document(result: Result) -> dict[str, object]:
    return {
        "format": FORMAT,
        "identity": result.identity,
        "spec": result.spec.to_json(),
        "summary": dict(result.summary),
        "absent": dict(result.absent),
        "costs": dict(result.costs),
        "reject_counts": dict(result.reject_counts),
        "settings": dict(result.settings),
        "warnings": list(result.warnings),
    }


def _swap(draft: Path, folder: Path) -> None:
    # A folder cannot replace one that is not empty: the old one steps aside first.
    aside = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.rename(aside)
    draft.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _corrupt(path: Path, why: str) -> StorageCorrupt:
    return StorageCorrupt(
        f"The result at {path.parent} cannot be read: {why}.", hint="Run the backtest again with --fresh.",
        code="result_corrupt",
    )  # fmt: skip

"""The name of a run: everything its result depends on, hashed."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import midas
from midas.backtest.spec import BacktestSpec

_COMPUTES = ("backtest", "core", "execution", "factors", "kernels", "marketdata", "portfolio", "strategies", "venues")
_TRADES = ("risk", "trading")


def engine_of(spec: BacktestSpec) -> str:
    """Return the version of what answers a spec: strategies that are code pass loop, gate and journal as well."""
    return engine_version() if spec.definition.code is None else engine_version(*_TRADES)


@cache
def engine_version(*more: str) -> str:
    """Return the version with a digest of all code a result is computed by; `more` are further folders of it.

    A stored result is an answer for as long as the same code would give it again; nobody has to remember to say that
    the code changed.
    """
    package = Path(midas.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for folder in (*_COMPUTES, *more) for file in (package / folder).rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return f"{midas.__version__}+{digest.hexdigest()[:12]}"


def identity(
    spec: BacktestSpec,
    data_version: str,
    table_version: str,
    benchmark_version: str = "",
    engine: str | None = None,
    rates_version: str = "",
) -> str:
    """Return the SHA-256, in hex, of the spec and of the versions of data, venue tables and engine.

    `benchmark_version` is the data version of a benchmark that comes from another panel; `engine` None is this one;
    `rates_version` is that of the rates of exchange of an account in another currency.
    """
    depends = {
        "spec": spec.to_json(),
        "data": data_version,
        "venue_tables": table_version,
        "engine": engine or engine_of(spec),
        "benchmark_data": benchmark_version,
    }
    if rates_version:
        depends["rates"] = rates_version
    text = json.dumps(depends, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

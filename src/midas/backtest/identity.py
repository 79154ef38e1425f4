"""The name of a run: everything its result depends on, hashed."""

from __future__ import annotations

import hashlib
import json

from midas import __version__
from midas.backtest.spec import BacktestSpec

REVISION = 1
"""Raised when the same question would get another answer from the same data."""

ENGINE_VERSION = f"{__version__}+{REVISION}"


def identity(
    spec: BacktestSpec,
    data_version: str,
    table_version: str,
    engine_version: str = ENGINE_VERSION,
    benchmark_version: str = "",
) -> str:
    """Return the SHA-256, in hex, of the spec and of the versions of data, venue tables and engine.

    `benchmark_version` is the data version of a benchmark that comes from another panel.
    """
    depends = {
        "spec": spec.to_json(),
        "data": data_version,
        "venue_tables": table_version,
        "engine": engine_version,
        "benchmark_data": benchmark_version,
    }
    text = json.dumps(depends, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

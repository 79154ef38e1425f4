"""A process of its own that writes a dataset, and may be made to die on the way.

usage: writer.py LAKE DATASET ROWS [fsync|replace N]    dies by SIGKILL at the N-th call of that kind
       writer.py LAKE DATASET hold                      takes the lock, says "held", keeps it
       writer.py LAKE DATASET add NUMBER                adds one symbol to what is there
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from tests.marketdata.market import clean_bars, raw, snapshot

from midas.core.clock import SystemClock
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.snapshot import Snapshot


def die_at(name: str, number: int) -> None:
    real: Callable[..., Any] = getattr(os, name)
    left = [number]

    def deadly(*given: Any, **named: Any) -> Any:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return real(*given, **named)

    setattr(os, name, deadly)


def hold(lake: Lake, dataset: str) -> None:
    def wait(present: Snapshot | None) -> Snapshot:
        print("held", flush=True)
        time.sleep(60)
        return present or snapshot(clean_bars())

    lake.update(dataset, wait)


def main(root: str, dataset: str, what: str, *rest: str) -> None:
    lake = Lake(Path(root), SystemClock())
    if what == "hold":
        hold(lake, dataset)
    elif what == "add":
        frame = clean_bars(symbols=1, seed=int(rest[0])).with_columns(symbol=pl.lit(f"N{rest[0]}.XNYS"))
        import_bars(lake, raw(frame, dataset=dataset))
    else:
        if rest:
            die_at(rest[0], int(rest[1]))
        lake.write(dataset, snapshot(clean_bars()[: int(what)]))
        lake.panel(dataset)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

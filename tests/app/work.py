"""Jobs for tests, importable by the processes that do them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from midas.core.errors import DataInvalid


def succeed(report):
    report(0.5, "half")
    return {"pid": os.getpid()}


def fail(report):
    raise DataInvalid("the file is wrong", hint="mend it", code="data_wrong", findings=("row 3",))


def crash(report):
    raise ZeroDivisionError("a secret detail")


def die(report):
    os._exit(9)


def try_and_fail(begun: Path, report):
    report(0.1, "two trials begun", {"idea": ["one", "other"]})
    begun.touch()
    raise ZeroDivisionError


def try_and_die(begun: Path, report):
    report(0.1, "two trials begun", {"idea": ["one", "other"]})
    begun.touch()
    os._exit(9)


def silent_forever(report):
    while True:
        time.sleep(0.01)


def talk_forever(report):
    while True:
        report(0.25, "still here")
        time.sleep(0.01)


def wait_for(file: Path, report):
    while not file.exists():
        report(0.1, "waiting")
        time.sleep(0.01)
    return "seen"


def wait_silently_for(file: Path, report):
    while not file.exists():
        time.sleep(0.01)
    return "seen"

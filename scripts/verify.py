"""Run every test that proves a figure, at full size, and write the reliability report.

usage: verify.py [--scale N] [--minutes M]

Tests marked `figure(row)` read MIDAS_TEST_SCALE: 1 in `make test`, 50 here. What they counted they leave as properties
(`record_property`): `runs`, `seeds`, `planted`, or whatever the figure is told in.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from midas.core.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "reliability" / "REPORT.md"
FULL = 50


@dataclass(slots=True)
class Figure:
    """What the tests of one row left: how each ended, and what was counted."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    seconds: float = 0.0


def prove(scale: int, minutes: float) -> tuple[int, Path]:
    """Run the tests; return pytest's exit code and its record."""
    record = Path(tempfile.mkdtemp(prefix="midas-verify-")) / "record.xml"
    command = [
        sys.executable, "-m", "pytest", "-m", "figure", "-n", "2", "--dist", "worksteal", "-q",
        "-p", "no:cacheprovider", f"--junitxml={record}",
        "-o", "junit_family=xunit1",  # the newer one has no room for properties
    ]  # fmt: skip
    environment = os.environ | {"MIDAS_TEST_SCALE": str(scale)}
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=minutes * 60, check=False)
    return done.returncode, record


def figures(record: Path) -> dict[str, Figure]:
    """Return what was proven, by row."""
    rows: dict[str, Figure] = defaultdict(Figure)
    for case in ElementTree.parse(record).iter("testcase"):
        named = [(p.get("name", ""), p.get("value", "")) for p in case.iter("property")]
        name = f"{case.get('classname')}.{case.get('name')}"
        for row in {value for key, value in named if key == "figure"}:
            one = rows[row]
            one.seconds += float(case.get("time", "0"))
            one.counted += [f"{key} {value}" for key, value in named if key != "figure"]
            if case.find("failure") is not None or case.find("error") is not None:
                one.failed.append(name)
            elif (skip := case.find("skipped")) is not None:
                one.skipped.append(f"{name}: {skip.get('message')}")
            else:
                one.passed += 1
    return dict(rows)


def report(rows: dict[str, Figure], scale: int, took_s: float, now: datetime) -> str:
    """Return the report's text."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [
        "# Reliability report",
        "",
        f"Written by `python scripts/verify.py --scale {scale}` at commit {commit.stdout.strip()}, {now:%Y-%m-%d %H:%M}"
        f" UTC, in {took_s / 60:.1f} minutes. Scale {FULL} is the full size of a figure.",
        "",
        "| row | tests passed | failed | skipped | counted | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=_natural):
        one = rows[row]
        counted = "; ".join(one.counted) or "–"
        lines.append(
            f"| {row} | {one.passed} | {len(one.failed)} | {len(one.skipped)} | {counted} | {one.seconds:.0f} |"
        )
    lines += ["", *[f"- **{row} failed**: {name}" for row in sorted(rows) for name in rows[row].failed]]
    lines += [f"- {row} skipped: {why}" for row in sorted(rows) for why in rows[row].skipped]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Prove, write, and return pytest's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=FULL)
    parser.add_argument("--minutes", type=float, default=150.0)
    asked = parser.parse_args()
    begun = time.monotonic()
    code, record = prove(asked.scale, asked.minutes)
    rows = figures(record)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report(rows, asked.scale, time.monotonic() - begun, SystemClock().now_utc()))
    print(REPORT.read_text())
    return code


def _natural(row: str) -> tuple[str, int, str]:
    letters, digits, rest = re.fullmatch(r"([A-Z]*)(\d*)(.*)", row).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0), rest


if __name__ == "__main__":
    sys.exit(main())

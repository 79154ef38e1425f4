"""Prove the figures of the reliability report at full size, row by row, and write docs/reliability/REPORT.md.

usage: verify.py [--only R1,R2] [--scale N] [--take ROWS.json ...]

A row's tests are those marked `figure(row)`. They read MIDAS_TEST_SCALE (1 in `make test`, 50 here) and leave what they
counted as properties (`record_property`); a row holds when all passed, none was skipped, and no less was counted than
it asks for. Rows that are not proven this time keep what is known of them, at the commit they were proven at. `--take`
proves nothing and adds what was proven elsewhere, each row as it was last proven.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from midas.core.clock import SystemClock

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reliability"
REPORT, KEPT = FOLDER / "REPORT.md", FOLDER / "rows.json"
FULL = 50


class Lane(Enum):
    """A row that measures a few milliseconds is alone, and first: the machine is as quiet then as it will be.

    Of those that mostly wait, for disks, databases and other processes, two are at work at a time, in the order below.
    Those that only compute have what these leave of the processors, one after the other, and give way to them.
    """

    ALONE = "alone"
    WAITS = "waits"
    COMPUTES = "computes"


@dataclass(frozen=True, slots=True)
class Row:
    """What must be true, and of how much: properties and the least their sums may be at full size.

    lane : how it shares the machine, see `Lane`. minutes : after so long it hangs.
    """

    row: str
    goal: str
    least: dict[str, int]
    lane: Lane = Lane.WAITS
    minutes: float = 30.0


ROWS = (
    Row("H4", "signal to commit p99 10 ms, commit to the broker call p99 20 ms at 100 orders/s; 200 orders/s durable",
        {"orders": 4_000}, Lane.ALONE),
    Row("R5", "kill -9 at 40 or more persisted steps, SQLite and PostgreSQL: nothing doubled, nothing orphaned",
        {"kills": 400, "points": 80}, minutes=60.0),
    Row("R11", "from a pulled kill switch to the last order sent: 250 ms at most; holds across restarts",
        {"trials": 100}),
    Row("B7", "8 workers at once: no lost update, no write skew", {"operations": 40_000}),
    Row("R5b", "1,000 open orders and 500 positions: ready again within 5 s, reconciled within 2 s (R12)",
        {"restarts": 40, "kills": 50}),
    Row("R10", "an owner that was stopped writes nothing once it is followed, within 10 s", {"trials": 20}),
    Row("B5", "SQLite, writer killed -9: integrity_check ok, everything told is there", {"kills": 500}),
    Row("R12", "reconcile: equal or in quarantine; a second look changes nothing", {"pairs": 10_000}),
    Row("R2", "the same, commands interleaved, with shrinking", {"runs of 50 steps": 5_000}),
    Row("R3b", "the same seed is the same day, under any PYTHONHASHSEED", {"seeds": 1_000}),
    Row("B2", "database sessions ended at any moment: nothing lost or doubled", {"sessions ended": 2_000}),
    Row("B1", "PostgreSQL crashes in the middle of transactions: no invariant broken", {"crashes": 10}),
    Row("R14", "double entry adds up to 0 in each currency, after every test; what does not is found", {"planted": 4}),
    Row("R9", "skewed and jumping clocks, DST, leap day, midnights: daily jobs run once", {"cases": 200}),
    Row("LAW", "what was tested is what is traded: every library strategy through `midas trader`, killed 20 times",
        {"kills": 120, "strategies": 21}, minutes=60.0),
    Row("R3", "the whole daemon, simulated: 0 duplicate, orphan, lost or stuck orders; books equal the broker's",
        {"seeds": 100_000}, Lane.COMPUTES, minutes=90.0),
    Row("R13", "risk gate: says what a slow oracle says; nothing passes where an input is stale or missing",
        {"orders": 1_000_000}, Lane.COMPUTES, minutes=60.0),
    Row("R7", "fill streams: each execution booked once, in any order, doubled, taken back or told as totals",
        {"streams": 200_000}, Lane.COMPUTES),
    Row("R1", "order reducer: position and cash are those of the unique fills, no illegal move",
        {"sequences": 2_000_000}, Lane.COMPUTES),
    Row("R4", "15 and more planted bugs, each found within 5,000 seeds",
        {"planted bugs found": 15}, Lane.COMPUTES, minutes=60.0),
)  # fmt: skip


@dataclass(slots=True)
class Proof:
    """What came of a row: where and how it was tried, how its tests ended, and what they counted."""

    row: str
    commit: str
    date: str
    command: str
    scale: int
    seconds: float = 0.0
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def read(self, record: Path) -> None:
        """Take in what pytest recorded."""
        counted: Counter[str] = Counter()
        for case in ElementTree.parse(record).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            for each in case.iter("property"):
                key, value = each.get("name", ""), each.get("value", "")
                if value.isdigit():
                    counted[key] += int(value)
                elif key != "figure":
                    self.told.append(f"{key}: {value}")
            if (failure := case.find("failure")) is not None or (failure := case.find("error")) is not None:
                self.failed.append(f"{name}: {_first_line(failure.get('message') or '')}")
            elif (skip := case.find("skipped")) is not None:
                self.skipped.append(f"{name}: {skip.get('message')}")
            else:
                self.passed += 1
        self.counted = dict(counted)

    def verdict(self, row: Row) -> str:
        """Return in a word whether the row is proven."""
        if self.failed:
            return "**FAILED**"
        if self.skipped or not self.passed:
            return "**NOT RUN** (skipped)"
        if self.scale < FULL:
            return f"**ONLY AT {self.scale}/{FULL}**"
        short = [name for name, least in row.least.items() if self.counted.get(name, 0) < least]
        return f"**TOO FEW** ({', '.join(short)})" if short else "holds"


def prove(row: Row, scale: int) -> Proof:
    """Run a row's tests."""
    words = ["pytest", "-q", "-p", "no:cacheprovider", "--figure", row.row, *_files(row)]
    told = f"MIDAS_TEST_SCALE={scale} python -m {' '.join(words)}"
    proof = Proof(row.row, _commit(), f"{SystemClock().now_utc():%Y-%m-%d %H:%M} UTC", told, scale)
    record = Path(tempfile.mkdtemp(prefix="midas-verify-")) / "record.xml"
    # the newer family has no room for properties
    more = [f"--junitxml={record}", "-o", "junit_family=xunit1", f"--timeout={row.minutes * 60:.0f}"]
    proof.told.append(f"the machine's load when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    begun_s, stolen_s = time.monotonic(), _stolen_s()
    meek = ["nice", "-n", "19"] if row.lane is Lane.COMPUTES else []
    with subprocess.Popen(
        [*meek, sys.executable, "-m", *words, *more],
        cwd=ROOT,
        env=os.environ | {"MIDAS_TEST_SCALE": str(scale)},
        start_new_session=True,
    ) as running:
        try:
            code = running.wait(row.minutes * 60 * max(1.0, scale / FULL) + 60)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            proof.failed.append(f"not over after {row.minutes:.0f} minutes")
            code = 0
    proof.seconds = round(time.monotonic() - begun_s, 1)
    lost = (_stolen_s() - stolen_s) / (proof.seconds or 1.0) / (os.cpu_count() or 1)
    proof.told.append(f"of its processors the machine's host gave {lost:.0%} to others meanwhile")
    if record.exists():
        proof.read(record)
    if code and not proof.failed:
        proof.failed.append(f"pytest ended with {code}")
    return proof


def prove_all(rows: Sequence[Row], scale: int, kept: dict[str, Proof]) -> dict[str, float]:
    """Prove rows, several at a time where they allow it, and write the report after each.

    Returns after how many minutes each was done.
    """
    writing, begun_s, done = Lock(), time.monotonic(), dict[str, float]()

    def one(row: Row) -> None:
        proof = prove(row, scale)
        with writing:
            kept[row.row] = proof
            done[row.row] = (time.monotonic() - begun_s) / 60
            write(kept)
            print(f"{row.row} {proof.verdict(row)} in {proof.seconds:.0f} s", flush=True)

    def of(lane: Lane) -> list[Row]:
        return [row for row in rows if row.lane is lane]

    for row in of(Lane.ALONE):
        one(row)
    with ThreadPoolExecutor(1) as computing, ThreadPoolExecutor(2) as waiting:
        under_way = [computing.map(one, of(Lane.COMPUTES)), waiting.map(one, of(Lane.WAITS))]
        for ended in under_way:
            list(ended)
    return done


def write(kept: dict[str, Proof], whole: str = "") -> None:
    """Write what is known, for people and for the next time; `whole` says how long all of it took in one go."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    whole = whole or _known(KEPT).get("whole", "")
    rows = [asdict(kept[name]) for name in sorted(kept, key=_natural)]
    KEPT.write_text(json.dumps({"whole": whole, "rows": rows}, indent=1) + "\n")
    REPORT.write_text(report(kept, whole))


def known(*files: Path) -> dict[str, Proof]:
    """Return what was proven before, the latest of each row."""
    names = {row.row for row in ROWS}
    proofs = [Proof(**each) for file in files for each in _known(file).get("rows", ())]
    return {proof.row: proof for proof in sorted(proofs, key=lambda each: each.date) if proof.row in names}


def _known(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def report(kept: dict[str, Proof], whole: str) -> str:
    """Return the report's text."""
    rows = sorted(ROWS, key=lambda row: _natural(row.row))
    verdicts = {row.row: kept[row.row].verdict(row) if row.row in kept else "**NOT RUN**" for row in rows}
    holding = [name for name, verdict in verdicts.items() if verdict == "holds"]
    lines = [
        "# Reliability report",
        "",
        "Written by `scripts/verify.py` (`make verify`), never by hand. Seeds begin at 0 and are counted up.",
        "",
        f"**{len(holding)} of {len(rows)} rows hold.**"
        + "".join(f" {name}: {verdict}." for name, verdict in verdicts.items() if verdict != "holds"),
        *(["", whole] if whole else []),
        "",
        "| row | what must be true | asked for | counted | result | failures | commit | date | duration |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(row, kept.get(row.row), verdicts[row.row]) for row in rows),
    ]
    for row in rows:
        if row.row in kept:
            lines += ["", *_details(kept[row.row])]
    return "\n".join(lines) + "\n"


def _line(row: Row, proof: Proof | None, verdict: str) -> str:
    asked = _counts(row.least)
    if proof is None:
        return f"| {row.row} | {row.goal} | {asked} | – | {verdict} | – | – | – | – |"
    return (
        f"| {row.row} | {row.goal} | {asked} | {_counts(proof.counted)} | {verdict} | {len(proof.failed)} "
        f"| {proof.commit} | {proof.date} | {proof.seconds / 60:.1f} min |"
    )


def _details(proof: Proof) -> Iterable[str]:
    yield f"## {proof.row}"
    yield ""
    yield f"`{proof.command}`: {proof.passed} passed, {len(proof.failed)} failed, {len(proof.skipped)} skipped."
    if proof.failed or proof.skipped or proof.told:
        yield ""
    yield from (f"- **failed** {each}" for each in proof.failed)
    yield from (f"- **skipped** {each}" for each in proof.skipped)
    yield from (f"- {each}" for each in proof.told)


def _counts(counts: dict[str, int]) -> str:
    return "; ".join(f"{many:,} {name}" for name, many in counts.items()) or "–"


def _files(row: Row) -> list[str]:
    mark = f'figure("{row.row}")'
    return [str(each.relative_to(ROOT)) for each in sorted(ROOT.glob("tests/**/test_*.py")) if mark in each.read_text()]


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    # what this script writes does not change what is proven
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/reliability")
    return git("rev-parse", "--short=10", "HEAD") + ("+changes" if changed else "")


def _stolen_s() -> float:
    # what a host took of a virtual machine's time, of all processors; nothing is known of it but on Linux
    file = Path("/proc/stat")
    return int(file.read_text().split()[8]) / os.sysconf("SC_CLK_TCK") if file.exists() else 0.0


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")[:300]


def _natural(row: str) -> tuple[str, int, str]:
    letters, digits, rest = re.fullmatch(r"([A-Z]*)(\d*)(.*)", row).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0), rest


def main() -> int:
    """Prove and write; 0 where every row that was asked for holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows, separated by commas")
    parser.add_argument("--scale", type=int, default=FULL)
    parser.add_argument("--take", type=Path, nargs="+", default=[], help="rows.json of other places")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name]
    if unknown := set(names) - {row.row for row in ROWS}:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    rows = [row for row in ROWS if not names or row.row in names]
    kept = known(KEPT, *asked.take)
    if asked.take:
        write(kept)
        return 0
    at = _commit()
    done = prove_all(rows, asked.scale, kept)
    if len(rows) == len(ROWS) and asked.scale == FULL:
        holding = sum(kept[row.row].verdict(row) == "holds" for row in rows)
        day = f"{SystemClock().now_utc():%Y-%m-%d}"
        named = max(minutes for row, minutes in done.items() if row not in ("H4", "LAW"))
        write(
            kept,
            f"All rows in one go, last at {at} on {day}: {max(done.values()):.1f} minutes, {holding} of them held. "
            f"The rows R and B were done after {named:.1f}.",
        )
    print(REPORT.read_text())
    return int(any(kept[row.row].verdict(row) != "holds" for row in rows))


if __name__ == "__main__":
    sys.exit(main())

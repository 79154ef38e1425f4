"""The reliability report says of a row that it holds only where all of it was proven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts import verify
from scripts.verify import FULL, ROWS, Proof, Row

ROW = Row("R1", "the sums are right", {"sequences": 100})

RECORD = """<testsuites><testsuite>
<testcase classname="tests.a" name="one"><properties><property name="figure" value="R1"/>
<property name="sequences" value="60"/><property name="p99" value="3 ms"/></properties></testcase>
<testcase classname="tests.a" name="two"><properties><property name="sequences" value="{second}"/></properties>{end}
</testcase></testsuite></testsuites>"""


def proof(tmp_path: Path, second: int = 40, end: str = "", scale: int = FULL) -> Proof:
    (tmp_path / "record.xml").write_text(RECORD.format(second=second, end=end))
    made = Proof("R1", "abc", "2026-01-01 00:00 UTC", "pytest", scale)
    made.read(tmp_path / "record.xml")
    return made


class TestVerdict:
    def test_holds_where_enough_was_counted(self, tmp_path: Path) -> None:
        made = proof(tmp_path)
        assert (made.verdict(ROW), made.passed, made.counted) == ("holds", 2, {"sequences": 100})
        assert made.told == ["p99: 3 ms"]

    @pytest.mark.parametrize(
        ("changes", "verdict"),
        [
            ({"second": 39}, "**TOO FEW** (sequences)"),
            ({"end": '<failure message="assert 1 == 2"/>'}, "**FAILED**"),
            ({"end": '<error message="no"/>'}, "**FAILED**"),
            ({"end": '<skipped message="no PostgreSQL"/>'}, "**NOT RUN** (skipped)"),
            ({"scale": 1}, "**ONLY AT 1/50**"),
        ],
    )
    def test_does_not_otherwise(self, tmp_path: Path, changes: dict[str, object], verdict: str) -> None:
        assert proof(tmp_path, **changes).verdict(ROW) == verdict  # type: ignore[arg-type]

    def test_no_test_is_no_proof(self) -> None:
        assert Proof("R1", "abc", "", "", FULL).verdict(ROW).startswith("**NOT RUN**")


class TestReport:
    def test_says_loudly_what_was_not_run(self, tmp_path: Path) -> None:
        told = verify.report({"R1": proof(tmp_path, second=10**7)}, "")
        assert f"**1 of {len(ROWS)} rows hold.**" in told
        assert " R3: **NOT RUN**." in told
        assert "| R1 | " in told
        assert "10,000,060 sequences | holds | 0 | abc | 2026-01-01 00:00 UTC" in told

    def test_of_two_proofs_the_later_counts(self, tmp_path: Path) -> None:
        for name, date in (("a", "2026-01-02"), ("b", "2026-01-01")):
            row = {"row": "R1", "commit": name, "date": date, "command": "", "scale": 50}
            (tmp_path / name).write_text(json.dumps({"rows": [row]}))
        assert verify.known(tmp_path / "a", tmp_path / "b")["R1"].commit == "a"


class TestRows:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.row)
    def test_have_tests(self, row: Row) -> None:
        assert verify._files(row)

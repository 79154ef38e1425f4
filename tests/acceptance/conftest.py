"""Real data that lives outside the project, beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real market data and vendor samples; the test is skipped where there is none."""
    folder = Path(os.environ.get("MIDAS_ACCEPTANCE_DATA", PROJECT.parent / "shared"))
    if (folder / "data" / "MANIFEST.json").is_file():
        return folder
    if os.environ.get("MIDAS_REQUIRE_ACCEPTANCE") == "1":
        pytest.fail(f"the acceptance data is required here but {folder} does not hold it")
    pytest.skip(f"the acceptance data is not at {folder}")

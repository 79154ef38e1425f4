from __future__ import annotations

import polars as pl
import pytest
from tests.reports.page import Page
from tests.reports.synthetic import backtest

from midas.reports.sheet import TearSheetInput
from midas.reports.tearsheet import render


@pytest.fixture(scope="session")
def run() -> tuple[TearSheetInput, pl.DataFrame]:
    """Thirteen years of five names, as large as the sample market."""
    return backtest()


@pytest.fixture(scope="session")
def sheet(run) -> TearSheetInput:
    return run[0]


@pytest.fixture(scope="session")
def source(run) -> str:
    return render(*run)


@pytest.fixture(scope="session")
def page(source) -> Page:
    return Page(source)

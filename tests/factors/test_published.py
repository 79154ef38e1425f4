"""The factor library: all of it reads, checks, runs and looks only backward; a part of it against pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.factors.markets import bars, panel_of, same, values

from midas.core.clock import ManualClock
from midas.core.errors import NotFound, StrategyInvalid
from midas.factors.evaluate import evaluate_all
from midas.factors.plan import Plan, compile_plan, plan_together
from midas.factors.published import every, left_out, published
from midas.factors.text import parse
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import import_bars
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.source import PullRequest
from midas.marketdata.universe import select
from midas.strategies.yaml_form import load_yaml

Frame = pd.DataFrame

LIBRARY = {factor.name: factor for factor in every()}
RAW = bars(400, 24, seed=31)
PANEL = panel_of(RAW)
OPEN, HIGH, LOW, CLOSE, VOLUME = (Frame(RAW[name]) for name in ("open", "high", "low", "close", "volume"))
RETURNS = CLOSE / CLOSE.shift(1) - 1
MOVE = CLOSE.diff()
VWAP = (HIGH + LOW + CLOSE) / 3


def together(panel: Panel) -> np.ndarray:
    plan = plan_together([compile_plan(factor.node) for factor in LIBRARY.values()])
    return evaluate_all(plan, panel, 0, panel.rows, np.arange(panel.rows))


class TestAll:
    def test_there_are_as_many_as_were_published(self) -> None:
        count = {name: sum(factor.set == name for factor in LIBRARY.values()) for name in ("alpha101", "alpha158")}
        assert count == {"alpha101": 101 - len(left_out("alpha101")), "alpha158": 158}
        assert list(left_out("alpha101")) == ["alpha_056"]

    def test_each_names_its_source_and_where_it_differs(self) -> None:
        for factor in LIBRARY.values():
            assert factor.source, factor.name
            assert factor.adapted, factor.name
            assert 0 <= compile_plan(factor.node).warmup <= 300, factor.name

    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(NotFound, match="alpha_056"):
            published("alpha_056")

    def test_every_one_has_values_and_sees_nothing_of_what_comes_later(self) -> None:
        full = together(PANEL)
        cut = together(panel_of({name: matrix[:350] for name, matrix in RAW.items()}))
        for at, name in enumerate(LIBRARY):
            assert np.isfinite(full[at, 300:]).mean() > 0.3, name
            assert not np.isinf(full[at]).any(), name
            assert same(full[at, :350], cut[at]), name

    def test_every_one_has_values_on_the_sample_market(self, tmp_path: Path) -> None:
        lake = Lake(tmp_path, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
        symbols = ("AAPL", "GOOG", "IBM", "MSFT")
        raw = SampleSource().fetch(PullRequest(symbols=symbols, start=date(2011, 1, 1)))
        import_bars(lake, raw[0])
        found = together(select(lake, "sample", symbols).panel)
        # Among four names a place stays the same for many days, and what does not move correlates with nothing.
        missing = [name for at, name in enumerate(LIBRARY) if not np.isfinite(found[at]).any()]
        assert all("correlation(rank" in LIBRARY[name].formula for name in missing), missing
        assert len(missing) <= 5, missing


class TestInAStrategy:
    FILE = "name: x\nlet: {score: alpha_012.rank()}\ntargets: (score + roc_20).top(3).slot()"

    def test_a_file_may_name_a_factor(self) -> None:
        expected = parse(
            "((sign(volume.diff(1)) * (-1 * close.diff(1))).rank() + close.shift(20) / close).top(3).slot()"
        )
        assert load_yaml(self.FILE).targets == expected

    def test_its_own_names_come_first(self) -> None:
        assert load_yaml("name: x\nlet: {roc_20: close * 2}\ntargets: roc_20.rank()").targets == parse(
            "(close * 2).rank()"
        )

    def test_a_word_that_means_nothing_is_refused(self) -> None:
        with pytest.raises(StrategyInvalid, match="alpha_102"):
            load_yaml("name: x\ntargets: alpha_102.rank()")


def ranked(x: Frame) -> Frame:
    return x.rank(axis=1, pct=True)


# Of equals the first column ranks higher.
def ordered(x: Frame) -> Frame:
    place = x.rank(axis=1, method="first", ascending=False)
    return place.rsub(place.count(axis=1) + 1, axis=0).div(place.count(axis=1), axis=0)


def placed(x: Frame, n: int) -> Frame:
    return x.rolling(n).rank(pct=True)


def correlated(x: Frame, y: Frame, n: int) -> Frame:
    return x.rolling(n).corr(y)


def scaled(x: Frame) -> Frame:
    return x.div(x.abs().sum(axis=1), axis=0)


def faded(x: Frame, n: int) -> Frame:
    weights = np.arange(1, n + 1) / (n * (n + 1) / 2)
    return x.rolling(n).apply(lambda window: window @ weights, raw=True)


def line(n: int, what: Callable[[np.ndarray, np.ndarray], float]) -> Frame:
    x = np.arange(n, dtype=float)
    return CLOSE.rolling(n).apply(lambda y: what(x, y), raw=True)


def residual(x: np.ndarray, y: np.ndarray) -> float:
    slope, intercept = np.polyfit(x, y, 1)
    return float(y[-1] - intercept - slope * x[-1])


def outlook() -> Frame:
    bend = (CLOSE.shift(20) - CLOSE.shift(10)) / 10 - (CLOSE.shift(10) - CLOSE) / 10
    found = pd.DataFrame(np.where(bend > 0.25, -1.0, np.where(bend < 0, 1.0, -MOVE)))
    return found.where(bend.notna())


def within() -> Frame:
    return ((CLOSE - LOW) - (HIGH - CLOSE)) / (HIGH - LOW)


ORACLES: dict[str, Callable[[], Frame]] = {
    "alpha_003": lambda: -correlated(ranked(OPEN), ranked(VOLUME), 10),
    "alpha_004": lambda: -placed(ranked(LOW), 9),
    "alpha_009": lambda: MOVE.where((MOVE.rolling(5).min() > 0) | (MOVE.rolling(5).max() < 0), -MOVE).where(
        MOVE.rolling(5).min().notna()
    ),
    "alpha_012": lambda: np.sign(VOLUME.diff()) * -MOVE,
    "alpha_019": lambda: -np.sign(CLOSE.diff(7)) * (1 + ranked(1 + RETURNS.rolling(250).sum())),
    "alpha_032": lambda: scaled(CLOSE.rolling(7).mean() - CLOSE) + 20 * scaled(correlated(VWAP, CLOSE.shift(5), 230)),
    "alpha_042": lambda: ranked(VWAP - CLOSE) / ranked(VWAP + CLOSE),
    "alpha_043": lambda: placed(VOLUME / VOLUME.rolling(20).mean(), 20) * placed(-CLOSE.diff(7), 8),
    "alpha_046": outlook,
    "alpha_053": lambda: -((CLOSE - LOW - (HIGH - CLOSE)) / (CLOSE - LOW)).diff(9),
    "alpha_057": lambda: -(CLOSE - VWAP) / faded(ordered(CLOSE.rolling(30).apply(np.argmax, raw=True)), 2),
    "alpha_060": lambda: -(
        2 * scaled(ranked(within() * VOLUME)) - scaled(ordered(CLOSE.rolling(10).apply(np.argmax, raw=True)))
    ),
    "alpha_084": lambda: placed(VWAP - VWAP.rolling(15).max(), 20) ** CLOSE.diff(4),
    "alpha_101": lambda: (CLOSE - OPEN) / (HIGH - LOW + 0.001),
    "ksft2": lambda: (2 * CLOSE - HIGH - LOW) / (HIGH - LOW + 1e-12),
    "klow": lambda: (np.minimum(OPEN, CLOSE) - LOW) / OPEN,
    "beta_10": lambda: line(10, lambda x, y: float(np.polyfit(x, y, 1)[0])) / CLOSE,
    "rsqr_20": lambda: line(20, lambda x, y: float(np.corrcoef(x, y)[0, 1] ** 2)),
    "resi_20": lambda: line(20, residual) / CLOSE,
    "qtlu_30": lambda: CLOSE.rolling(30).quantile(0.8) / CLOSE,
    "imax_20": lambda: (HIGH.rolling(20).apply(np.argmax, raw=True) + 1) / 20,
    "imxd_10": lambda: (
        HIGH.rolling(10).apply(np.argmax, raw=True) - LOW.rolling(10).apply(np.argmin, raw=True)
    ) / 10,
    "cord_20": lambda: correlated(CLOSE / CLOSE.shift(1), np.log(VOLUME / VOLUME.shift(1) + 1), 20),
    "sumd_10": lambda: MOVE.rolling(10).sum() / (MOVE.abs().rolling(10).sum() + 1e-12),
    "wvma_5": lambda: (RETURNS.abs() * VOLUME).rolling(5).std() / (RETURNS.abs() * VOLUME).rolling(5).mean(),
}  # fmt: skip


@pytest.mark.parametrize("name", ORACLES)
def test_factor(name: str) -> None:
    with np.errstate(all="ignore"):
        expected = ORACLES[name]().to_numpy()
    found = values(LIBRARY[name].node, PANEL)
    assert np.isfinite(expected).sum() > expected.size / 4
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_what_they_share_is_computed_once() -> None:
    plans: list[Plan] = [compile_plan(factor.node) for factor in LIBRARY.values()]
    assert len(plan_together(plans).nodes) < sum(len(plan.nodes) for plan in plans) * 0.6

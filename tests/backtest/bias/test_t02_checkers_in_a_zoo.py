"""Every leak in the zoo is caught, and no honest rule is accused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.backtest.bias.zoo import CLEAN, LEAKY, Arrays, Matrix
from tests.strategies.panels import panel_of

from midas.backtest.bias.check import check_function, check_strategy
from midas.backtest.bias.finding import Verdict
from midas.core.basis import Basis
from midas.core.errors import InvalidInput, StrategyInvalid
from midas.factors.text import parse
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.registry import build, library
from midas.strategies.schedule import Every

Fields = dict[str, NDArray[np.float64]]


def bars(rows: int = 300, columns: int = 8, seed: int = 4) -> Fields:
    """A random walk with gaps and names that are listed late or end early."""
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.02, (rows, columns)), axis=0))
    opened = close * np.exp(random.normal(0, 0.01, close.shape))
    high = np.maximum(opened, close) * np.exp(random.exponential(0.005, close.shape))
    low = np.minimum(opened, close) * np.exp(-random.exponential(0.005, close.shape))
    volume = np.round(np.exp(random.normal(12, 0.5, close.shape)))
    absent = random.random(close.shape) < 0.02
    absent[:40, 1] = absent[-60:, 2] = True
    fields = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    return {name: np.where(absent, np.nan, values) for name, values in fields.items()}


def market(fields: Fields | None = None) -> Panel:
    return panel_of(**(fields or bars()))


def honest(arrays: Arrays) -> Matrix:
    return np.asarray(CLEAN["two averages"](arrays))


def test_the_zoo_is_large_enough() -> None:
    assert len(LEAKY) + len(TAMPERED) >= 30
    assert len(CLEAN) + len(library()) >= 30


@pytest.mark.parametrize("name", LEAKY)
def test_a_leak_is_caught(name: str) -> None:
    assert check_function(LEAKY[name], market()).verdict is Verdict.LEAK


@pytest.mark.parametrize("name", CLEAN)
def test_an_honest_rule_is_not_accused(name: str) -> None:
    report = check_function(CLEAN[name], market())
    assert report.verdict is Verdict.FINE, report


@pytest.mark.parametrize("name", [info.name for info in library()])
def test_no_strategy_of_the_library_is_accused(name: str) -> None:
    short = {
        "lookback": 20, "value": 40, "slow": 15, "fast": 5, "signal": 4, "period": 10, "range_period": 5, "top": 3,
        "bottom": 3,
    }  # fmt: skip
    known = {spec.name for spec in build(name).params_spec}
    report = check_strategy(
        build(name, {key: value for key, value in short.items() if key in known}), market(bars(460))
    )
    assert report.verdict is not Verdict.LEAK, report
    # What is left may be a warning on delay or cost, which is about the edge and not about honesty.
    assert {finding.check for finding in report.findings if finding.verdict is not Verdict.FINE} <= {"delay", "cost"}


def ahead(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([values[1:], values[-1:]])


def adjusted_over_raw(fields: Fields) -> Fields:
    half = np.where(np.arange(len(fields["close"])) < 150, 0.5, 1.0)[:, None]
    return fields | {"close": fields["close"] * half}


def repeated(fields: Fields, share: float = 0.1) -> Fields:
    kept = {name: values.copy() for name, values in fields.items()}
    for row in np.flatnonzero(np.random.default_rng(1).random(len(kept["close"])) < share):
        for values in kept.values():
            values[row] = values[max(0, row - 1)]
    return kept


def telling_volume(fields: Fields) -> Fields:
    rises = ahead(fields["close"]) > fields["close"]
    return fields | {"volume": np.where(np.isnan(fields["close"]), np.nan, np.where(rises, 2e5, 1e5))}


TAMPERED: dict[str, Callable[[Fields], Fields]] = {
    "closes a day early": lambda fields: fields | {"close": ahead(fields["close"])},
    "opens a day early": lambda fields: fields | {"open": ahead(fields["open"])},
    "highs a day early": lambda fields: fields | {"high": ahead(fields["high"])},
    "lows a day early": lambda fields: fields | {"low": ahead(fields["low"])},
    "closes that are the next opens": lambda fields: {
        "open": fields["open"],
        "close": ahead(fields["open"]),
        "high": np.fmax(fields["high"], ahead(fields["open"])),
        "low": np.fmin(fields["low"], ahead(fields["open"])),
        "volume": fields["volume"],
    },
    "an adjusted close over raw bars": adjusted_over_raw,
    "gaps filled by repeating": repeated,
    "volume that tells the next day": telling_volume,
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_data_are_caught(name: str) -> None:
    def follow_volume(arrays: Arrays) -> Matrix:
        return np.asarray(arrays["volume"] > 1.5e5, np.float64)

    rule = follow_volume if "volume" in name else honest
    assert check_function(rule, market(TAMPERED[name](bars()))).verdict is not Verdict.FINE


class TestCheckStrategy:
    def test_a_level_is_no_leak_where_prices_are_as_quoted(self) -> None:
        raw = replace(market(), basis=Basis.RAW)
        assert check_function(lambda a: (a["raw_close"] > 50) * 1.0, raw).verdict is Verdict.FINE
        assert check_function(lambda a: (a["raw_close"] > 50) * 1.0, market()).verdict is Verdict.LEAK

    def test_a_graph_on_data_that_tell_the_next_day_loses_all_with_a_bar_of_delay(self) -> None:
        targets = parse("(volume > 150000).slot()")
        definition = Definition("knows", {}, (), targets, Every.BAR)
        # Each day opens where the last one closed, so that the whole move that was known can be had.
        known = telling_volume(bars())
        known["open"] = np.vstack([known["close"][:1], known["close"][:-1]])
        known["high"], known["low"] = (how(known["open"], known["close"]) for how in (np.maximum, np.minimum))
        findings = {each.check: each for each in check_strategy(definition, market(known)).findings}
        assert findings["delay"].verdict is Verdict.LEAK
        assert findings["clairvoyance"].verdict is Verdict.LEAK
        assert findings["truncation"].verdict is Verdict.FINE

    def test_costs_that_eat_half_of_the_gain_are_told(self) -> None:
        fields = {name: np.linspace(50, 50.6, 300)[:, None] * np.ones((1, 2)) for name in ("open", "high", "low")}
        fields |= {"close": fields["open"], "volume": np.full((300, 2), 1e9)}
        targets = parse("(close > 0).normalise()")
        findings = check_strategy(Definition("dear", {}, (), targets, Every.ONCE), market(fields)).findings
        assert {each.check: each.verdict for each in findings}["cost"] is Verdict.FINE

    def test_says_which_weight_changed(self) -> None:
        report = check_function(LEAKY["next close"], market())
        [told] = [each.sentence for each in report.findings if each.check == "truncation"]
        assert "N000" in told
        assert "2020-" in told

    def test_too_few_rows_are_refused(self) -> None:
        with pytest.raises(InvalidInput, match="39 rows are too few"):
            check_function(honest, market(bars(39)))

    def test_weights_of_another_shape_are_refused(self) -> None:
        with pytest.raises(StrategyInvalid, match="weights of shape"):
            check_function(lambda a: a["close"][:-1], market())

"""All checks of a strategy on a market."""

from __future__ import annotations

from dataclasses import dataclass

from midas.backtest.bias.data import mixed, stale, tomorrow
from midas.backtest.bias.finding import BiasFinding, Verdict, worst
from midas.backtest.bias.foresight import clairvoyance, level, poison, reads_data, repeatable, truncation
from midas.backtest.bias.rule import ArrayRule, Rule, array_rule, graph_rule
from midas.backtest.bias.runs import reruns
from midas.core.errors import InvalidInput
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.strategy import Strategy

FEWEST_ROWS = 40


@dataclass(frozen=True, slots=True)
class BiasReport:
    """What every check found, in the order they were made."""

    findings: tuple[BiasFinding, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest of all."""
        return worst(self.findings)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {"verdict": self.verdict.value, "findings": [finding.to_json() for finding in self.findings]}


def check_strategy(strategy: Strategy | Definition, panel: Panel, seed: int = 0) -> BiasReport:
    """Check a strategy for knowledge of the future on a market, and run it a bar later and at twice the cost.

    Raises
    ------
    InvalidInput: fewer than 40 rows.
    DataBlocked: the panel lacks a field the strategy reads.
    """
    definition = strategy if isinstance(strategy, Definition) else strategy.definition()
    found = _checked(graph_rule(definition), panel, seed)
    return BiasReport((*found, *reruns(definition, panel)))


def check_function(function: ArrayRule, panel: Panel, seed: int = 0) -> BiasReport:
    """Check a function over arrays, e.g. one written with NumPy or pandas, for knowledge of the future.

    `function` gets `{field: (row, instrument) matrix}` and returns weights of that shape; it is called about thirty
    times. What it raises is passed on.

    Raises
    ------
    InvalidInput: fewer than 40 rows.
    StrategyInvalid: an answer of another shape.
    """
    return BiasReport(_checked(array_rule(function), panel, seed))


def _checked(rule: Rule, panel: Panel, seed: int) -> tuple[BiasFinding, ...]:
    if panel.rows < FEWEST_ROWS:
        raise InvalidInput(
            f"{panel.rows} rows are too few to check a strategy on.",
            hint=f"Use {FEWEST_ROWS} or more, and more than its warm-up.",
            code="too_few_rows",
        )
    base = rule(panel)
    return (
        tomorrow(panel),
        mixed(panel),
        stale(panel),
        repeatable(rule, panel, base),
        truncation(rule, panel, base, seed),
        poison(rule, panel, base, seed),
        reads_data(rule, panel, base, seed),
        level(rule, panel, base, seed),
        clairvoyance(panel, base),
    )

"""What is checked: anything that turns a market into weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from midas.core.errors import StrategyInvalid
from midas.factors.evaluate import evaluate
from midas.factors.plan import compile_plan
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Matrix
from midas.strategies.definition import Definition

Rule = Callable[[Panel], Matrix]
"""Weights (row, instrument) for every row of a panel, NaN where there is none."""

ArrayRule = Callable[[Mapping[str, Matrix]], Matrix]
"""The same from plain arrays: a field's name to its (row, instrument) matrix."""


def graph_rule(definition: Definition) -> Rule:
    """Return the rule of a strategy graph, asked on every row."""
    plan = compile_plan(definition.targets)

    def weights(panel: Panel) -> Matrix:
        return evaluate(plan, panel, 0, panel.rows, np.arange(panel.rows), threads=1)

    return weights


def array_rule(function: ArrayRule) -> Rule:
    """Return the rule of a function over arrays; it is given copies.

    Raises
    ------
    StrategyInvalid: when the rule runs: the answer is not one weight for each row and instrument.
    """

    def weights(panel: Panel) -> Matrix:
        found = np.asarray(function({name: panel.matrix(name) for name in panel.fields}), np.float64)
        if found.shape != (panel.rows, panel.columns):
            raise StrategyInvalid(
                f"The function returned weights of shape {found.shape} for {panel.rows} rows of {panel.columns} names.",
                hint="Return one weight for each row and instrument, NaN where there is none.",
                code="bad_weights",
            )
        return found

    return weights

"""What a strategy computes: the plan of its targets, and those of the ranges its exits go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from midas.factors.market import Market
from midas.factors.plan import Plan, compile_plan
from midas.strategies.definition import Definition
from midas.strategies.exits import Exit, RangeExit


def plan_of(definition: Definition) -> Plan:
    """Return the plan of a strategy's targets; its warm-up covers what its exits go by, and what its code asks for."""
    plan = compile_plan(definition.targets)
    needed = [each.warmup for each in range_plans(definition.exits).values()]
    if definition.code is not None:
        needed.append(definition.code.warmup)
    return replace(plan, warmup=max(plan.warmup, *needed)) if needed else plan


def range_plans(exits: Sequence[Exit]) -> dict[int, Plan]:
    """Return, for each n that exits ask for, the plan of the average true range over the close.

    Both are adjusted prices, so their ratio is that of raw ones, through splits as well.
    """
    market = Market()
    asked = {policy.n for policy in exits if isinstance(policy, RangeExit)}
    return {n: compile_plan(market.atr(n) / market.close) for n in sorted(asked)}

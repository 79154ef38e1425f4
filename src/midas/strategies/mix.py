"""Several strategies in one account, as one graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from midas.core.errors import StrategyInvalid
from midas.factors.market import Market
from midas.factors.node import Node
from midas.strategies.definition import Definition, MixPart, Source
from midas.strategies.param import ParamSpec
from midas.strategies.schedule import Every

MAX_PARTS = 16
_LARGEST_SHARE = 10.0


@dataclass(frozen=True, slots=True)
class Share:
    """A strategy and the share of the capital it speaks for."""

    definition: Definition
    share: float


def mix(name: str, shares: Sequence[Share], *, source: Source = "graph", doc: str = "") -> Definition:
    """Return the strategy whose targets are the share-weighted sum of what each one said last.

    Each part is heard on its own schedule and held in between, so opposite orders net before they are sent, and there
    is one account and one cost. Parts of one schedule keep it; with several, a name is traded when its own sum changes
    (`change`). A name without a bar where a part speaks keeps what that part said of it before. A part that has not
    spoken yet stands for cash. A single part of the whole capital is that strategy itself.

    Raises
    ------
    StrategyInvalid: no part, too many, a share that is none, or exits, which would close what another part holds.
    """
    _require(name, shares)
    [first, *others] = shares
    if not others and first.share == 1.0:
        kept = first.definition
        itself = (MixPart(kept.name, 1.0, kept.every, _held(kept)),)
        return Definition(name, {}, (), kept.targets, kept.every, kept.exits, source, doc, itself)
    every = {one.definition.every for one in shares}
    parts = tuple(_part(one) for one in shares)
    total = parts[0].targets
    for part in parts[1:]:
        total = total + part.targets
    when = every.pop() if len(every) == 1 and Every.ONCE not in every else Every.CHANGE
    fixed = ParamSpec("every", "str", when.value, choices=(when.value,), doc="Follows from the parts.")
    return Definition(name, {}, (fixed,), total, when, (), source, doc, parts)


def _part(one: Share) -> MixPart:
    return MixPart(one.definition.name, one.share, one.definition.every, _held(one.definition) * one.share)


def _held(one: Definition) -> Node:
    said = one.targets
    if one.every is Every.CHANGE:
        heard = ~said.is_missing()
        return _kept(said, heard)
    heard = _any(~said.is_missing()) & _due(one.every) if one.every in _FLAGS else _any(~said.is_missing())
    if one.every is Every.ONCE:
        before = heard.latch().shift(1).fill(0.0)
        heard = heard & ~_any(before > 0.0)
    return _kept(said.fill(0.0), heard)


def _kept(said: Node, heard: Node) -> Node:
    # nothing that was said before the first decision counts: latch begins there
    return said.value_when(heard).where(heard.latch().fill(0.0) > 0.0, 0.0).fill(0.0)


def _any(flag: Node) -> Node:
    # the row's mean of a flag, from how far each name is off it
    number = flag.where(flag.equal(flag)) * 1.0
    return (number - number.demean()) > 0.0


_FLAGS = (Every.WEEK_END, Every.MONTH_END, Every.QUARTER_END, Every.YEAR_END)


def _due(every: Every) -> Node:
    market = Market()
    if every is Every.YEAR_END:
        return market.is_month_end & market.month_of_year.equal(12.0)
    return {
        Every.WEEK_END: market.is_week_end,
        Every.MONTH_END: market.is_month_end,
        Every.QUARTER_END: market.is_quarter_end,
    }[every]


def _require(name: str, shares: Sequence[Share]) -> None:
    if not 1 <= len(shares) <= MAX_PARTS:
        raise StrategyInvalid(
            f"The mix {name!r} has {len(shares)} strategies.", hint=f"Use 1 to {MAX_PARTS}.", code="bad_mix"
        )
    for one in shares:
        if not math.isfinite(one.share) or not 0.0 < abs(one.share) <= _LARGEST_SHARE:
            raise StrategyInvalid(
                f"The share of {one.definition.name!r} cannot be {one.share:g}.",
                hint="Use a share of the capital such as 0.5.",
                code="bad_mix",
            )
        if one.definition.exits and len(shares) > 1:
            raise StrategyInvalid(
                f"{one.definition.name!r} has exits, which would close what other strategies of the mix hold.",
                hint="Mix it without its exits, or run it in an account of its own.",
                code="bad_mix",
            )

"""A panel, its venue's rules and an account's terms, laid out for the matching kernel."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.core.money import minor_digits
from midas.execution.delistings import delistings, with_delistings
from midas.execution.slippage import BasisPoints, HalfSpread, Slippage, SquareRoot, VolumeShare
from midas.execution.terms import AccountTerms
from midas.kernels.fill import TERMS
from midas.kernels.world import BANNED, DAYS, PER_CLASS, PER_DAY
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Tiles
from midas.venues.rules import RuleArrays
from midas.venues.short_bans import short_banned

A = TypeVar("A", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a simulation reads, every array read-only and C-contiguous so that one compiled version serves all.

    For shapes see `kernels.matching.simulate`.
    """

    opens: Tiles
    highs: Tiles
    lows: Tiles
    closes: Tiles
    volumes: Tiles
    happenings: NDArray[np.float64]
    class_of: NDArray[np.int64]
    dated: NDArray[np.float64]
    ladders: NDArray[np.float64]
    terms: NDArray[np.float64]


def conditions(panel: Panel, rules: RuleArrays, terms: AccountTerms) -> Conditions:
    """Lay out everything an order meets; tick and limit rules hold for raw prices only."""
    if not panel.basis.is_raw:
        rules = without_grid(rules)
    closes = panel.tiles("raw_close")
    prices = {name: panel.fields.get(f"raw_{name}", closes) for name in ("open", "high", "low", "volume")}
    has_range = "raw_high" in panel.fields and "raw_low" in panel.fields
    return Conditions(
        opens=read_only(prices["open"]),
        highs=read_only(prices["high"]),
        lows=read_only(prices["low"]),
        closes=read_only(closes),
        volumes=read_only(prices["volume"]),
        happenings=read_only(with_delistings(happenings(panel.actions), delistings(panel), terms)),
        class_of=read_only(rules.class_of),
        dated=read_only(_dated(rules, terms, panel)),
        ladders=read_only(_ladders(rules)),
        terms=read_only(_terms(panel, rules, terms, has_range)),
    )


def happenings(actions: Actions) -> NDArray[np.float64]:
    """Return corporate actions as the table kernels read."""
    return np.column_stack((actions.row, actions.instrument, actions.kind, actions.value))


def without_grid(rules: RuleArrays) -> RuleArrays:
    """Return the rules without ticks and price limits, for prices that were never quoted."""
    return replace(rules, ladder_of=np.full_like(rules.ladder_of, -1), limit=np.full_like(rules.limit, np.nan))


def read_only(array: NDArray[A]) -> NDArray[A]:
    """Return a plain, read-only, C-contiguous view (a copy only where the layout asks for one)."""
    view = np.ascontiguousarray(np.asarray(array)).view()
    view.flags.writeable = False
    return view


def _dated(rules: RuleArrays, terms: AccountTerms, panel: Panel) -> NDArray[np.float64]:
    classes, rows = rules.lot.shape
    dated = np.empty((rows, PER_DAY + PER_CLASS * classes))
    if terms.commission_bps is None:
        per_day = (rules.buy_rate, rules.sell_rate, rules.sell_per_share, rules.sell_per_share_cap)
        dated[:, :DAYS] = np.column_stack(per_day)
    else:
        rate = terms.commission_bps / 1e4
        dated[:, :DAYS] = (rate, rate, 0.0, np.inf)
    dated[:, DAYS] = np.diff(panel.sessions.astype("datetime64[D]").astype(np.float64), prepend=np.nan)
    dated[:, BANNED] = short_banned(panel.venue, panel.sessions)
    for place, table in enumerate((rules.ladder_of, rules.limit, rules.lot, rules.sell_tax, rules.buy_tax)):
        dated[:, PER_DAY + place :: PER_CLASS] = table.T
    return dated


def _ladders(rules: RuleArrays) -> NDArray[np.float64]:
    # One more ladder without a step, for index -1.
    count, steps = rules.ladder_floor.shape
    ladders = np.full((count + 1, max(1, steps), 2), np.inf)
    ladders[:count, :steps, 0] = rules.ladder_floor
    ladders[:count, :steps, 1] = rules.ladder_tick
    return ladders


def _terms(panel: Panel, rules: RuleArrays, terms: AccountTerms, has_range: bool) -> NDArray[np.float64]:
    dealing = terms.dealing

    def of(kind: type[Slippage]) -> float:
        numbers = [float(value) for model in dealing.models if isinstance(model, kind) for value in astuple(model)]
        return sum(numbers)

    if of(SquareRoot) + of(VolumeShare) > 0.0 and "raw_volume" not in panel.fields:
        raise InvalidInput(
            f"Dataset {panel.dataset!r} has no volumes, which this slippage goes by.",
            hint="Use bps=… instead.",
            code="no_volume_for_slippage",
        )
    values = (
        (terms.slippage_bps + of(BasisPoints)) / 1e4,
        terms.volume_cap,
        10.0 ** minor_digits(panel.currency),
        terms.fraction,
        terms.fraction or 1.0,
        float(rules.tax_truncates),
        float(has_range),
        float("raw_volume" in panel.fields),
        of(HalfSpread),
        of(SquareRoot),
        of(VolumeShare),
        float(dealing.carry),
        dealing.cash_rate / 365.0,
        float(dealing.reinvest_dividends),
        np.nan if dealing.entry_limit is None else dealing.entry_limit,
        float(dealing.allow_short),
        dealing.borrow_bps / 1e4 / 365.0,
        dealing.initial_margin,
        dealing.maintenance_margin,
    )
    assert len(values) == TERMS
    return np.array(values)

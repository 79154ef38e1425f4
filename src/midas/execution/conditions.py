"""A panel, its venue's rules and an account's terms, laid out for the matching kernel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import InvalidInput
from midas.core.money import minor_digits
from midas.execution.delistings import with_delistings
from midas.execution.slippage import BasisPoints, HalfSpread, Slippage, SquareRoot, VolumeShare
from midas.execution.terms import AccountTerms
from midas.kernels.fill import TERMS
from midas.kernels.world import BANNED, BASE, BUYING, DAYS, FREELY, PER_CLASS, PER_DAY, SELLABLE, SESSION, SETTLED
from midas.marketdata.actions import Actions
from midas.marketdata.delisting import delistings
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Tiles
from midas.venues.rules import RuleArrays
from midas.venues.short_bans import short_banned

A = TypeVar("A", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a simulation reads, every array read-only and C-contiguous so that one compiled version serves all.

    For shapes see `kernels.frame.World`.
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
    """Lay out everything an order meets; tick and limit rules hold for raw prices only.

    `rules` are those of the panel's sessions, or of its rows.
    """
    if not panel.basis.is_raw:
        rules = without_grid(rules)
    closes = panel.tiles("raw_close")
    prices = {name: panel.fields.get(f"raw_{name}", closes) for name in ("open", "high", "low", "volume")}
    dated = _dated(rules, terms, panel)
    return Conditions(
        opens=read_only(prices["open"]),
        highs=read_only(prices["high"]),
        lows=read_only(prices["low"]),
        closes=read_only(closes),
        volumes=read_only(prices["volume"]),
        happenings=read_only(with_delistings(happenings(panel.actions), delistings(panel), terms)),
        class_of=read_only(rules.class_of),
        dated=read_only(dated),
        ladders=read_only(ladder_table(rules)),
        terms=read_only(term_list(rules, terms, panel.currency, panel.dataset, panel.fields, waits=_waits(dated))),
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
    begins = panel.begins
    last_before, days = begins - 1, panel.sessions[begins].astype("datetime64[D]")
    if rules.lot.shape[1] != len(begins):  # told row by row
        last_before = np.repeat(last_before, np.diff(begins, append=panel.rows))
        days = panel.sessions.astype("datetime64[D]")
    dated = session_table(rules, terms, panel.venue, days)
    dated[:, BASE] = last_before
    _wait(dated, rules, terms, days)
    return dated if len(dated) == panel.rows else _row_by_row(dated, begins, panel.rows)


def session_table(
    rules: RuleArrays, terms: AccountTerms, mic: str, days: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return the rules of days as kernels read them (see `kernels.world.Dated`), one row a day.

    What counts rows or sessions is not told yet: `BASE`, `SESSION` and what waits for later ones.
    """
    classes, count = rules.lot.shape
    dated = np.empty((count, PER_DAY + PER_CLASS * classes))
    if terms.commission_bps is None:
        per_day = (rules.buy_rate, rules.sell_rate, rules.sell_per_share, rules.sell_per_share_cap)
        dated[:, :DAYS] = np.column_stack(per_day)
    else:
        rate = terms.commission_bps / 1e4
        dated[:, :DAYS] = (rate, rate, 0.0, np.inf)
    dated[:, DAYS] = np.diff(days.astype(np.float64), prepend=np.nan)
    dated[:, BANNED] = short_banned(mic, days)
    for place, table in enumerate((rules.ladder_of, rules.limit, rules.lot, rules.sell_tax, rules.buy_tax)):
        dated[:, PER_DAY + place :: PER_CLASS] = table.T
    return dated


def _row_by_row(of_sessions: NDArray[np.float64], begins: NDArray[np.int64], rows: int) -> NDArray[np.float64]:
    days = of_sessions[:, DAYS].copy()
    of_sessions[:, DAYS] = 0.0
    dated: NDArray[np.float64] = np.repeat(of_sessions, np.diff(begins, append=rows), axis=0)
    dated[begins, DAYS] = days
    return dated


def _wait(dated: NDArray[np.float64], rules: RuleArrays, terms: AccountTerms, days: NDArray[np.datetime64]) -> None:
    sessions, session = np.unique(days, return_inverse=True)
    settles = rules.settles.astype(sessions.dtype)
    known = np.append(sessions, np.unique(settles[settles > sessions[-1]])) if len(sessions) else sessions
    settled = np.maximum(session, np.searchsorted(known, settles))
    freely = (rules.unsettled_buys == FREELY) | (terms.dealing.settlement == "ignore")
    dated[:, SESSION] = session
    dated[:, SELLABLE] = session + rules.sell_lock
    dated[:, SETTLED] = np.where(freely, session, settled)
    dated[:, BUYING] = np.where(freely, FREELY, rules.unsettled_buys)


def _waits(dated: NDArray[np.float64]) -> bool:
    # A lock that is over on the next row holds nothing back: what a row bought is not sold on it anyway.
    session = dated[:, SESSION]
    return bool((session[1:] < dated[:-1, SELLABLE]).any() or (dated[:, SETTLED] > session).any())


def ladder_table(rules: RuleArrays) -> NDArray[np.float64]:
    """Return the tick ladders, with one more that has no step, for index -1."""
    count, steps = rules.ladder_floor.shape
    ladders = np.full((count + 1, max(1, steps), 2), np.inf)
    ladders[:count, :steps, 0] = rules.ladder_floor
    ladders[:count, :steps, 1] = rules.ladder_tick
    return ladders


def term_list(
    rules: RuleArrays, terms: AccountTerms, currency: str, dataset: str, fields: Collection[str], *, waits: bool
) -> NDArray[np.float64]:
    """Return an account's terms as kernels read them (see `kernels.fill.Terms`), for data with these raw fields.

    `waits` says that something bought or sold may have to wait for a later session.

    Raises
    ------
    InvalidInput: a slippage model goes by volumes and there are none.
    """
    dealing = terms.dealing

    def of(kind: type[Slippage]) -> float:
        numbers = [float(value) for model in dealing.models if isinstance(model, kind) for value in astuple(model)]
        return sum(numbers)

    if of(SquareRoot) + of(VolumeShare) > 0.0 and "raw_volume" not in fields:
        raise InvalidInput(
            f"Dataset {dataset!r} has no volumes, which this slippage goes by.",
            hint="Use bps=… instead.",
            code="no_volume_for_slippage",
        )
    values = (
        (terms.slippage_bps + of(BasisPoints)) / 1e4,
        terms.volume_cap,
        10.0 ** minor_digits(currency),
        terms.fraction,
        terms.fraction or 1.0,
        float(rules.tax_truncates),
        float("raw_high" in fields and "raw_low" in fields),
        float("raw_volume" in fields),
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
        float(waits),
        float(dealing.fill_at == "close"),
    )
    assert len(values) == TERMS
    return np.array(values)

"""From a stored run to what an office needs to trade it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from midas.app import following
from midas.app.accounts import latency_ms
from midas.app.limits import limits_by_run
from midas.core.errors import InvalidInput, Refused
from midas.core.instrument import InstrumentId
from midas.core.money import Money
from midas.risk.limits import Limits
from midas.wire.runs import RunRequest

if TYPE_CHECKING:
    from midas.backtest.spec import BacktestSpec
    from midas.core.clock import Clock
    from midas.db.accounts import AccountRecord
    from midas.db.runs import RunRecord
    from midas.execution.broker import Broker
    from midas.execution.styles import Style
    from midas.execution.terms import AccountTerms
    from midas.marketdata.ground import Ground
    from midas.marketdata.lake import Lake
    from midas.marketdata.panel import Panel
    from midas.marketdata.plot import Plot
    from midas.marketdata.told import Told
    from midas.strategies.definition import Definition
    from midas.trading.floor import Matcher
    from midas.trading.office import Mission
    from midas.trading.runner import Runner

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run's question with everything it names at hand; rows [first, stop) of the panel are replayed.

    plot : of a run that follows a dataset, what of it; the panel is what there is of it by now.
    """

    spec: BacktestSpec
    panel: Panel
    first: int
    stop: int
    speed: float | None
    style: Style
    warnings: tuple[str, ...]
    plot: Plot | None = None


def prepare(
    lake: Lake, definition: Definition, request: RunRequest, plot: Plot | None = None, told: Told | None = None
) -> Prepared:
    """Find what a run names. Called from a thread that may wait.

    `plot` is what a run that follows a dataset began with, `told` what of it was told.

    Raises
    ------
    NotFound: an unknown universe or symbol.
    InvalidInput: the question makes no sense.
    """
    from midas.backtest.spec import spec_of
    from midas.backtest.window import window
    from midas.execution.dealing import Dealing
    from midas.execution.styles import read_style
    from midas.marketdata.feed_text import Stretch, read_feed
    from midas.strategies.plans import plan_of

    asked = read_feed(request.feed)
    chosen = following.selected(lake, request) if plot is None else following.selection(lake, request, plot, told)
    spec = spec_of(
        definition,
        chosen.panel,
        start=asked.start,
        end=asked.end if isinstance(asked, Stretch) else None,
        initial_capital=request.initial_capital if request.allotment is None else request.allotment,
        commission_bps=request.commission_bps,
        slippage_bps=request.slippage_bps,
        lots=request.lots,
        dealing=Dealing(**request.dealing.model_dump()),
        universe=chosen.label,
    )
    # less than a cent is found while its owner asks, not by the trader of every account
    spec.terms(chosen.panel.currency)
    style = read_style(request.style)
    if style.sliced and not chosen.panel.timeframe.is_intraday:
        raise InvalidInput(
            f"Bars of {chosen.panel.timeframe} cannot be traded in slices.",
            hint="Name a timeframe within the day, e.g. --timeframe 5m.",
            code="style_needs_intraday",
        )
    if not isinstance(asked, Stretch):
        first, stop = chosen.panel.row_range(asked.start, None)
        return Prepared(spec, chosen.panel, first, stop, None, style, chosen.warnings, plot)
    rows = window(plan_of(definition), chosen.panel, spec.start, spec.end)
    return Prepared(spec, chosen.panel, rows.first, rows.stop, asked.speed, style, chosen.warnings)


def mission(
    account: AccountRecord, runs: Sequence[RunRecord], lake: Lake, definitions: Mapping[str, Definition],
    told: Told | None = None,
) -> Mission:  # fmt: skip
    """Return what an office is to do for an account. Called from a thread that may wait.

    `told` is what a dataset that is followed told the account.

    Raises
    ------
    Refused: its runs do not go together.
    NotFound, InvalidInput: what a run names is not there any more.
    """
    from midas.trading.no_market import NoMarket
    from midas.trading.office import Mission

    if account.kind != "paper":
        raise Refused(
            f"Account {account.name!r} is live, and there is no broker of that kind here.",
            hint="Use a paper account.",
            code="paper_only",
        )
    asked = [RunRequest.model_validate(record.document["request"]) for record in runs]
    if not runs:
        capital = account.capital
        return Mission(account.id, account.currency, False, lambda _clock: NoMarket(capital), capital, closing=True)
    require_together(asked)
    plot = following.plot_of(runs[0])
    found = [prepare(lake, definitions[one.id], ask, plot, told) for one, ask in zip(runs, asked, strict=True)]
    return _replay_mission(account, lake, runs, found, told)


def require_together(asked: Sequence[RunRequest]) -> None:
    """Refuse runs of one account that do not follow one market.

    Raises
    ------
    Refused: so.
    """
    first = asked[0]
    for other in asked[1:]:
        same = (first.feed, first.universe, first.symbols, first.timeframe) == (
            other.feed, other.universe, other.symbols, other.timeframe,
        )  # fmt: skip
        if not same:
            raise Refused(
                "The runs of one paper account follow one market together: feed, universe, symbols and timeframe.",
                hint="Use another account.",
                code="other_market",
            )


def _replay_mission(
    account: AccountRecord, lake: Lake, runs: Sequence[RunRecord], prepared: Sequence[Prepared], told: Told | None
) -> Mission:
    from midas.marketdata.follower import Follower
    from midas.marketdata.ground import Ground
    from midas.marketdata.tick_replay import feed_of
    from midas.trading.office import Mission
    from midas.venues.catalogue import venue

    first = prepared[0]
    ground = Ground.of(first.panel) if first.plot is None else first.plot.ground
    paced_from = min(one.first for one in prepared)
    feed = (
        feed_of(lake, first.panel, first.stop, paced_from=paced_from, speed=first.speed)
        if first.plot is None
        else Follower(lake, first.plot, told, clock=lake.clock)
    )
    _require_same_exits(prepared)
    limits = limits_by_run(account, runs)
    # what cannot be traded ends this account's runs, not the trader of every account
    terms = first.spec.terms(ground.currency, Money(account.capital, account.currency))
    mics = {instrument.id.venue for instrument in ground.instruments} - {ground.venue.mic}
    return Mission(
        account=account.id,
        currency=account.currency,
        live=False,
        broker=lambda clock: _paper(account, first, terms, ground, clock),
        capital=account.capital,
        limits=limits,
        instruments=ground.instruments,
        venues={ground.venue.mic: ground.venue} | {mic: venue(mic, ground.currency) for mic in mics},
        raw_prices=ground.basis.is_raw,
        fractions=first.spec.lots == "fractional",
        feed=feed,
        matcher=_seat,
        runners=lambda broker: [
            _runner(record, one, ground, broker, limits) for record, one in zip(runs, prepared, strict=True)
        ],
        replay=True,
        paced=first.speed is not None,
        has_told=feed.has_told if isinstance(feed, Follower) else None,
    )


def _require_same_exits(prepared: Sequence[Prepared]) -> None:
    exits = prepared[0].spec.definition.exits
    if any(one.spec.definition.exits != exits for one in prepared):
        raise Refused(
            "The runs of one paper account have the same exits.", hint="Use another account.", code="other_exits"
        )


def _paper(account: AccountRecord, prepared: Prepared, terms: AccountTerms, ground: Ground, clock: Clock) -> Broker:
    from midas.execution.paper import PaperAccount
    from midas.trading.paper_seat import PaperSeat

    exits, latency_s = prepared.spec.definition.exits, latency_ms(account) / 1000
    return PaperSeat(PaperAccount(ground, terms, exits, latency_s=latency_s), clock)


def _seat(broker: Broker) -> Matcher:
    from midas.trading.paper_seat import PaperSeat

    assert isinstance(broker, PaperSeat)
    return broker


def _runner(
    record: RunRecord, prepared: Prepared, ground: Ground, broker: Broker, limits: Mapping[str, Limits]
) -> Runner:
    from midas.execution.deciding import GraphDecider
    from midas.execution.loop import Loop
    from midas.execution.mandate import Mandate
    from midas.execution.quantity import decimal_quantity
    from midas.execution.stream import Stream
    from midas.strategies.schedule import Every
    from midas.trading.recorder import Recorder
    from midas.trading.runner import Runner
    from midas.trading.tape_head import TapeHead

    definition = prepared.spec.definition
    by_change = definition.every is Every.CHANGE
    mandate = Mandate(
        account=record.account,
        run=record.id,
        strategy=record.strategy,
        ground=ground,
        terms=prepared.spec.terms(ground.currency),
        broker=broker.capabilities,
        by_change=by_change,
        exits=definition.exits,
        first=prepared.first,
        limits=tuple(limits[each] for each in ("", record.id) if each in limits),
        style=prepared.style,
    )
    loop = Loop(mandate, GraphDecider(Stream(definition, ground, prepared.first), by_change=by_change))
    column = {instrument.id: place for place, instrument in enumerate(ground.instruments)}

    def holding(instrument: InstrumentId) -> Decimal:
        place = column.get(instrument)
        return Decimal(0) if place is None else decimal_quantity(float(loop.book.quantities[place]))

    head = TapeHead.of(record.id, prepared.spec, ground, prepared.first, prepared.panel.version)
    return Runner(record.id, record.strategy, loop, prepared.first, holding, Recorder(head))

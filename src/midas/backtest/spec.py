"""What to run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from midas.core.errors import InvalidInput
from midas.core.money import MAX_AMOUNT, Money
from midas.execution.dealing import Dealing
from midas.execution.exchange import AccountCurrency
from midas.execution.terms import AccountTerms, Lots
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition
from midas.strategies.event import EventStrategy
from midas.strategies.strategy import Strategy

MAX_COST_BPS = 5_000.0
"""Half of the price: nothing that trades costs more."""

DEFAULT_CAPITAL = {"KRW": Decimal(100_000_000)}
OTHER_CAPITAL = Decimal(100_000)

Amount = Decimal | int | float | str


@dataclass(frozen=True, slots=True)
class BacktestSpec:
    """One question: a strategy, instruments, dates, capital and costs.

    `universe` is how people call the instruments, `symbols` are their ids. `start` and `end` are inclusive, None is
    open. Costs are in basis points; a commission of None is the venue's own. `benchmark` None is equal weight.
    `account` is the currency the capital is in where it is not the venue's.
    """

    definition: Definition
    universe: str
    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    initial_capital: Decimal
    commission_bps: float | None = None
    slippage_bps: float = 0.0
    lots: Lots = "whole"
    benchmark: str | None = None
    volume_cap: float = 0.1
    dealing: Dealing = field(default_factory=Dealing)
    account: AccountCurrency | None = None

    def __post_init__(self) -> None:
        if not self.symbols:
            raise InvalidInput(
                "There are no instruments to trade.", hint="Name a universe or symbols.", code="no_instruments"
            )
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidInput(
                f"The end {self.end} is before the start {self.start}.", hint="Swap them.", code="end_before_start"
            )
        _require_capital(self.initial_capital)
        if self.commission_bps is not None:
            _require_bps("commission", self.commission_bps)
        _require_bps("slippage", self.slippage_bps)
        if self.lots not in ("whole", "fractional"):
            raise InvalidInput(f"Lots cannot be {self.lots!r}.", hint="Use whole or fractional.", code="bad_lots")
        if not 0.0 < self.volume_cap <= 1.0:
            raise InvalidInput(
                f"The volume cap cannot be {self.volume_cap}.",
                hint="Use a fraction above 0 and up to 1, e.g. 0.1 for a tenth of a bar's volume.",
                code="bad_volume_cap",
            )

    def brought(self, currency: str) -> Money:
        """Return the capital in the currency it is in: the account's, or else `currency`."""
        return Money.of(self.initial_capital, currency if self.account is None else self.account.currency)

    def terms(self, currency: str, capital: Money | None = None) -> AccountTerms:
        """Return the account's terms in a currency; `capital` replaces the initial capital."""
        given: object = self.initial_capital if capital is None else capital
        capital = capital or Money.of(self.initial_capital, currency)
        if capital.minor <= 0:
            raise _bad_capital(given, Money(1, capital.currency))
        return AccountTerms(capital, self.commission_bps, self.slippage_bps, self.lots, self.volume_cap, self.dealing)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values, the same for the same spec."""
        account = {} if self.account is None else {"account": asdict(self.account)}
        return account | {
            "strategy": self.definition.graph_json(),
            "universe": self.universe,
            "symbols": list(self.symbols),
            "start": None if self.start is None else self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "initial_capital": format(self.initial_capital.normalize(), "f"),
            "commission_bps": self.commission_bps,
            "slippage_bps": self.slippage_bps,
            "lots": self.lots,
            "benchmark": self.benchmark,
            "volume_cap": self.volume_cap,
            "dealing": self.dealing.to_json(),
        }


def spec_of(
    strategy: Strategy | EventStrategy | Definition,
    panel: Panel,
    *,
    start: date | None = None,
    end: date | None = None,
    initial_capital: Amount | None = None,
    commission_bps: float | None = None,
    slippage_bps: float = 0.0,
    lots: Lots = "whole",
    benchmark: str | None = None,
    volume_cap: float = 0.1,
    dealing: Dealing | None = None,
    universe: str | None = None,
    account: AccountCurrency | None = None,
) -> BacktestSpec:
    """Return the spec of a strategy on a panel; capital defaults to 100,000, or 100,000,000 won.

    An account in the panel's own currency is the plain one.

    Raises
    ------
    InvalidInput: an argument makes no sense.
    StrategyInvalid: the strategy cannot be simulated.
    """
    definition = strategy if isinstance(strategy, Definition) else strategy.definition()
    if account is not None and account.currency == panel.currency:
        account = None
    if initial_capital is None:
        initial_capital = DEFAULT_CAPITAL.get(account.currency if account else panel.currency, OTHER_CAPITAL)
    return BacktestSpec(
        definition=definition,
        universe=panel.dataset if universe is None else universe,
        symbols=tuple(str(instrument.id) for instrument in panel.instruments),
        start=start,
        end=end,
        initial_capital=_amount(initial_capital),
        commission_bps=None if commission_bps is None else float(commission_bps),
        slippage_bps=float(slippage_bps),
        lots=lots,
        benchmark=benchmark,
        volume_cap=float(volume_cap),
        dealing=dealing or Dealing(),
        account=account,
    )


def _amount(value: Amount) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise _bad_capital(value) from None


def _require_capital(capital: Decimal) -> None:
    if not capital.is_finite() or capital <= 0 or capital > MAX_AMOUNT:
        raise _bad_capital(capital)


def _bad_capital(value: object, least: Money | None = None) -> InvalidInput:
    above = "an amount above 0" if least is None else f"at least {least}"
    return InvalidInput(
        f"The initial capital cannot be {value}.", hint=f"Use {above} and up to {MAX_AMOUNT:,f}.", code="bad_capital"
    )


def _require_bps(name: str, value: float) -> None:
    if math.isnan(value) or not 0.0 <= value <= MAX_COST_BPS:
        raise InvalidInput(
            f"The {name} cannot be {value} bps.",
            hint=f"Use 0 to {MAX_COST_BPS:g} basis points; 10 is 0.1 %.",
            code=f"bad_{name}",
        )

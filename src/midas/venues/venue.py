"""A place where instruments trade, and the dated rules it trades by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from midas.core.errors import InvalidInput, did_you_mean
from midas.core.money import minor_digits
from midas.core.order import Side
from midas.venues.calendar import Calendar
from midas.venues.ladder import Ladder
from midas.venues.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Venue:
    """A market identified by its MIC.

    Amounts, prices and quantities are exact. `day` is the trade date everywhere; what goes by the settlement date (tax,
    some fees) is looked up through it. `board` may be "" for the default board; `kind` is stock, etf, etn or index.
    """

    mic: str
    name: str
    country: str
    currency: str
    timezone: str
    boards: tuple[str, ...]
    default_board: str
    table_version: str
    calendar: Calendar = field(repr=False)
    tables: Tables = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What the user should know before trusting the rules, e.g. that there are none."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Where each row of the tables comes from, one line a row."""
        return self.tables.sources

    def board(self, text: str) -> str:
        """Return the board a data vendor's word means; "" is the default board.

        Raises
        ------
        InvalidInput: this venue has no such board.
        """
        if not self.boards or not text:
            return self.default_board
        known = self.tables.board_names
        try:
            return known[text.strip().upper()]
        except KeyError:
            raise InvalidInput(
                f"{self.mic} has no board {text!r}.", hint=did_you_mean(text, self.boards), code="bad_board"
            ) from None

    def usual_board(self, symbol: str) -> str:
        """Return the board a symbol is on where nobody says it: told by how it begins, else the default board."""
        for prefix, board in self.tables.board_of_prefix.items():
            if symbol.startswith(prefix):
                return board
        return self.default_board

    def tick(self, price: Decimal, day: date, board: str = "", kind: str = "stock") -> Decimal | None:
        """Return the price step at `price`; None where prices have no grid."""
        ladder = self._ladder(day, board, kind)
        return None if ladder is None else ladder.tick(price)

    def round_to_tick(
        self, price: Decimal, day: date, board: str = "", kind: str = "stock", up: bool = False
    ) -> Decimal:
        """Return the nearest price on the grid that is not below (`up`) or not above `price`."""
        ladder = self._ladder(day, board, kind)
        return price if ladder is None else ladder.rounded(price, up=up)

    def limit_prices(
        self, base: Decimal, day: date, board: str = "", kind: str = "stock"
    ) -> tuple[Decimal, Decimal] | None:
        """Return the lowest and highest price allowed that day; None where there is no limit.

        The width is `base` times the fraction, cut to the tick at `base`; the two prices are then moved towards the
        base onto the tick at their own level.
        """
        fraction = self.tables.limit.of(self.board(board), kind).at(day)
        if fraction is None:
            return None
        width = base * fraction
        ladder = self._ladder(day, board, kind)
        if ladder is None:
            return base - width, base + width
        step = ladder.tick(base)
        width = (width / step).to_integral_value(ROUND_FLOOR) * step
        return ladder.rounded(base - width, up=True), ladder.rounded(base + width, up=False)

    def lot(self, day: date, board: str = "", kind: str = "stock") -> Decimal:
        return self.tables.lot.of(self.board(board), kind).at(day)

    def settlement_date(self, day: date) -> date:
        """Return when a trade of `day` settles.

        Raises
        ------
        DataBlocked: the calendar does not reach that far.
        """
        return self.tables.settlement.date_of(day)

    def sell_lock(self, day: date) -> int:
        """Return how many sessions what was bought on `day` is kept before it may be sold; 0 is the same day."""
        return self.tables.sell_lock.at(day)

    def commission(self, value: Decimal, quantity: Decimal, side: Side, day: date) -> Decimal:
        """Return the default commission on a fill, fees of the exchange and its regulators included.

        Rounded half up to the currency's minor unit.
        """
        costs = self.tables.costs
        if side is Side.BUY:
            return self._rounded(value * costs.buy_rate.at(day))
        per_share, cap = costs.sell_per_share.at(day)
        fee = quantity * per_share
        if cap is not None:
            fee = min(fee, cap)
        return self._rounded(value * costs.sell_rate.at(day) + fee)

    def tax(self, value: Decimal, side: Side, day: date, board: str = "", kind: str = "stock") -> Decimal:
        """Return the transaction tax on a fill in whole minor units.

        Its rate is that of the settlement date, or of the trade date where the venue's tax goes by that.
        """
        rates = self.tables.buy_tax if side is Side.BUY else self.tables.sell_tax
        rate = rates.of(self.board(board), kind).at(day)
        return self._rounded(value * rate, ROUND_DOWN if self.tables.tax_truncates else ROUND_HALF_UP)

    def _ladder(self, day: date, board: str, kind: str) -> Ladder | None:
        return self.tables.tick.of(self.board(board), kind).at(day)

    def _rounded(self, amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-minor_digits(self.currency)), rounding)

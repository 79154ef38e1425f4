"""What a booking must be like before any journal takes it."""

from __future__ import annotations

from midas.core.errors import InvalidInput
from midas.core.order import Side
from midas.portfolio.booking import require_balanced
from midas.trading.journal import Book


def require_sound(book: Book) -> None:
    """Check that the postings balance and that what is held changes by what was filled.

    Raises
    ------
    InvalidInput: not so.
    """
    require_balanced(book.postings)
    if book.quantity is not None and (book.instrument is None or not book.quantity.is_finite()):
        raise _unsound(book, f"{book.quantity} of {book.instrument}")
    if book.fill is None:
        return
    signed = book.fill.quantity if book.fill.side is Side.BUY else -book.fill.quantity
    if (book.fill.account, book.fill.instrument, signed) != (book.account, book.instrument, book.quantity):
        raise _unsound(book, f"{book.fill} does not change {book.quantity} of {book.instrument} in {book.account}")


def _unsound(book: Book, fault: str) -> InvalidInput:
    return InvalidInput(
        f"Booking {book.reference}: {fault}.", hint="This is a defect; please report it.", code="unsound_booking"
    )

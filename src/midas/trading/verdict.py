"""A comparison in one sentence, for people."""

from __future__ import annotations

from midas.core.money import Money
from midas.trading.parity import Bucket, Parity

_WORDS = {
    Bucket.SIGNAL: "it decided otherwise",
    Bucket.TIMING: "it traded at another time",
    Bucket.PRICE: "it got another price",
    Bucket.SIZE: "it traded another quantity",
    Bucket.COST: "it paid other costs",
    Bucket.REJECTED: "it was refused or met no market",
    Bucket.UNEXPLAINED: "nothing on the tape says why",
}


def verdict(found: Parity, currency: str) -> str:
    """Return what a comparison came to."""
    if not found.trades:
        return "Neither the run nor its backtest has traded yet."
    if not found.differences:
        return f"{_all(found.trades)} of the backtest, to the cent."
    first = found.differences[0]
    parts = [f"{Money(amount, currency)} because {_WORDS[bucket]}" for bucket, amount in found.totals.items() if amount]
    came = f"brought {_less(found.total, currency)} than the backtest's" if found.total else "came to the same money"
    split = f": {', '.join(parts)}" if parts else ""
    began = f"It began with {first.instrument} on {first.session}."
    rest = (
        f"{Money(found.unexplained, currency)} is unexplained: look into it before you trust the run."
        if found.unexplained
        else "Nothing is unexplained."
    )
    return f"{len(found.differences)} of {found.trades} trades went another way and {came}{split}. {began} {rest}"


def _all(trades: int) -> str:
    return "The one trade of the run is that" if trades == 1 else f"All {trades} trades of the run are those"


def _less(amount: int, currency: str) -> str:
    return f"{Money(abs(amount), currency)} {'less' if amount < 0 else 'more'}"

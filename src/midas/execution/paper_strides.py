"""A paper account whose rows are met by compiled code that meets others with them; see `striding`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.execution.paper import PaperAccount, rests
from midas.execution.paper_market import Slot
from midas.execution.stepping import SteppedAccount, last_closes
from midas.marketdata.block import BarBlock

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Laid:
    """Rows laid out for an account that did not meet them yet, and where its market was before."""

    account: SteppedAccount
    rows: int
    mark: Slot


def plain(paper: PaperAccount) -> bool:
    """Tell whether orders meet the open of the next bar, and nothing but orders happens to the account."""
    return not (paper.late or paper._exits or paper._at_close or paper._shorts or paper._ranges.fields)


def lay(paper: PaperAccount, block: BarBlock, at: int, stop: int) -> Laid | None:
    """Lay out rows of one session; None where something waits, or acts on them."""
    account, market, session = paper._account, paper._market, block.session(at)
    if account is None or market.acts(session) or not rests(paper.orders, account, ()):
        return None
    if market.full:
        paper._move_on()
        account = paper._account
    assert account is not None
    mark = market.mark()
    rows = market.add_rows(block, at, min(stop, block.session_stop(at)))
    return Laid(account, rows, mark)


def take_back(paper: PaperAccount, laid: Laid) -> None:
    """Forget rows that were laid out, none of which was met."""
    paper._market.put_back(laid.mark)


def met(paper: PaperAccount, block: BarBlock, at: int, laid: Laid, rows: int) -> tuple[Integers, Integers]:
    """Go on behind so many of the rows that were laid out; return cash and equity at their closes in minor units."""
    paper._market.drop_rows(laid.rows - rows)
    paper.orders.begin(block.session(at))
    paper._forward.steps(block, at, at + rows)
    paper._row = block.first + at + rows - 1
    return last_closes(laid.account, rows)

"""Random stories of one order, what we do and what the broker tells, and an account kept beside them another way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.execution.orders import NOON, intent, row, told

from midas.core.order import OrderState, Side
from midas.execution.broker import BrokerFill, Bust
from midas.execution.executions import Executions, executed, taken_back
from midas.execution.order_events import (
    Acknowledged,
    CancelAsked,
    Canceled,
    CancelRefused,
    Executed,
    Expired,
    FoundLate,
    GaveUp,
    Lost,
    OrderEvent,
    Refused,
    Sending,
    Unsent,
)
from midas.execution.order_row import OrderRow
from midas.execution.order_state import IllegalMove, reduce
from midas.portfolio.booking import postings_of_fill
from midas.portfolio.ledger import LedgerAccount

Message = OrderEvent | BrokerFill | Bust

# Written from the specification: what may follow what, by hand.
LEGAL = {
    "new": "new sending open partial filled rejected canceled expired adopted_late",
    "sending": "sending new open partial filled rejected canceled expired unknown adopted_late",
    "unknown": "unknown sending open partial filled rejected canceled expired not_placed adopted_late",
    "open": "open partial filled pending_cancel rejected canceled expired",
    "partial": "partial open filled pending_cancel canceled expired",
    "pending_cancel": "pending_cancel open partial filled rejected canceled expired",
    "adopted_late": "adopted_late filled canceled expired rejected",
    "filled": "filled",
    "canceled": "canceled filled adopted_late",
    "expired": "expired filled adopted_late",
    "rejected": "rejected filled canceled adopted_late",
    "not_placed": "not_placed filled canceled expired rejected adopted_late",
}
AFTER = {OrderState(before): {OrderState(word) for word in after.split()} for before, after in LEGAL.items()}
OURS_FROM = {
    Sending: {"new", "unknown"},
    Unsent: set(LEGAL) - {"new", "unknown"},
    Lost: set(LEGAL) - {"new"},
    GaveUp: {"unknown"},
    CancelAsked: set(LEGAL) - {"new", "sending", "unknown"},
}


EVENTS: tuple[OrderEvent, ...] = (
    *(Sending(1, NOON), Sending(2, NOON), Unsent(), Lost(), GaveUp(), CancelAsked()),
    *(Acknowledged("n1"), Acknowledged("n1"), FoundLate("n1"), Refused("no")),
    *(CancelRefused(), Canceled(), Canceled(), Expired("over")),
)


def story(rng: Random) -> tuple[OrderRow, list[Message]]:
    """Return an order and 3 to 40 messages about it: shuffled, doubled and cut off."""
    quantity = rng.randint(1, 30)
    side = Side.BUY if rng.random() < 0.5 else Side.SELL
    messages: list[Message] = []
    left = quantity if rng.random() < 0.9 else quantity * 2
    while left > 0 and rng.random() < 0.8:
        part = rng.randint(1, left)
        left -= part
        messages.append(told(f"e{left}", part, rng.randint(1, 99), side, commission=rng.randint(0, 9)))
    messages += [Bust(fill.execution, "n1") for fill in messages if isinstance(fill, BrokerFill) and rng.random() < 0.1]
    messages += [rng.choice(EVENTS) for _ in range(rng.randint(3, 14))]
    messages += [message for message in messages if rng.random() < 0.3]
    rng.shuffle(messages)
    if rng.random() < 0.7:  # mostly the sender comes first
        messages[:0] = [Sending(1, NOON), rng.choice((Acknowledged("n1"), Lost()))]
    wanted = intent(quantity, side)
    return row(wanted=wanted), messages[: rng.randint(3, 40)]


@dataclass(slots=True)
class Telling:
    """A story told to the code: the order, its executions, the account's cash and holding."""

    order: OrderRow
    known: Executions = field(default_factory=Executions)
    cash: int = 0
    cost: int = 0
    held: Decimal = Decimal(0)
    steps: int = 0

    def take(self, message: Message) -> None:
        """Take one message, and check what must hold at every step."""
        self.steps += 1
        now = NOON + timedelta(seconds=self.steps)
        before = self.order
        if isinstance(message, BrokerFill | Bust):
            self._execution(message)
        elif message.__class__ in OURS_FROM and before.state not in OURS_FROM[message.__class__]:
            assert _refused(before, message)
        else:
            self.order = reduce(before, message, now)
        assert self.order.state in AFTER[before.state], f"{before.state} became {self.order.state} by {message}"
        if self.order.filled >= self.order.intent.quantity and self.order.filled > before.filled:
            assert self.order.state is OrderState.FILLED

    def _execution(self, message: BrokerFill | Bust) -> None:
        if isinstance(message, Bust):
            self.known, fill = taken_back(self.known, message)
        else:
            self.known, fill = executed(self.known, message, "paper", self.order.id)
        if fill is None:
            return
        postings = postings_of_fill(fill, self.held, self.cost, "KRW")
        assert sum(posting.amount for posting in postings) == 0
        self.cash += sum(posting.amount for posting in postings if posting.account is LedgerAccount.CASH)
        self.cost += sum(posting.amount for posting in postings if posting.account is LedgerAccount.SECURITIES)
        self.held += fill.quantity if fill.side is Side.BUY else -fill.quantity
        self.order = reduce(self.order, Executed(fill.quantity), NOON + timedelta(seconds=self.steps))


def _refused(order: OrderRow, event: OrderEvent) -> bool:
    try:
        reduce(order, event, NOON)
    except IllegalMove:
        return True
    return False


def truth(messages: list[Message]) -> tuple[int, int]:
    """Return quantity filled and cash, from the set of what was executed and not taken back."""
    gone = {message.execution for message in messages if isinstance(message, Bust)}
    fills = {message.execution: message for message in messages if isinstance(message, BrokerFill)}
    kept = [fill for name, fill in fills.items() if name not in gone]
    filled = sum(int(fill.quantity) for fill in kept)
    cash = sum((-1 if fill.side is Side.BUY else 1) * fill.value - fill.commission - fill.tax for fill in kept)
    return filled, cash


def check_story(seed: int) -> str:
    """Tell the story of a seed and check every law; return the state it ended in."""
    rng = Random(seed)
    order, messages = story(rng)
    telling = Telling(order)
    for message in messages:
        telling.take(message)
    filled, cash = truth(messages)
    sign = 1 if order.intent.side is Side.BUY else -1
    assert (telling.order.filled, telling.held, telling.cash) == (filled, sign * filled, cash)
    _again(telling, messages)
    if seed % 3 == 0:
        _in_another_order(order, messages, rng, telling)
    return telling.order.state.value


def _again(telling: Telling, messages: list[Message]) -> None:
    before = (telling.order, telling.cash, telling.cost, telling.held)
    ended = telling.order.state in (OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED)
    for message in messages:
        if isinstance(message, BrokerFill | Bust | Acknowledged) or (ended and type(message) not in OURS_FROM):
            if isinstance(message, FoundLate | Acknowledged) and not telling.order.number:
                continue
            telling.take(message)
    assert before == (telling.order, telling.cash, telling.cost, telling.held)


def _in_another_order(order: OrderRow, messages: list[Message], rng: Random, first: Telling) -> None:
    places = [place for place, message in enumerate(messages) if isinstance(message, BrokerFill)]
    fills = [messages[place] for place in places]
    rng.shuffle(fills)
    other = list(messages)
    for place, fill in zip(places, fills, strict=True):
        other[place] = fill
    telling = Telling(order)
    for message in other:
        telling.take(message)
    assert (telling.order.filled, telling.held, telling.cash) == (first.order.filled, first.held, first.cash)
    if not any(isinstance(message, Bust) for message in messages):
        assert (telling.order.state is OrderState.FILLED) == (first.order.state is OrderState.FILLED)

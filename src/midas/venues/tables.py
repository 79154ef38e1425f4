"""Reading a country's dated rules."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final, Generic, TypeVar

from midas.core.errors import InvalidInput, did_you_mean
from midas.venues.calendar import Calendar
from midas.venues.dated import Dated
from midas.venues.ladder import Ladder
from midas.venues.settlement import Settlement

T = TypeVar("T")
Row = Mapping[str, Any]  # a TOML table

KINDS: Final = ("stock", "etf", "etn", "index")
TABLES: Final = (
    "tick", "limit", "lot", "tax", "buy_tax", "settlement", "unsettled_cash", "sell_lock", "commission",
    "regulator_fee", "share_fee",
)  # fmt: skip
_NOTES: Final = frozenset({"source", "verified", "warning"})


@dataclass(frozen=True, slots=True)
class Scoped(Generic[T]):
    """Dated values for every board and kind of instrument."""

    values: Mapping[tuple[str, str], Dated[T]]

    def of(self, board: str, kind: str) -> Dated[T]:
        """Return the values for a board's own name and a kind.

        Raises
        ------
        InvalidInput: unknown board or kind.
        """
        try:
            return self.values[board, kind]
        except KeyError:
            raise InvalidInput(
                f"There are no rules for {kind!r} on {board!r}.", hint=did_you_mean(kind, KINDS), code="bad_kind"
            ) from None


@dataclass(frozen=True, slots=True)
class Costs:
    """Commission and fees by trade date, as fractions of value unless the name says otherwise."""

    buy_rate: Dated[Decimal]
    sell_rate: Dated[Decimal]
    """With what regulators take, which is set by the settlement date and kept here by trade date."""
    sell_per_share: Dated[tuple[Decimal, Decimal | None]]
    """Fee per share sold, and its cap per fill."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A country's rules, ready to be looked up by trade date."""

    board_names: Mapping[str, str]
    board_of_prefix: Mapping[str, str]
    tick: Scoped[Ladder | None]
    limit: Scoped[Decimal | None]
    lot: Scoped[Decimal]
    buy_tax: Scoped[Decimal]
    sell_tax: Scoped[Decimal]
    tax_truncates: bool
    settlement: Settlement
    sell_lock: Dated[int]
    costs: Costs
    sources: tuple[str, ...]


def read_rules(name: str) -> dict[str, Any]:
    """Return the shipped rules of that name, e.g. `korea`, as they are written."""
    text = files("midas.venues").joinpath("tables", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def build_tables(rules: Row, calendar: Calendar) -> Tables:
    """Return the rules indexed by board, kind and date."""
    boards = tuple(rules["boards"]) or (rules["default_board"],)
    ladders = {name: _ladder(steps) for name, steps in rules["ladders"].items()}
    settlement = Settlement(
        calendar,
        _dated(rules.get("settlement", ()), lambda row: int(row["days"]), 0),
        _dated(rules.get("unsettled_cash", ()), lambda row: str(row["buys"]), "nothing"),
    )

    def scoped(table: str, value: Callable[[Row], T], default: T) -> Scoped[T]:
        rows = rules.get(table, ())
        return Scoped({(board, kind): _dated(_matching(rows, board, kind), value, default)
                       for board in boards for kind in KINDS})  # fmt: skip

    def tax(table: str) -> Scoped[Decimal]:
        found = scoped(table, lambda row: Decimal(row["rate"]), Decimal(0))
        if rules.get("tax_by_trade_date", False):
            return found
        return Scoped({key: rate.moved(settlement.first_trade_settling_from) for key, rate in found.values.items()})

    return Tables(
        board_names={alias.upper(): board for board, more in rules["boards"].items() for alias in (board, *more)},
        board_of_prefix={prefix: board for board, more in rules.get("symbols", {}).items() for prefix in more},
        tick=scoped("tick", lambda row: ladders[row["ladder"]], None),
        limit=scoped("limit", lambda row: Decimal(row["fraction"]), None),
        lot=scoped("lot", lambda row: Decimal(row["shares"]), Decimal(1)),
        buy_tax=tax("buy_tax"),
        sell_tax=tax("tax"),
        tax_truncates=rules["tax_truncates"],
        settlement=settlement,
        sell_lock=_dated(rules.get("sell_lock", ()), lambda row: int(row["sessions"]), 0),
        costs=_costs(rules, settlement),
        sources=tuple(_source(table, row) for table in TABLES for row in rules.get(table, ())),
    )


def version_of(*documents: object) -> str:
    """Return a hash of everything in the documents that changes a number; notes on sources do not."""
    text = json.dumps(documents, default=str, sort_keys=True, ensure_ascii=False)
    kept = json.loads(text, object_hook=lambda table: {k: v for k, v in table.items() if k not in _NOTES})
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _costs(rules: Row, settlement: Settlement) -> Costs:
    commission = rules.get("commission", ())
    fee = _dated(rules.get("regulator_fee", ()), lambda row: Decimal(row["rate"]), Decimal(0))
    sell = _dated(commission, lambda row: Decimal(row["sell"]), Decimal(0))
    return Costs(
        buy_rate=_dated(commission, lambda row: Decimal(row["buy"]), Decimal(0)),
        sell_rate=sell.joined(fee.moved(settlement.first_trade_settling_from), Decimal.__add__),
        sell_per_share=_dated(
            rules.get("share_fee", ()), lambda row: (Decimal(row["per_share"]), Decimal(row["cap"])), (Decimal(0), None)
        ),
    )


def _ladder(steps: Sequence[Sequence[Decimal]]) -> Ladder:
    return Ladder(tuple(Decimal(floor) for floor, _ in steps), tuple(Decimal(tick) for _, tick in steps))


def _matching(rows: Sequence[Row], board: str, kind: str) -> list[Row]:
    return [row for row in rows if board in row.get("boards", (board,)) and kind in row.get("kinds", (kind,))]


def _dated(rows: Sequence[Row], value: Callable[[Row], T], default: T) -> Dated[T]:
    ordered = sorted(rows, key=_start)
    return Dated.from_rows(((_start(row), value(row)) for row in ordered), default)


def _start(row: Row) -> date:
    start: date = row.get("from", date.min)
    return start


def _source(table: str, row: Row) -> str:
    scope = " ".join([*row.get("boards", ()), *row.get("kinds", ())])
    mark = "" if row.get("verified", True) else " [unverified]"
    return f"{table} {row.get('from', 'ever')} {scope}: {row['source']}{mark}".replace("  ", " ")

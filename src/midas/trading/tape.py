"""What a run saw, wanted and got, line by line: enough to live through it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from midas.core.instrument import InstrumentId
from midas.core.order import Cause, Fill, OrderIntent, OrderState, Side
from midas.execution.intent_json import intent_from_json, intent_to_json
from midas.execution.loop_events import Denied, Ended, Filled, Submit
from midas.marketdata.feed import BarRow, CorporateAction

FORMAT = 1


@dataclass(slots=True)
class Tape:
    """A run's rows, corporate actions, orders, refusals, ends and fills, in the order they were noted.

    spec : the JSON of the backtest it should have been. first : the row of its first decision.
    """

    run: str
    spec: dict[str, Any]
    first: int
    rows: list[BarRow] = field(default_factory=list)
    actions: list[CorporateAction] = field(default_factory=list)
    orders: dict[str, OrderIntent] = field(default_factory=dict)
    denied: list[OrderIntent] = field(default_factory=list)
    ends: dict[str, tuple[OrderState, str]] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)

    def note(self, what: object) -> None:
        """Note an event or a command; what a tape does not hold is passed over, and so is a bar's correction."""
        match what:
            case BarRow() if not self.rows or what.row > self.rows[-1].row:
                self.rows.append(what)
            case CorporateAction():
                self.actions.append(what)
            case Submit():
                self.orders[what.id] = what.intent
            case Denied():
                self.denied.append(what.intent)
            case Ended():
                self.ends[what.order] = what.state, what.reason
            case Filled():
                self.fills.append(what.fill)

    def write(self, file: Path) -> None:
        """Write JSON lines, whole or not at all."""
        beside = file.with_name(f".{file.name}.part")
        beside.write_text("".join(f"{json.dumps(line)}\n" for line in self._lines()), encoding="utf-8")
        beside.replace(file)

    @classmethod
    def read(cls, file: Path) -> Tape:
        """Read what `write` wrote.

        Raises
        ------
        ValueError: it is no tape of this version.
        """
        with file.open(encoding="utf-8") as lines:
            head = json.loads(next(lines, "{}"))
            if head.get("tape") != FORMAT:
                raise ValueError(f"{file.name} is no tape of version {FORMAT}")
            tape = cls(head["run"], head["spec"], head["first"])
            tape._take(json.loads(line) for line in lines)
        return tape

    def _lines(self) -> Iterator[dict[str, Any]]:
        yield {"tape": FORMAT, "run": self.run, "spec": self.spec, "first": self.first}
        for action in self.actions:
            yield {"action": [str(action.instrument), action.session.isoformat(), action.kind, action.value]}
        for row in self.rows:
            fields = {
                name: [None if np.isnan(one) else one for one in row.fields[name].tolist()] for name in row.fields
            }
            stamp, session = row.stamp_utc.isoformat(), row.session.isoformat()
            yield {"row": row.row, "stamp": stamp, "session": session, "closes": row.closes, "fields": fields}
        for order, intent in self.orders.items():
            yield {"order": order, "intent": intent_to_json(intent)}
        for intent in self.denied:
            yield {"denied": intent_to_json(intent)}
        for order, (state, reason) in self.ends.items():
            yield {"ended": order, "state": state.value, "reason": reason}
        for fill in self.fills:
            yield {"fill": _fill_to(fill)}

    def _take(self, lines: Iterable[dict[str, Any]]) -> None:
        for line in lines:
            if "row" in line:
                fields = {name: np.array(values, np.float64) for name, values in line["fields"].items()}
                stamp, session = datetime.fromisoformat(line["stamp"]), date.fromisoformat(line["session"])
                self.rows.append(BarRow(line["row"], stamp, session, fields, closes=line["closes"]))
            elif "action" in line:
                name, day, kind, value = line["action"]
                self.actions.append(CorporateAction(InstrumentId.parse(name), date.fromisoformat(day), kind, value))
            elif "order" in line:
                self.orders[line["order"]] = intent_from_json(line["intent"])
            elif "denied" in line:
                self.denied.append(intent_from_json(line["denied"]))
            elif "ended" in line:
                self.ends[line["ended"]] = OrderState(line["state"]), line["reason"]
            else:
                self.fills.append(_fill_from(line["fill"]))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _fill_to(fill: Fill) -> list[Any]:
    return [
        fill.account, fill.order, fill.execution, str(fill.instrument), fill.side.value, str(fill.quantity),
        str(fill.price), fill.value, fill.commission, fill.tax, fill.stamp_utc.isoformat(),
        fill.cause and fill.cause.value,
    ]  # fmt: skip


def _fill_from(row: list[Any]) -> Fill:
    account, order, execution, name, side, quantity, price, value, commission, tax, stamp, cause = row
    return Fill(
        account, order, execution, InstrumentId.parse(name), Side(side), Decimal(quantity), Decimal(price), value,
        commission, tax, datetime.fromisoformat(stamp), Cause(cause) if cause else None,
    )  # fmt: skip

"""Flags and what is remembered of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator, Parameter, window, window_rows
from midas.factors.unit import Unit, flag, kept, measured, number

FLAG = Input("x", flag=True)
WHEN = Input("flag", flag=True)
CLOSE = Input("x", field="close")
_WINDOW = "NaN while any of the n flags is NaN; it recovers when the NaN has left the window."
_STAYS = "Where the flag is NaN the state stays as it was, NaN before the first row on which it was known."


def _remembered(
    name: str,
    summary: str,
    unit: Callable[[Sequence[Unit]], Unit],
    inputs: tuple[Input, ...],
    missing: str,
    formula: str = "",
) -> Operator:
    return Operator(
        name, Kind.RECURSIVE, summary, unit, inputs, endless=not formula, missing=missing, formula=formula
    )  # fmt: skip


def _one_row(_: Sequence[float]) -> int:
    return 1


def _turned(name: str, summary: str) -> Operator:
    missing = "NaN where the value missing on this row or the one before would decide."
    return Operator(name, Kind.RECURSIVE, summary, flag, (Input("x"),), warmup=_one_row, missing=missing)


ENTRIES = (
    _turned("rise", "1 on the row where x comes to lie above 0, having been 0 or below on the row before."),
    _turned("fall", "1 on the row where x comes to lie below 0, having been 0 or above on the row before."),
    Operator(
        "any",
        Kind.WINDOW,
        "1 where the flag was 1 on at least one of the last n rows.",
        flag,
        (FLAG,),
        (window(),),
        window_rows,
        formula="x.max(n)",
        missing=_WINDOW,
    ),
    Operator(
        "all",
        Kind.WINDOW,
        "1 where the flag was 1 on each of the last n rows.",
        flag,
        (FLAG,),
        (window(),),
        window_rows,
        formula="x.min(n)",
        missing=_WINDOW,
    ),
    Operator(
        "latch",
        Kind.RECURSIVE,
        "1 from the first row on which the flag is 1, for good; hold(entry, exit) is one that can be reset.",
        flag,
        (FLAG,),
        formula="hold(x, x & ~x)",
        begins=True,
        missing=_STAYS,
    ),
    Operator(
        "toggle",
        Kind.RECURSIVE,
        "0 at first; turns to the other of 0 and 1 on each row on which the flag is 1.",
        flag,
        (FLAG,),
        begins=True,
        missing=_STAYS,
    ),
    Operator(
        "cooldown",
        Kind.RECURSIVE,
        "1 where the flag is 1 and none of the n rows before was let through: after one signal n rows of rest.",
        flag,
        (FLAG,),
        (Parameter("n", 1, 5_000),),
        begins=True,
        missing="NaN where the flag is; the rest goes on.",
    ),
    _remembered(
        "streak",
        "On how many rows in a row, up to this one, the flag was 1; of a `hold` the age of the position.",
        number,
        (FLAG,),
        "NaN where the flag is, and counting starts anew after it.",
    ),
    _remembered(
        "value_when",
        "x on the last row on which the flag was 1.",
        kept,
        (CLOSE, WHEN),
        "NaN until the flag was 1 once, and where x was NaN then.",
    ),
    _remembered(
        "highest_since",
        "Largest x since the flag was last 1, that row included.",
        measured,
        (CLOSE, WHEN),
        "NaN until the flag was 1 once; a row without x is passed over.",
    ),
    _remembered(
        "lowest_since",
        "Smallest x since the flag was last 1, that row included.",
        measured,
        (CLOSE, WHEN),
        "NaN until the flag was 1 once; a row without x is passed over.",
        "-(-x).highest_since(flag)",
    ),
    _remembered(
        "first_in",
        "1 on the first row of each period on which the flag is 1, a period lasting while `period` stays the same"
        " number: x.first_in(month).",
        flag,
        (FLAG, Input("period", varies=True)),
        "NaN where the flag is.",
    ),
)

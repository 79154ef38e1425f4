"""Calling machine code and reading memory by address, from compiled code.

Numba has no type for "a function at this address"; these three intrinsics are all that is needed of one. All arguments
go as 64-bit words: a pointer and an integer are passed alike.
"""
# ruff: noqa: ANN001, ANN202, ARG001  numba reads the names of the arguments and gives them no types

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WORD = ir.IntType(64)


def _call_over_time(context, address, out, a, b, c, state, params, n, constants, row, rows, lanes):  # type: ignore[no-untyped-def]
    return _through_pointer(12)


def _call_across(context, address, out, a, b, scratch, params, tiles, columns, rows, out_rows, a_rows, b_rows, lanes):  # type: ignore[no-untyped-def]
    return _through_pointer(13)


def _through_pointer(count: int) -> tuple[Any, Any]:
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        shape = ir.FunctionType(ir.VoidType(), [WORD] * (count - 1))
        builder.call(builder.inttoptr(arguments[0], shape.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * count), generate


def _pointer_to_doubles(context, address):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

    return cast("Any", types.CPointer)(types.float64)(types.int64), generate


def _pointer_to_integers(context, address):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.inttoptr(arguments[0], WORD.as_pointer())

    return cast("Any", types.CPointer)(types.int64)(types.int64), generate


call_over_time = cast("Callable[..., None]", intrinsic(_call_over_time))
"""Call a loop over time: `(address, out, a, b, c, state, params, n, constants, row, rows, lanes)`."""

call_across = cast("Callable[..., None]", intrinsic(_call_across))
"""Call a loop across the market: see `ROW_POINTERS` in `loop.py`."""

doubles = cast("Callable[[int], Any]", intrinsic(_pointer_to_doubles))
"""Return an address as a pointer to float64."""

integers = cast("Callable[[int], Any]", intrinsic(_pointer_to_integers))
"""Return an address as a pointer to int64."""

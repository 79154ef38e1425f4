"""Numbers that stand for parameters, so that one graph tells how every graph of a strategy is built."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import NoReturn


class NotSymbolic(Exception):
    """A strategy did something with a parameter that only a plain number allows."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Symbol:
    """A parameter by its name; it may only be handed to an operator as it is. `plain` is one value it may have."""

    name: str
    plain: int | float

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise NotSymbolic

    def _with(self, other: object) -> object:
        # A node knows what to do with a number, and makes it a leaf of the graph.
        if hasattr(other, "operator"):
            return NotImplemented
        raise NotSymbolic

    __bool__ = __int__ = __float__ = __index__ = __complex__ = __str__ = __format__ = __iter__ = __len__ = _refuse
    __hash__ = __eq__ = __ne__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _with
    __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = _with
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _refuse
    __neg__ = __pos__ = __abs__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refuse
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = __lshift__ = __rshift__ = _refuse


Real.register(Symbol)  # operators take real numbers

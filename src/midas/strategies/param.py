"""Parameters of a strategy, declared once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from numbers import Integral, Real
from typing import TypeVar, cast

from midas.core.errors import StrategyInvalid, did_you_mean

ParamValue = bool | int | float | str
Number = int | float

LARGEST = 10**15
"""No parameter without a range of its own may be larger than this, so that every value is exact as a float."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_LONGEST = 64

T = TypeVar("T")
V = TypeVar("V", bound=ParamValue)


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """What a parameter may be; `type` is bool, int, float or str, and `low` and `high` are inclusive."""

    name: str
    type: str
    default: ParamValue
    low: Number | None = None
    high: Number | None = None
    choices: tuple[ParamValue, ...] = ()
    doc: str = ""

    def read(self, value: object, owner: str) -> ParamValue:
        """Return `value`, given as itself or as text, in this parameter's type.

        Raises
        ------
        StrategyInvalid: not of the type, not finite, out of the range or not one of the choices.
        """
        read = self._typed(value)
        if read is None:
            raise self._refused(value, owner)
        if self.choices and read not in self.choices:
            raise self._refused(value, owner, hint=did_you_mean(str(read), [str(choice) for choice in self.choices]))
        if isinstance(read, str | bool) or self._in_range(read):
            return read
        raise self._refused(value, owner, hint="" if self.low is not None else f"Its size may be {LARGEST:g} at most.")

    def expected(self) -> str:
        """Say in words what the parameter may be."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        if self.type == "bool":
            return "true or false"
        kind = "a whole number" if self.type == "int" else "a number"
        if self.low is not None and self.high is not None:
            return f"{kind} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{kind} of at least {self.low:g}"
        if self.high is not None:
            return f"{kind} of at most {self.high:g}"
        return kind

    def _typed(self, value: object) -> ParamValue | None:
        if self.type == "str":
            return str(value) if isinstance(value, str) else None
        if isinstance(value, str):
            value = _from_text(value)
        if self.type == "bool":
            return value if isinstance(value, bool) else None
        if isinstance(value, bool) or not isinstance(value, Real):
            return None
        return _whole(value) if self.type == "int" else _finite(value)

    def _in_range(self, value: Number) -> bool:
        low = -LARGEST if self.low is None else self.low
        high = LARGEST if self.high is None else self.high
        return low <= value <= high

    def _refused(self, value: object, owner: str, hint: str = "") -> StrategyInvalid:
        return StrategyInvalid(
            f"Parameter {self.name!r} of {owner} cannot be {_shown(value)}: it must be {self.expected()}.",
            hint=hint or f"The default is {self.default}.",
            code="bad_parameter",
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """What `param` leaves in a class body; seen through the class it is the default."""

    spec: ParamSpec
    enum: type[StrEnum] | None = None

    def member(self, value: ParamValue) -> ParamValue:
        """Return a read value as instances hold it."""
        return value if self.enum is None else self.enum(str(value))

    def with_default(self, value: object) -> Declared:
        """Return the declaration a subclass makes of it by giving another default."""
        given = cast(ParamValue, plain(value))  # checked, like every default, when the class is made
        return replace(self, spec=replace(self.spec, default=given))

    def __get__(self, instance: object, owner: type) -> ParamValue:
        return self.member(self.spec.default)


def param(
    default: V, low: Number | None = None, high: Number | None = None, *, choices: Sequence[V] = (), doc: str = ""
) -> V:
    """Declare a parameter of a strategy class: its default, its inclusive range or its choices, and a word on it.

    The type is the default's. A default that is an enum member offers every member of that enum.
    """
    enum = type(default) if isinstance(default, StrEnum) else None
    offered: Sequence[ParamValue] = choices or (list(enum) if enum is not None else ())
    spec = ParamSpec("", type_of(default), plain(default), low, high, tuple(plain(choice) for choice in offered), doc)
    # The class body sees the declaration; instances, and so the type checker, see the value.
    return cast(V, Declared(spec, enum))


def named(spec: ParamSpec, name: str, owner: str) -> ParamSpec:
    """Return `spec` under its name once its declaration is known to make sense.

    Raises
    ------
    StrategyInvalid: an empty or endless range, text without choices, or a default that is not allowed.
    """
    spec = replace(spec, name=name)
    limits = [limit for limit in (spec.low, spec.high) if limit is not None]
    ranged = spec.type in ("int", "float")
    fault = ""
    if any(isinstance(limit, bool) or not isinstance(limit, int | float) for limit in limits):
        fault = "its range is not made of numbers"
    elif not all(math.isfinite(limit) and abs(limit) <= LARGEST for limit in limits):
        fault = "its range is not finite"
    elif limits and (spec.choices or not ranged):
        fault = "only a number without choices has a range"
    elif spec.low is not None and spec.high is not None and spec.low > spec.high:
        fault = f"its range {spec.low:g} to {spec.high:g} is empty"
    elif spec.type == "str" and not spec.choices:
        fault = "text needs choices"
    if fault:
        raise StrategyInvalid(
            f"Parameter {name!r} of {owner} is declared wrongly: {fault}.",
            hint="Declare param(default, low, high) for a number or param(default, choices=(...)) for a choice.",
            code="bad_parameter",
        )
    return replace(spec, default=spec.read(spec.default, owner))


def read_values(
    specs: Mapping[str, ParamSpec], given: Mapping[str, object], owner: str, *, also: Sequence[str] = ()
) -> dict[str, ParamValue]:
    """Return the value of every parameter: what is `given`, else its default. `also` names what else may be meant.

    Raises
    ------
    StrategyInvalid: an unknown name, or a value its parameter cannot have.
    """
    for name in given:
        if name not in specs:
            known = [*specs, *also]
            raise StrategyInvalid(
                f"{owner} has no parameter {_shown(name)}.",
                hint=did_you_mean(str(name), known) if known else "It has none.",
                code="unknown_parameter",
            )
    return {
        name: spec.read(given[name], owner) if name in given else spec.default  # defaults were read when declared
        for name, spec in specs.items()
    }


def plain(value: T) -> T | str:
    """Return an enum member as its text and anything else as it is."""
    return str(value.value) if isinstance(value, StrEnum) else value


def shortest(value: T) -> T | int:
    """Return a whole float as an int: 30 and 30.0 are one number, also to programs that write both as 30."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def type_of(value: object) -> str:
    """Return bool, int, float or str.

    Raises
    ------
    StrategyInvalid: a parameter cannot be of this type.
    """
    kinds = (("bool", bool), ("str", str), ("int", Integral), ("float", Real))
    for name, kind in kinds:
        if isinstance(value, kind):
            return name
    raise StrategyInvalid(
        f"A parameter cannot be {_shown(value)}.",
        hint="Use a whole number, a number, true or false, or text with choices.",
        code="bad_parameter",
    )


def number_from_text(text: str) -> Number | None:
    """Read a decimal number, nan and inf included; None when the text is none."""
    if len(text) > _LONGEST:
        return None
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return None


def _from_text(text: str) -> ParamValue | None:
    text = text.strip()
    return _TRUTH[text.lower()] if text.lower() in _TRUTH else number_from_text(text)


def _whole(value: Real) -> int | None:
    if isinstance(value, Integral):
        return int(value)
    number = float(value)
    return int(number) if math.isfinite(number) and number.is_integer() else None


def _finite(value: Real) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number + 0.0 if math.isfinite(number) else None  # + 0.0: there is one zero, so one identity


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

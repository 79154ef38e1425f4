"""What a strategy that is code is known by: a digest of what runs, as far as that can be seen from its class."""

from __future__ import annotations

import hashlib
import inspect
import sys
import textwrap
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

import numpy as np

from midas.strategies.param import Declared, ParamSpec

LONGEST = 100_000
"""Longest source that is kept, in characters."""

_PLAIN = (bool, int, float, complex, str, bytes, Decimal, date, time, type(None), type(Ellipsis), range)


@dataclass(frozen=True, slots=True)
class Code:
    """Code by its digest (SHA-256, in hex) and the Python that compiled it.

    The digest is of compiled code: the class and the strategies it comes from, functions and classes of their modules
    that they name, with the plain values they read there, and the attributes an instance begins with. It knows nothing
    of other modules, files, clocks, chance or the network, and of other objects but their class. text : the source,
    where it can be read, for people to look at; no part of the digest, as the file may be another one by now. warmup :
    bars shown before the first orders count.
    """

    digest: str
    kind: str
    python: str
    warmup: int = 0
    text: str = ""

    def to_json(self) -> dict[str, object]:
        """Return what is part of an identity, in plain values."""
        return {"class": self.kind, "digest": self.digest, "python": self.python, "warmup": self.warmup}


def code_of(kind: type, base: type, begins: Mapping[str, object], warmup: int = 0) -> Code:
    """Return the code of a class below `base`, whose instance begins with some attributes."""
    line = [each for each in kind.__mro__ if each is not base and issubclass(each, base)]
    walk = _Walk(frozenset(each.__module__ for each in line))
    for ancestor in line:
        walk.add(f"class {ancestor.__qualname__}", ancestor)
    walk.add("begins", dict(begins))
    python = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    return Code(walk.digest(), kind.__qualname__, python, warmup, source_of(kind))


def source_of(kind: type) -> str:
    """Return the source of a class as its file has it now, empty where there is none."""
    try:
        return textwrap.dedent(inspect.getsource(kind))[:LONGEST]
    except (OSError, TypeError):
        return ""


class _Walk:
    # Goes through all that can be reached from a class, each thing once, and hashes what it finds.
    def __init__(self, modules: frozenset[str]) -> None:
        self._modules = modules
        self._hash = hashlib.sha256()
        self._seen: dict[int, object] = {}

    def digest(self) -> str:
        return self._hash.hexdigest()

    def add(self, place: str, value: object) -> None:
        self._note(place)
        if isinstance(value, _PLAIN):
            self._note(f"{type(value).__name__} {value!r}")
        elif id(value) in self._seen:
            self._note("seen")
        else:
            # whether equal constants are one thing depends on how they were loaded; the others are held meanwhile, so
            # that nothing else gets their number
            if not isinstance(value, tuple | frozenset):
                self._seen[id(value)] = value
            self._look(value)

    def _look(self, value: object) -> None:  # noqa: C901  # one line a kind
        match value:
            case FunctionType():
                self._function(value)
            case type():
                self._class(value)
            case staticmethod() | classmethod():
                self.add(type(value).__name__, value.__func__)
            case MethodType():
                self.add(value.__func__.__qualname__, value.__func__)
            case property():
                self.add("property", [value.fget, value.fset])
            case Declared():
                self.add("param", value.spec)
            case ParamSpec() | Enum():
                self._note(repr(value))
            case Mapping():
                for key, each in value.items():
                    self.add(f"key {key!r}" if isinstance(key, _PLAIN) else "key", each)
            case list() | tuple() | deque():
                for at, each in enumerate(value):
                    self.add(str(at), each)
            case set() | frozenset():
                self._note(" ".join(sorted(repr(each) for each in value)))
            case np.ndarray() | np.generic():
                self._note(f"{value.dtype} {value.shape}")
                self._hash.update(np.ascontiguousarray(value).tobytes() if value.dtype != object else b"?")
            case ModuleType() | BuiltinFunctionType():
                self._note(value.__name__)
            case _:
                self._object(value)

    def _object(self, value: object) -> None:
        kind = type(value)
        self._note(f"a {kind.__module__}.{kind.__qualname__}")
        inner = getattr(value, "__wrapped__", None) or getattr(value, "py_func", None)
        if isinstance(inner, FunctionType):  # cached, or compiled
            self.add("around", inner)
        elif kind.__module__ in self._modules:
            self.add("class", kind)
            self.add("attributes", dict(getattr(value, "__dict__", {})))

    def _function(self, function: FunctionType) -> None:
        self._note(function.__qualname__)
        if function.__module__ not in self._modules:
            self._note(str(function.__module__))
            return
        self._compiled(function.__code__)
        self.add("defaults", [function.__defaults__, function.__kwdefaults__])
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if name != "__class__":
                self.add(f"around {name}", _content(cell))
        for name in sorted(_names(function.__code__)):
            if name in function.__globals__:
                self.add(f"global {name}", function.__globals__[name])

    def _class(self, kind: type) -> None:
        self._note(kind.__qualname__)
        if kind.__module__ not in self._modules:
            self._note(kind.__module__)
            return
        for base in kind.__bases__:
            self.add("base", base)
        for name, value in sorted(vars(kind).items()):
            if not (name.startswith("__") and name.endswith("__")) or isinstance(value, FunctionType):
                self.add(name, value)

    def _compiled(self, code: CodeType) -> None:
        self._note(f"{code.co_argcount} {code.co_kwonlyargcount} {code.co_flags} {code.co_names} {code.co_varnames}")
        self._hash.update(code.co_code + code.co_exceptiontable)
        for at, constant in enumerate(code.co_consts):
            if isinstance(constant, CodeType):
                self._compiled(constant)
            else:
                self.add(f"constant {at}", constant)

    def _note(self, text: str) -> None:
        self._hash.update(text.encode("utf-8", "surrogatepass") + b"\0")


def _names(code: CodeType) -> set[str]:
    # also those of functions and comprehensions inside it
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*(_names(each) for each in inner))


def _content(cell: object) -> object:
    try:
        return cell.cell_contents  # type: ignore[attr-defined]  # typeshed calls it CellType only in some places
    except ValueError:
        return None  # not filled yet

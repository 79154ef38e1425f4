"""The factor library: sets of published formulas, read when one is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypedDict, cast

from midas.core.errors import NotFound, did_you_mean
from midas.factors.catalogue import FIELDS, find
from midas.factors.node import Node
from midas.factors.text import Value, parse, parse_value

_WORD = re.compile(r"[A-Za-z_]\w*")

SETS = ("alpha101", "alpha158")


class _Set(TypedDict, total=False):
    set: str
    source: str
    adapted: str
    let: dict[str, str]
    windows: list[int]
    left_out: dict[str, str]
    factors: dict[str, str]


@dataclass(frozen=True, slots=True)
class Published:
    """A published factor: `formula` in the text language, `let` what its names stand for, `window` what d stands for.

    `adapted` says where the set differs from its source.
    """

    name: str
    set: str
    formula: str
    let: Mapping[str, str]
    window: int | None
    source: str
    adapted: str

    @property
    def node(self) -> Node:
        """The graph."""
        names: dict[str, Value] = {} if self.window is None else {"d": self.window}
        for name, text in self.let.items():
            names[name] = parse_value(text, names)
        return parse(self.formula, names)


def published(name: str) -> Published:
    """Return a factor of the library.

    Raises
    ------
    NotFound: it has none of that name.
    """
    for each in SETS:
        if found := _of_set(each).get(name):
            return found
    known = [factor.name for factor in every()]
    raise NotFound(
        f"There is no factor {name!r} in the library.", hint=did_you_mean(name, known), code="unknown_factor"
    )


def every() -> Iterator[Published]:
    """Yield every factor of the library, set by set, in the order of the files."""
    for each in SETS:
        yield from _of_set(each).values()


class WithLibrary(Mapping[str, Value]):
    """Names of an expression, behind which stand the factors of the library: `alpha_012.rank()`."""

    def __init__(self, names: Mapping[str, Value]) -> None:
        self._names = names

    # The library is read only for a word that means nothing else.
    def __contains__(self, name: object) -> bool:
        if name in self._names:
            return True
        word = str(name)
        return word not in FIELDS and find(word) is None and any(word in _of_set(each) for each in SETS)

    def __getitem__(self, name: str) -> Value:
        if name in self._names:
            return self._names[name]
        if name in self:
            return published(name).node
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def left_out(name: str) -> Mapping[str, str]:
    """Return the formulas of a set that cannot be written, and why."""
    return MappingProxyType(_read(name).get("left_out", {}))


@cache
def _of_set(name: str) -> Mapping[str, Published]:
    page = _read(name)
    let = page.get("let", {})
    found: dict[str, Published] = {}
    for pattern, formula in page["factors"].items():
        for window in page.get("windows", []) if "{d}" in pattern else [None]:
            one = pattern.replace("{d}", str(window))
            text = " ".join(formula.split())
            found[one] = Published(one, name, text, _used(text, let), window, page["source"], page["adapted"])
    return MappingProxyType(found)


# Only the names a formula reads: the others would be in the way of whoever reads it.
def _used(formula: str, let: Mapping[str, str]) -> Mapping[str, str]:
    wanted = set(_WORD.findall(formula))
    for name in reversed(list(let)):
        wanted |= set(_WORD.findall(let[name])) if name in wanted else set()
    return MappingProxyType({name: text for name, text in let.items() if name in wanted})


def _read(name: str) -> _Set:
    import yaml

    text = files("midas.factors.library").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return cast("_Set", yaml.safe_load(text))

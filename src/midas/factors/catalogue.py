"""Every operator there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from midas.factors import unit
from midas.factors.operator import Kind, Operator
from midas.factors.operators import (
    arithmetic,
    calendar,
    candle_longer,
    candle_pairs,
    candle_runs,
    candle_singles,
    candle_triples,
    candles,
    clocks,
    cross_section,
    cycles,
    extremes,
    fields,
    groups,
    logic,
    oscillators,
    prices,
    recursive,
    regression,
    smoothing,
    statistics,
    time,
    transforms,
    trends,
    volume,
)
from midas.factors.unit import Unit

_FAMILIES = (
    fields, calendar, arithmetic, transforms, time, statistics, extremes, regression, recursive, smoothing, prices,
    oscillators, trends, volume, cycles, candles, candle_singles, candle_pairs, candle_triples, candle_runs,
    candle_longer, logic, cross_section, groups, clocks,
)  # fmt: skip
OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {entry.name: entry for family in _FAMILIES for entry in family.ENTRIES}
)
FIELDS: Mapping[str, Operator] = MappingProxyType(
    {name: entry for name, entry in OPERATORS.items() if entry.kind is Kind.FIELD}
)
_ALIASES = MappingProxyType({alias: entry.name for entry in OPERATORS.values() for alias in entry.aliases})


def find(name: str) -> Operator | None:
    """Return the operator of a name or alias."""
    return OPERATORS.get(_ALIASES.get(name, name))


def callable_names() -> list[str]:
    """Return what may be called in the text language, aliases included."""
    return sorted([*(name for name, entry in OPERATORS.items() if entry.inputs), *_ALIASES])


_UNITS: Mapping[Callable[[Sequence[Unit]], Unit], str] = MappingProxyType(
    {
        unit.like: "that of its inputs",
        unit.choice: "that of its inputs",
        unit.chosen: "that of x and other",
        unit.kept: "that of x",
        unit.measured: "that of x",
        unit.explained: "that of x",
        unit.product: "product",
        unit.ratio: "ratio",
        unit.number: str(Unit.NUMBER),
        unit.flag: str(Unit.FLAG),
        unit.comparison: str(Unit.FLAG),
        unit.relative: str(Unit.NUMBER),
        unit.flow: str(Unit.NUMBER),
        unit.priced: "that of its prices",
        unit.traded: "that of volume",
    }
)


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """An operator as people read about it."""

    name: str
    signature: str
    summary: str
    kind: str
    unit: str
    missing: str
    source: str
    aliases: tuple[str, ...]


def operators() -> tuple[OperatorInfo, ...]:
    """Return every field and operator, in the order of the catalogue."""
    return tuple(_info(entry) for entry in OPERATORS.values() if entry.kind is not Kind.CONSTANT)


def _info(entry: Operator) -> OperatorInfo:
    means = str(entry.fixed) if entry.fixed else _UNITS[entry.unit]
    return OperatorInfo(
        entry.name, entry.signature, entry.summary, str(entry.kind), means, entry.missing, entry.source, entry.aliases
    )

"""What strategies are made of."""

from __future__ import annotations

from midas.wire.shape import Answer


class Operator(Answer):
    """One operator of the strategy graph.

    `missing` is what it makes of NaN, `warm_up` how many rows come before its first full value, `source` where its
    formula comes from.
    """

    name: str
    signature: str
    summary: str
    kind: str
    unit: str
    warm_up: str
    missing: str
    source: str
    aliases: list[str]


class FactorLine(Answer):
    """A factor of the library, in one line."""

    name: str
    set: str
    formula: str


class Factor(Answer):
    """A factor of the library.

    `let` says what the names in `formula` stand for and `window` what d does, `adapted` where the set differs from its
    source. `warm_up` counts bars.
    """

    name: str
    set: str
    formula: str
    let: dict[str, str]
    window: int | None
    source: str
    adapted: str
    unit: str
    warm_up: int
    fields: list[str]

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

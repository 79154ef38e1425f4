"""What strategies are made of."""

from __future__ import annotations

from midas.wire.shape import Answer


class Operator(Answer):
    """One operator of the strategy graph."""

    name: str
    signature: str
    summary: str
    kind: str
    unit: str

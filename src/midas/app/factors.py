"""What strategies are made of."""

from __future__ import annotations

from dataclasses import asdict

from anyio import to_thread

from midas.wire.factors import Operator


async def operators() -> list[Operator]:
    """Return every field and operator of the strategy graph."""
    return await to_thread.run_sync(_operators)


def _operators() -> list[Operator]:
    from midas.factors.catalogue import operators
    from midas.factors.warm_up import warm_up

    return [Operator.model_validate(asdict(info) | {"warm_up": warm_up(info.name)}) for info in operators()]

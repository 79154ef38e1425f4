"""What strategies are made of."""

from __future__ import annotations

from dataclasses import asdict

from anyio import to_thread

from midas.wire.factors import Factor, FactorLine, Operator


async def operators() -> list[Operator]:
    """Return every field and operator of the strategy graph."""
    return await to_thread.run_sync(_operators)


async def library() -> list[FactorLine]:
    """Return every factor of the library."""
    return await to_thread.run_sync(_library)


async def show(name: str) -> Factor:
    """Return a factor of the library.

    Raises
    ------
    NotFound: it has none of that name.
    """
    return await to_thread.run_sync(_factor, name)


def _library() -> list[FactorLine]:
    from midas.factors.published import every

    return [FactorLine(name=one.name, set=one.set, formula=one.formula) for one in every()]


def _factor(name: str) -> Factor:
    from midas.factors.plan import compile_plan
    from midas.factors.published import published

    found = published(name)
    plan = compile_plan(found.node)
    return Factor(
        name=found.name,
        set=found.set,
        formula=found.formula,
        let=dict(found.let),
        window=found.window,
        source=found.source,
        adapted=found.adapted,
        unit=str(found.node.unit),
        warm_up=plan.warmup,
        fields=sorted(plan.fields),
    )


def _operators() -> list[Operator]:
    from midas.factors.catalogue import operators
    from midas.factors.warm_up import warm_up

    return [Operator.model_validate(asdict(info) | {"warm_up": warm_up(info.name)}) for info in operators()]

"""Backtesting a strategy that is code, in this process and thread: no server ever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from midas.client.asking import asking
from midas.client.link import Link
from midas.client.progress import Progress
from midas.client.reference import scalars
from midas.core.errors import InvalidInput, Refused
from midas.wire.backtests import BacktestRequest
from midas.wire.shape import Scalar

if TYPE_CHECKING:
    from midas.strategies.event import EventStrategy


def run_code(
    link: Link,
    code: EventStrategy | type[EventStrategy],
    params: Mapping[str, Scalar] | None,
    fields: Mapping[str, object],
    progress: Progress | None,
) -> str:
    """Run code over the past, store what came of it and return its id; `fields` are those of a `BacktestRequest`.

    Raises
    ------
    Refused: the platform is somewhere else.
    StrategyInvalid: the code failed; nothing was stored.
    """
    inside = link.inside
    if inside is None:
        raise Refused(
            f"{link.place} does not run {code.name!r}: it is code, which a server runs for nobody.",
            hint="Open the platform in this process, midas.open() without a url, or write the strategy as a graph.",
            code="code_strategy",
        )
    from midas.app import code_backtests

    strategy = _built(code, params)
    definition = strategy.definition()
    request = asking(BacktestRequest, {**fields, "strategy": {"graph": definition.graph_json()}})

    def report(fraction: float, message: str, tried: object = None) -> None:  # noqa: ARG001  # nothing is tried inside
        if progress is not None:
            progress(fraction, message)

    workspace = inside.workspace
    order = inside.wait(code_backtests.begin(workspace, request, definition))
    made = code_backtests.perform(workspace.home.root, order, strategy, report)
    return inside.wait(code_backtests.settle(workspace, order, made))


def _built(code: EventStrategy | type[EventStrategy], params: Mapping[str, Scalar] | None) -> EventStrategy:
    if isinstance(code, type):
        return code(**scalars(params))
    if params:
        raise InvalidInput(
            f"{code.name!r} has its parameters already.",
            hint=f"Write {type(code).__name__}({', '.join(f'{name}=...' for name in params)}), or give the class.",
            code="fixed_parameters",
        )
    return code

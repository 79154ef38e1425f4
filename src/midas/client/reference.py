"""Turning what people call a strategy into what a server accepts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from midas.core.errors import InvalidInput, NotFound
from midas.wire.backtests import Backtest
from midas.wire.shape import Scalar
from midas.wire.strategies import Strategy as StoredStrategy

if TYPE_CHECKING:
    from midas.strategies.definition import Definition
    from midas.strategies.event import EventStrategy
    from midas.strategies.strategy import Strategy

StrategyLike: TypeAlias = (
    "str | Path | Mapping[str, object] | StoredStrategy | Backtest | Strategy | type[Strategy] | Definition"
)
"""A name (`momentum`, `mine@3`), a YAML file or its text, a canonical graph, a class or its instance,
or an earlier backtest (the same strategy with the same parameters)."""


def reference(strategy: StrategyLike) -> dict[str, object]:
    """Return the fields of the wire's `StrategyRef`; code becomes a canonical graph here, on the author's machine.

    Raises
    ------
    NotFound: the YAML file does not exist.
    InvalidInput: not a strategy.
    """
    match strategy:
        case Path() | str() if str(strategy).endswith(".py") and "\n" not in str(strategy):
            raise _python_file(str(strategy))
        case Path():
            return {"yaml": _text(strategy)}
        case str() if "\n" in strategy or ": " in strategy:
            return {"yaml": strategy}
        case str() if strategy.endswith((".yaml", ".yml")):
            return {"yaml": _text(Path(strategy))}
        case str():
            return {"name": strategy}
        case StoredStrategy():
            return {"name": strategy.name if strategy.source == "library" else f"{strategy.name}@{strategy.version}"}
        case Backtest():
            return {"backtest": strategy.id}
        case Mapping():
            return {"graph": dict(strategy)}
        case _:
            return {"graph": _graph(strategy)}


def open_reference(strategy: StrategyLike) -> dict[str, object]:
    """Return the fields of a `StrategyRef` whose parameters are still open: a class of the library goes by its name.

    Raises
    ------
    NotFound, InvalidInput: see `reference`.
    """
    if isinstance(strategy, type):
        from midas.strategies.definition import is_code
        from midas.strategies.event import EventStrategy
        from midas.strategies.registry import find

        if issubclass(strategy, EventStrategy):
            raise is_code(strategy.name)
        try:
            if find(strategy.name) is strategy:
                return {"name": strategy.name}
        except NotFound:
            pass
        raise InvalidInput(
            f"{strategy.__name__} is not of the library, and a server cannot vary the parameters of your code.",
            hint="Use midas.backtest.sweep.sweep() in this process, or write the strategy as YAML.",
            code="fixed_parameters",
        )
    return reference(strategy)


def scalars(params: Mapping[str, Scalar] | None) -> dict[str, Scalar]:
    """Return parameters as JSON can carry them; NaN goes as text, so that the strategy refuses it by name."""
    return {name: _plain(value) for name, value in (params or {}).items()}


def _plain(value: Scalar) -> Scalar:
    # numpy's own numbers are not JSON; asking for `item` spares an import
    value = getattr(value, "item", lambda: value)()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def code_like(strategy: object) -> EventStrategy | type[EventStrategy] | None:
    """Return a strategy that is code, or its class; None for what is none."""
    if isinstance(strategy, str | Path | Mapping | StoredStrategy | Backtest):
        return None  # without the imports
    from midas.strategies.event import EventStrategy

    if isinstance(strategy, EventStrategy):
        return strategy
    return strategy if isinstance(strategy, type) and issubclass(strategy, EventStrategy) else None


def _graph(strategy: Strategy | type[Strategy] | Definition) -> dict[str, object]:
    from midas.strategies.definition import Definition, is_code
    from midas.strategies.strategy import Strategy

    code = code_like(strategy)
    if code is not None:
        raise is_code(code.name)
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        strategy = strategy()
    if isinstance(strategy, Strategy):
        strategy = strategy.definition()
    if isinstance(strategy, Definition):
        return dict(strategy.graph_json())
    raise InvalidInput(
        f"A {type(strategy).__name__} is not a strategy.",
        hint="Give a name, a YAML file, a Strategy or its graph.",
        code="not_a_strategy",
    )


def _python_file(file: str) -> InvalidInput:
    return InvalidInput(
        f"{file[:200]} is Python: strategies that are code run in a Python process of your own, never from a command "
        "and never in a server or trader.",
        hint="Run it there, with midas.open().backtests.run(YourStrategy(), symbols=[...]); or write it as YAML, see "
        "`midas strategy new`.",
        code="code_strategy",
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no file {file}.", hint="Check the path.", code="file_missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file} cannot be read as text.", hint="A strategy file is YAML in UTF-8.", code="file_unreadable"
        ) from error

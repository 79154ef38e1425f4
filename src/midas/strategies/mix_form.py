"""The file form of a mix of strategies."""

from __future__ import annotations

from collections.abc import Mapping

from midas.core.errors import StrategyInvalid
from midas.strategies.definition import Definition
from midas.strategies.mix import Share, mix
from midas.strategies.param import number_from_text
from midas.strategies.registry import build
from midas.strategies.yaml_document import Listing, Scalar, Table, Value, invalid, kind

_KEYS = ("strategy", "share", "params")
_FORM = "Write mix: [{strategy: sma_cross, share: 0.5, params: {fast: 10}}, …]."


def read_mix(value: Value, name: str, doc: str, overrides: Mapping[str, object]) -> Definition:
    """Read the list under `mix`: library strategies with their share of the capital and, where wanted, parameters.

    Raises
    ------
    StrategyInvalid: naming the line.
    """
    if not isinstance(value, Listing):
        raise invalid(value.line, f"'mix' must be a list of strategies, not {kind(value)}", _FORM, "wrong_type")
    made = mix(name, [_share(item) for item in value.items], source="yaml", doc=doc)
    for key, given in overrides.items():
        if key != "every" or given != made.every.value:
            raise StrategyInvalid(
                f"The mix {name!r} has no parameter {key!r} to change.",
                hint="Write parameters of its strategies in the file.",
                code="unknown_parameter",
            )
    return made


def _share(item: Value) -> Share:
    if not isinstance(item, Table) or not {"strategy", "share"} <= set(item.items):
        raise invalid(item.line, "A part of 'mix' needs a strategy and a share", _FORM, "bad_mix")
    item.require_known(_KEYS, "A part of 'mix'")
    strategy, share = item.items["strategy"], item.items["share"]
    number = number_from_text(share.text) if isinstance(share, Scalar) else None
    if not isinstance(strategy, Scalar) or number is None:
        raise invalid(item.line, "A part of 'mix' needs a strategy's name and a number", _FORM, "bad_mix")
    try:
        return Share(build(strategy.text, _params(item.items.get("params"))), float(number))
    except StrategyInvalid as error:
        raise invalid(item.line, error.message.rstrip("."), error.hint, error.code) from None


def _params(value: Value | None) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Table) or not all(isinstance(given, Scalar) for given in value.items.values()):
        raise invalid(value.line, "'params' must be a table of values", "Write {fast: 10, slow: 50}.", "wrong_type")
    return {name: given.text for name, given in value.items.items() if isinstance(given, Scalar)}

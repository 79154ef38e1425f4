"""From a result to what a tear sheet is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from midas.portfolio.measures.registry import MEASURES
from midas.reports.numbers import number, percent
from midas.reports.sheet import MeasureText, TearSheetInput

if TYPE_CHECKING:
    from midas.backtest.artifact import StoredResult
    from midas.backtest.result import Result, Scalar

_FREQUENCIES = {"1d": "daily closes", "1w": "weekly closes"}
_NOT_A_COST = "traded"


def sheet_of(result: StoredResult | Result) -> TearSheetInput:
    """Return the sheet of a result, stored or just made."""
    spec = _spec(result)
    strategy = cast("Mapping[str, object]", spec["strategy"])
    settings = result.settings
    return TearSheetInput(
        strategy=str(strategy["name"]),
        identity=result.identity,
        currency=_text(settings, "currency"),
        equity=result.equity_frame(),
        fills=result.fills(),
        trades=result.trades(),
        rejects=result.rejects(),
        summary=result.summary,
        periods_per_year=_number(settings, "periods_per_year"),
        initial_capital=_number(settings, "initial_capital"),
        basis=_text(settings, "basis"),
        risk_free=_number(settings, "risk_free"),
        parameters={**cast("Mapping[str, object]", strategy["params"]), "every": strategy["every"]},
        universe=str(spec["universe"] or ""),
        symbols=tuple(cast("list[str]", spec["symbols"])),
        benchmark=_text(settings, "benchmark"),
        facts=_facts(settings),
        costs_assumed=_costs_assumed(settings),
        costs={kind: paid for kind, paid in result.costs.items() if kind != _NOT_A_COST},
        measures={one.key: MeasureText(one.label, one.unit, one.formula) for one in MEASURES},
        absent=result.absent,
        method=_method(settings),
        warnings=result.warnings,
    )


def _spec(result: StoredResult | Result) -> Mapping[str, object]:
    return result.spec if isinstance(result.spec, Mapping) else result.spec.to_json()


def _facts(settings: Mapping[str, Scalar]) -> dict[str, str]:
    return {
        "Dataset": f"{_text(settings, 'dataset')}, {_text(settings, 'basis').replace('_', ' ')} prices",
        "Data version": _text(settings, "data_version"),
        "Venue tables": f"{_text(settings, 'venue')} {_text(settings, 'venue_tables')}",
        "Engine": _text(settings, "engine"),
    }


def _costs_assumed(settings: Mapping[str, Scalar]) -> dict[str, str]:
    return {
        "Commission": _text(settings, "commission"),
        "Tax": _text(settings, "tax"),
        "Slippage": f"{_number(settings, 'slippage_bps'):g} bps against us",
        "Fills": f"{_text(settings, 'fill')}, never the bar of the decision",
        "Lots": _text(settings, "lots"),
        "Dealing": _text(settings, "dealing").replace("_", " "),
        "Exits": _text(settings, "exits"),
        "Size limit": f"{percent(_number(settings, 'volume_cap'), 0)} of a bar's volume",
    }


def _method(settings: Mapping[str, Scalar]) -> tuple[str, ...]:
    frequency = _text(settings, "frequency")
    return (
        f"Measured on {_FREQUENCIES.get(frequency, f'closes of sessions, from {frequency} bars')}",
        f"{number(_number(settings, 'periods_per_year'), 1)} periods a year",
        f"risk-free {percent(_number(settings, 'risk_free'))}",
        "net of costs" if settings["net_of_costs"] else "before costs",
        f"warm-up of {number(_number(settings, 'warm_up_sessions'), 0)} sessions "
        + ("excluded" if settings["warm_up_excluded"] else "included"),
    )


def _text(settings: Mapping[str, Scalar], key: str) -> str:
    return str(settings.get(key, "not stated"))  # a result of before it was


def _number(settings: Mapping[str, Scalar], key: str) -> float:
    value = settings[key]
    if not isinstance(value, int | float):
        raise TypeError(f"setting {key} is {value!r}, not a number")
    return float(value)

"""How a result was computed, in plain values."""

from __future__ import annotations

import math

from midas.backtest.identity import engine_of
from midas.backtest.story import Story
from midas.execution.exchange import Exchanged
from midas.factors.periods import rows_a_day
from midas.portfolio.measures.sample import Sample
from midas.strategies.exits import exit_to_json

Scalar = str | float | int | bool | None


def settings_of(story: Story, sample: Sample) -> dict[str, Scalar]:
    """Return everything a reader needs to repeat or compare the numbers."""
    return _data(story) | _code(story) | _account(story) | _measuring(story, sample) | _drawdown(story, sample)


def account_settings(own: Exchanged | None) -> dict[str, Scalar]:
    """Return what an account in another currency came to in that; nothing where it is in its market's."""
    if own is None:
        return {}
    return {
        "account_currency": own.brought.currency,
        "account_capital": float(own.brought.amount),
        "account_equity": float(own.equity[-1]),
        "account_return": own.total_return,
        "trading_gain": float(own.trading_gain),
        "currency_gain": float(own.currency_gain),
        "conversion_cost": float(own.conversion_cost),
        "conversion_bps": own.spread_bps,
        "first_rate": float(own.rates[0]),
        "last_rate": float(own.rates[-1]),
        "rates": own.source,
    }


def _data(story: Story) -> dict[str, Scalar]:
    panel = story.panel
    return {
        "dataset": panel.dataset,
        "data_version": panel.version,
        "basis": panel.basis.value,
        "venue": story.venue.mic,
        "venue_tables": story.venue.table_version,
        "engine": engine_of(story.spec),
        "currency": panel.currency,
        "frequency": str(panel.timeframe),
        "names": panel.columns,
    }


def _code(story: Story) -> dict[str, Scalar]:
    code = story.spec.definition.code
    return {} if code is None else {"code": code.digest, "python": code.python}


def _account(story: Story) -> dict[str, Scalar]:
    terms, spec = story.terms, story.spec
    own = terms.commission_bps is None
    return {
        "every": spec.definition.every.value,
        "initial_capital": float(terms.capital.amount),
        "fill": "next open" if fills_at_open(story) else "next close",
        "commission": "venue schedule" if own else f"{terms.commission_bps:g} bps",
        "tax": "venue schedule",
        "slippage_bps": terms.slippage_bps,
        "lots": terms.lots,
        "volume_cap": terms.volume_cap,
        "dealing": ", ".join(f"{name} {value}" for name, value in terms.dealing.to_json().items()) or "plain",
        "exits": _exits(story),
        "exit_fills": _exit_fills(story),
    }


def _exits(story: Story) -> str:
    told = [f"{key} {value}" for policy in story.spec.definition.exits for key, value in exit_to_json(policy).items()]
    return ", ".join(told) or "none"


def _exit_fills(story: Story) -> str:
    counts = story.simulation.journal.fills.exits()
    return ", ".join(f"{cause.value} {count}" for cause, count in counts.items()) or "none"


def fills_at_open(story: Story) -> bool:
    """Tell whether orders fill at opens; they do not where the account asks for closes or the data has nothing else."""
    return story.terms.dealing.fill_at == "open" and "raw_open" in story.panel.fields


def _measuring(story: Story, sample: Sample) -> dict[str, Scalar]:
    return {
        "first_session": str(story.sessions[0]),
        "last_session": str(story.sessions[-1]),
        "sessions": len(story.sessions),
        **_warm_up(story),
        "warm_up_excluded": True,
        "periods_per_year": round(sample.periods_per_year, 6),
        "risk_free": sample.risk_free,
        "net_of_costs": True,
        "benchmark": story.benchmark.label,
        "value_at_risk": "historical",
    }


def _warm_up(story: Story) -> dict[str, Scalar]:
    bars = story.plan.warmup
    if story.panel.stamps is None:
        return {"warm_up_sessions": bars}
    return {"warm_up_sessions": math.ceil(bars / rows_a_day(story.panel)), "warm_up_bars": bars}


def _drawdown(story: Story, sample: Sample) -> dict[str, Scalar]:
    falls = sample.drawdowns
    fell = bool(falls.depth[falls.trough] < 0)
    return {
        "max_drawdown_peak": str(story.sessions[falls.peak]) if fell else None,
        "max_drawdown_trough": str(story.sessions[falls.trough]) if fell else None,
        "max_drawdown_recovery": str(story.sessions[falls.recovery]) if falls.recovery >= 0 else None,
    }

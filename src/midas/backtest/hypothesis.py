"""What counts as one idea, and what counts as one try at it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date

from midas.execution.dealing import Dealing
from midas.factors.lowering import walk
from midas.factors.node import Node
from midas.marketdata.panel import Panel
from midas.strategies.definition import Definition

_DELAY = "shift"


def hypothesis_of(definition: Definition, universe_family: str) -> str:
    """Return the SHA-256, in hex, of a strategy's graph without its numbers and of where it is tried.

    Left out is whatever can be turned to try again: every number of the graph and of its exits, when it speaks, and
    all names. Parts that occur twice are told twice, so that two numbers that happen to be equal make no difference;
    for the same reason a delay, which disappears at 0, is not told. Of code its name is all there is to go by: whatever
    is changed in it is another try at the same idea.
    """
    if definition.code is not None:
        return _hashed(["code", definition.name, universe_family])
    known: dict[Node, str] = {}
    for node in walk(definition.targets):
        told = [known[child] for child in node.inputs]
        known[node] = told[0] if node.op == _DELAY else _hashed([node.op, told])
    exits = sorted(policy.key for policy in definition.exits)
    return _hashed([known[definition.targets], exits, universe_family])


def walk_forward_of(hypothesis: str) -> str:
    """Return the idea that choosing an idea's numbers by walking forward is: what is traded is its own, single try."""
    return _hashed(["walk-forward", hypothesis])


def universe_family(panel: Panel) -> str:
    """Return where an idea is tried: a venue and the length of its bars, whichever names, dates or adjustment."""
    return f"{panel.venue} {panel.timeframe}"


def configuration_of(
    definition: Definition,
    symbols: Sequence[str],
    start: date | None = None,
    end: date | None = None,
    dealing: Dealing | None = None,
) -> str:
    """Return the SHA-256, in hex, of one try: every number of the strategy, when it speaks, instruments and dates.

    Of the dealing what decides trades counts too: limit entries, carried orders, selling short, reinvesting, where
    orders fill and what unsettled money buys. Names, capital, costs and the versions of data and engine are left out:
    asking again under them tries nothing new.
    """
    return sha256_of(text_of(told_of(definition, symbols, start, end, dealing)))


def told_of(
    definition: Definition, symbols: Sequence[str], start: date | None, end: date | None, dealing: Dealing | None
) -> dict[str, object]:
    """Return what `configuration_of` hashes, in plain values; `targets` is the graph, or what code is known by."""
    graph, account, plain = definition.graph_json(), dealing or Dealing(), Dealing()
    # told where it is not plain, so that tries that were counted before there was a choice stay the same ones
    chosen = {"settlement": account.settlement, "fill_at": account.fill_at}
    differs = [value for name, value in chosen.items() if value != getattr(plain, name)]
    return {
        "targets": graph["targets"] if definition.code is None else [graph["code"], graph["params"]],
        "every": graph["every"],
        "exits": graph["exits"],
        "symbols": sorted(symbols),
        "dates": [None if day is None else day.isoformat() for day in (start, end)],
        "dealing": [account.entry_limit, account.carry, account.allow_short, account.reinvest_dividends, *differs],
    }


def text_of(value: object) -> str:
    """Return plain values as text, the same characters for the same values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _hashed(value: object) -> str:
    return sha256_of(text_of(value))

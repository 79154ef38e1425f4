"""Markets that are like a given one up to a row, or in all that should matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from midas.core.basis import Basis
from midas.marketdata.actions import Actions
from midas.marketdata.panel import Panel
from midas.marketdata.tiles import Tiles

PRICES = ("open", "high", "low", "close")
_AMOUNTS = ("volume", "turnover")


def until(panel: Panel, row: int) -> Panel:
    """Return the panel as it was after `row` rows."""
    return _changed(panel, row, lambda _name, tiles: np.ascontiguousarray(tiles[:, :row]), row)


def poisoned(panel: Panel, row: int, seed: int, absent: float = 0.0) -> Panel:
    """Return the panel with invented bars from `row` on, missing where they were; a share `absent` goes missing too."""
    random = np.random.default_rng(seed)
    shape = panel.tiles("raw_close")[:, row:].shape
    # Far from what was, in both directions, so that every extreme, average and rank of the whole moves.
    level = np.exp(random.normal(0.0, 3.0, shape))
    bars = {name: level * np.exp(random.uniform(-0.05, 0.05, shape)) for name in ("open", "close")}
    bars["high"] = np.maximum(bars["open"], bars["close"]) * 1.01
    bars["low"] = np.minimum(bars["open"], bars["close"]) * 0.99
    gone = random.random(shape) < absent
    amounts = {name: np.exp(random.normal(10.0, 4.0, shape)) for name in _AMOUNTS}

    def disturb(name: str, tiles: Tiles) -> Tiles:
        plain = name.removeprefix("raw_")
        factor = bars.get(plain, amounts.get(plain))
        if factor is None:
            return tiles
        kept = tiles.copy()
        scale = np.nanmedian(tiles) if plain in PRICES else 1.0
        kept[:, row:] = np.where(np.isnan(tiles[:, row:]) | gone, np.nan, factor * scale)
        return kept

    return _changed(panel, row, disturb, panel.rows)


def rebased(panel: Panel, seed: int) -> Panel:
    """Return the panel with each name's prices on another scale, as a later split would restate them.

    What was really quoted keeps its scale: raw prices of a raw dataset. Factors are powers of two: nothing is rounded.
    """
    random = np.random.default_rng(seed)
    tiles, _, lanes = panel.tiles("raw_close").shape
    factor = 2.0 ** random.choice([-2, -1, 1, 2], (tiles, 1, lanes))

    def disturb(name: str, tiles: Tiles) -> Tiles:
        plain = name.removeprefix("raw_")
        quoted = plain != name and panel.basis is Basis.RAW
        if quoted or plain not in (*PRICES, "volume"):
            return tiles
        return tiles / factor if plain == "volume" else tiles * factor

    return _changed(panel, panel.rows, disturb, panel.rows)


def _changed(panel: Panel, row: int, disturb: Callable[[str, Tiles], Tiles], rows: int) -> Panel:
    known, all_actions = panel.actions.row < row, panel.actions
    actions = Actions(
        all_actions.row[known], all_actions.instrument[known], all_actions.kind[known], all_actions.value[known]
    )
    fields = {name: disturb(name, tiles) for name, tiles in panel.fields.items()}
    stamps = None if panel.stamps is None else panel.stamps[:rows]
    return replace(panel, fields=fields, sessions=panel.sessions[:rows], actions=actions, stamps=stamps)

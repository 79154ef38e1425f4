"""Where a run is in its life, and where it can go from there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from midas.core.errors import Refused


class RunState(StrEnum):
    """DRAFT is stored and does nothing. PAPER trades a paper account. ARMED may go live. LIVE trades real money.

    PAUSED hears the market and orders nothing. STOPPED is over; what it holds stays with the account.
    """

    DRAFT = "draft"
    PAPER = "paper"
    ARMED = "armed"
    LIVE = "live"
    PAUSED = "paused"
    STOPPED = "stopped"


_D, _P, _A, _L, _W, _S = RunState

MOVES: Final[Mapping[RunState, frozenset[RunState]]] = MappingProxyType(
    {
        _D: frozenset({_P, _A, _S}),
        _P: frozenset({_W, _S}),
        _A: frozenset({_L, _D, _S}),
        _L: frozenset({_W, _S}),
        # whoever paused real money has to arm it again
        _W: frozenset({_P, _A, _S}),
        _S: frozenset(),
    }
)
"""Where each state can go."""

RUNNING: Final = frozenset({RunState.PAPER, RunState.LIVE, RunState.PAUSED, RunState.ARMED})
"""States in which the trader follows the market for a run."""

TRADING: Final = frozenset({RunState.PAPER, RunState.LIVE})
"""States in which its orders go out."""


def require_move(before: RunState, after: RunState, *, live: bool) -> None:
    """Refuse a move that is not in the table, or that mixes a paper account with real money; `live` is the account's.

    Raises
    ------
    Refused: so; code `bad_move`, or `paper_only` and `live_only` for the wrong kind of account.
    """
    if after not in MOVES[before]:
        allowed = f"It can become {', '.join(sorted(MOVES[before]))}." if MOVES[before] else "Start another run."
        raise Refused(f"A run that is {before} cannot become {after}.", hint=allowed, code="bad_move")
    if after in (RunState.ARMED, RunState.LIVE) and not live:
        raise Refused("A paper account cannot go live.", hint="Start a run on a live account.", code="paper_only")
    if after is RunState.PAPER and live:
        raise Refused("A live account does not trade on paper.", hint="Name a paper account.", code="live_only")

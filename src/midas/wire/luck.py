"""How much of a result luck alone explains."""

from __future__ import annotations

from midas.wire.shape import Answer, Number


class Luck(Answer):
    """A Sharpe ratio weighed against everything that was tried; null where it is not defined.

    `trials` counts the configurations of this idea evaluated so far, whatever became of them. `sharpe` is a year's,
    with its 95 % interval; `psr` is the probability that the true ratio is above 0, `deflated_sharpe` that it is above
    what the best of so many trials without skill would show (0.95 or more passes), `by_luck` how often the best of so
    many without skill looks this good, `pbo` how often the best of the past is below the middle afterwards.
    """

    trials: int
    sharpe: Number
    sharpe_low: Number
    sharpe_high: Number
    psr: Number
    deflated_sharpe: Number
    by_luck: Number
    pbo: Number
    min_track_record_sessions: int | None
    passed: bool | None
    sentence: str

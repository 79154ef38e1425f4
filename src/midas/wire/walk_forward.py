"""Walk-forward: parameters chosen again and again, each time from the past alone."""

from __future__ import annotations

from datetime import date
from typing import Literal

from midas.wire.luck import Luck
from midas.wire.shape import Answer, Number, Scalar

Mode = Literal["anchored", "rolling"]


class Leg(Answer):
    """One choice: made on the sessions from `train_first` to `train_last`, traded on those from `first` to `last`.

    `params` is empty where no trial of the training had a score: then nothing was decided.
    """

    train_first: date
    train_last: date
    first: date
    last: date
    params: dict[str, Scalar]
    train_score: Number
    total_return: Number
    tried: int


class WalkForward(Answer):
    """One account over all that was not chosen on; `equity` in currency, one entry for each of `sessions`.

    `efficiency` is the metric there over its mean where it was chosen: near 1 what was found lasted, near 0 it was an
    accident. `luck` weighs the account by the walk-forwards ever tried at this idea.
    """

    mode: Mode
    metric: str
    legs: list[Leg]
    efficiency: Number
    summary: dict[str, Number]
    sessions: list[date]
    equity: list[float]
    luck: Luck

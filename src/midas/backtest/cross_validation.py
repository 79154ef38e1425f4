"""Choosing among trials on parts of the past and judging on the rest, every way there is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.folds import Gap, Places, combinatorial, paths
from midas.core.errors import InvalidInput

Reals = NDArray[np.float64]

_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """One entry a fold: the trial that was best on its training, and that trial's yearly Sharpe ratio there and after.

    path_sharpes : yearly Sharpe ratio of each whole path that the folds make, what was chosen being traded. pbo : share
    of folds whose choice is on or below the middle of all trials where it is judged.
    """

    chosen: Places
    train_sharpe: Reals
    test_sharpe: Reals
    path_sharpes: Reals
    pbo: float


def cross_validate(
    trial_returns: Reals, groups: int, tested: int, *, periods_per_year: float, gap: Gap | None = None
) -> CrossValidation:
    """Choose by Sharpe ratio among trials in every fold of combinatorial purged cross-validation.

    trial_returns : (sessions, trials) on the same sessions; NaN is a session without a position, 0. A purged k-fold is
    the case of one group tested. Source: López de Prado 2018, "Advances in financial machine learning", chapter 12;
    pbo as in `overfitting`.

    Raises
    ------
    InvalidInput: fewer than two trials, or folds that cannot be.
    """
    returns = np.nan_to_num(np.asarray(trial_returns, np.float64))
    if returns.ndim != 2 or returns.shape[1] < 2:
        raise InvalidInput("There is nothing to choose between.", hint="Give the returns of two trials or more.")
    found = combinatorial(len(returns), groups, tested, gap)
    year = math.sqrt(periods_per_year)
    trained = np.array([_sharpes(returns[fold.train]) for fold in found])
    judged = np.array([_sharpes(returns[fold.test]) for fold in found])
    chosen = trained.argmax(axis=1)
    rows = np.arange(len(found))
    own = judged[rows, chosen][:, None]
    rank = (judged < own).sum(axis=1) + ((judged == own).sum(axis=1) + 1) / 2.0
    return CrossValidation(
        chosen=chosen.astype(np.int64),
        train_sharpe=trained[rows, chosen] * year,
        test_sharpe=own[:, 0] * year,
        path_sharpes=_of_paths(returns, chosen, groups, tested) * year,
        pbo=float((rank <= (returns.shape[1] + 1) / 2.0).mean()),
    )


def _of_paths(returns: Reals, chosen: Places, groups: int, tested: int) -> Reals:
    parts = np.array_split(np.arange(len(returns)), groups)
    whole = [
        np.concatenate([returns[parts[group], chosen[fold]] for group, fold in enumerate(path)])
        for path in paths(groups, tested)
    ]
    return _sharpes(np.stack(whole, axis=1))


def _sharpes(returns: Reals) -> Reals:
    deviation = returns.std(axis=0, ddof=1) if len(returns) > 1 else np.zeros(returns.shape[1])
    varied = deviation > _FLAT
    ratios: Reals = np.where(varied, returns.mean(axis=0) / np.where(varied, deviation, 1.0), 0.0)
    return ratios

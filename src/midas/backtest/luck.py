"""How much of a result luck alone explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from midas.backtest.evidence import LEAST_SESSIONS, Evidence, evidence_of
from midas.core.errors import InvalidInput
from midas.portfolio.measures.significance import (
    CONFIDENCE,
    chance_of_best,
    expected_best_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_error,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Luck:
    """What is left of a Sharpe ratio when everything that was tried is counted; None where it is not defined.

    trials : configurations of this hypothesis evaluated so far. sharpe : a year's, with a 95 % interval from
    `sharpe_low` to `sharpe_high`. psr : probability that the true ratio is above 0. deflated_sharpe : probability that
    it is above what the best of so many trials without skill would show. by_luck : how often the best of so many
    without skill looks this good. pbo : how often the best of the past is below the middle afterwards.
    min_track_record_sessions : returns it takes to believe the ratio is above 0. passed : deflated_sharpe is 95 % or
    more; pbo has no say, for among equally good settings the choice is a coin toss and the edge is real.
    """

    trials: int
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
    psr: float | None
    deflated_sharpe: float | None
    by_luck: float | None
    pbo: float | None
    min_track_record_sessions: int | None
    passed: bool | None
    sentence: str

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)


def luck_of(
    returns: ArrayLike,
    trials: int,
    *,
    periods_per_year: float,
    trial_sharpes: Sequence[float | None] | NDArray[np.float64] | None = None,
    trial_returns: NDArray[np.float64] | None = None,
) -> Luck:
    """Weigh the returns of one trial, the best of `trials`, against luck; see `weigh` for what is assumed.

    returns : one a session, over the risk-free rate; NaN is 0. trial_sharpes : annual ratios of the trials that are
    known, NaN and None left out. trial_returns : (sessions, trials) of those known; gives `pbo`, and the ratios when
    they are not given.

    Raises
    ------
    InvalidInput: fewer than one trial.
    """
    pbo = None
    if trial_returns is not None:
        from midas.backtest.overfitting import probability_of_overfitting

        pbo = probability_of_overfitting(trial_returns)
        if trial_sharpes is None:
            trial_sharpes = _annual_sharpes(trial_returns, periods_per_year)
    return weigh(evidence_of(returns, periods_per_year), trials, trial_sharpes=trial_sharpes, pbo=pbo)


def weigh(
    evidence: Evidence,
    trials: int,
    *,
    trial_sharpes: Sequence[float | None] | NDArray[np.float64] | None = None,
    pbo: float | None = None,
    noun: str = "setting",
) -> Luck:
    """Return the luck of what was measured; `noun` is what the sentence calls a trial.

    A trial whose ratio is not known is taken as independent of all others and without skill: its variance is
    1 / (n − 1), of n returns. The variance of the deflated ratio is the mean of that and of the known ratios' own,
    weighted by their numbers; as far as it is below 1 / (n − 1) the trials are taken to share one common factor.

    Raises
    ------
    InvalidInput: fewer than one trial.
    """
    if trials < 1:
        raise InvalidInput(f"{trials} trials cannot be.", hint="What is weighed was tried once at least.")
    sharpe, skew, kurtosis = evidence.sharpe, evidence.skew, evidence.kurtosis
    if sharpe is None or skew is None or kurtosis is None:
        return _unknown(evidence, trials, pbo)
    error = sharpe_error(sharpe, evidence.sessions, skew, kurtosis)
    if error is None:
        return _unknown(evidence, trials, pbo)
    by_chance = 1.0 / (evidence.sessions - 1)
    variance = _variance(trial_sharpes, trials, evidence.periods_per_year, by_chance)
    best = expected_best_sharpe(trials, variance)
    deflated = probabilistic_sharpe(sharpe, evidence.sessions, skew, kurtosis, best)
    by_luck = chance_of_best(sharpe / error, trials, max(0.0, 1.0 - variance / by_chance))
    needed = minimum_track_record(sharpe, skew, kurtosis)
    passed = deflated is not None and deflated >= CONFIDENCE
    return Luck(
        trials=trials,
        sharpe=evidence.annual,
        sharpe_low=evidence.low,
        sharpe_high=evidence.high,
        psr=probabilistic_sharpe(sharpe, evidence.sessions, skew, kurtosis),
        deflated_sharpe=deflated,
        by_luck=by_luck,
        pbo=pbo,
        min_track_record_sessions=None if needed is None else math.ceil(needed),
        passed=passed,
        sentence=_sentence(noun, sharpe, trials, by_luck, deflated or 0.0, passed),
    )


def _unknown(evidence: Evidence, trials: int, pbo: float | None) -> Luck:
    why = (
        f"{evidence.sessions} sessions are too few, {LEAST_SESSIONS} are needed"
        if evidence.sessions < LEAST_SESSIONS
        else "the returns do not vary"
    )
    return Luck(
        trials, None, None, None, None, None, None, pbo, None, None,
        f"Whether this is skill or luck cannot be told: {why}.",
    )  # fmt: skip


def _variance(
    sharpes: Sequence[float | None] | NDArray[np.float64] | None, trials: int, periods_per_year: float, by_chance: float
) -> float:
    known = [float(one) for one in (() if sharpes is None else sharpes) if one is not None and math.isfinite(one)]
    if len(known) < 2:
        return by_chance
    mean = math.fsum(known) / len(known)
    own = math.fsum((one - mean) ** 2 for one in known) / (len(known) - 1) / periods_per_year
    share = min(1.0, len(known) / trials)
    return share * own + (1.0 - share) * by_chance


def _annual_sharpes(trial_returns: NDArray[np.float64], periods_per_year: float) -> NDArray[np.float64]:
    import numpy as np

    values = np.nan_to_num(trial_returns)
    deviation = values.std(axis=0, ddof=1)
    period = np.divide(values.mean(axis=0), deviation, out=np.full(len(deviation), np.nan), where=deviation > 0)
    return np.asarray(period * math.sqrt(periods_per_year))


def _sentence(noun: str, sharpe: float, trials: int, by_luck: float, deflated: float, passed: bool) -> str:
    if sharpe <= 0:
        return "The Sharpe ratio is not above 0: there is no gain for luck or skill to explain."
    often = _often(by_luck)
    if trials == 1:
        told = f"This is the only {noun} tried, and without any skill it would look this good {often}"
    else:
        told = f"Of {trials:,} {noun}s tried, the best would look this good by luck alone {often}"
    if passed:
        return f"{told}; luck hardly explains it."
    if by_luck >= 1.0 - CONFIDENCE:
        return f"{told}; do not count on it."
    return f"{told}; that is rare, but short of proof (deflated Sharpe ratio {deflated:.0%}, {CONFIDENCE:.0%} passes)."


def _often(chance: float) -> str:
    if chance > 0.95:
        return "nearly always"
    if chance >= 0.45:
        return f"about {round(chance * 10)} times in 10"
    if chance < 1e-6:
        return "less than 1 time in a million"
    times = 1.0 / chance
    digits = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"about 1 time in {round(times / digits) * digits:,}"

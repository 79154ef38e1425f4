"""Whether a Sharpe ratio is more than chance; all ratios here are of one period, kurtosis is 3 for a normal."""

from __future__ import annotations

import math
from statistics import NormalDist

CONFIDENCE = 0.95
"""A probability from which on something is believed."""

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_STEPS = 400
_REACH = 8.0


def sharpe_error(sharpe: float, observations: int, skew: float, kurtosis: float) -> float | None:
    """Return the standard error of a Sharpe ratio of independent returns that need not be normal (Mertens 2002).

    √((1 − skew·SR + (kurtosis − 1)/4·SR²) / (n − 1)); None where it is not defined.
    """
    spread = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return math.sqrt(spread / (observations - 1)) if spread > 0 and observations > 2 else None


def probabilistic_sharpe(
    sharpe: float, observations: int, skew: float, kurtosis: float, above: float = 0.0
) -> float | None:
    """Return the probability that the true ratio exceeds `above`: Φ((SR − above) / standard error).

    Source: Bailey, López de Prado 2012, "The Sharpe ratio efficient frontier", Journal of Risk 15(2).
    """
    error = sharpe_error(sharpe, observations, skew, kurtosis)
    return None if error is None else _NORMAL.cdf((sharpe - above) / error)


def minimum_track_record(
    sharpe: float, skew: float, kurtosis: float, above: float = 0.0, confidence: float = CONFIDENCE
) -> float | None:
    """Return how many observations it takes to believe that the ratio exceeds `above`; None when it does not.

    1 + (1 − skew·SR + (kurtosis − 1)/4·SR²) · (Φ⁻¹(confidence) / (SR − above))². Source: as `probabilistic_sharpe`.
    """
    if sharpe <= above:
        return None
    spread = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return 1.0 + spread * (_NORMAL.inv_cdf(confidence) / (sharpe - above)) ** 2


def expected_best_sharpe(trials: int, variance: float) -> float:
    """Return the largest ratio to expect of so many independent trials without skill; 0 of one.

    √V · ((1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e))), V the variance of the trials' ratios, γ Euler's constant. Source:
    Bailey, López de Prado 2014, "The deflated Sharpe ratio", Journal of Portfolio Management 40(5), equation 1.
    """
    if trials < 2:
        return 0.0
    usual, rare = _NORMAL.inv_cdf(1.0 - 1.0 / trials), _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - _EULER) * usual + _EULER * rare)


def chance_of_best(score: float, trials: int, shared: float = 0.0) -> float:
    """Return how often the best of so many trials without skill scores at least this, in standard errors.

    1 − ∫ φ(c) · Φ((score − √ρ·c) / √(1 − ρ))^N dc, where ρ = `shared` (0 to 1) is the correlation of the trials: one
    factor common to all (Vasicek 1987; Dunnett, Sobel 1955). 1 − Φ(score)^N where they are independent (Šidák 1967).
    """
    if shared >= 1.0 or trials < 2:
        return _above(score)
    if shared <= 0.0:
        return _some_of(trials, _above(score))
    common, own = math.sqrt(shared), math.sqrt(1.0 - shared)
    # the trapezoidal rule is as good as exact for a smooth function that vanishes at both ends
    step = 2.0 * _REACH / _STEPS
    total = 0.0
    for place in range(_STEPS + 1):
        factor = -_REACH + place * step
        total += _NORMAL.pdf(factor) * _some_of(trials, _above((score - common * factor) / own))
    return min(1.0, total * step)


def _above(score: float) -> float:
    # 1 − Φ, also where Φ is so near to 1 that nothing would be left
    return 0.5 * math.erfc(score / math.sqrt(2.0))


def _some_of(trials: int, chance: float) -> float:
    # 1 − (1 − p)^N, also where p is so small that 1 − p is 1
    return 1.0 if chance >= 1.0 else -math.expm1(trials * math.log1p(-chance))

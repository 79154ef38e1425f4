"""Straight lines through the last n values: over time, and of one series on another."""

from __future__ import annotations

from midas.factors.operator import LONGEST_WINDOW, Parameter
from midas.factors.operators.rolling import CLOSE, LEAVES, OTHER, PAIRS, rolling
from midas.factors.unit import explained, measured, number, product, ratio

_SAME = f"NaN while any of the n values is NaN, or when all are the same; {LEAVES}"
_OTHER_SAME = f"NaN while any of the n values of x or other is NaN, or when all of other are the same; {LEAVES}"
_BOTH = (CLOSE, OTHER)

_OVER_TIME = (
    rolling(
        "slope",
        "Slope of the least-squares line through the last n values, per row.",
        measured,
        low=2,
        source="as TA-Lib LINEARREG_SLOPE; co-moments of blocks merged as in Pebay (2008)",
    ),
    rolling(
        "intercept",
        "The least-squares line through the last n values, on the oldest row.",
        measured,
        "x.mean(n) - x.slope(n) * ((n - 1) / 2)",
        low=2,
        source="as TA-Lib LINEARREG_INTERCEPT",
    ),
    rolling(
        "trend",
        "The least-squares line through the last n values, on this row.",
        measured,
        "x.mean(n) + x.slope(n) * ((n - 1) / 2)",
        low=2,
        source="as TA-Lib LINEARREG",
        aliases=("linear_regression",),
    ),
    rolling(
        "forecast",
        "The least-squares line through the last n values, drawn on to the next row.",
        measured,
        "x.mean(n) + x.slope(n) * ((n + 1) / 2)",
        low=2,
        source="as TA-Lib TSF",
    ),
    rolling(
        "residual",
        "x less the least-squares line through its last n values.",
        measured,
        "x - x.trend(n)",
        low=2,
    ),
    rolling(
        "residual_std",
        "Standard error of the least-squares line: root of the squared residuals' sum over n - 2.",
        measured,
        "sqrt(((x.var(n) - x.slope(n) ** 2 * (n * (n + 1) / 12)) * ((n - 1) / (n - 2))).clip(0, 1e300))",
        low=3,
    ),
    rolling(
        "r_squared",
        "Share of the variance of the last n values that the least-squares line explains, 0 to 1.",
        number,
        "(x.slope(n) ** 2 * (n * (n + 1) / 12) / x.var(n)).clip(0, 1)",
        low=2,
        missing=_SAME,
    ),
)

_ON_ANOTHER = (
    rolling(
        "covariance",
        "Covariance of the last n values of x and other, dividing by n - 1.",
        product,
        low=2,
        inputs=_BOTH,
        missing=PAIRS,
        source="Chan, Golub and LeVeque (1979) for merging blocks",
    ),
    rolling(
        "correlation",
        "Correlation of the last n values of x and other (Pearson), -1 to 1.",
        number,
        "(covariance(x, other, n) / (x.std(n) * other.std(n))).clip(-1, 1)",
        low=2,
        inputs=_BOTH,
        missing=f"NaN while any of the n values of x or other is NaN, or when all of one are the same; {LEAVES}",
    ),
    rolling(
        "autocorrelation",
        "Correlation of the last n values of x with those `lag` rows before.",
        number,
        "correlation(x, x.shift(lag), n)",
        low=2,
        more=(Parameter("lag", 1, LONGEST_WINDOW, default=1),),
        missing="NaN while any of the n + lag values is NaN, or when all of n are the same; " + LEAVES,
    ),
    rolling(
        "beta",
        "Slope of the least-squares line of x on other over the last n rows; TA-Lib's BETA is that of one series'"
        " changes on the other's: beta(x.change(1), other.change(1), n).",
        ratio,
        "covariance(x, other, n) / other.var(n)",
        low=2,
        inputs=_BOTH,
        missing=_OTHER_SAME,
    ),
    rolling(
        "regression_intercept",
        "Where the least-squares line of x on other over the last n rows stands at other = 0.",
        explained,
        "x.mean(n) - covariance(x, other, n) / other.std(n) * (other.mean(n) / other.std(n))",
        low=2,
        inputs=_BOTH,
        missing=_OTHER_SAME,
    ),
    rolling(
        "regression_residual",
        "x less the least-squares line of x on other over the last n rows: what other does not explain.",
        explained,
        "x - x.mean(n) - covariance(x, other, n) / other.std(n) * other.zscore(n)",
        low=2,
        inputs=_BOTH,
        missing=_OTHER_SAME,
    ),
)

ENTRIES = (*_OVER_TIME, *_ON_ANOTHER)

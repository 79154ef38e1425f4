"""The distribution of the last n values."""

from __future__ import annotations

from midas.factors.operator import LONGEST_WINDOW, Input, Parameter
from midas.factors.operators.rolling import CLOSE, LEAVES, RETURNS, rolling
from midas.factors.unit import like, measured, number

_SAME = f"NaN while any of the n values is NaN, or when all are the same; {LEAVES}"
_ABOVE_0 = f"NaN while any of the n values is NaN or not above 0; {LEAVES}"
_QUANTILES = "linear interpolation (Hyndman and Fan type 7), as numpy and pandas"

ENTRIES = (
    rolling(
        "skew",
        "Skewness of the last n values, corrected for bias (G1): above 0 with a long tail upwards.",
        number,
        low=3,
        missing=_SAME,
        source="Joanes and Gill (1998), as pandas and scipy with bias=False; Pebay (2008) for merging blocks",
    ),
    rolling(
        "kurt",
        "Excess kurtosis of the last n values, corrected for bias (G2): 0 for a normal distribution.",
        number,
        low=4,
        missing=_SAME,
        source="Joanes and Gill (1998), as pandas and scipy with bias=False; Pebay (2008) for merging blocks",
        aliases=("kurtosis",),
    ),
    rolling("product", "Product of the last n values.", number),
    rolling(
        "quantile",
        "The value below which the share q of the last n values lies.",
        measured,
        more=(Parameter("q", 0.0, 1.0, whole=False, default=0.5),),
        source=_QUANTILES,
    ),
    rolling("median", "Middle of the last n values.", measured, "x.quantile(n, 0.5)"),
    rolling(
        "quartile_range",
        "The third quartile of the last n values less the first.",
        measured,
        "x.quantile(n, 0.75) - x.quantile(n, 0.25)",
        source=_QUANTILES,
    ),
    rolling(
        "ts_rank",
        "Place of x among its last n values from the smallest up, divided by n: above 0, 1 for the largest; equals"
        " share the mean of their places.",
        number,
        source="as pandas rolling rank with pct=True",
    ),
    rolling(
        "mean_distance",
        "Average distance of the last n values of x from this row's other.",
        like,
        inputs=(CLOSE, Input("other", latest=True)),
        missing=f"NaN where other is, and while any of the n values of x is NaN; {LEAVES}",
    ),
    rolling(
        "mad",
        "Mean absolute deviation: average distance of the last n values from their mean.",
        measured,
        # Rounding may put the mean of equal values beside them; they must have no deviation.
        "x.mean_distance(max2(min2(x.mean(n), x.max(n)), x.min(n)), n)",
        source="the deviation of Lambert's commodity channel index (1980); not the median one",
    ),
    rolling(
        "downside_std",
        "Downside deviation: root of the mean square of the last n values, those above 0 counting as 0.",
        measured,
        "sqrt((x.clip(-1e300, 0) ** 2).mean(n))",
        inputs=(RETURNS,),
        source="Sortino and van der Meer (1991), with target 0",
    ),
    rolling(
        "upside_std",
        "Root of the mean square of the last n values, those below 0 counting as 0.",
        measured,
        "sqrt((x.clip(0, 1e300) ** 2).mean(n))",
        inputs=(RETURNS,),
    ),
    rolling("rms", "Root of the mean square of the last n values.", measured, "sqrt((x ** 2).mean(n))"),
    rolling(
        "geometric_mean",
        "Geometric mean of the last n values.",
        measured,
        "exp(x.log().mean(n))",
        missing=_ABOVE_0,
    ),
    rolling(
        "harmonic_mean",
        "Harmonic mean of the last n values: n over the sum of their reciprocals.",
        measured,
        "1 / (1 / x).mean(n)",
        missing=f"NaN while any of the n values is NaN or 0; {LEAVES}",
    ),
    rolling(
        "standard_error",
        "Standard error of the mean of the last n values: their standard deviation over the root of n.",
        measured,
        "x.std(n) / n ** 0.5",
        low=2,
    ),
    rolling(
        "variation",
        "Coefficient of variation: standard deviation of the last n values over their mean.",
        number,
        "x.std(n) / x.mean(n)",
        low=2,
        missing=f"NaN while any of the n values is NaN, or when their mean is 0; {LEAVES}",
    ),
    rolling("deviation", "x less the mean of its last n values.", measured, "x - x.mean(n)"),
    rolling(
        "rise_share",
        "Share of the last n rows on which x was above its value on the row before.",
        number,
        "(x > x.shift(1)).mean(n)",
        missing=f"NaN while any of the n + 1 values is NaN; {LEAVES}",
    ),
    rolling(
        "variance_ratio",
        "Variance of n logarithmic changes over `lag` rows, over `lag` times that of n changes over one row: 1 for a"
        " random walk, more in a trend, less when moves are taken back.",
        number,
        "x.log().diff(lag).var(n) / (lag * x.log().diff(1).var(n))",
        low=2,
        more=(Parameter("lag", 2, LONGEST_WINDOW, default=2),),
        missing="NaN while any of the n + lag values is NaN or not above 0, or when nothing moved; " + LEAVES,
        source="Lo and MacKinlay (1988), without the correction for small samples",
    ),
)

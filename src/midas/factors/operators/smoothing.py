"""Moving averages, and the spread around an exponential one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midas.factors.operator import Input, Kind, Operator, Parameter, decay_rows, window
from midas.factors.operators.rolling import CLOSE, LEAVES, rolling
from midas.factors.unit import Unit, measured, number

_SKIPS = "NaN on a row where x is NaN; the state is kept and goes on from there."
_EWM = " NaN before n values were seen."
_AS_PANDAS = "as pandas ewm(span=n, adjust=False, ignore_na=True, min_periods=n)"
_MULLOY = "Mulloy, Smoothing Data with Faster Moving Averages (1994), as TA-Lib"


def _exponential(
    name: str,
    summary: str,
    formula: str = "",
    *,
    low: int = 1,
    more: tuple[Parameter, ...] = (),
    unit: Callable[[Sequence[Unit]], Unit] = measured,
    missing: str = _SKIPS,
    source: str = "",
    aliases: tuple[str, ...] = (),
) -> Operator:
    return Operator(
        name, Kind.RECURSIVE, summary, unit, (CLOSE,), (window(low), *more), decay_rows(lambda n: 2.0 / (n + 1.0)),
        endless=True, missing=missing, source=source, aliases=aliases, formula=formula,
    )  # fmt: skip


_WINDOWED = (
    rolling(
        "decay_linear",
        "Average of the last n values with weights n for this row's down to 1 for the oldest.",
        measured,
        "x.mean(n) + x.slope(n) * ((n - 1) / 6)",
        low=2,
        source="as TA-Lib WMA",
        aliases=("wma",),
    ),
    rolling(
        "trima",
        "Triangular average: the mean of means, the middle of the last n values weighing most.",
        measured,
        "x.mean((n + 1) // 2).mean(n // 2 + 1)",
        source="as TA-Lib TRIMA",
    ),
    rolling(
        "hull",
        "Hull's average: twice the weighted average of n / 2 values less that of n, weighted over the root of n.",
        measured,
        "(2 * x.decay_linear(n // 2) - x.decay_linear(n)).decay_linear(n ** 0.5 // 1)",
        low=4,
        missing=f"NaN while any of the n + root of n - 1 values is NaN; {LEAVES}",
        source="Hull (2005); n / 2 and the root of n rounded down",
        aliases=("hma",),
    ),
    rolling(
        "efficiency",
        "Efficiency ratio: the way from the value n rows ago over the sum of n steps, 0 to 1; 1 when nothing moved.",
        number,
        "(abs(x.diff(n)) / abs(x.diff(1)).sum(n)).clip(0, 1).where(abs(x.diff(1)).sum(n) > 0, 1)",
        missing=f"NaN while any of the n + 1 values is NaN; {LEAVES}",
        source="Kaufman, Smarter Trading (1995)",
    ),
)

_OF_EMA = (
    _exponential("dema", "Double exponential average: less late than `ema`.", "2 * x.ema(n) - x.ema(n).ema(n)",
                 source=_MULLOY),
    _exponential(
        "tema",
        "Triple exponential average: less late than `dema`.",
        "3 * x.ema(n) - 3 * x.ema(n).ema(n) + x.ema(n).ema(n).ema(n)",
        source=_MULLOY,
    ),
    _exponential(
        "t3",
        "Tillson's average: a generalised `dema` applied three times; `volume_factor` 0 is three times `ema`.",
        "-(volume_factor ** 3) * x.ema(n).ema(n).ema(n).ema(n).ema(n).ema(n)"
        " + 3 * (volume_factor ** 2 + volume_factor ** 3) * x.ema(n).ema(n).ema(n).ema(n).ema(n)"
        " - 3 * (2 * volume_factor ** 2 + volume_factor + volume_factor ** 3) * x.ema(n).ema(n).ema(n).ema(n)"
        " + (1 + 3 * volume_factor + volume_factor ** 3 + 3 * volume_factor ** 2) * x.ema(n).ema(n).ema(n)",
        more=(Parameter("volume_factor", 0.0, 1.0, whole=False, default=0.7),),
        source="Tillson, Better Moving Averages (1998), as TA-Lib T3",
    ),
    _exponential(
        "zlema",
        "Exponential average of x plus what x gained over the (n - 1) / 2 rows by which the average is late.",
        "ema(2 * x - x.shift((n - 1) // 2), n)",
        missing=_SKIPS + " The same where the earlier value is NaN.",
        source="Ehlers and Way, Zero Lag (2010); (n - 1) / 2 rounded down",
    ),
)  # fmt: skip

_ADAPTIVE = (
    Operator(
        "adaptive_mean",
        Kind.RECURSIVE,
        "Exponential average with a weight of its own on each row, begun from the value before the first weight."
        " Warm-up is counted as if the weight were `usual`.",
        measured,
        (CLOSE, Input("weight")),
        (Parameter("usual", 1e-6, 1.0, whole=False, default=0.1),),
        decay_rows(lambda usual: usual),
        endless=True,
        missing="NaN on a row where an input is NaN; the state is kept and goes on from there.",
    ),
    _exponential(
        "kama",
        "Kaufman's adaptive average: its weight goes from that of `slow` rows to that of `fast` rows with the"
        " efficiency of n rows. Warm-up is counted at the efficiency of a random walk.",
        "x.adaptive_mean((x.efficiency(n) * (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2,"
        " (n ** -0.5 * (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2)",
        more=(Parameter("fast", 1, 500, default=2), Parameter("slow", 1, 500, default=30)),
        missing="NaN while any of the n + 1 values is NaN; the state is kept and goes on from there.",
        source="Kaufman, Smarter Trading (1995), as TA-Lib KAMA",
    ),
    _exponential(
        "vidya",
        "Chande's variable average: the weight of `ema`, times the efficiency of m rows. Warm-up is counted at the"
        " efficiency of a random walk.",
        "x.adaptive_mean(x.efficiency(m) * (2 / (n + 1)), m ** -0.5 * (2 / (n + 1)))",
        more=(Parameter("m", 1, 100, default=9),),
        missing="NaN while any of the m + 1 values is NaN; the state is kept and goes on from there.",
        source="Chande and Kroll, The New Technical Trader (1994): the size of his momentum oscillator is `efficiency`",
    ),
)

_WEIGHTED = (
    _exponential(
        "ewm_mean",
        "Exponential average with weight 2 / (n + 1), begun from the first value.",
        "x.adaptive_mean(2 / (n + 1), 2 / (n + 1))",
        missing=_SKIPS,
        source="as pandas ewm(span=n, adjust=False, ignore_na=True).mean()",
    ),
    _exponential(
        "ewm_var",
        "Variance of all values so far with weights that fall by 1 - 2 / (n + 1) a row, corrected for bias.",
        low=2,
        unit=number,
        missing=_SKIPS + _EWM,
        source=_AS_PANDAS + ".var()",
    ),
    _exponential(
        "ewm_std",
        "Standard deviation of all values so far with weights that fall by 1 - 2 / (n + 1) a row: root of `ewm_var`.",
        "x.ewm_var(n) ** 0.5",
        low=2,
        missing=_SKIPS + _EWM,
        source=_AS_PANDAS + ".std()",
    ),
    _exponential(
        "ewm_zscore",
        "Distance from `ewm_mean`, in units of `ewm_std`.",
        "(x - x.ewm_mean(n)) / x.ewm_std(n)",
        low=2,
        unit=number,
        missing=_SKIPS + _EWM + " NaN when all values were the same.",
    ),
)

ENTRIES = (*_WINDOWED, *_OF_EMA, *_ADAPTIVE, *_WEIGHTED)

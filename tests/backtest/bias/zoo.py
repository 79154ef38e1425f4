"""Rules over arrays: some that know the future in all the ways people let it in, and some that do not.

Each takes `{field: (row, instrument) matrix}` and returns weights, as `check_function` wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal

Matrix = NDArray[np.float64]
Arrays = Mapping[str, Matrix]
Rule = Callable[[Arrays], Matrix]


def close(arrays: Arrays) -> pd.DataFrame:
    return pd.DataFrame(arrays["close"])


def flags(frame: Any) -> Matrix:
    return np.asarray(frame, dtype=np.float64)


def whole(arrays: Arrays) -> Matrix:
    return close(arrays).ffill().bfill().to_numpy()


def chosen_lag(arrays: Arrays) -> Matrix:
    returns = close(arrays).pct_change(fill_method=None)
    fits = {lag: abs(np.nan_to_num(returns.shift(lag).corrwith(returns)).mean()) for lag in range(1, 8)}
    return returns.shift(max(fits, key=lambda lag: fits[lag])).to_numpy()


def regression_on_everything(arrays: Arrays) -> Matrix:
    returns = np.nan_to_num(close(arrays).pct_change(fill_method=None).to_numpy())
    before, after = returns[:-1].ravel(), returns[1:].ravel()
    slope = (before @ after) / (before @ before)
    return slope * returns


def principal_component(arrays: Arrays) -> Matrix:
    returns = np.nan_to_num(close(arrays).pct_change(fill_method=None).to_numpy())
    return returns * np.abs(np.linalg.svd(returns, full_matrices=False)[2][0])


def survivors(arrays: Arrays) -> Matrix:
    kept = np.isfinite(arrays["close"][-30:]).all(axis=0)
    return np.broadcast_to(kept.astype(np.float64), arrays["close"].shape)


def low_pass(arrays: Arrays) -> Matrix:
    spectrum = np.fft.rfft(whole(arrays), axis=0)
    spectrum[10:] = 0
    return flags(np.fft.irfft(spectrum, len(arrays["close"]), axis=0) > whole(arrays))


def detrended(arrays: Arrays) -> Matrix:
    prices = whole(arrays)
    rows = np.arange(len(prices))
    fit = np.polynomial.polynomial.polyfit(rows, prices, 2)
    return flags(prices < np.polynomial.polynomial.polyval(rows, fit).T)


def remembering() -> Rule:
    answers: list[Matrix] = []

    def rule(arrays: Arrays) -> Matrix:
        if not answers:
            answers.append(flags(close(arrays).shift(-1) > close(arrays)))
        return answers[0][: len(arrays["close"])]

    return rule


def random_each_time() -> Rule:
    random = np.random.default_rng(1)
    return lambda arrays: random.random(arrays["close"].shape)


def blocks(frame: pd.DataFrame, length: int, how: str) -> pd.DataFrame:
    return frame.groupby(np.arange(len(frame)) // length).transform(how)


LEAKY: dict[str, Rule] = {
    "next close": lambda a: flags(close(a).shift(-1) > close(a)),
    "next return": lambda a: close(a).pct_change(-1, fill_method=None).to_numpy(),
    "next difference": lambda a: flags(close(a).diff(-1) < 0),
    "rolled over the edge": lambda a: flags(np.roll(a["close"], -1, axis=0) > a["close"]),
    "a label as a feature": lambda a: (close(a).shift(-5) / close(a) - 1).rolling(3).mean().to_numpy(),
    "next low": lambda a: flags(pd.DataFrame(a["low"]).shift(-1) > 0.99 * close(a)),
    "centred mean": lambda a: flags(close(a) < close(a).rolling(9, center=True).mean()),
    "central difference": lambda a: np.gradient(whole(a), axis=0),
    "convolution of the same length": lambda a: flags(
        signal.convolve(whole(a), np.full((7, 1), 1 / 7), "same") > whole(a)
    ),
    "smoothing polynomial": lambda a: flags(signal.savgol_filter(whole(a), 11, 2, axis=0) > whole(a)),
    "filter there and back": lambda a: flags(signal.filtfilt(*signal.butter(2, 0.1), whole(a), axis=0) > whole(a)),
    "Fourier": low_pass,
    "trend of the whole sample": detrended,
    "turning points": lambda a: flags(
        np.isin(
            np.arange(a["close"].size).reshape(a["close"].shape),
            np.ravel_multi_index(signal.argrelextrema(whole(a), np.less, order=5), a["close"].shape),
        )
    ),
    "score of the whole sample": lambda a: ((close(a) - close(a).mean()) / close(a).std()).to_numpy(),
    "median of the whole sample": lambda a: flags(close(a) < close(a).median()),
    "scaled to the whole range": lambda a: ((close(a) - close(a).min()) / (close(a).max() - close(a).min())).to_numpy(),
    "clipped by the whole deviation": lambda a: (
        close(a).pct_change(fill_method=None).clip(upper=2 * close(a).pct_change(fill_method=None).std(), axis=1)
    ).to_numpy(),
    "quantile of the whole sample": lambda a: flags(close(a) < close(a).quantile(0.2)),
    "rank over all time": lambda a: close(a).rank(pct=True).to_numpy(),
    "gaps filled from behind": lambda a: close(a).bfill().pct_change(5, fill_method=None).to_numpy(),
    "gaps interpolated": lambda a: close(a).interpolate().pct_change(3, fill_method=None).to_numpy(),
    "last of its week": lambda a: flags(blocks(close(a), 5, "last") > close(a)),
    "highest of its month": lambda a: flags(blocks(close(a), 21, "max") > 1.05 * close(a)),
    "mean of its month": lambda a: flags(blocks(close(a), 21, "mean") > close(a)),
    "relative to the last row": lambda a: (close(a) / close(a).ffill().iloc[-1]).to_numpy(),
    "counted from the end": lambda a: close(a)[::-1].ewm(span=10).mean()[::-1].to_numpy(),
    "sum of what is to come": lambda a: np.cumsum(np.nan_to_num(a["close"])[::-1], axis=0)[::-1],
    "the lag that fitted best": chosen_lag,
    "a regression on everything": regression_on_everything,
    "principal component of everything": principal_component,
    "survivors only": survivors,
    "the best name in the end": lambda a: np.broadcast_to(
        flags(np.arange(a["close"].shape[1]) == np.argmax(whole(a)[-1] / whole(a)[0])), a["close"].shape
    ),
    "chance": lambda a: np.random.default_rng().random(a["close"].shape),
    "an answer remembered": remembering(),
    "a generator that goes on": random_each_time(),
    "a level of restated prices": lambda a: flags(close(a) > 50),
}


def rolling_slope(frame: pd.DataFrame, n: int) -> pd.DataFrame:
    steps = np.arange(n) - (n - 1) / 2
    return frame.rolling(n).apply(lambda window: float(steps @ window) / float(steps @ steps), raw=True)


CLEAN: dict[str, Rule] = {
    "nothing at all": lambda a: np.full(a["close"].shape, np.nan),
    "always the same": lambda a: np.full(a["close"].shape, 0.125),
    "who is there": lambda a: np.isfinite(a["close"]) / np.maximum(1, np.isfinite(a["close"]).sum(axis=1))[:, None],
    "two averages": lambda a: flags(close(a).rolling(5).mean() > close(a).rolling(20).mean()),
    "exponential averages": lambda a: flags(close(a).ewm(span=5).mean() > close(a).ewm(span=20).mean()),
    "momentum": lambda a: close(a).pct_change(20, fill_method=None).to_numpy(),
    "reversal": lambda a: -close(a).pct_change(2, fill_method=None).to_numpy(),
    "momentum over filled gaps": lambda a: close(a).ffill().pct_change(10, fill_method=None).to_numpy(),
    "rank across names": lambda a: close(a).pct_change(5, fill_method=None).rank(axis=1, pct=True).to_numpy(),
    "rolling score": lambda a: ((close(a) - close(a).rolling(20).mean()) / close(a).rolling(20).std()).to_numpy(),
    "expanding mean": lambda a: flags(close(a) > close(a).expanding().mean()),
    "expanding quantile": lambda a: flags(close(a) < close(a).expanding(20).quantile(0.2)),
    "rolling rank": lambda a: close(a).rolling(20).rank(pct=True).to_numpy(),
    "breakout": lambda a: flags(close(a) > pd.DataFrame(a["high"]).rolling(20).max().shift(1)),
    "inverse volatility": lambda a: (1 / close(a).pct_change(fill_method=None).rolling(20).std()).to_numpy(),
    "drawdown so far": lambda a: flags(close(a) > 0.9 * close(a).cummax()),
    "volume against its mean": lambda a: flags(
        pd.DataFrame(a["volume"]) > pd.DataFrame(a["volume"]).rolling(20).mean()
    ),
    "slope": lambda a: flags(rolling_slope(close(a), 10) > 0),
    "place in the range": lambda a: (
        (close(a) - pd.DataFrame(a["low"]).rolling(14).min())
        / (pd.DataFrame(a["high"]).rolling(14).max() - pd.DataFrame(a["low"]).rolling(14).min())
    ).to_numpy(),
    "overnight gap": lambda a: (pd.DataFrame(a["open"]) / close(a).shift(1) - 1).to_numpy(),
}

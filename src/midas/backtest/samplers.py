"""Which combinations of a grid are tried, and in which order."""

from __future__ import annotations

import warnings
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from midas.backtest.grid import Axis, points, require_bearable
from midas.core.errors import InvalidInput, did_you_mean

if TYPE_CHECKING:
    import optuna

SamplerName = Literal["grid", "random", "sobol", "tpe"]

MOST_TRIALS = 1_000_000
DEFAULT_TRIALS = 100

_TPE_BATCH = 16

_PREVIEWED = 1_024
_REFUSED_IN_A_ROW = 1_000

Picks = NDArray[np.int64]
"""(trial, axis): which of each axis' values."""

Flags = NDArray[np.bool_]


class Sampler(Protocol):
    """Asked for combinations until it has none; told how those before did."""

    total: int

    def preview(self) -> Picks:
        """Return the combinations that may be asked for: all of them, or so many that the extremes are among them."""
        ...

    def ask(self) -> Picks:
        """Return the next combinations, none when it is done."""
        ...

    def tell(self, picks: Picks, scores: NDArray[np.float64], able: Flags | None = None) -> None:
        """Learn scores, higher is better, NaN where there is none; those not `able` were no trials."""
        ...


def sampler_of(name: str, axes: Sequence[Axis], trials: int | None, seed: int) -> Sampler:
    """Return a sampler of at most `trials` different combinations; a grid takes all there are.

    Raises
    ------
    InvalidInput: no such sampler, a grid of more than a million, or no trials.
    """
    if name not in get_args(SamplerName):
        raise InvalidInput(
            f"There is no sampler {name[:64]!r}.",
            hint=did_you_mean(name, get_args(SamplerName)),
            code="unknown_sampler",
        )
    if trials is not None and not 1 <= trials <= MOST_TRIALS:
        raise InvalidInput(
            f"The number of trials cannot be {trials}.", hint=f"Use 1 to {MOST_TRIALS:,}.", code="bad_trials"
        )
    if name == "grid":
        if trials is not None:
            raise InvalidInput(
                "A grid tries every combination, so it has no number of trials.",
                hint="Leave --trials out, or use --sampler random, sobol or tpe.",
                code="bad_trials",
            )
        require_bearable(axes)
        return _Listed(_all(axes))
    count = min(DEFAULT_TRIALS if trials is None else trials, points(axes))
    if name == "random":
        return _Listed(_random(axes, count, seed))
    return _Listed(_sobol(axes, count, seed)) if name == "sobol" else _Tpe(axes, count, seed)


class _Listed:
    def __init__(self, picks: Picks) -> None:
        self.total = len(picks)
        self._picks = picks

    def preview(self) -> Picks:
        return self._picks

    def ask(self) -> Picks:
        asked, self._picks = self._picks, self._picks[:0]
        return asked

    def tell(self, picks: Picks, scores: NDArray[np.float64], able: Flags | None = None) -> None:
        """Nothing is learnt."""


class _Tpe:
    # Combinations it proposes again are answered from memory, so that only different ones count as trials, and only
    # those that could be run; when it keeps coming back to them, chance proposes the rest.
    def __init__(self, axes: Sequence[Axis], count: int, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        self.total, self._run, self._in_vain = count, 0, 0
        self._axes = tuple(axes)
        self._lengths = np.array([len(axis.values) for axis in axes])
        self._draw = np.random.default_rng(seed)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._space: dict[str, optuna.distributions.BaseDistribution] = {
            axis.name: optuna.distributions.IntDistribution(0, len(axis.values) - 1)
            if axis.is_numeric
            else optuna.distributions.CategoricalDistribution(tuple(range(len(axis.values))))
            for axis in axes
        }
        self._known: dict[tuple[int, ...], float] = {}
        self._waiting: list[tuple[optuna.Trial, tuple[int, ...]]] = []

    def preview(self) -> Picks:
        if points(self._axes) <= _PREVIEWED:
            return _all(self._axes)
        ends = np.minimum(_all(self._axes, 2)[:_PREVIEWED] * self._lengths, self._lengths - 1)
        drawn = np.random.default_rng(0).integers(0, self._lengths, (_PREVIEWED, len(self._lengths)))
        return np.concatenate([ends, drawn])

    def ask(self) -> Picks:
        fresh: dict[tuple[int, ...], None] = {}
        left = points(self._axes) - len(self._known) if self._in_vain < _REFUSED_IN_A_ROW else 0
        wanted = min(_TPE_BATCH, self.total - self._run, left)
        for turn in range(4 * wanted):
            if len(fresh) >= wanted:
                break
            if turn >= 2 * wanted:
                self._study.enqueue_trial(self._untried(fresh))
            trial = self._study.ask(self._space)
            pick = tuple(int(trial.params[name]) for name in self._space)
            if pick in self._known:
                self._learn(trial, self._known[pick])
            else:
                self._waiting.append((trial, pick))
                fresh[pick] = None
        return np.array(list(fresh), np.int64).reshape(-1, len(self._space))

    def tell(self, picks: Picks, scores: NDArray[np.float64], able: Flags | None = None) -> None:
        ran = len(picks) if able is None else int(able.sum())
        self._run, self._in_vain = self._run + ran, 0 if ran else self._in_vain + len(picks)
        for pick, score in zip(picks.tolist(), scores.tolist(), strict=True):
            self._known[tuple(pick)] = score
        for trial, pick in self._waiting:
            self._learn(trial, self._known[pick])
        self._waiting = []

    def _untried(self, fresh: Container[tuple[int, ...]]) -> dict[str, int]:
        while True:
            pick = tuple(self._draw.integers(0, self._lengths).tolist())
            if pick not in self._known and pick not in fresh:
                return dict(zip(self._space, pick, strict=True))

    def _learn(self, trial: optuna.Trial, score: float) -> None:
        import optuna

        failed = not np.isfinite(score)
        state = optuna.trial.TrialState.FAIL if failed else None
        self._study.tell(trial, None if failed else score, state=state)


def _all(axes: Sequence[Axis], most: int = MOST_TRIALS) -> Picks:
    shape = tuple(min(most, len(axis.values)) for axis in axes)
    return np.indices(shape, np.int64).reshape(len(shape), -1).T.copy()


def _random(axes: Sequence[Axis], count: int, seed: int) -> Picks:
    draw = np.random.default_rng(seed)
    lengths = np.array([len(axis.values) for axis in axes])
    found: dict[tuple[int, ...], None] = {}
    if points(axes) <= 4 * count:
        every = _all(axes)
        chosen: Picks = every[draw.permutation(len(every))[:count]]
        return chosen
    while len(found) < count:
        found.update(dict.fromkeys(map(tuple, draw.integers(0, lengths, (count, len(lengths))).tolist())))
    return np.array(list(found)[:count], np.int64)


def _sobol(axes: Sequence[Axis], count: int, seed: int) -> Picks:
    from scipy.stats import qmc

    lengths = np.array([len(axis.values) for axis in axes])
    sequence = qmc.Sobol(len(axes), rng=np.random.default_rng(seed))
    found: dict[tuple[int, ...], None] = {}
    for _ in range(64):
        drawn = sequence.random_base2(max(4, int(np.ceil(np.log2(count))))) if not found else sequence.random(count)
        found.update(dict.fromkeys(map(tuple, np.floor(drawn * lengths).astype(np.int64).tolist())))
        if len(found) >= count:
            break
    return np.array(list(found)[:count], np.int64)

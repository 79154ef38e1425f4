"""Every loop over time against its step run in plain Python, to the bit, in stretches of any length."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from midas.kernels import delay, indicators, logic, pointwise, recursive, smoothing, statistics, windows
from midas.kernels.lanes import LANES
from midas.kernels.loop import TIME_INTEGERS, TIME_POINTERS, Loop

ROWS = 45
N = 7
rng = np.random.default_rng(8)
_BEGINNING = rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers_whatever_ran_before() -> None:
    rng.bit_generator.state = _BEGINNING


Array = np.ndarray


def numbers(*, flags: bool) -> Array:
    found = np.floor(rng.uniform(0, 2, (ROWS, LANES))) if flags else np.round(rng.normal(0, 3, (ROWS, LANES)), 1)
    found[rng.random((ROWS, LANES)) < 0.1] = np.nan
    found[5, 3] = 0.0
    return found


def run(loop: Loop, inputs: list[Array], params: list[float], first: int, stretch: int, constants: int = 0) -> Array:
    out = np.empty((ROWS, LANES))
    state = np.full(max(1, loop.state(N)), np.nan)
    given = np.array([*params, 0.0])
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * TIME_POINTERS, *[ctypes.c_int64] * TIME_INTEGERS)(loop.address)
    for row in range(0, ROWS, stretch):
        pointers = [x.ctypes.data + (0 if constants >> k & 1 else row * LANES * 8) for k, x in enumerate(inputs)]
        pointers += [0] * (3 - len(inputs))
        length = min(stretch, ROWS - row)
        pointers += [state.ctypes.data, given.ctypes.data]
        call(out[row:].ctypes.data, *pointers, N, constants, first + row, length, LANES)
    return out


def same(one: Array, other: Array) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


FLAGGED = {"both", "either", "negation", "hold", "since", "toggle", "cooldown", "streak"}
FROM_A_ROW = {"hold", "toggle", "cooldown"}
INPUTS = {"choose": 3, "clip": 1, "hold": 2}
PARAMS = {name: [float(N)] for name in ("ema", "wilder", "rsi", "ewm_var")}
PARAMS |= {"sar_extended": [0.0, 0.01, 0.02, 0.03, 0.2, 0.05, 0.02, 0.1]}
PARAMS |= {"clip": [-1.0, 2.0], "hold": [110.0], "toggle": [110.0], "cooldown": [3.0, 110.0], "sar": [0.1, 0.3]}


def arity(loop: Loop) -> int:
    return sum(f"x{k} = " in loop.source for k in range(3))


STEPPED = [*pointwise.LOOPS, *recursive.LOOPS, *smoothing.LOOPS, *indicators.LOOPS, *logic.LOOPS]


@pytest.mark.parametrize("loop", STEPPED, ids=lambda loop: loop.name)
def test_a_step_loop_is_its_step_row_by_row(loop: Loop) -> None:
    step = dict(loop.steps)["step"]
    python = getattr(step, "py_func", step)
    inputs = [numbers(flags=loop.name in FLAGGED) for _ in range(arity(loop))]
    if loop.name in ("where", "choose", "value_when", "highest_since"):
        inputs[1] = numbers(flags=True)
    params = PARAMS.get(loop.name, [])
    expected = np.empty((ROWS, LANES))
    with np.errstate(all="ignore"):
        for lane in range(LANES):
            states = [np.float64("nan")] * loop.width
            for row in range(ROWS):
                given = [x[row, lane] for x in inputs] + states + [100 + row] * (loop.name in FROM_A_ROW) + params
                result = python(*given)
                expected[row, lane], *states = result if loop.width else (result,)
    for stretch in (1, 4, ROWS):
        np.testing.assert_array_max_ulp(
            run(loop, inputs, params, 100, stretch), expected, maxulp=0 if loop.name != "power" else 1
        )


@pytest.mark.parametrize("loop", [p for p in pointwise.LOOPS if arity(p) > 1], ids=lambda loop: loop.name)
def test_a_constant_is_one_row_for_all(loop: Loop) -> None:
    inputs = [numbers(flags=loop.name in FLAGGED) for _ in range(arity(loop))]
    if loop.name in ("where", "choose"):
        inputs[1] = numbers(flags=True)
    for place in range(len(inputs)):
        one = np.full((1, LANES), 1.0)
        everywhere = [np.full((ROWS, LANES), 1.0) if k == place else x for k, x in enumerate(inputs)]
        once = [one if k == place else x for k, x in enumerate(inputs)]
        assert same(run(loop, once, [], 0, 10, constants=1 << place), run(loop, everywhere, [], 0, ROWS))


def folded(loop: Loop, inputs: list[Array], first: int) -> Array:
    steps = {name: getattr(function, "py_func", function) for name, function in loop.steps}

    def parts(value: object) -> tuple[float, ...]:
        return value if isinstance(value, tuple) else (value,)  # type: ignore[return-value]

    expected = np.full(inputs[0].shape, np.nan)
    lift: Callable[..., tuple[float, ...]] = lambda *v: parts(steps["lift"](*v))  # noqa: E731
    for lane in range(expected.shape[1]):
        columns = [x[:, lane] for x in inputs]
        series = [lift(*[np.nan] * len(inputs))] * first + [lift(*v) for v in zip(*columns, strict=True)]
        for t in range(first, first + ROWS):
            start = t - t % N
            prefix, count = series[start], 1
            for k in range(start + 1, t + 1):
                prefix, count = parts(steps["join"](count, *prefix, 1, *series[k])), count + 1
            if count < N:
                low = t - N + 1
                if low < 0:
                    continue
                suffix, length = series[start - 1], 1
                for k in range(start - 2, low - 1, -1):
                    suffix, length = parts(steps["join"](1, *series[k], length, *suffix)), length + 1
                prefix = parts(steps["join"](length, *suffix, count, *prefix))
            expected[t - first, lane] = steps["out_of"](N, *prefix)
    return expected


@pytest.mark.parametrize("first", [0, 3, 2 * N])
@pytest.mark.parametrize("loop", [*windows.LOOPS, *statistics.WINDOWS], ids=lambda loop: loop.name)
def test_a_window_is_its_monoid_folded_block_by_block(loop: Loop, first: int) -> None:
    inputs = [numbers(flags=False)[:, :4].repeat(8, axis=1) for _ in range(arity(loop))]
    inputs = [abs(x) + 1 for x in inputs] if loop.name == "max_drawdown" else inputs
    expected = folded(loop, [x[:, ::8] for x in inputs], first)
    whole = run(loop, inputs, [], first, ROWS)
    ready = slice(N - 1, None)
    assert np.isfinite(expected).sum() > expected.size / 20
    np.testing.assert_array_max_ulp(whole[ready, ::8], expected[ready], maxulp=0)
    for stretch in (1, 5, 8):
        assert same(run(loop, inputs, [], first, stretch), whole)


@pytest.mark.parametrize("first", [0, 3, 2 * N])
@pytest.mark.parametrize("loop", statistics.SCANS, ids=lambda loop: loop.name)
def test_a_scan_is_its_fold_from_the_oldest_value(loop: Loop, first: int) -> None:
    steps = {name: getattr(function, "py_func", function) for name, function in loop.steps}
    inputs = [numbers(flags=False) for _ in range(arity(loop))]
    expected = np.full((ROWS, LANES), np.nan)
    for row, lane in np.ndindex(ROWS - N + 1, LANES):
        total = 0.0
        for value in inputs[0][row : row + N, lane]:
            total = steps["fold"](total, value, inputs[-1][row + N - 1, lane])
        expected[row + N - 1, lane] = steps["out_of"](N, total)
    assert np.isfinite(expected).sum() > expected.size / 4
    for stretch in (1, 5, ROWS):
        assert same(run(loop, inputs, [], first, stretch), expected)


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 2 / 3, 1.0])
def test_a_quantile_is_that_of_the_sorted_values(q: float, first: int) -> None:
    x = numbers(flags=False)
    x[3, 1], x[12, 2] = np.inf, -np.inf
    expected = np.full((ROWS, LANES), np.nan)
    place = q * (N - 1)
    for row, lane in np.ndindex(ROWS - N + 1, LANES):
        window = x[row : row + N, lane]
        if not np.isnan(window).any():
            low, high = (float(v) for v in np.sort(window)[[int(place), min(int(place) + 1, N - 1)]])
            part = place - int(place)
            expected[row + N - 1, lane] = low + (high - low) * part if part else low
    for stretch in (1, 5, ROWS):
        assert same(run(statistics.QUANTILE, [x], [float(N), q], first, stretch), expected)


@pytest.mark.parametrize("stretch", [1, 4, ROWS])
def test_a_delay_gives_back_what_it_was_given(stretch: int) -> None:
    x = numbers(flags=False)
    out = run(delay.shift, [x], [], 3, stretch)
    assert same(out[N:], x[:-N])
    assert np.isnan(out[:N]).all()

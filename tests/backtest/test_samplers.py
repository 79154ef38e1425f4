"""Samplers: different combinations, as many as asked for, the same for the same seed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from midas.backtest.grid import Axis
from midas.backtest.samplers import sampler_of
from midas.core.errors import InvalidInput

AXES = (Axis("a", tuple(range(30))), Axis("b", ("x", "y", "z")), Axis("c", (0.5, 1.5)))
DRAWN = ("random", "sobol", "tpe")


def drawn(name: str, trials: int | None, seed: int = 0) -> list[tuple[int, ...]]:
    sampler, found = sampler_of(name, AXES, trials, seed), []
    while len(picks := sampler.ask()):
        # the best is in a corner, so that one who learns goes there
        sampler.tell(picks, picks[:, 0].astype(float) - 50.0 * (picks[:, 1] != 2))
        found += [tuple(pick) for pick in picks.tolist()]
    return found


def test_a_grid_is_every_combination_the_last_parameter_first() -> None:
    assert drawn("grid", None) == list(product(range(30), range(3), range(2)))


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("trials", [1, 40, 200])
def test_as_many_different_ones_as_there_are(name: str, trials: int) -> None:
    found = drawn(name, trials)
    assert len(found) == len(set(found))
    assert len(found) == min(trials, 180) or (name != "random" and trials > 180 and len(found) > 150)
    assert set(found) <= set(product(range(30), range(3), range(2)))


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_names_the_draw(name: str) -> None:
    assert drawn(name, 30, seed=7) == drawn(name, 30, seed=7) != drawn(name, 30, seed=8)


def test_sobol_spreads_more_evenly_than_chance() -> None:
    axes = (Axis("a", tuple(range(64))), Axis("b", tuple(range(64))))

    def fullest(name: str) -> int:
        picks = sampler_of(name, axes, 64, 3).ask() // 8
        return int(np.bincount(picks[:, 0] * 8 + picks[:, 1], minlength=64).max())

    assert fullest("sobol") < fullest("random")


def test_tpe_goes_where_it_is_good() -> None:
    found = drawn("tpe", 48)
    assert np.mean([pick[1] == 2 for pick in found[16:]]) > 0.5
    assert np.mean([pick[0] for pick in found[16:]]) > np.mean([pick[0] for pick in found[:16]])


@pytest.mark.parametrize(
    ("name", "trials", "code"),
    [("hyper", None, "unknown_sampler"), ("random", 0, "bad_trials"), ("grid", 10, "bad_trials")],
)
def test_refusals(name: str, trials: int | None, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        sampler_of(name, AXES, trials, 0)
    assert refusal.value.code == code

"""The laws of fills see what breaks them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.execution.lawful import assert_lawful
from tests.execution.markets import KOREA, random_market, random_weights
from tests.execution.test_simulation import run_midas

from midas.execution import simulation
from midas.kernels import account, matching

Broken = Any


@pytest.fixture(scope="module")
def called() -> tuple[tuple[Any, ...], Any]:
    """The arguments of one call of the kernel, and what it returned."""
    seen: list[tuple[Any, ...]] = []

    def watched(*arguments: Any) -> Any:
        run = matching.simulate(*arguments)
        seen.append((arguments, run))
        return run

    patch = pytest.MonkeyPatch()
    patch.setattr(simulation, "matching", SimpleNamespace(simulate=watched))
    run_midas(random_market(3, 3, 40, KOREA), KOREA, random_weights(4, 40, 3), 10_000_000, False)
    patch.undo()
    return seen[0]


def broken(run: Any, change: Any) -> Any:
    journal, amounts, cash = run.journal.copy(), run.amounts.copy(), run.cash.copy()
    at = int(np.flatnonzero(journal[:, 0] == account.FILL)[-1])
    change(journal, amounts, cash, at)
    return run._replace(journal=journal, amounts=amounts, cash=cash)


def on_its_decision(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    journal[at, 4] = journal[at, 1]


def outside(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    amounts[at, 1] *= 2


def off_tick(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    amounts[at, 1] += 1e-3


def too_much(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    amounts[at, 0] = 1e9


def bare(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    place = int(np.flatnonzero(journal[:, 0] == account.FILL)[0])
    journal[place, 3] = -1


def unpaid(journal: Broken, amounts: Broken, cash: Broken, at: int) -> None:
    cash[-1] = -1


class TestAssertLawful:
    def test_what_the_kernel_does_is_lawful(self, called: Any) -> None:
        arguments, run = called
        assert (run.journal[:, 0] == account.FILL).sum() > 20
        assert_lawful(arguments, run)

    @pytest.mark.parametrize("change", [on_its_decision, outside, off_tick, too_much, bare, unpaid])
    def test_what_breaks_a_law_is_seen(self, called: Any, change: Any) -> None:
        arguments, run = called
        with pytest.raises(AssertionError):
            assert_lawful(arguments, broken(run, change))

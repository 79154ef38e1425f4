"""The whole daemon under virtual time: whatever goes wrong, nothing is doubled, orphaned, lost, stuck or miscounted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.many import many
from tests.scale import scale, scaled
from tests.sim.plants import PLANTS, QUICK, Plant
from tests.sim.world import Outcome, play

ROOT = Path(__file__).resolve().parents[2]
SEEDS_FOR_A_PLANT = 5_000
COUNTED_FOR_A_PLANT = scaled(300) if scale() > 1 else 1
"""Of so many seeds it is told how many find a plant; where none does, there are more."""

LATE = ("adopted late", "adopted late after a kill -9", "adopted late under a kill switch")
"""How often an order showed up after it was given up, and what happened between the two or stood then."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept of a seed when there are many."""

    seed: int
    wrong: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]


def judge(seed: int) -> Judged:
    outcome = play(seed)
    return Judged(seed, tuple(outcome.wrong), tuple(outcome.counts.items()))


def is_found(plant: Plant, seed: int) -> bool:
    with plant():
        return bool(play(seed).wrong)


class TestSeeds:
    @pytest.mark.figure("R3")
    def test_all_end_well(self, record_property: Callable[[str, object], None]) -> None:
        seeds = range(scaled(100_000) if scale() > 1 else 150)
        wrong, totals = [], Counter[str]()
        for judged in many(judge, seeds):
            totals.update(dict(judged.counts))
            if judged.wrong:
                wrong.append(f"seed {judged.seed}: {judged.wrong[0]}")
        record_property("seeds", len(seeds))
        for name in ("orders", "executions", "lives", "not_placed", *LATE, "quarantined", "flattened"):
            record_property(name, totals[name])
        assert wrong == []
        # There was enough trouble to learn from.
        assert totals["lives"] > len(seeds) * 1.3
        ends = ("filled", "canceled", "expired", "rejected", "not_placed", "flattened", *LATE)
        assert min(totals[name] for name in ends) > 0


class TestDeterminism:
    @pytest.mark.figure("R3b")
    def test_a_seed_is_the_same_day_whatever_the_hash_seed(
        self, record_property: Callable[[str, object], None]
    ) -> None:
        count = scaled(1_000)
        record_property("seeds", count)
        digests = f"[play(seed).digest for seed in range({count})]"
        code = f"import json\nfrom tests.sim.world import play\nprint(json.dumps({digests}))"
        told = []
        for hash_seed in ("1", "4242"):
            environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(
                [sys.executable, "-c", code],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=1800,
            )
            told.append(json.loads(done.stdout))
        assert len(set(told[0])) == count
        assert told[0] == told[1]


class TestPlants:
    @pytest.mark.figure("R4")
    @pytest.mark.parametrize("plant", PLANTS if scale() > 1 else QUICK, ids=lambda plant: plant.__name__)
    def test_are_found(self, plant: Plant, record_property: Callable[[str, object], None]) -> None:
        seeds = range(COUNTED_FOR_A_PLANT)
        found = [seed for seed, wrong in zip(seeds, many(partial(is_found, plant), seeds), strict=True) if wrong]
        if not found:
            first = next((seed for seed in range(len(seeds), SEEDS_FOR_A_PLANT) if is_found(plant, seed)), None)
            found = [] if first is None else [first]
        assert found, f"{plant.__name__} was not found within {SEEDS_FOR_A_PLANT} seeds"
        assert play(found[0]).wrong == []
        record_property("planted bugs found", 1)
        record_property(
            plant.__name__, f"found in {len(found)} of {max(len(seeds), found[0] + 1)} seeds, first in {found[0]}"
        )


class TestOutcome:
    def test_is_hashed_by_what_happened(self) -> None:
        first, second = Outcome(1, [], ["a", "b"]), Outcome(1, [], ["a", "c"])
        assert first.digest != second.digest == Outcome(2, [], ["a", "c"]).digest

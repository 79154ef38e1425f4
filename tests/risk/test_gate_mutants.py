"""A gate with anything wrong in it does not pass the tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from tests.risk.mutants import Mutant, gate_with, mutants
from tests.risk.oracle import promises, refusals
from tests.risk.scenes import ID, Scene, limit_scenes, scene
from tests.scale import scale

from midas.risk.limits import Limits
from midas.risk.verdict import Deny

SCENES = 6000


@cache
def scenes() -> list[tuple[Scene, str]]:
    return [(seen, next(iter(refusals(seen)), "")) for seen in map(scene, range(SCENES))]


def survives(mutant: Mutant) -> bool:
    gate = gate_with(mutant)
    if any(_promises(gate, *asked) is not promises(*asked) for asked in limit_scenes()):
        return False
    return all(_says(gate.check, seen) == expected for seen, expected in scenes())


def _promises(gate: Any, limits: tuple[Limits, ...], apart_s: float) -> Any:
    try:
        return gate.all_pass(limits, apart_s)
    except Exception as error:
        return repr(error)


def _says(check: Any, seen: Scene) -> str:
    try:
        verdict = check(ID, seen.order, seen.snapshot, *seen.limits)
    except Exception as error:
        return repr(error)
    return verdict.code.value if isinstance(verdict, Deny) else ""


class TestMutants:
    @pytest.mark.figure("R13")
    def test_are_all_found(self, record_property: Callable[[str, object], None]) -> None:
        every = list(mutants())
        assert len(every) > 100
        whole = {place for place, mutant in enumerate(every) if str(mutant).startswith("gate:")}
        assert len(whole) > 8
        tried = every if scale() >= 10 else [every[place] for place in sorted({*range(0, len(every), 3), *whole})]
        alive = [str(mutant) for mutant in tried if survives(mutant)]
        record_property("mutants of the gate found", f"{len(tried) - len(alive)} of {len(tried)}")
        assert alive == []

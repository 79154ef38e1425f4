"""The warm-up people read about: counted by hand, and there for every operator."""

from __future__ import annotations

import pytest

from midas.factors.catalogue import operators
from midas.factors.warm_up import warm_up


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("close", "none"),
        ("returns", "1 row"),
        ("add", "none"),
        ("mean", "19 rows at n = 20"),
        ("change", "1 row at n = 1"),
        ("rise_share", "20 rows at n = 20"),
        # 2 n - 1 closes make n drawdowns
        ("ulcer", "38 rows at n = 20"),
        # 23.02585 / -ln(1 - 2 / 21) = 230.07
        ("ema", "231 rows at n = 20"),
        ("cross_above", "1 row"),
        ("rank", "none"),
    ],
)
def test_told(name: str, told: str) -> None:
    assert warm_up(name) == told


def test_every_operator_has_one() -> None:
    assert all(warm_up(info.name) for info in operators())

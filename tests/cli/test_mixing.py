from __future__ import annotations

import pytest

from midas.cli.mixing import strategy_or_mix
from midas.core.errors import InvalidInput
from midas.strategies.mix import Share, mix
from midas.strategies.registry import build
from midas.strategies.yaml_form import load_yaml


class TestStrategyOrMix:
    def test_a_strategy_is_left_as_it_is(self) -> None:
        assert strategy_or_mix("momentum", None) == strategy_or_mix("momentum", []) == "momentum"

    def test_parts_become_the_text_of_a_mix(self) -> None:
        made = mix("mix", [Share(build("sma_cross"), 0.5), Share(build("momentum"), 0.25)])
        assert load_yaml(strategy_or_mix(None, ["sma_cross:0.5", "momentum:.25"])) == made

    @pytest.mark.parametrize(("strategy", "parts"), [(None, None), (None, []), ("momentum", ["sma_cross:1"])])
    def test_neither_or_both(self, strategy: str | None, parts: list[str] | None) -> None:
        with pytest.raises(InvalidInput, match="Name one strategy or a mix"):
            strategy_or_mix(strategy, parts)

    @pytest.mark.parametrize(
        "part", ["sma_cross", "sma_cross:", "sma_cross:half", ":0.5", "a b:0.5", "{x}:1", "x\ny:1"]
    )
    def test_a_part_that_is_none(self, part: str) -> None:
        with pytest.raises(InvalidInput, match="no strategy and share"):
            strategy_or_mix(None, [part])

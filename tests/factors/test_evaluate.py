"""Evaluation: hand-made rows, refusals, and that rows nobody asks for cost nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.factors.markets import bars, closes, panel_of, same, values

from midas.core.errors import DataBlocked, InvalidInput
from midas.factors.evaluate import evaluate
from midas.factors.market import Market
from midas.factors.plan import compile_plan
from midas.factors.program import Does, build
from midas.factors.text import parse
from midas.kernels.lanes import LANES
from midas.marketdata.actions import ActionKind, Actions
from midas.marketdata.panel import build_fields
from midas.marketdata.tiles import LANES as TILE_LANES

NAN = np.nan
m = Market()


class TestByHand:
    def test_hold_begins_flat_and_keeps_its_state_over_gaps(self) -> None:
        #               entry > 10, exit < 5; NaN: the bar is missing
        panel = closes([3, 11, 8, NAN, 7, 4, 8, 12, NAN, 11])
        held = values("hold(close > 10, close < 5)", panel)[:, 0]
        assert held.tolist() == [0, 1, 1, 1, 1, 0, 0, 1, 1, 1]

    def test_hold_is_unknown_before_its_first_inputs(self) -> None:
        held = values("hold(close > 10, close < 5)", closes([NAN, NAN, 8, 11, NAN]))[:, 0]
        assert same(held[None], np.array([[NAN, NAN, 0, 1, 1]]))

    def test_nothing_before_state_from_opens_a_position(self) -> None:
        panel = closes([11, 8, 8, 8, 11, 8])
        held = values("hold(close > 10, close < 5)", panel, state_from=2)[:, 0]
        assert same(held[None], np.array([[NAN, NAN, 0, 0, 1, 1]]))

    def test_windows_are_fed_with_the_rows_before_state_from(self) -> None:
        panel = closes([9, 12, 6, 12, 6])
        held = values("hold(close.mean(2) > 8, close < 5)", panel, state_from=2)[:, 0]
        assert same(held[None], np.array([[NAN, NAN, 1, 1, 1]]))

    def test_where_both_are_true_exit_wins(self) -> None:
        assert values("hold(close > 10, close > 20)", closes([11, 21, 21, 11]))[:, 0].tolist() == [1, 0, 0, 1]

    def test_a_window_recovers_when_the_gap_has_left(self) -> None:
        found = values("close.sum(2)", closes([1, 2, NAN, 4, 5]))[:, 0]
        assert same(found[None], np.array([[NAN, 3, NAN, NAN, 9]]))

    def test_top_takes_the_first_of_equals_and_only_names_with_a_bar(self) -> None:
        panel = closes([5], [7], [NAN], [7], [7])
        assert same(values("close.top(2)", panel), np.array([[0, 1, NAN, 1, 0]]))
        assert same(values("close.bottom(2)", panel), np.array([[1, 1, NAN, 0, 0]]))
        assert same(values("close.rank()", panel), np.array([[0.25, 1.0, NAN, 0.75, 0.5]]))

    def test_normalise_sells_the_rest_and_is_silent_where_there_is_nothing(self) -> None:
        panel = closes([4, NAN, 1], [6, NAN, 1], [NAN, NAN, 1])
        weights = values("close.where(close > 1).normalise()", panel)
        assert same(weights, np.array([[0.4, 0.6, 0.0], [NAN, NAN, NAN], [NAN, NAN, NAN]]))

    def test_a_flag_counts_as_one_and_no_flag_is_cash(self) -> None:
        panel = closes([4, 1], [6, 1], [NAN, 1], [1, 1])
        assert values("(close > 2).normalise(gross=0.5)", panel).tolist() == [[0.25, 0.25, 0, 0], [0, 0, 0, 0]]

    def test_short_weights_count_by_size(self) -> None:
        assert values("(close - 5).normalise()", closes([4], [8])).tolist() == [[-0.25, 0.75]]

    def test_slot_divides_by_all_instruments(self) -> None:
        panel = closes([4, NAN], [1, NAN], [NAN, NAN], [9, NAN])
        assert same(values("(close > 2).slot()", panel), np.array([[0.25, 0, 0, 0.25], [NAN] * 4]))

    def test_a_name_without_a_bar_gets_no_weight_from_older_prices(self) -> None:
        panel = closes([4, NAN], [6, 6])
        assert values("close.shift(1).normalise()", panel)[1].tolist() == [0, 1]

    def test_a_cross_is_known_unless_the_missing_value_would_decide(self) -> None:
        found = values("close.cross_above(10)", closes([9, 11, 12, 10, 11, NAN, 12, 9, NAN]))[:, 0]
        assert same(found[None], np.array([[0, 1, 0, 0, 1, 0, NAN, 0, NAN]]))

    def test_adjusted_prices_are_read_by_default(self) -> None:
        split = Actions(np.array([1]), np.array([0]), np.array([ActionKind.SPLIT], np.int8), np.array([2.0]))
        raw = {"close": np.array([[100.0], [50.0]])}
        panel = replace(panel_of(raw), fields=build_fields(raw, split))
        assert values("returns", panel)[1, 0] == 0.0
        assert values("raw_close.change(1)", panel)[1, 0] == -0.5


class TestRows:
    panel = panel_of(bars(50, 40, seed=2, gaps=0.1))

    def test_only_the_rows_asked_for(self) -> None:
        assert values("close.mean(3)", self.panel, np.array([7, 9])).shape == (2, 40)
        assert values("close.mean(3)", self.panel, np.array([], np.int64)).shape == (0, 40)

    def test_rows_before_first_row_do_not_exist(self) -> None:
        for rows in (np.arange(10, 50), np.array([12, 40])):
            found = values("close.shift(5)", self.panel, rows, first_row=10)
            assert np.isnan(found[rows < 15]).all()
            assert not np.isnan(found[rows >= 15]).all()

    @pytest.mark.parametrize(
        "text", ["close.fill(0).shift(5)", "is_missing(close).shift(5)", "close.fill(0).rank().shift(5)"]
    )
    def test_nothing_is_made_of_rows_that_do_not_exist(self, text: str) -> None:
        few = np.array([10, 14, 15, 40])
        found = values(text, self.panel, few, first_row=10)
        assert np.isnan(found[:2]).all()
        assert same(found, values(text, self.panel, np.arange(10, 50), first_row=10)[few - 10])

    @pytest.mark.parametrize("rows", [[3, 2], [2, 2], [9], [41], [-1]])
    def test_rows_out_of_order_or_range_are_refused(self, rows: list[int]) -> None:
        with pytest.raises(InvalidInput, match="rows asked for must ascend"):
            evaluate(
                compile_plan(m.close), self.panel, 10, 40, np.array(rows) if rows != [2, 2] else np.array([12, 12])
            )

    def test_a_range_outside_the_panel_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="not in a panel of 50 rows"):
            evaluate(compile_plan(m.close), self.panel, 0, 51, np.array([1]))

    def test_a_missing_field_blocks(self) -> None:
        with pytest.raises(DataBlocked, match="'volume'"):
            values("volume.mean(3)", closes([1, 2]))

    def test_read_only_memory_maps_do(self, tmp_path: Path) -> None:
        np.save(tmp_path / "close.npy", self.panel.tiles("close"))
        mapped = np.load(tmp_path / "close.npy", mmap_mode="r")
        panel = panel_of({"close": self.panel.matrix("close")})
        panel.fields["close"] = mapped  # type: ignore[index]
        assert same(values("close.mean(3).rank()", panel), values("close.mean(3).rank()", self.panel))

    def test_lanes_are_those_of_the_panel(self) -> None:
        assert LANES == TILE_LANES


class TestDemand:
    """What needs no memory runs only on the rows asked for."""

    @pytest.mark.parametrize(
        "text",
        [
            "close.shift(21).change(252).top(50).normalise()",
            "(1 / close).where(close.diff(5) > 0).rank().shift(3)",
            "close.cross_above(open)",
        ],
    )
    def test_no_stage_over_every_row(self, text: str) -> None:
        program = build(compile_plan(parse(text)), every_row=False)
        assert program.stages == ()
        assert program.tail is not None

    def test_windows_run_on_every_row_and_the_rest_does_not(self) -> None:
        program = build(compile_plan(parse("(close / close.mean(20)).shift(5).rank()")), every_row=False)
        (stage,) = program.stages
        assert [call.does for call in stage.calls] == [Does.RUN, Does.PICK]
        assert program.tail is not None
        assert {call.does for call in program.tail.calls} == {Does.LEAF, Does.RUN, Does.ACROSS, Does.EMIT}

    def test_time_above_a_cross_section_runs_it_on_every_row(self) -> None:
        program = build(compile_plan(parse("high.rank().mean(5).top(3)")), every_row=False)
        assert [stage.across for stage in program.stages] == [False, True, False]

    def test_distances_that_would_explode_fall_back(self) -> None:
        node = m.close
        for k in range(1, 30):
            node = node.change(k) + node.shift(k)
        panel = panel_of(bars(500, 2))
        few = values(node, panel, np.array([450, 499]))
        assert same(few, values(node, panel)[[450, 499]])

    def test_slots_are_used_again(self) -> None:
        node = m.close
        for k in range(2, 40):
            node = (node.mean(k) + m.open).std(k)
        (stage,) = build(compile_plan(node), every_row=True).stages
        assert stage.slots <= 3

from __future__ import annotations

import numpy as np
import pytest
from tests.backtest.strategies import Averaged
from tests.factors.markets import bars, panel_of

from midas.backtest.noise import blurred, noisy
from midas.backtest.run import run
from midas.backtest.spec import spec_of
from midas.core.errors import InvalidInput

PANEL = panel_of(bars(400, 5, seed=3, gaps=0.1))


class TestBlurred:
    MADE = blurred(PANEL, 0.3, np.random.default_rng(1))

    def test_a_bar_is_moved_as_a_whole(self):
        factors = [self.MADE.matrix(name) / PANEL.matrix(name) for name in ("raw_open", "raw_high", "raw_low", "close")]
        for factor in factors[1:]:
            known = np.isfinite(factor) & np.isfinite(factors[0])
            assert factor[known] == pytest.approx(factors[0][known])

    def test_gaps_and_volume_stay(self):
        assert np.array_equal(np.isnan(self.MADE.tiles("close")), np.isnan(PANEL.tiles("close")))
        assert np.array_equal(self.MADE.tiles("volume"), PANEL.tiles("volume"), equal_nan=True)

    def test_it_moves_by_the_share_of_the_name_s_own_volatility(self):
        whole = panel_of(bars(1_000, 3, seed=4))
        made = blurred(whole, 0.3, np.random.default_rng(1))
        for column in range(whole.columns):
            before, after = whole.series("close", column), made.series("close", column)
            moves = np.diff(np.log(before))
            sigma = np.std(moves, ddof=1)
            assert np.std(np.log(after / before)) == pytest.approx(0.3 * sigma, rel=0.1)

    def test_the_panel_itself_stays_as_it_is(self):
        before = PANEL.tiles("close").copy()
        blurred(PANEL, 1.0, np.random.default_rng(2))
        assert np.array_equal(before, PANEL.tiles("close"), equal_nan=True)

    def test_a_name_without_bars_is_no_obstacle(self):
        raw = bars(60, 2, seed=1)
        for values in raw.values():
            values[:, 1] = np.nan
        made = blurred(panel_of(raw), 0.5, np.random.default_rng(1))
        assert np.isnan(made.series("close", 1)).all()
        assert np.isfinite(made.series("close", 0)).all()


class TestNoisy:
    SPEC = spec_of(Averaged(window=5), PANEL)

    def test_hardly_any_noise_hardly_changes_anything(self):
        found = noisy(self.SPEC, PANEL, 4, 1e-9)
        observed = found.total_return.observed
        assert found.total_return.percentiles[50] == pytest.approx(observed, abs=0.02)

    def test_what_is_observed_is_the_run_itself(self):
        from dataclasses import replace

        from midas.core.basis import Basis

        same = run(Averaged(window=5), replace(PANEL, basis=Basis.SPLIT_ADJUSTED)).summary
        found = noisy(self.SPEC, PANEL, 1, 0.1)
        assert found.total_return.observed == same["total_return"]
        assert found.max_drawdown.observed == same["max_drawdown"]

    def test_more_noise_spreads_more(self):
        widths = []
        for size in (0.02, 0.8):
            found = noisy(self.SPEC, PANEL, 12, size).sharpe.percentiles
            widths.append(found[95] - found[5])
        assert widths[1] > 2 * widths[0] > 0

    def test_the_same_question_gives_the_same_answer_and_says_how_far_it_is(self):
        told = []
        one = noisy(self.SPEC, PANEL, 3, 0.1, lambda done, step: told.append(done))
        assert one == noisy(self.SPEC, PANEL, 3, 0.1)
        assert told == pytest.approx([1 / 3, 2 / 3, 1.0])

    @pytest.mark.parametrize(("paths", "size"), [(0, 0.1), (1_001, 0.1), (5, 0.0), (5, 1.5), (5, float("nan"))])
    def test_what_makes_no_sense(self, paths, size):
        with pytest.raises(InvalidInput) as refusal:
            noisy(self.SPEC, PANEL, paths, size)
        assert refusal.value.hint

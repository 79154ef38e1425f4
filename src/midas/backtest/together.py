"""Many strategies on one panel, each with an account of its own; what they share is made once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from midas.backtest.benchmark import Benchmark, benchmark
from midas.backtest.run import lived
from midas.backtest.sampling import sample_of
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.story import Story
from midas.backtest.targets import Targets, require_heard, targets
from midas.backtest.window import Window, window
from midas.core.errors import InvalidInput
from midas.factors.evaluate import evaluate_all
from midas.factors.periods import rows_a_day
from midas.factors.plan import Plan, plan_for_days, plan_together
from midas.portfolio.measures.registry import by_key
from midas.strategies.definition import Definition
from midas.strategies.plans import plan_of
from midas.strategies.schedule import Every, speaking_rows

MOST_GRAPHS = 64
MOST_BYTES = 64_000_000
"""So many graphs, and targets of so many bytes, are computed in one pass over the data."""


def measured(story: Story, measures: Sequence[str]) -> NDArray[np.float64]:
    """Return some measures of a story, NaN where undefined."""
    sample, known = sample_of(story), by_key()
    found = [known[key].of(sample) for key in measures]
    return np.array([np.nan if value is None else float(value) for value in found])


class Together:
    """Answers the same question, `base`, for other strategies."""

    def __init__(self, base: BacktestSpec, setting: Setting) -> None:
        self._base, self._setting = base, setting
        self._benchmark = cache(self._compared)

    def stories(self, definitions: Sequence[Definition]) -> Iterator[tuple[int, Story | InvalidInput]]:
        """Yield, in any order, the place of each strategy and its story, or why it has none."""
        groups: dict[tuple[Every, Window], list[tuple[int, Plan]]] = defaultdict(list)
        for place, definition in enumerate(definitions):
            try:
                require_heard(definition, self._setting.panel)
                plan = plan_of(definition)
                rows = window(plan, self._setting.panel, self._base.start, self._base.end)
            except InvalidInput as refusal:
                yield place, refusal
                continue
            groups[definition.every, replace(rows, read_from=0)].append((place, plan))
        for (every, rows), members in groups.items():
            for few in self._portions(every, rows, members):
                for (place, plan), wanted in zip(few, self._targets(every, rows, [p for _, p in few]), strict=True):
                    spec = replace(self._base, definition=definitions[place])
                    compared = self._benchmark(rows.first, rows.stop)
                    yield place, lived(spec, self._setting, plan, rows, compared, wanted)

    def _portions(
        self, every: Every, rows: Window, members: list[tuple[int, Plan]]
    ) -> Iterator[list[tuple[int, Plan]]]:
        each = 8 * len(self._speaking(every, rows)) * self._setting.panel.columns
        size = max(1, min(MOST_GRAPHS, MOST_BYTES // max(1, each)))
        return (members[at : at + size] for at in range(0, len(members), size))

    def _speaking(self, every: Every, rows: Window) -> NDArray[np.int64]:
        panel, calendar = self._setting.panel, self._setting.market.calendar
        return speaking_rows(every, calendar, panel, rows.first, rows.stop)

    def _targets(self, every: Every, rows: Window, plans: list[Plan]) -> list[Targets]:
        panel, calendar = self._setting.panel, self._setting.market.calendar
        if every is Every.ONCE:
            return [targets(plan, every, panel, calendar, rows) for plan in plans]
        speaks = self._speaking(every, rows)
        shared = plan_for_days(plan_together(plans), rows_a_day(panel))
        weights = evaluate_all(
            shared, panel, max(0, rows.first - shared.lookback), rows.stop, speaks, state_from=rows.first
        )
        return [Targets(speaks, one) for one in weights]

    def _compared(self, first: int, stop: int) -> Benchmark:
        return benchmark(self._setting.panel, Window(first, first, first, stop), self._base.benchmark)

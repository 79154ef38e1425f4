"""A search's trials, cross-validated with a gap that follows from what they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from midas.backtest.cross_validation import CrossValidation, cross_validate
from midas.backtest.folds import Gap
from midas.backtest.sampling import sample_of, sessions_held
from midas.backtest.setting import Setting
from midas.backtest.spec import BacktestSpec
from midas.backtest.story import Story
from midas.backtest.together import Together
from midas.core.errors import InvalidInput
from midas.factors.periods import rows_a_day
from midas.marketdata.panel import Panel
from midas.portfolio.measures.sample import simple_returns
from midas.strategies.definition import Definition

EMBARGO = 0.01
"""Share of the sessions left out after a test for what lingers; the book's usual choice."""


def cross_validated(
    definitions: Sequence[Definition], base: BacktestSpec, panel: Panel, groups: int, tested: int = 1
) -> CrossValidation:
    """Cross-validate the choice among strategies on the sessions all of them share; see `cross_validate` and `gap_of`.

    `base` is the question, whose strategy does not matter. Those that leave no session are left out. One group tested
    at a time is a purged k-fold.

    Raises
    ------
    InvalidInput: fewer than two strategies are left, or the gap leaves nothing to choose on.
    """
    together = Together(base, Setting.of(panel, base.terms(panel.currency)))
    found = sorted(together.stories(definitions), key=lambda each: each[0])
    stories = [story for _, story in found if not isinstance(story, InvalidInput)]
    if len(stories) < 2:
        raise InvalidInput("There is nothing to choose between.", hint="Give two strategies or more.")
    returns = [simple_returns(story.equity) for story in stories]
    shortest = min(len(each) for each in returns)
    shared = np.column_stack([each[len(each) - shortest :] for each in returns])
    year = sample_of(stories[0]).periods_per_year
    return cross_validate(shared, groups, tested, periods_per_year=year, gap=gap_of(stories, shortest))


def gap_of(stories: Sequence[Story], sessions: int) -> Gap:
    """Return how far apart choosing and judging must be for these runs.

    warm_up : the longest any of them derives from its graph. holding : sessions a closed trade of theirs lasted on
    average, rounded up. embargo : 1 % of the sessions, rounded up.
    """
    a_day = rows_a_day(stories[0].panel)
    warm_up = math.ceil(max(story.plan.warmup for story in stories) / a_day)
    held = np.concatenate([sessions_held(story)[story.trips.closed] for story in stories])
    holding = math.ceil(float(held.mean())) if len(held) else 0
    return Gap(holding=holding, warm_up=warm_up, embargo=math.ceil(EMBARGO * sessions))

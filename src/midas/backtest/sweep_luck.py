"""What a sweep's best is worth once it is known how much was tried."""

from __future__ import annotations

import math

import numpy as np

from midas.backtest.overfitting import probability_of_overfitting
from midas.backtest.paying import paid_from
from midas.backtest.setting import Setting
from midas.backtest.sweep import Sweep
from midas.backtest.together import Together
from midas.core.errors import InvalidInput
from midas.execution.exchange import Rates
from midas.marketdata.panel import Panel
from midas.portfolio.measures.sample import simple_returns

MOST_COMPARED = 64
"""So many trials are compared between halves of the time; of more, as many that are spread evenly."""


def overfitting(sweep: Sweep, panel: Panel, rates: Rates | None = None) -> float | None:
    """Return how often the best of the past fell below the middle afterwards, over the sessions of the sweep."""
    base = sweep.base
    count = len(sweep.trials)
    # The best of all is not put among them: chosen on the whole past, it would win both halves and hide the danger.
    places = sorted({int(at) for at in np.linspace(0, count - 1, min(count, MOST_COMPARED))})
    definitions = [sweep.plan.subject.definition(sweep.trials.params(place)) for place in places]
    setting = Setting.of(panel, base.terms(panel.currency))
    setting = setting.paid(paid_from(base, panel, rates, *panel.row_range(base.start, base.end)))
    together = Together(base, setting)
    returns = [
        simple_returns(story.equity)
        for _, story in together.stories(definitions)
        if not isinstance(story, InvalidInput)
    ]
    if not returns:
        return None
    # Within a day one trial may be ready in the morning and another at the close: they share the later sessions.
    shared = min(map(len, returns))
    found = probability_of_overfitting(np.column_stack([each[len(each) - shared :] for each in returns]))
    return found if found is None or math.isfinite(found) else None

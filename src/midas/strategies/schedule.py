"""When a strategy speaks."""

from __future__ import annotations

from enum import StrEnum


class Every(StrEnum):
    """The rows on which a strategy speaks; between them it is silent and positions are held.

    CHANGE has no schedule: every row is read, and a name is traded only when its own target changes. All others are
    scheduled rebalances: on a speaking row every name whose holding differs from its target is traded.
    """

    CHANGE = "change"
    BAR = "bar"
    WEEK_END = "week_end"
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    YEAR_END = "year_end"
    ONCE = "once"

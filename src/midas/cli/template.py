"""The file `midas strategy new` writes."""

from __future__ import annotations

_TEXT = """\
# A strategy is a graph: market fields go in, target weights per instrument come out. It is data, never code.
# What it may be made of:                    midas factor operators
# Whether it can be built, what it needs:    midas strategy check {file}
# What it would have done:                   midas backtest run --strategy {file} --universe sample
name: {name}
params: {{lookback: 126, skip: 21, top: 2}}
let:
  momentum: close.shift(skip).change(lookback)    # the past return, without the latest month
targets: momentum.top(top).normalise()            # the strongest, equally weighted, fully invested
every: month_end                                  # when it speaks; in between it holds
"""


def strategy_text(name: str, file: str) -> str:
    """Return a strategy that can be run as it is."""
    return _TEXT.format(name=name, file=file)

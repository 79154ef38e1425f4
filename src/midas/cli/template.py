"""The file `midas strategy new` writes."""

from __future__ import annotations

TEMPLATE = """\
# A strategy is a graph: market fields go in, target weights per instrument come out.
#   midas factor operators                                what it may be made of
#   midas strategy check {name}.yaml                      whether it can be built, and what it needs
#   midas backtest run --strategy {name}.yaml --universe sample
name: {name}
params: {{lookback: 126, skip: 21, top: 2}}
let:
  momentum: close.shift(skip).change(lookback)            # the past return, without the latest month
targets: momentum.top(top).normalise()                    # the strongest, equally weighted, fully invested
every: month_end                                          # when it speaks; in between it holds
"""

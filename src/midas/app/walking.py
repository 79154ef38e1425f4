"""Walking forward beside a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from midas.app import trials
from midas.app.workspace import Workspace
from midas.wire.sweeps import SweepRequest

if TYPE_CHECKING:
    from midas.backtest.run import Progress
    from midas.backtest.spec import BacktestSpec
    from midas.backtest.sweep_plan import SweepPlan
    from midas.execution.exchange import Rates
    from midas.marketdata.panel import Panel

Json = dict[str, object]


def require_room(base: BacktestSpec, panel: Panel, request: SweepRequest) -> None:
    """Refuse, before anything runs, more folds than the sessions allow.

    Raises
    ------
    InvalidInput: so.
    """
    import numpy as np

    from midas.backtest.folds import walk_forward

    if request.walk_forward is not None:
        first, stop = panel.row_range(base.start, base.end)
        walk_forward(len(np.unique(panel.sessions[first:stop])), request.folds, request.walk_forward)


def walked(
    plan: SweepPlan, base: BacktestSpec, panel: Panel, request: SweepRequest, rates: Rates | None, report: Progress
) -> Json | None:
    """Walk forward if that was asked for; the result is in plain values, with the `evidence` of its luck.

    Raises
    ------
    InvalidInput: no training could choose, or the choices disagree on when to speak.
    """
    from midas.backtest.evidence import evidence_of
    from midas.backtest.setting import Setting
    from midas.backtest.walk_forward import walk_forward
    from midas.portfolio.measures.sample import simple_returns

    if request.walk_forward is None:
        return None
    setting = Setting.of(panel, base.terms(panel.currency))
    found = walk_forward(plan, base, setting, request.walk_forward, request.folds, rates=rates, progress=report)
    return {
        **found.to_json(),
        "sessions": [str(day) for day in found.sessions],
        "equity": found.equity.tolist(),
        "evidence": evidence_of(simple_returns(found.equity), found.periods_per_year).to_json(),
    }


async def weighed(workspace: Workspace, hypothesis: str, identity: str, made: Json | None) -> Json | None:
    """Return a walk-forward with its luck: it was one try, however many its trainings made.

    `identity` names the sweep it belongs to, and the tries are counted among the walk-forwards of the same idea.
    """
    from midas.backtest.evidence import Evidence
    from midas.backtest.hypothesis import walk_forward_of
    from midas.backtest.luck import weigh

    if made is None:
        return None
    tried = await trials.count(workspace, walk_forward_of(hypothesis), [identity])
    evidence = Evidence.from_json(made["evidence"])  # type: ignore[arg-type]  # as `walked` wrote it
    return {
        **{name: value for name, value in made.items() if name != "evidence"},
        "luck": weigh(evidence, tried, noun="walk-forward").to_json(),
    }

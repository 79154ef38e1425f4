"""What a sweep is to try, before it is asked of any data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from midas.backtest.grid import Axis, Given, declared_axes, read_axes
from midas.backtest.samplers import Sampler, sampler_of
from midas.backtest.subject import Subject
from midas.backtest.trials import measures_for, params_of
from midas.core.errors import InvalidInput

LOOK_AHEAD = 256
"""So many combinations are looked at before anything runs, lest a job begin in which nothing can."""


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What to try and how to judge it; everything a sweep needs but the data."""

    subject: Subject
    axes: tuple[Axis, ...]
    sampler: str
    trials: int | None
    metric: str
    seed: int

    def start(self) -> Sampler:
        """Return the sampler at its beginning."""
        return sampler_of(self.sampler, self.axes, self.trials, self.seed)

    def to_json(self) -> dict[str, object]:
        """Return plain values that, with the question, name the sweep."""
        return {
            "written": self.subject.written,
            "axes": {axis.name: list(axis.values) for axis in self.axes},
            "fixed": dict(self.subject.fixed),
            "sampler": self.sampler,
            "trials": self.trials,
            "metric": self.metric,
            "seed": self.seed if self.sampler != "grid" else 0,
        }


def plan_sweep(
    subject: Subject,
    grid: Mapping[str, Given] | None = None,
    *,
    sampler: str = "grid",
    trials: int | None = None,
    metric: str = "sharpe",
    seed: int = 0,
) -> SweepPlan:
    """Return what to try; without a grid that is the declared range of every parameter that is not fixed.

    Raises
    ------
    InvalidInput: an unknown parameter, sampler or metric, a bad range, or more than a million points.
    """
    measures_for(metric)
    if grid:
        axes = read_axes(grid, subject.specs, subject.name)
    else:
        axes = declared_axes(subject.specs, subject.fixed, subject.name, fine=sampler != "grid")
    both = [axis.name for axis in axes if axis.name in subject.fixed]
    if both:
        subject = replace(subject, fixed={name: v for name, v in subject.fixed.items() if name not in both})
    plan = SweepPlan(subject, axes, sampler, trials, metric, seed)
    plan.start()
    return plan


def require_any(plan: SweepPlan) -> None:
    """Refuse a plan of a few combinations that are all refused.

    Raises
    ------
    InvalidInput: so.
    """
    picks = plan.start().preview()
    first: InvalidInput | None = None
    for pick in picks[:LOOK_AHEAD]:
        try:
            plan.subject.definition(params_of(plan.axes, pick))
        except InvalidInput as refusal:
            first = first or refusal
        else:
            return
    if first is not None and len(picks) <= LOOK_AHEAD:
        raise InvalidInput(
            f"Every combination was refused; the first: {first.message}", hint=first.hint, code="all_refused"
        )

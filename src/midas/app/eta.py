"""How long work will take, judged by how far it is."""

from __future__ import annotations

from midas.app.seats import Report, Tried
from midas.core.clock import Clock

_TOO_EARLY = 0.02


def with_eta(report: Report, clock: Clock) -> Report:
    """Return a report that adds the time left to what it is told."""
    begun_s = clock.monotonic_s()

    def tell(fraction: float, message: str, tried: Tried | None = None) -> None:
        taken_s = clock.monotonic_s() - begun_s
        if _TOO_EARLY < fraction < 1.0:
            message = f"{message}, {_shown(taken_s * (1.0 - fraction) / fraction)} left"
        report(fraction, message, tried)

    return tell


def _shown(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

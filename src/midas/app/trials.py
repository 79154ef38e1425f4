"""Trials: how often an idea was tried, whoever tried it and whatever became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from midas.app.workspace import Workspace
from midas.db import trials as rows


async def count(workspace: Workspace, hypothesis: str, configurations: Collection[str] = ()) -> int:
    """Note the configurations that are about to be evaluated, and return how many the hypothesis has with them.

    Call it before the work: what failed or was cancelled was tried as well.
    """
    return await workspace.database.write(rows.record, hypothesis, configurations, workspace.clock.now_utc())


async def count_all(workspace: Workspace, tried: Mapping[str, Collection[str]]) -> None:
    """Note the configurations of several hypotheses."""
    for hypothesis, configurations in tried.items():
        await count(workspace, hypothesis, configurations)


async def counts(workspace: Workspace, hypotheses: Sequence[str]) -> dict[str, int]:
    """Return how many configurations each hypothesis has so far."""
    return await workspace.database.read(rows.counts, hypotheses) if hypotheses else {}

"""Of all that ended an office at once, what to do something about."""

from __future__ import annotations

from collections.abc import Sequence

from midas.core.errors import Busy, StorageFull, Unavailable
from midas.trading.journal import AlreadyStored, Fenced, Undecided
from midas.trading.obeying import Halted

_GRAVE: Sequence[type[BaseException]] = (Fenced, Halted, Undecided, AlreadyStored, Unavailable, StorageFull, Busy)


def gravest(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what nobody foresaw, else what weighs most."""
    found = list(_leaves(group))
    unforeseen = [error for error in found if not isinstance(error, tuple(_GRAVE))]
    if unforeseen:
        return unforeseen[0]
    return min(found, key=lambda error: next(at for at, kind in enumerate(_GRAVE) if isinstance(error, kind)))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Sequence[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found

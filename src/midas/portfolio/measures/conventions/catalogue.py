"""The libraries whose numbers can be asked for."""

from __future__ import annotations

from collections.abc import Mapping

from midas.core.errors import InvalidInput, did_you_mean
from midas.portfolio.measures.conventions.convention import Convention
from midas.portfolio.measures.conventions.freqtrade import FREQTRADE
from midas.portfolio.measures.conventions.lean import LEAN
from midas.portfolio.measures.conventions.pyfolio import PYFOLIO
from midas.portfolio.measures.conventions.qlib import QLIB
from midas.portfolio.measures.conventions.quantstats import QUANTSTATS

CONVENTIONS: Mapping[str, Convention] = {each.library: each for each in (QUANTSTATS, PYFOLIO, FREQTRADE, LEAN, QLIB)}


def convention(library: str) -> Convention:
    """Return a library's convention by its name.

    Raises
    ------
    InvalidInput: Midas does not know that library.
    """
    found = CONVENTIONS.get(library.strip().lower())
    if found is None:
        raise InvalidInput(
            f"Midas does not know the measures of {library!r}.",
            hint=did_you_mean(library, list(CONVENTIONS)) or f"Known are: {', '.join(CONVENTIONS)}.",
            code="unknown_library",
        )
    return found

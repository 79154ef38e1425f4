"""`--mix`: several strategies in one account."""

from __future__ import annotations

from collections.abc import Sequence

from midas.core.errors import InvalidInput


def strategy_or_mix(strategy: str | None, mix: Sequence[str] | None) -> str:
    """Return what a command is to run: the strategy, or the text of a mix of strategies.

    Raises
    ------
    InvalidInput: neither or both, or a part that is no NAME:SHARE.
    """
    if (strategy is None) == (not mix):
        raise InvalidInput(
            "Name one strategy or a mix of several.",
            hint="Use --strategy NAME, or --mix NAME:SHARE for each.",
            code="no_strategy",
        )
    if strategy is not None:
        return strategy
    return "name: mix\nmix:\n" + "".join(f"- {_part(text)}\n" for text in mix or ())


def _part(text: str) -> str:
    name, colon, share = text.rpartition(":")
    try:
        number = float(share)
    except ValueError:
        number = None
    if not colon or number is None or not name.replace("_", "").replace("-", "").isalnum():
        raise InvalidInput(
            f"--mix {text!r} is no strategy and share.", hint="Write e.g. --mix sma_cross:0.5.", code="bad_option"
        )
    return f"{{strategy: {name}, share: {number!r}}}"

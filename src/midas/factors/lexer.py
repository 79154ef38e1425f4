"""The characters a text may be made of, checked before anything reads its grammar."""

from __future__ import annotations

import re

from midas.core.errors import StrategyInvalid

LONGEST_TEXT = 2_000
DEEPEST_TEXT = 50

_TOKEN = re.compile(
    r"""[ \t\r\n]+
    | (?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.])
    | [A-Za-z][A-Za-z0-9_]*
    | \*\* | <= | >= | == | != | [-+*/<>=&|~(),.]""",
    re.VERBOSE,
)

_LANGUAGE = "Use market fields, parameters, numbers, arithmetic and operators (`midas factor operators` lists them)."


def refusal(
    text: str, start: int, stop: int, what: str, hint: str = "", code: str = "bad_expression"
) -> StrategyInvalid:
    """Return the error for text[start:stop], naming the piece and its column (from 1)."""
    piece = text[start:stop].strip() or text[start : start + 1]
    shown = piece if len(piece) <= 60 else piece[:59] + "…"
    return StrategyInvalid(f"{what} {shown!r} at column {start + 1}.", hint=hint or _LANGUAGE, code=code)


def check_characters(text: str) -> None:
    """Refuse what no expression is made of: quotes, brackets other than round ones, odd numbers, too much of anything.

    Raises
    ------
    StrategyInvalid: too long, too deep, or a character or number that the language does not have.
    """
    if len(text) > LONGEST_TEXT:
        raise StrategyInvalid(
            f"The expression has {len(text):,} characters; {LONGEST_TEXT:,} are allowed.",
            hint="Name its parts under `let` and put them together.",
            code="too_long",
        )
    position = depth = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            stop = position + 1
            while stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
                stop += 1
            raise refusal(text, position, stop, "Not part of the language:")
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth > DEEPEST_TEXT:
            raise too_deep()
        position = match.end()


def too_deep() -> StrategyInvalid:
    """Return the error for too many levels."""
    return StrategyInvalid(
        f"The expression is nested deeper than {DEEPEST_TEXT} levels.",
        hint="Name its parts under `let` and put them together.",
        code="too_deep",
    )

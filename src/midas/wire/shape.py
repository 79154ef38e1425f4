"""What every question and every answer has in common."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _finite_or_none(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


Number = Annotated[int | float | None, BeforeValidator(_finite_or_none)]
"""A plain number; what is not defined (NaN, infinity) travels as null."""

Scalar = Annotated[bool | int | float | str | None, BeforeValidator(_finite_or_none)]
"""One plain value; NaN and infinity travel as null."""


class Question(BaseModel):
    """What a client sends: unknown keys, NaN and infinity are refused, and refusals never repeat the input."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Answer(BaseModel):
    """What a server sends: every key is always present, null where there is nothing to say.

    Keys a newer server adds are ignored.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

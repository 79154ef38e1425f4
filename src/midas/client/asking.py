"""Making questions that a server would not refuse for their shape."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from midas.core.errors import InvalidInput

Shape = TypeVar("Shape", bound=BaseModel)


def asking(shape: type[Shape], fields: Mapping[str, object]) -> Shape:
    """Return the question with these fields.

    Raises
    ------
    InvalidInput: a value is not of the kind the field takes; says which, and never repeats the value.
    """
    try:
        return shape.model_validate(dict(fields))
    except ValidationError as error:
        findings = [
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InvalidInput(findings[0] + ".", hint="Correct it and ask again.", findings=findings) from None


def decimal_text(amount: Decimal | float | str | None) -> str | None:
    """Return an amount as text that loses nothing: 0.1 means 0.1, not its binary expansion."""
    return repr(amount) if isinstance(amount, float) else None if amount is None else str(amount)

"""What a dataset's prices mean."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """How a dataset's prices relate to what was traded.

    Only RAW prices were really quoted, so only they obey tick and limit rules.
    """

    RAW = "raw"
    SPLIT_ADJUSTED = "split_adjusted"
    TOTAL_RETURN = "total_return"
    CLOSE_ONLY = "close_only"

    @property
    def is_raw(self) -> bool:
        return self is Basis.RAW

    @property
    def has_open(self) -> bool:
        return self is not Basis.CLOSE_ONLY

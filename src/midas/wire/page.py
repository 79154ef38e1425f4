"""Lists, a page at a time."""

from __future__ import annotations

from typing import Generic, TypeVar

from midas.wire.shape import Answer

Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """Some items of a list, and the cursor that continues it (null at the end)."""

    items: list[Item]
    next_cursor: str | None = None

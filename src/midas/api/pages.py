"""Parts of lists as pages with cursors."""

from __future__ import annotations

from typing import TypeVar

from midas.api import cursor as cursors
from midas.app.paging import Key, Part
from midas.wire.page import Page

Item = TypeVar("Item")


def page(of: str, part: Part[Item]) -> Page[Item]:
    """Return a part of the list `of` with the cursor that continues it."""
    following = None if part.last_key is None else cursors.encode(of, part.last_key)
    return Page(items=part.items, next_cursor=following)


def after(of: str, cursor: str | None, shape: cursors.Shape = cursors.MOMENT_AND_ID) -> Key | None:
    """Return the key a cursor of the list `of` stands for; `shape` reads its parts.

    Raises
    ------
    InvalidInput: not a cursor of this list.
    """
    return None if cursor is None else cursors.decode(of, cursor, shape)


def whole(items: list[Item]) -> Page[Item]:
    """Return a list short enough to be sent at once."""
    return Page(items=items)

"""A part of a list, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Key = list[str | int]


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """Some items, and the key of the last one when there are more."""

    items: list[Item]
    last_key: Key | None


def part(found: Sequence[Item], limit: int, key: Callable[[Item], Key]) -> Part[Item]:
    """Return the first `limit` of `found`, which holds one more when there are more."""
    items = [*found[:limit]]
    return Part(items, key(items[-1]) if len(found) > limit else None)

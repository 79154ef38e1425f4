"""Changes that wait for the same turn are stored as one batch: the disk is waited for once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from midas.core.errors import MidasError
from midas.execution.order_state import IllegalMove
from midas.trading.draft import Draft
from midas.trading.journal import AlreadyStored, Entry
from midas.trading.patience import to_the_end

T = TypeVar("T")

Act = Callable[[Draft], Awaitable[T]]
"""Drafts a change on what was drafted before it; may be asked again, on another draft, if another one spoilt that."""


class Store(Protocol):
    """Stores drafts as one batch, whole or not at all; each is told of once, however often it is tried."""

    async def __call__(self, *drafts: Draft) -> None: ...


@dataclass(slots=True, eq=False)
class _Wish(Generic[T]):
    step: str
    act: Act[T]
    orders: frozenset[str]
    also: tuple[Entry, ...]
    new: bool
    done: bool = False
    told: T | None = None
    refusal: BaseException | None = None


class GroupCommit:
    """The changes of one account. Whoever has the turn carries out all that wait; those of an order as they came."""

    def __init__(self, turn: asyncio.Lock, draft: Callable[[Iterable[str]], Draft], store: Store) -> None:
        self._turn, self._draft, self._store = turn, draft, store
        self._waiting: list[_Wish[Any]] = []

    async def carry_out(
        self, step: str, act: Act[T], orders: Iterable[str], *also: Entry, new: bool = False
    ) -> T | None:
        """Return what `act` says of some orders once its change is committed, with `also` and with others or alone.

        new : it stores what may be stored already. Such a change has a draft of its own beside that of those runs hear
        of: what they heard cannot be taken back, so theirs is stored without it where that is so.

        Raises
        ------
        IllegalMove, Fenced, AlreadyStored, Unavailable, StorageFull, Undecided: see `Journal.commit`; the first and
        the third only to whom it is due.
        """
        wish = _Wish(step, act, frozenset(orders), also, new)
        self._waiting.append(wish)
        try:
            async with self._turn:
                if not wish.done:
                    # a change that began is finished: what is stored and what is known never part
                    await to_the_end(asyncio.create_task(self._carry_out()))
        finally:
            # who was told to stop before its turn came wants it no more
            if wish in self._waiting:
                self._waiting.remove(wish)
        if wish.refusal is not None:
            raise wish.refusal
        return wish.told

    async def _carry_out(self) -> None:
        wishes, self._waiting = self._waiting, []
        try:
            for parts in _parts(wishes):
                await self._together(*parts)
        except BaseException as error:  # house: broad-except: it is raised to each of those it concerns
            for wish in wishes:
                wish.refusal = wish.refusal if wish.done else error
        finally:
            for wish in wishes:
                wish.done = True

    async def _together(self, *parts: Sequence[_Wish[Any]], drafted: Sequence[Draft] = ()) -> None:
        drafts = list(drafted)
        try:
            drafts += [await self._drafted(part) for part in parts[len(drafts) :]]
            await self._store(*drafts)
        except (IllegalMove, AlreadyStored) as error:
            await self._apart(parts, drafts, error)
        for part in parts:
            for wish in part:
                wish.done = True

    async def _drafted(self, wishes: Sequence[_Wish[Any]]) -> Draft:
        draft = self._draft(dict.fromkeys(wish.step for wish in wishes))
        for wish in wishes:
            wish.told = await wish.act(draft)
            draft.entries += wish.also
        return draft

    async def _apart(self, parts: Sequence[Sequence[_Wish[Any]]], drafts: Sequence[Draft], error: MidasError) -> None:
        # one of them spoilt it: each finds out for itself, by what was drafted and may have been told already
        if len(parts) > 1:
            for place, part in enumerate(parts):
                await self._together(part, drafted=drafts[place : place + 1])
        elif len(parts[0]) > 1:
            for wish in parts[0]:
                await self._together([wish])
        else:
            parts[0][0].refusal = error


def _parts(wishes: Sequence[_Wish[Any]]) -> Iterator[list[list[_Wish[Any]]]]:
    # What moves comes before what is new, though that was asked for earlier: what is to be sent waits for one commit,
    # and not for as many as there are changes from the one kind to the other. Of one order they stay as they came.
    left = list(wishes)
    while left:
        parts = list[list[_Wish[Any]]]()
        for new in (False, True):
            taken, held = list[_Wish[Any]](), set[str]()
            for wish in left:
                if wish.new is new and held.isdisjoint(wish.orders):
                    taken.append(wish)
                else:
                    held |= wish.orders
            left = [wish for wish in left if wish not in taken]
            if taken:
                parts.append(taken)
        yield parts

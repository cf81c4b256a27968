"""One transaction for many callers: what arrives while a batch is under way goes together as the next.

A transaction costs a hundred times what a row of it costs. So where many call, a batch also waits until a moment has
passed since the last one began; who calls alone never waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from ussd.backends import LedgerAway

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 200
"""Items a batch, unless told."""
_PATIENCE = 2.0
"""Seconds that a caller waits."""
_APART = 0.04
"""Seconds between the beginnings of two batches, where the first of them had more than one item."""


class Batches(Generic[Item, Result]):
    """Does one thing for many. Its only task is there while there is something to do, and no caller can cancel it."""

    def __init__(self, do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int = _MOST) -> None:
        """`do` does all of a batch, `most` items, in one transaction, or nothing; its results are in the same order."""
        self._do = do
        self._most = most
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed, self._due = False, 0.0

    async def put(self, item: Item) -> Result:
        """Return once the item's batch is done. Raises LedgerAway within 2 s, and what `do` raises for this item."""
        if self._closed:
            raise LedgerAway("the ledger is closed")
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, result))
        if self._task is None or self._task.done():
            # In a context of its own: it serves many callers, and must not log in the name of the first.
            self._task = asyncio.create_task(self._drain(), context=Context())
        try:
            async with asyncio.timeout(_PATIENCE):
                return await result
        except TimeoutError:
            raise LedgerAway(f"the ledger has not answered within {_PATIENCE:g} s") from None

    async def close(self) -> None:
        """Finish what is queued, and take no more."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._queue:
            if (early := self._due - clock()) > 0:
                await asyncio.sleep(early)
            began = clock()
            taken = (self._queue.popleft() for _ in range(min(self._most, len(self._queue))))
            # Whoever has given up meanwhile needs nothing.
            if batch := [(item, result) for item, result in taken if not result.done()]:
                await self._settle(batch)
            self._due = began + _APART if len(batch) > 1 else 0.0

    async def _settle(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            done = await self._do([item for item, _ in batch])
        except LedgerAway as away:
            for _, result in batch:
                _fail(result, LedgerAway(str(away)))
        except Exception as fault:
            if len(batch) == 1:
                _fail(batch[0][1], fault)
                return
            # One item of these is at fault. Halves find it in few transactions, and the others are done.
            half = len(batch) // 2
            await self._settle(batch[:half])
            await self._settle(batch[half:])
        else:
            for (_, result), value in zip(batch, done, strict=True):
                if not result.done():
                    result.set_result(value)


def _fail(result: asyncio.Future[Result], fault: Exception) -> None:
    if not result.done():
        result.set_exception(fault)
        result.exception()  # else asyncio complains of a caller who left before it could look

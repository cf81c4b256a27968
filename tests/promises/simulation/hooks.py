"""A number for each time that a task of the event loop is halted or goes on, or the ledger's database is told
something: there a process can be ended.
"""

import asyncio
import os
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, event

CRASHED = 9
"""The exit code of a process that was ended at a hook."""


@dataclass(slots=True)
class Hooks:
    """Counts them while it is `on`, and ends the process at one of them, as a SIGKILL would: nothing is seen through.

    Where `linger` is more than 0, what was asked of Redis and of SQLite's thread is done first, and nobody hears of it.
    """

    at: int = 0
    """Which one; 0 for none."""
    linger: float = 0.0
    on: bool = False
    passed: int = 0
    _counting: Lock = field(default_factory=Lock)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Count the tasks that a loop makes from now on, and the statements and commits of every database."""
        loop.set_task_factory(lambda loop, coro, **given: asyncio.Task(_Watched(coro, self), loop=loop, **given))
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, self.passing)

    def passing(self, *_: object) -> None:
        """Here is one."""
        if not self.on:
            return
        with self._counting:
            self.passed += 1
            reached = self.passed == self.at
        if reached:
            time.sleep(self.linger)
            os._exit(CRASHED)


class _Watched(Coroutine[Any, Any, Any]):
    """A task's coroutine, which tells of each time that it goes on and is halted."""

    def __init__(self, coro: Any, hooks: Hooks) -> None:
        self._coro, self._hooks = coro, hooks

    def send(self, value: Any) -> Any:
        """Go on."""
        self._hooks.passing()
        try:
            return self._coro.send(value)
        finally:
            self._hooks.passing()

    def throw(self, kind: Any, value: BaseException | None = None, traceback: TracebackType | None = None) -> Any:
        """Go on with an exception."""
        self._hooks.passing()
        try:
            return self._coro.throw(kind)
        finally:
            self._hooks.passing()

    def close(self) -> None:
        """Never go on."""
        self._coro.close()

    def __await__(self) -> Any:
        return self._coro.__await__()

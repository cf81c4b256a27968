"""The event loop of the server: uvloop where it is installed (`pip install 'ussd-menu-engine[fast]'`)."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Literal, cast

LoopName = Literal["auto", "asyncio", "uvloop"]
NewLoop = Callable[[], asyncio.AbstractEventLoop]


class LoopError(Exception):
    """The loop that is asked for is not there; one line says so."""


def new_loop(name: LoopName) -> NewLoop:
    """What makes such a loop; `auto` is uvloop, or asyncio's own where that is not installed. Raises LoopError."""
    if name == "asyncio":
        return asyncio.new_event_loop
    try:
        return cast(NewLoop, import_module("uvloop").new_event_loop)
    except ImportError:
        if name == "uvloop":
            raise LoopError("USSD_LOOP asks for uvloop, which is not installed: the extra `fast` has it") from None
        return asyncio.new_event_loop


def running_loop() -> str:
    """The library of the loop that runs: `asyncio` or `uvloop`."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]

"""What a step costs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

TRIES = 3
"""How often a step is taken whose least cost is asked for."""


@contextmanager
def cpu(spent: list[float]) -> Iterator[None]:
    """Add the seconds of CPU that the body takes.

    They are the whole process's: of thousands of tests before it too, whose garbage may be collected meanwhile, which
    takes half a second. Hence the least of some tries is what a step costs.
    """
    began = time.process_time()
    yield
    spent.append(time.process_time() - began)

"""How much of a promise is tried: a little in `make test`, the counts of the report in `make promises`."""

import os

LONG = os.environ.get("USSD_TEST_PROMISES") == "long"
SEED = int(os.environ.get("USSD_TEST_SEED", "20261121"))
"""Of whatever is drawn at random here: the same seed, the same faults."""


def many(quick: int, long: int) -> int:
    """A count, by how much is tried."""
    return long if LONG else quick

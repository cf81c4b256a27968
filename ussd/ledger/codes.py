"""Tracking codes: a letter and six digits, from a counter that starts anew each Jalali day."""

import re
from functools import lru_cache

from ussd.core.text import fold_in
from ussd.keys import Keys
from ussd.ledger.permutation import SIZE, Tables, permute, tables

LETTERS = "npqrstuvwxyzabcdefghjkm"
"""In the order in which a day uses them up. Without i, l and o, which are read as digits."""
CAPACITY = len(LETTERS) * SIZE
"""Codes a day."""

_CODE = re.compile(f"[{LETTERS}][0-9]{{6}}")


def code(keys: Keys, day: str, counter: int) -> str:
    """The code of a day's counter, 0 to CAPACITY - 1. Two counters of a day never have the same."""
    million, number = divmod(counter, SIZE)
    letter = LETTERS[million]
    return f"{letter}{permute(number, _tables(keys, day, letter)):06}"


@lru_cache(maxsize=64)
def _tables(keys: Keys, day: str, letter: str) -> Tables:
    return tables(keys.digest("tracking code", day, letter))


def read_code(text: str) -> str:
    """A code as somebody writes it, in capitals or Persian digits, as `n570134`; ValueError for anything else."""
    folded = fold_in(text).lower()
    if not _CODE.fullmatch(folded):
        raise ValueError("a tracking code is a letter and six digits")
    return folded

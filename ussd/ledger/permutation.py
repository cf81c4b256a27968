"""A keyed shuffle of the numbers below a million, so that one tracking code does not tell the next.

A balanced Feistel network over pairs of numbers below 1000. It hides the order of codes and is no cipher for secrets:
NIST SP 800-38G, revision 1, gives a million as the least domain for one.
"""

from functools import lru_cache
from hashlib import blake2b
from struct import unpack

SIZE = 1_000_000
_HALF = 1_000
_ROUNDS = 10
"""As many as FF1 has, NIST SP 800-38G, 5.1."""

Tables = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=64)
def tables(key: bytes) -> Tables:
    """The round functions of one key of 64 octets at most; made once, as that takes about a millisecond."""
    return tuple(_table(key, turn) for turn in range(_ROUNDS))


def _table(key: bytes, turn: int) -> tuple[int, ...]:
    # 32-bit words modulo 1000: no value is more than 3e-7 likelier than another.
    stream = b"".join(blake2b(bytes((turn, part)), key=key, person=b"ussd-feistel").digest() for part in range(63))
    return tuple(word % _HALF for word in unpack(f"<{_HALF}I", stream[: 4 * _HALF]))


def permute(number: int, rounds: Tables) -> int:
    """Where the shuffle puts `number`, 0 to 999,999; no two numbers go to one place."""
    left, right = divmod(number, _HALF)
    for table in rounds:
        left, right = right, (left + table[right]) % _HALF
    return left * _HALF + right

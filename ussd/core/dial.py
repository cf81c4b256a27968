"""Dial strings: which menu `*4*1420*1*2*0007569602#` opens, and the answers that follow its shortcode.

3GPP TS 22.090, 5.1.2, leaves the string between `*` and `#` to the network; ours is digits between stars.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from ussd.core.text import fold_in

CODE = re.compile(r"(?:\*[0-9]{1,8}){1,5}#")
"""What a shortcode may be."""

MAX_DIALLED = 182
"""GSM-7 characters of a USSD string; a longer dial string was never dialled on a handset."""

_DIALLED = re.compile(r"\*([^#]+)#")


class Dial(NamedTuple):
    """A dial string taken apart."""

    code: str
    answers: tuple[str, ...]


def parse(dialled: str, codes: Collection[str]) -> Dial | None:
    """The longest of `codes` that begins the dial string, and the answers after it; None where none does."""
    if dialled in codes:
        return Dial(dialled, ())  # as most are: no other can be longer
    match = _DIALLED.fullmatch(fold_in(dialled)) if len(dialled) <= MAX_DIALLED else None
    if not match:
        return None
    parts = match[1].split("*")
    return next((found for found in _splits(parts) if found.code in codes), None)


def _splits(parts: list[str]) -> Iterator[Dial]:
    for end in range(len(parts), 0, -1):
        yield Dial("*" + "*".join(parts[:end]) + "#", tuple(parts[end:]))


def extend(code: str, answers: str) -> str:
    """A dial string and what was typed after it, as if dialled at once: for gateways that send the two apart."""
    return f"{code.removesuffix('#')}*{answers}#" if answers else code


def whole(dialled: str) -> str:
    """A dial string as the engine reads it, from a gateway that strips the leading star, the final hash or both."""
    return f"*{dialled.strip().removeprefix('*').removesuffix('#')}#"

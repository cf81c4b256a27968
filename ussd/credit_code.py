"""Credit codes: 16 digits, the last two of which are chosen so that the whole is 1 modulo 97, ISO 7064 MOD 97-10."""

import secrets

_RANDOM = 10**14


def draw() -> str:
    """A new code, from the system's randomness."""
    return _checked(secrets.randbelow(_RANDOM))


def _checked(number: int) -> str:
    return f"{number:014}{98 - number * 100 % 97:02}"


def grouped(code: str) -> str:
    """The code as it is shown, `1234-5678-9012-3456`.

    A hyphen between digits keeps them in their order in a right-to-left text, where groups apart from each other would
    be laid out from the right: Unicode Standard Annex 9, W4.
    """
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))

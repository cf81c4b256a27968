"""What is written in a picture: never more than there is room for, and from right to left where its letters are."""

import unicodedata

from ussd.core.graph import Node

WARNING = "✗"


def head(node: Node, most: int = 40) -> str:
    """The first line of a screen, which is enough to know it by."""
    return short(node.text[0], most) if node.text else ""


def short(text: str, most: int) -> str:
    """A text, or its beginning where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def faults(node: Node) -> list[str]:
    """What is wrong with a screen, a line each."""
    return [f"{WARNING} {said}" for said in node.faults]


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction is read from right to left."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((one for one in strong if one in ("L", "R", "AL")), "L") != "L"
